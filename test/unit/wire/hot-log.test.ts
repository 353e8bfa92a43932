// The hand codec of log lines is the generated codec, byte for byte: what it keeps, what it lets through, what it writes.
import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { LogLevel } from "../../../generated/ts/tidewire/v1/events.js";
import { ClientFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import type { Publish } from "../../../generated/ts/tidewire/v1/topics.js";
import { encodeEvent } from "../../../src/wire/event-bytes.js";
import { createWriter } from "../../../src/wire/fast-writer.js";
import { LogMatch, lineBytes, MAX_LINE_FRAME_BYTES, PublishedRun, timestampField } from "../../../src/wire/hot-log.js";
import { protoCodec } from "../../../src/wire/proto-codec.js";
import { messages } from "../../conformance/arbitraries.js";

const RUNS = 5_000;
const NOW = { seconds: 1_790_000_000, nanos: 123_000_000 };
const stamp = timestampField(NOW);

const text = (maxLength: number) => fc.oneof(fc.string({ maxLength }), fc.string({ unit: "binary", maxLength }));
const line: fc.Arbitrary<Publish> = fc.record(
  {
    topic: fc.constantFrom("training.a", "training.run-1_2", `training.${"x".repeat(128)}`),
    timestamp: fc.option(
      fc.record({ seconds: fc.integer({ min: 1, max: 4e9 }), nanos: fc.integer({ min: 0, max: 999_999_999 }) }),
      { nil: undefined },
    ),
    kind: fc.record({
      $case: fc.constant("log" as const),
      value: fc.record({
        level: fc.integer({ min: 1, max: 5 }) as fc.Arbitrary<LogLevel>,
        message: fc.oneof(text(20), text(300)),
        source: fc.option(text(60), { nil: undefined }),
      }),
    }),
  },
  { noNullPrototype: true },
);
const id = fc.oneof(fc.constant(0), fc.nat(300), fc.integer({ min: 0, max: 2 ** 31 - 1 }));

const encode = (frameId: number, value: Publish): Uint8Array =>
  ClientFrame.encode({ id: frameId, body: { $case: "publish", value } }, createWriter()).finish();

const kept = (publish: Publish): Uint8Array => encodeEvent({ ...publish, timestamp: publish.timestamp ?? NOW });

/** What matched is what the generated decoder reads, and is kept as the generated encoder writes it. */
function assertTrue(message: Uint8Array, match: LogMatch): void {
  const frame = protoCodec.decode(message);
  assert.equal(frame.id, match.id);
  assert.ok(frame.body?.$case === "publish");
  const publish = frame.body.value;
  assert.equal(publish.kind?.$case, "log");
  assert.equal(publish.idempotencyKey, undefined);
  assert.equal(Buffer.from(message.subarray(match.topicAt, match.topicEnd)).toString(), publish.topic);
  assert.equal(match.hasTimestamp, publish.timestamp !== undefined);
  assert.deepEqual(Buffer.from(lineBytes(message, match, () => stamp)), Buffer.from(kept(publish)));
}

t.test("every line with a plain id matches, and is kept as it came", async () => {
  const match = new LogMatch();
  const property = fc.property(id, line, (frameId, publish) => {
    const message = encode(frameId, publish);
    assert.equal(match.read(message), true);
    assertTrue(message, match);
  });
  fc.assert(property, { numRuns: RUNS });
});

t.test("whatever matches, the generated decoder reads alike; what it refuses does not match", async (t) => {
  const match = new LogMatch();
  let matched = 0;
  const check = (message: Uint8Array): void => {
    if (!match.read(message)) return;
    // Whose topic is no ASCII is nobody's: it is looked up as it stands.
    if (message.subarray(match.topicAt, match.topicEnd).some((byte) => byte > 0x7f)) return;
    matched += 1;
    assertTrue(message, match);
  };
  const edits = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 3 });
  const cut = fc.tuple(fc.nat(200), fc.nat(6));
  const mutants = fc.property(id, line, edits, cut, (frameId, publish, changes, [from, count]) => {
    const message = Uint8Array.from(encode(frameId, publish));
    for (const [at, byte] of changes) if (at < message.length) message[at] = byte;
    check(message);
    check(Uint8Array.from([...message.subarray(0, from), ...message.subarray(from + count)]));
    check(Uint8Array.from([...message, 0]));
    for (let end = 0; end < Math.min(message.length, 60); end += 1) check(message.subarray(0, end));
  });
  fc.assert(mutants, { numRuns: RUNS });
  const others = fc.property(messages("ClientFrame"), (frame) => {
    check(ClientFrame.encode(frame as never, createWriter()).finish());
  });
  fc.assert(others, { numRuns: RUNS });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), check), { numRuns: RUNS });
  t.ok(matched > 1000, `${matched} matched`);
});

