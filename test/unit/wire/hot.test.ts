// The hand codec is the generated codec, byte for byte.
import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { ClientFrame, type ServerFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import { createWriter } from "../../../src/wire/fast-writer.js";
import { encodeBoostSuffix, type HotPredict, matchPredict, PredictionRun } from "../../../src/wire/hot.js";
import { protoCodec } from "../../../src/wire/proto-codec.js";
import { messages } from "../../conformance/arbitraries.js";

const RUNS = 5000;
const int32 = fc.oneof(fc.constant(0), fc.integer(), fc.integer({ min: 0, max: 1 << 22 }), fc.constant(-(2 ** 31)));

t.test("predictions are written as the generated encoder writes them", async () => {
  const rows = fc.record({
    signals: fc.integer({ min: 0, max: 70 }),
    firstRow: fc.integer({ min: 0, max: 3 }),
    ids: fc.array(int32, { minLength: 1, maxLength: 5 }),
    boost: fc.option(fc.array(fc.string({ maxLength: 40 }), { maxLength: 6 }), { nil: undefined }),
    withLatency: fc.boolean(),
    bits: fc.infiniteStream(fc.float({ noNaN: true })),
  });
  const property = fc.property(rows, ({ signals, firstRow, ids, boost, withLatency, bits }) => {
    const outputs = Float32Array.from({ length: (firstRow + ids.length) * signals }, () => bits.next().value as number);
    const latency = withLatency ? Float32Array.from(ids, () => bits.next().value as number) : undefined;
    const boostSuffix = boost ? encodeBoostSuffix(boost) : new Uint8Array(0);
    const run = new PredictionRun({
      ids: Int32Array.from(ids),
      outputs,
      firstRow,
      count: ids.length,
      signals,
      latency,
      boostSuffix,
    });
    for (let i = 0; i < run.count; i++) {
      const from = (firstRow + i) * signals;
      const frame: ServerFrame = {
        id: ids[i] as number,
        body: {
          $case: "prediction",
          value: {
            values: [...outputs.subarray(from, from + signals)],
            timestamp: undefined,
            predictions: undefined,
            latencyMs: latency?.[i],
            signalsUsedBoost: boost && { names: boost },
          },
        },
      };
      const expected = protoCodec.encode(frame) as Uint8Array;
      const target = Buffer.alloc(expected.length + 7, 0xee);
      assert.equal(run.byteLength(i), expected.length);
      assert.equal(run.write(i, target, 3), expected.length + 3);
      assert.equal(target.toString("hex"), `eeeeee${Buffer.from(expected).toString("hex")}eeeeeeee`);
    }
  });
  fc.assert(property, { numRuns: RUNS });
});

t.test("outputs may be a view into a larger buffer, at any float", async (t) => {
  const buffer = new ArrayBuffer(64);
  const outputs = new Float32Array(buffer, 12, 4).fill(1.5);
  const rows = { ids: Int32Array.of(1), outputs, firstRow: 1, count: 1, signals: 2, boostSuffix: new Uint8Array(0) };
  const target = new Uint8Array(14);
  t.equal(new PredictionRun(rows).write(0, target, 0), 14);
  t.equal(Buffer.from(target).toString("hex"), "08011a0a0a080000c03f0000c03f");
});

const positional = (id: number, values: number[]): Uint8Array =>
  ClientFrame.encode(
    {
      id,
      body: { $case: "predict", value: { values, timestamp: undefined, boundarySignals: {}, timeoutMs: undefined } },
    },
    createWriter(),
  ).finish();

/** What the generic decoder makes of a message that matched must be what the match says. */
function assertTrue(message: Uint8Array, floats: number, found: HotPredict): void {
  const frame = protoCodec.decode(message);
  assert.equal(frame.id, found.id);
  assert.equal(frame.body?.$case, "predict");
  if (frame.body?.$case !== "predict") return;
  const { values, timestamp, boundarySignals, timeoutMs } = frame.body.value;
  const view = new DataView(message.buffer, message.byteOffset + found.at);
  assert.deepStrictEqual(
    values,
    Array.from({ length: floats }, (_, i) => view.getFloat32(i * 4, true)),
  );
  assert.deepStrictEqual(
    { timestamp, boundarySignals, timeoutMs },
    { timestamp: undefined, boundarySignals: {}, timeoutMs: undefined },
  );
  assert.equal(found.at + floats * 4, message.length);
}

t.test("every positional reading with an id that is not negative matches", async () => {
  const found = { id: -1, at: -1 };
  const ids = fc.oneof(
    fc.constant(0),
    fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    fc.constantFrom(127, 128, 2 ** 31 - 1),
  );
  const property = fc.property(ids, fc.array(fc.float(), { minLength: 1, maxLength: 600 }), (id, values) => {
    const message = positional(id, values);
    assert.equal(matchPredict(message, values.length, found), true);
    assertTrue(message, values.length, found);
    assert.equal(matchPredict(message, values.length + 1, found), false);
    assert.equal(matchPredict(message, values.length - 1, found), false);
  });
  fc.assert(property, { numRuns: RUNS });
});

t.test("whatever matches, the generic decoder reads alike; what it refuses does not match", async (t) => {
  const found = { id: 0, at: 0 };
  let matched = 0;
  const check = (message: Uint8Array, floats: number) => {
    if (!matchPredict(message, floats, found)) return;
    matched++;
    assertTrue(message, floats, found);
  };
  const edits = fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 3 });
  const mutants = fc.property(fc.integer(), fc.array(fc.float(), { maxLength: 6 }), edits, (id, values, changes) => {
    const message = Uint8Array.from(positional(id, values));
    for (const [at, byte] of changes) if (at < message.length) message[at] = byte;
    for (const floats of [values.length, values.length + 1, 1]) check(message, floats);
    for (let end = 0; end < message.length; end++) check(message.subarray(0, end), values.length);
    check(Uint8Array.from([...message, 0]), values.length);
  });
  fc.assert(mutants, { numRuns: RUNS });
  const others = fc.property(messages("ClientFrame"), fc.integer({ min: 0, max: 4 }), (frame, floats) => {
    check(ClientFrame.encode(frame as never, createWriter()).finish(), floats);
  });
  fc.assert(others, { numRuns: RUNS });
  t.ok(matched > 100, `${matched} matched`);
});

t.test("a match allocates nothing that lives and never reads behind the message", async (t) => {
  const found = { id: 5, at: 6 };
  const pool = Buffer.from(positional(1, [1, 2, 3]));
  t.equal(matchPredict(pool.subarray(0, pool.length - 1), 3, found), false);
  t.equal(matchPredict(new Uint8Array(0), 3, found), false);
  t.equal(matchPredict(Buffer.from("08ffffffffff", "hex"), 1, found), false);
  t.same(found, { id: 5, at: 6 }, "what does not match leaves `found` alone");
});
