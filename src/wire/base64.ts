// Bytes in JSON: standard base64 out; standard and URL-safe in, padded or not.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAD = "=".charCodeAt(0);
const CODES = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0));
const NONE = 255;
const VALUES = new Uint8Array(128).fill(NONE);
for (const [value, code] of CODES.entries()) VALUES[code] = value;
VALUES["-".charCodeAt(0)] = 62;
VALUES["_".charCodeAt(0)] = 63;
const ascii = new TextDecoder();

/** The bytes as standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  const text = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  let at = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const three = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text[at++] = CODES[three >> 18] as number;
    text[at++] = CODES[(three >> 12) & 63] as number;
    text[at++] = i + 1 < bytes.length ? (CODES[(three >> 6) & 63] as number) : PAD;
    text[at++] = i + 2 < bytes.length ? (CODES[three & 63] as number) : PAD;
  }
  return ascii.decode(text);
}

/** The bytes of base64 text; undefined when it is none. */
export function fromBase64(text: string): Uint8Array | undefined {
  const length = unpadded(text);
  if (length < 0 || length % 4 === 1) return undefined;
  const bytes = new Uint8Array((length * 3) >> 2);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < length; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? NONE;
    if (value === NONE) return undefined;
    bits = ((bits << 6) | value) & 0xfffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = bits >> held;
    }
  }
  return bytes;
}

/** Length without padding; negative when the padding is wrong. */
function unpadded(text: string): number {
  let length = text.length;
  while (length > 0 && text.charCodeAt(length - 1) === PAD && text.length - length < 2) length--;
  return length !== text.length && text.length % 4 !== 0 ? -1 : length;
}
