// Reading a QR code out of a picture, in the page: no picture leaves it.

/** A larger picture is refused before it is opened. */
export const MaxPictureBytes = 20 << 20;
/** Pictures are looked at in these sizes, the longer side in pixels, until a code is found. */
const sides = [1200, 2400, 600];

/** The text of the code in a picture; null when none is found, or it is no picture. */
export async function readQR(picture: Blob): Promise<string | null> {
  if (picture.size > MaxPictureBytes) return null;
  const bitmap = await createImageBitmap(picture).catch(() => null);
  if (bitmap === null) return null;
  try {
    const { default: decode } = await import('jsqr');
    for (const side of sides) {
      const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
      const width = Math.max(1, Math.round(bitmap.width * scale));
      const height = Math.max(1, Math.round(bitmap.height * scale));
      const brush = new OffscreenCanvas(width, height).getContext('2d');
      if (brush === null) return null;
      // What is transparent is paper.
      brush.fillStyle = 'white';
      brush.fillRect(0, 0, width, height);
      brush.drawImage(bitmap, 0, 0, width, height);
      const found = decode(brush.getImageData(0, 0, width, height).data, width, height);
      if (found !== null) return found.data;
    }
    return null;
  } finally {
    bitmap.close();
  }
}
