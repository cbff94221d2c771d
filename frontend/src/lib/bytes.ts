// Bytes and the texts that stand for them.

/** Bytes to base64, in pieces, because a call takes only so many arguments. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}

/** Base64 to bytes. */
export function fromBase64(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** UTF-8 bytes of a text. */
export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The text of UTF-8 bytes, or null when they are not UTF-8 or hold control characters that no text has. */
export function decode(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // eslint-disable-next-line no-control-regex -- control characters are exactly what is looked for
    return /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** The text of a first part, which may end inside of a character. */
export function decodePart(bytes: Uint8Array, whole: boolean): string | null {
  if (whole) return decode(bytes);
  let end = bytes.length;
  while (end > 0 && bytes.length - end < 3 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end--;
  return decode(bytes.subarray(0, Math.max(0, end - 1)));
}

/** Whether two values are the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Bytes as hex, without spaces. */
export function hex(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) out += byte.toString(16).padStart(2, '0');
  return out;
}

/** One line of a hex view. */
export interface HexRow {
  offset: string;
  hex: string;
  text: string;
}

/** How many bytes stand in one line of a hex view. */
export const HexWidth = 16;

/** Line number `row` of a hex view; only lines on screen are made. */
export function hexRow(bytes: Uint8Array, row: number): HexRow {
  const part = bytes.subarray(row * HexWidth, (row + 1) * HexWidth);
  const cells = Array.from(part, (b) => b.toString(16).padStart(2, '0'));
  return {
    offset: (row * HexWidth).toString(16).padStart(8, '0'),
    hex: [cells.slice(0, 8).join(' '), cells.slice(8).join(' ')].join('  ').padEnd(HexWidth * 3),
    text: Array.from(part, (b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : '·')).join(''),
  };
}

/** Reads hex with or without spaces; null when it is not whole bytes. */
export function parseHex(text: string): Uint8Array | null {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return null;
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** The media type when the bytes are a picture that any browser draws without running anything, else ''. */
export function pictureType(bytes: Uint8Array): string {
  const starts = (...head: number[]) => head.every((b, i) => bytes[i] === b);
  if (starts(0x89, 0x50, 0x4e, 0x47)) return 'image/png';
  if (starts(0xff, 0xd8, 0xff)) return 'image/jpeg';
  if (starts(0x47, 0x49, 0x46, 0x38)) return 'image/gif';
  if (starts(0x52, 0x49, 0x46, 0x46) && String.fromCharCode(...bytes.subarray(8, 12)) === 'WEBP') return 'image/webp';
  return '';
}
