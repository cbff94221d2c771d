// Drawing a QR code; reading one is in qr.ts, which few screens need.

/** A QR code as one path: rows of '1' and '0' become unit squares. */
export function qrPath(rows: readonly string[]): string {
  let path = '';
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x += 1) if (row[x] === '1') path += `M${String(x)} ${String(y)}h1v1h-1z`;
  });
  return path;
}