t.test("what is no line for the short way", async (t) => {
  const match = new LogMatch();
  const log = (value: object): Publish =>
    ({
      topic: "training.a",
      kind: { $case: "log", value: { level: LogLevel.LOG_LEVEL_INFO, message: "m", ...value } },
    }) as Publish;
  const bytes = (publish: Publish): Uint8Array => encode(1, publish);
  t.ok(match.read(bytes(log({ source: "s".repeat(256) }))));
  t.notOk(match.read(bytes(log({ source: "s".repeat(257) }))), "a source that is too long");
  t.notOk(match.read(bytes(log({ level: 6 }))), "a level that does not exist");
  t.notOk(match.read(bytes(log({ level: 0 }))), "no level");
  t.notOk(match.read(bytes(log({ message: undefined }))), "no message");
  t.notOk(match.read(bytes({ ...log({}), idempotencyKey: "k" })), "a key");
  t.ok(match.read(bytes(log({ message: "m".repeat(MAX_LINE_FRAME_BYTES - 32) }))));
  t.notOk(match.read(bytes(log({ message: "m".repeat(MAX_LINE_FRAME_BYTES) }))), "a long line costs more credit");
  t.notOk(match.read(bytes({ ...log({}), timestamp: { seconds: -1, nanos: 0 } })), "a time before 1970");
  const invalid = Uint8Array.from(bytes(log({ message: "ab" })));
  invalid[invalid.length - 1] = 0xff;
  t.notOk(match.read(invalid), "text that is no UTF-8");
  t.throws(() => protoCodec.decode(invalid), { code: "INVALID_FRAME" });
});

t.test("a match never reads behind the message", async (t) => {
  const message = encode(7, {
    topic: "training.a",
    kind: { $case: "log", value: { level: 2, message: "m", source: "s" } },
  } as Publish);
  const padded = Buffer.concat([message, Buffer.alloc(64, 0x01)]);
  const match = new LogMatch();
  t.ok(match.read(padded.subarray(0, message.length)));
  for (let end = 0; end < message.length; end += 1) t.notOk(match.read(padded.subarray(0, end)), `${end} bytes`);
});

t.test("acknowledgements are written as the generated encoder writes them", async () => {
  const number = fc.oneof(fc.constant(0), fc.nat(300), fc.maxSafeNat());
  const one = fc.tuple(
    fc.oneof(id, fc.integer()),
    fc.record({ generation: number, offset: number }, { noNullPrototype: true }),
  );
  const property = fc.property(fc.array(one, { maxLength: 5 }), (all) => {
    const run = new PublishedRun(
      all.map(([frameId]) => frameId),
      all.map(([, position]) => position),
    );
    assert.equal(run.count, all.length);
    all.forEach(([frameId, value], i) => {
      const expected = protoCodec.encode({ id: frameId, body: { $case: "published", value } }) as Uint8Array;
      const target = Buffer.alloc(expected.length + 7, 0xee);
      assert.equal(run.byteLength(i), expected.length);
      assert.equal(run.write(i, target, 3), expected.length + 3);
      assert.equal(target.toString("hex"), `eeeeee${Buffer.from(expected).toString("hex")}eeeeeeee`);
    });
  });
  fc.assert(property, { numRuns: RUNS });
});

t.test("what is kept of a line does not hold what it was read with", async (t) => {
  for (const timestamp of [undefined, NOW]) {
    const kind = { $case: "log" as const, value: { level: LogLevel.LOG_LEVEL_INFO, message: "m", source: undefined } };
    const message = encode(1, { topic: "training.a", timestamp, kind });
    const chunk = Buffer.concat([message, Buffer.alloc(64 * 1024)]);
    const match = new LogMatch();
    t.ok(match.read(chunk.subarray(0, message.length)));
    const bytes = lineBytes(chunk.subarray(0, message.length), match, () => stamp);
    t.not(bytes.buffer, chunk.buffer);
    t.ok(bytes.buffer.byteLength <= Buffer.poolSize, `${bytes.buffer.byteLength} bytes`);
  }
});
