// Whatever is sent: a frame or a typed error, soon, and no memory to speak of.
import fc from "fast-check";
import t from "tap";
import { ERRORS, type ErrorCode } from "../../src/errors.js";
import { type Codec, FrameError } from "../../src/wire/codec.js";
import { jsonCodec } from "../../src/wire/json-codec.js";
import { protoCodec } from "../../src/wire/proto-codec.js";
import { heapBytes } from "../support/heap.js";
import { readGoldens } from "./goldens.js";

const RANDOM_FRAMES = 150_000;
const MUTATIONS = 400;
const WIRE_CODES: ReadonlySet<ErrorCode> = new Set([
  "INVALID_FRAME",
  "INVALID_JSON",
  "INVALID_MESSAGE",
  "UNKNOWN_MESSAGE_TYPE",
]);
/** Long enough for an error that names paths and known types, short whatever was sent. */
const MAX_TEXT = 1500;
const goldens = readGoldens().map(({ hex, json }) => ({ bytes: Buffer.from(hex, "hex"), text: JSON.stringify(json) }));

/** The code of the refusal; undefined when the message was read. Anything else thrown fails the test. */
function attempt(codec: Codec, message: Uint8Array | string): FrameError | undefined {
  try {
    codec.decode(message);
    return undefined;
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    if (!WIRE_CODES.has(error.code)) throw new Error(`${error.code} is no error of the wire`);
    if (error.message.length > MAX_TEXT) throw new Error(`a text of ${error.message.length} characters`);
    if (JSON.stringify(error.details ?? {}).length > MAX_TEXT) throw new Error("details without bound");
    return error;
  }
}

