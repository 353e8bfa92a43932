// Events as bytes: the frame put together by hand is what the generated code and protobufjs read, at every position.
import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import { Event } from "../../../generated/ts/tidewire/v1/events.js";
import { ServerFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import type { Publish } from "../../../generated/ts/tidewire/v1/topics.js";
import { decodeEvent, EVENT_KINDS, encodeEvent, encodeEventFrame } from "../../../src/wire/event-bytes.js";
import { jsonCodec } from "../../../src/wire/json-codec.js";
import { planOf } from "../../../src/wire/plan.js";
import { protoCodec } from "../../../src/wire/proto-codec.js";
import { messages } from "../../conformance/arbitraries.js";
import { peerDecode, peerView } from "../../conformance/peer.js";

const RUNS = 5_000;
const MOST = Number.MAX_SAFE_INTEGER;

/** Where a varint grows by a byte, and one beside it; the ends. */
const borders = [0, 1, MOST - 1, MOST, 2 ** 31, 2 ** 32 - 1, 2 ** 32];
for (let bits = 7; bits < 53; bits += 7) borders.push(2 ** bits - 1, 2 ** bits, 2 ** bits + 1);
const number = fc.oneof(fc.constantFrom(...borders), fc.nat(300), fc.maxSafeNat());

const publish = messages("Publish") as unknown as fc.Arbitrary<Publish>;

test("a frame is read as the event at its place, by three readers", async (t) => {
  const seen = new Set<string | undefined>();
  const property = fc.property(publish, number, number, (said, generation, offset) => {
    seen.add(said.kind?.$case);
    const bytes = encodeEvent(said);
    const before = Buffer.from(bytes);
    const placed = { generation, offset, bytes };
    const { topic, timestamp, kind } = said;
    const event: Event = { topic, timestamp, generation, offset, kind };
    assert.deepStrictEqual(decodeEvent(placed), event);
    const frame = encodeEventFrame(placed);
    const whole: ServerFrame = { id: 0, body: { $case: "event", value: event } };
    assert.deepStrictEqual(ServerFrame.decode(frame), whole);
    assert.deepStrictEqual(
      peerDecode("ServerFrame", new Uint8Array(frame)),
      peerView(planOf("ServerFrame"), whole as never),
    );
    assert.deepStrictEqual(Buffer.from(bytes), before, "what is kept is not written to");
  });
  fc.assert(property, { numRuns: RUNS });
  t.same([...seen].sort(), [...EVENT_KINDS.keys()].sort(), "events of every kind");
});

test("every border of a varint, in both places", async () => {
  const bytes = encodeEvent({
    topic: "task.p.t",
    timestamp: undefined,
    kind: { $case: "taskCompleted", value: {} as never },
  });
  for (const generation of borders) {
    for (const offset of borders) {
      const { body } = ServerFrame.decode(encodeEventFrame({ generation, offset, bytes }));
      assert.ok(body?.$case === "event");
      assert.deepEqual([body.value.generation, body.value.offset], [generation, offset]);
    }
  }
});

test("a frame's length fits its bytes, whatever their number", async () => {
  const message = (length: number): Publish => ({
    topic: "training.a",
    timestamp: undefined,
    kind: { $case: "log", value: { level: 2, message: "x".repeat(length) } },
  });
  for (const length of [...Array(300).keys(), ...Array.from({ length: 40 }, (_, i) => 2 ** 14 - 30 + i), 2 ** 21]) {
    const bytes = encodeEvent(message(length));
    const { body } = ServerFrame.decode(encodeEventFrame({ generation: 1, offset: 2, bytes }));
    assert.deepStrictEqual(body, { $case: "event", value: decodeEvent({ generation: 1, offset: 2, bytes }) });
  }
});

test("the codecs write an event's bytes as they write the event", async () => {
  const property = fc.property(publish, number, number, ({ topic, timestamp, kind }, generation, offset) => {
    const placed = { generation, offset, bytes: encodeEvent({ topic, timestamp, kind }) };
    const frame: ServerFrame = {
      id: 0,
      body: { $case: "event", value: { topic, timestamp, generation, offset, kind } },
    };
    assert.equal(jsonCodec.encodeEvent(placed), jsonCodec.encode(frame));
    const encoded = protoCodec.encodeEvent(placed) as Uint8Array;
    assert.deepStrictEqual(ServerFrame.decode(encoded), ServerFrame.decode(protoCodec.encode(frame) as Uint8Array));
  });
  fc.assert(property, { numRuns: 1_000 });
});

test("neither place nor key is part of what is kept", async (t) => {
  const said: Publish = {
    topic: "task.p.t",
    timestamp: undefined,
    kind: { $case: "taskQueued", value: { details: undefined } },
  };
  t.same(encodeEvent({ ...said, idempotencyKey: "k" }), encodeEvent(said));
  const { generation, offset } = Event.decode(encodeEvent(said));
  t.same({ generation, offset }, { generation: 0, offset: 0 });
});

test("kinds are the schema's: their types as JSON has them, and latest are those that may be skipped", async (t) => {
  t.same(
    [...EVENT_KINDS.values()].map(({ type }) => type),
    [...planOf("Event").cases.keys()],
  );
  const latest = [...EVENT_KINDS.values()].filter(({ delivery }) => delivery === "latest").map(({ type }) => type);
  t.same(latest.sort(), ["progress", "step_progress", "system_stats"]);
});

test("bytes that are no event are an event or an Error, and never hang", async () => {
  const property = fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
    try {
      const { generation, offset } = decodeEvent({ generation: 5, offset: 6, bytes });
      assert.deepEqual([generation, offset], [5, 6], "the place given, not one in the bytes");
    } catch (error) {
      assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), String(error));
    }
  });
  fc.assert(property, { numRuns: RUNS });
});
