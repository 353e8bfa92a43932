// Varints, for the codecs written by hand. Two kinds: of 32 bits, where every nanosecond counts, and of 53, for positions.

/** Bytes of a number below 2^32. */
export function varint32Bytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

/** Writes a number below 2^31; the offset behind it. */
export function writeVarint32(value: number, target: Uint8Array, at: number): number {
  let rest = value;
  let end = at;
  while (rest > 0x7f) {
    target[end++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[end] = rest;
  return end + 1;
}

/** Bytes of a whole number below 2^53. */
export function varint53Bytes(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
  return length;
}

/** Writes a whole number below 2^53; the offset behind it. */
export function writeVarint53(value: number, target: Uint8Array, at: number): number {
  let rest = value;
  let end = at;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) target[end++] = (rest % 0x80) | 0x80;
  target[end++] = rest;
  return end;
}

const ID_TAG = 0x08; // id = 1 of ClientFrame and ServerFrame

/** Bytes of a frame's id, its tag included; none for 0. */
export function frameIdBytes(id: number): number {
  if (id === 0) return 0;
  return id < 0 ? 11 : 1 + varint32Bytes(id);
}

/** Writes a frame's id, an int32; the offset behind it. */
export function writeFrameId(id: number, target: Uint8Array, at: number): number {
  if (id === 0) return at;
  target[at] = ID_TAG;
  if (id > 0) return writeVarint32(id, target, at + 1);
  // A negative int32 travels as the 64 bits of its two's complement, in ten bytes.
  let end = at + 1;
  for (let shift = 0; shift < 28; shift += 7) target[end++] = ((id >>> shift) & 0x7f) | 0x80;
  target[end++] = ((id >> 28) & 0x7f) | 0x80;
  for (let i = 0; i < 4; i++) target[end++] = 0xff;
  target[end] = 0x01;
  return end + 1;
}