/** Mulberry32: the same bytes in every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

t.test(`${RANDOM_FRAMES} random binary frames`, async (t) => {
  const random = randomNumbers(1);
  let refused = 0;
  for (let i = 0; i < RANDOM_FRAMES; i++) {
    const bytes = Uint8Array.from({ length: random(48) }, () => random(256));
    // Every other one begins as a frame does, to get further.
    if (i % 2 === 0 && bytes.length > 2) bytes.set([8 * (1 + random(10)) + 2, bytes.length - 2]);
    if (attempt(protoCodec, bytes)) refused++;
  }
  t.ok(refused > RANDOM_FRAMES * 0.9, `${refused} refused`);
});

t.test("goldens with bytes changed, cut and doubled", async (t) => {
  const random = randomNumbers(2);
  let count = 0;
  for (const { bytes } of goldens) {
    for (let length = 0; length < bytes.length; length++) {
      attempt(protoCodec, bytes.subarray(0, length));
      count++;
    }
    for (let i = 0; i < MUTATIONS; i++) {
      const mutant = Buffer.from(bytes);
      for (let edits = 1 + random(3); edits > 0; edits--) mutant[random(mutant.length)] = random(256);
      attempt(protoCodec, mutant);
      attempt(protoCodec, Buffer.concat([mutant, bytes]));
      count += 2;
    }
  }
  t.pass(`${count} read or refused`);
});

t.test("golden texts with characters changed, cut and doubled", async (t) => {
  const random = randomNumbers(3);
  const alphabet = '{}[]",:0123456789.eE+-\\u\u0000 truefalsn_';
  let count = 0;
  for (const { text } of goldens) {
    for (let i = 0; i < MUTATIONS; i++) {
      const from = random(text.length);
      const piece = random(3) === 0 ? "" : (alphabet[random(alphabet.length)] as string);
      attempt(jsonCodec, text.slice(0, from) + piece + text.slice(from + random(4)));
      attempt(jsonCodec, text.slice(0, from));
      attempt(jsonCodec, text + text.slice(from));
      count += 3;
    }
  }
  t.pass(`${count} read or refused`);
});

t.test("random JSON in the place of frames, data and fields", async () => {
  const types = ["config", "predict", "predict_batch", "infer", "subscribe", "publish", "ping", "nonsense"];
  const names = [
    "id",
    "values",
    "batch",
    "topic",
    "after",
    "positions",
    "inputs",
    "matrix",
    "timestamps",
    "type",
    "data",
  ];
  const record = fc.dictionary(fc.constantFrom(...names), fc.jsonValue(), { noNullPrototype: true });
  const frame = fc.oneof(
    fc.jsonValue(),
    fc.record({ type: fc.constantFrom(...types), data: fc.oneof(record, fc.jsonValue()) }),
    fc.tuple(fc.constantFrom(...types), record).map(([type, fields]) => ({ ...fields, type })),
  );
  const property = fc.property(frame, (json) => {
    attempt(jsonCodec, JSON.stringify(json));
  });
  fc.assert(property, { numRuns: 20_000 });
});

t.test("depth overflows nothing", async (t) => {
  const tooDeep = { code: "INVALID_MESSAGE", message: /nested more than 64 deep/ };
  for (const text of ["[".repeat(200_000), `${"[".repeat(200_000)}${"]".repeat(200_000)}`, '{"a":'.repeat(200_000)]) {
    t.match(attempt(jsonCodec, text), tooDeep, "seen before it is parsed");
  }
  t.match(attempt(protoCodec, publishNested(200_000)), { id: 7 });
  const depth = 2_000; // a short text is parsed unseen
  const open = "[".repeat(depth);
  t.equal(attempt(jsonCodec, open)?.code, "INVALID_JSON");
  t.equal(attempt(jsonCodec, open + "]".repeat(depth))?.code, "INVALID_MESSAGE");
  const objects = `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
  const within = (data: string) =>
    `{"id":7,"type":"publish","data":{"topic":"task.a.b","type":"task_queued","data":${data}}}`;
  const refused = attempt(jsonCodec, within(`{"details":${objects}}`));
  t.match(refused, { code: "INVALID_MESSAGE", id: 7, message: /at most 32 levels/ });
  t.equal(attempt(jsonCodec, within(`{"unknown":${objects}}`)), undefined, "unknown fields are not looked at");
  t.equal(
    attempt(jsonCodec, `{"type":"predict","values":${open}${"]".repeat(depth)}}`),
    undefined,
    "NaN, as all but numbers",
  );
});

t.test("a text of too many values is refused before it is parsed, whatever is in its strings", async (t) => {
  const tricky = JSON.stringify('"[,{\\\\'.repeat(100_000));
  t.equal(attempt(jsonCodec, `{"type":"ping","note":${tricky}}`), undefined, "a long string is one value");
  t.equal(attempt(jsonCodec, `{"type":"ping","note":[${"1,".repeat(250_000)}1]}`), undefined);
  const many = attempt(jsonCodec, `{"type":"ping","note":[${"1,".repeat(270_000)}1]}`);
  t.match(many, { code: "INVALID_MESSAGE", message: /more than 262144 values.*matrix/ });
  t.match(attempt(jsonCodec, `{"type":"ping","note":"${"x".repeat(300_000)}`), { code: "INVALID_JSON" });
});

/** A publish of a task_queued whose details hold lists in lists. */
function publishNested(depth: number): Uint8Array {
  const lengths: Buffer[] = [];
  let size = 0;
  const wrap = (tag: number) => {
    const head = [tag, ...varint(size)];
    lengths.push(Buffer.from(head));
    size += head.length;
  };
  for (let i = 0; i < depth; i++) for (const tag of [0x0a, 0x32]) wrap(tag);
  for (const tag of [0x12, 0x0a, 0x1a]) wrap(tag);
  const body = Buffer.concat(lengths.reverse());
  const event = Buffer.concat([Buffer.from([0x82, 0x01, ...varint(body.length)]), body]);
  return Buffer.concat([Buffer.from([0x08, 7, 0x42, ...varint(event.length)]), event]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

t.test("a frame that would unpack to far more than its size is refused before it does", async (t) => {
  const readings = Buffer.alloc(16 << 20);
  for (let i = 0; i < readings.length; i += 2) readings[i] = 0x12;
  const frame = Buffer.concat([Buffer.from([0x08, 9, 0x22, ...varint(readings.length)]), readings]);
  const before = process.memoryUsage().heapUsed;
  t.match(attempt(protoCodec, frame), { code: "INVALID_MESSAGE", id: 9 });
  t.ok(process.memoryUsage().heapUsed - before < 32 << 20);
});

t.test("100,000 bad frames leave nothing behind", async (t) => {
  const bad = ['{"type":"predict","data":5}', '{"type":"nope"}', "{", '{"type":"config","data":{"batch_size":"ten"}}'];
  const round = () => {
    for (let i = 0; i < 50_000; i++) {
      attempt(jsonCodec, bad[i % bad.length] as string);
      attempt(protoCodec, Buffer.from([0x12, 0xff, i & 0x7f]));
    }
    return heapBytes();
  };
  const before = round();
  const more = round() - before;
  t.ok(more < 1 << 20, `${more} bytes more after a collection`);
});

t.test("every code of the wire is in the catalogue", async (t) => {
  for (const code of WIRE_CODES) t.ok(ERRORS[code]);
});
