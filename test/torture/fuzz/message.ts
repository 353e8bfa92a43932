// One fuzzed message, as it lies in a corpus: everything but its id, which is put in when it is sent.

/** Encoding of a connection. */
export type Encoding = "proto" | "json";

/**
 * What is known of the id that a reply must carry. Exact: the one that was put in. Loose: that one or any other, since the
 * message may be unreadable before its id is, or name another one.
 */
export type IdRule = "exact" | "loose";

/** A message without its id. */
export interface Mutant {
  /** What stands before the id: of JSON a byte order mark, say. */
  readonly before: Uint8Array;
  /** What stands behind it. */
  readonly after: Uint8Array;
  readonly rule: IdRule;
  /** Whether it is sent as the other kind of WebSocket message than its encoding asks for. */
  readonly isSwapped: boolean;
}

const NOTHING = new Uint8Array(0);

/** The first of all ids: beyond what mutated ids are likely to be, and as long as all others. */
export const FIRST_ID = 1 << 28;

/** Of no message: tells whether a text keeps the id that is put in. */
const PROBE_ID = FIRST_ID - 1;

/** Bytes of an id with its field's tag: `08` and a varint of five bytes. */
const PROTO_ID_BYTES = 6;
const JSON_ID_HEAD = Buffer.from('{"id":');
const JSON_ID_DIGITS = 9;
const COMMA = 0x2c;
const ZERO = 0x30;

/** A binary message: the fields behind the id. */
export function protoMutant(after: Uint8Array, isSwapped = false): Mutant {
  return { before: NOTHING, after, rule: isSwapped || hasTopLevelId(after) ? "loose" : "exact", isSwapped };
}

/** A text message: what stands before its first brace, and what follows `{"id":1,`. */
export function jsonMutant(after: string, before = "", isSwapped = false): Mutant {
  const rule = isSwapped || !keepsId(`${before}{"id":${PROBE_ID},${after}`) ? "loose" : "exact";
  return { before: Buffer.from(before), after: Buffer.from(after), rule, isSwapped };
}

/** Bytes that the message has with its id. */
export function byteLength(encoding: Encoding, { before, after }: Mutant): number {
  return (
    before.length + after.length + (encoding === "proto" ? PROTO_ID_BYTES : JSON_ID_HEAD.length + JSON_ID_DIGITS + 1)
  );
}

/** Writes a message with its id; where it ends. */
export function writeMutant(encoding: Encoding, mutant: Mutant, id: number, target: Buffer, at: number): number {
  target.set(mutant.before, at);
  const next = at + mutant.before.length;
  const after = encoding === "proto" ? writeProtoId(id, target, next) : writeJsonId(id, target, next);
  target.set(mutant.after, after);
  return after + mutant.after.length;
}

function writeProtoId(id: number, target: Buffer, at: number): number {
  target[at] = 0x08;
  for (let i = 0; i < 5; i += 1) target[at + 1 + i] = ((id >>> (7 * i)) & 0x7f) | (i < 4 ? 0x80 : 0);
  return at + PROTO_ID_BYTES;
}

function writeJsonId(id: number, target: Buffer, at: number): number {
  target.set(JSON_ID_HEAD, at);
  const first = at + JSON_ID_HEAD.length;
  let rest = id;
  for (let i = JSON_ID_DIGITS - 1; i >= 0; i -= 1) {
    target[first + i] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  target[first + JSON_ID_DIGITS] = COMMA;
  return first + JSON_ID_DIGITS + 1;
}

/** Whether a field 1 may stand beside the body, which would be the frame's id. Read here anew, not by the server's code. */
export function hasTopLevelId(bytes: Uint8Array): boolean {
  let at = 0;
  while (at < bytes.length) {
    const tag = varint(bytes, at);
    if (tag === undefined || tag.value >>> 3 === 1) return tag !== undefined;
    at = tag.end;
    const next = skip(bytes, at, tag.value & 7);
    if (next === undefined) return false;
    at = next;
  }
  return false;
}

function skip(bytes: Uint8Array, at: number, wireType: number): number | undefined {
  if (wireType === 0) return varint(bytes, at)?.end;
  if (wireType === 1) return at + 8;
  if (wireType === 5) return at + 4;
  const length = wireType === 2 ? varint(bytes, at) : undefined;
  return length && length.end + length.value;
}

/** The low 32 bits of a varint. */
function varint(bytes: Uint8Array, from: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let i = 0; i < 10 && from + i < bytes.length; i += 1) {
    const byte = bytes[from + i] as number;
    if (i < 5) value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) return { value: value >>> 0, end: from + i + 1 };
  }
  return undefined;
}

/** More levels than the server takes lose the id: it does not parse them. */
const DEPTH = 64;

function keepsId(text: string): boolean {
  if (text.length > 16_384) return false; // the server may refuse it unparsed
  try {
    const value: unknown = JSON.parse(text);
    return (
      typeof value === "object" && value !== null && "id" in value && value.id === PROBE_ID && depthOf(text) < DEPTH
    );
  } catch {
    return false;
  }
}

/** Brackets open at once, counted in strings too: at least the depth. */
function depthOf(text: string): number {
  let [open, most] = [0, 0];
  for (const character of text) {
    if (character === "[" || character === "{") most = Math.max(most, ++open);
    else if (character === "]" || character === "}") open -= 1;
  }
  return most;
}
