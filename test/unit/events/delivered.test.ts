// Events on their way: who wants them, and that they are encoded once however many listen.
import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import { LogLevel } from "../../../generated/ts/tidewire/v1/events.js";
import { ServerFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import type { Publish } from "../../../generated/ts/tidewire/v1/topics.js";
import { DeliveredEvent, EventBatch, type EventFilter } from "../../../src/events/delivered.js";
import type { Codec } from "../../../src/wire/codec.js";
import { EVENT_KINDS, encodeEvent, type PlacedEvent } from "../../../src/wire/event-bytes.js";
import { jsonCodec } from "../../../src/wire/json-codec.js";
import { createMessage, planOf } from "../../../src/wire/plan.js";
import { protoCodec } from "../../../src/wire/proto-codec.js";
import { messages } from "../../conformance/arbitraries.js";

type Kind = NonNullable<Publish["kind"]>;

const publish = messages("Publish") as unknown as fc.Arbitrary<Publish>;
const levels = Object.values(LogLevel).filter((level) => typeof level === "number");
const all: EventFilter = { types: undefined, minLevel: LogLevel.LOG_LEVEL_UNSPECIFIED };

function delivered({ topic, timestamp, kind }: Publish, offset = 1, isKnown = false): DeliveredEvent {
  const bytes = encodeEvent({ topic, timestamp, kind });
  return new DeliveredEvent({ generation: 3, offset }, bytes, isKnown ? kind : undefined);
}

function said($case: Kind["$case"], value: Readonly<Record<string, unknown>> = {}): Publish {
  const plan = planOf("Publish").byCase.get($case)?.plan;
  assert.ok(plan);
  const kind = { $case, value: { ...createMessage(plan), ...value } } as unknown as Kind;
  return { topic: "training.a", timestamp: { seconds: 1, nanos: 0 }, kind };
}

/** A codec that counts the events it is asked to encode. */
function counting(codec: Codec): Codec & { readonly encoded: PlacedEvent[] } {
  const encoded: PlacedEvent[] = [];
  const encodeEvent = (event: PlacedEvent): Uint8Array | string => {
    encoded.push(event);
    return codec.encodeEvent(event);
  };
  return { ...codec, encoded, encodeEvent };
}

test("an event says the same of itself whether its kind was known or is read from its bytes", async () => {
  const property = fc.property(publish, (each) => {
    const [read, known] = [delivered(each), delivered(each, 1, true)];
    const { type, delivery } = EVENT_KINDS.get(each.kind?.$case as Kind["$case"]) ?? {};
    for (const event of [read, known]) {
      assert.deepStrictEqual(event.kind, each.kind);
      assert.deepEqual([event.type, event.delivery], [type, delivery]);
      assert.equal(event.kind, event.kind, "read once");
    }
  });
  fc.assert(property, { numRuns: 1_000 });
});

test("a filter takes the types it names, and log lines from its level on", async () => {
  const type = fc.constantFrom(...[...EVENT_KINDS.values()].map((kind) => kind.type));
  const types = fc.option(fc.array(type, { minLength: 1, maxLength: 5 }), { nil: undefined });
  const property = fc.property(publish, types, fc.constantFrom(...levels), (each, wanted, minLevel) => {
    const event = delivered(each);
    const { kind } = each;
    const isWanted = wanted === undefined || wanted.includes(event.type);
    const isLoud = kind?.$case !== "log" || (kind.value.level ?? 0) >= minLevel;
    const filter = { types: wanted && new Set(wanted), minLevel };
    assert.equal(event.passes(filter), isWanted && isLoud);
    assert.ok(event.passes(all));
  });
  fc.assert(property, { numRuns: 3_000 });
});

test("every pair of level and least level", async (t) => {
  for (const level of levels)
    for (const minLevel of levels)
      t.equal(delivered(said("log", { level })).passes({ types: undefined, minLevel }), level >= minLevel);
  t.equal(delivered(said("metrics")).passes({ types: undefined, minLevel: LogLevel.LOG_LEVEL_CRITICAL }), true);
});

test("an event is encoded once an encoding", async (t) => {
  const [proto, json] = [counting(protoCodec), counting(jsonCodec)];
  const event = delivered(said("log", { level: 2, message: "hello" }), 9);
  const first = event.message(proto);
  for (let i = 0; i < 3; i += 1) {
    t.equal(event.message(proto), first);
    t.equal(event.message(json), jsonCodec.encodeEvent(event));
  }
  t.equal(proto.encoded.length, 1);
  t.equal(json.encoded.length, 1);
  t.match(JSON.parse(event.message(json) as string), {
    type: "log",
    generation: 3,
    offset: 9,
    data: { message: "hello" },
  });
});

test("a batch is joined once an encoding, of messages that its events keep", async (t) => {
  const [proto, json] = [counting(protoCodec), counting(jsonCodec)];
  const events = [1, 2, 3].map((offset) => delivered(said("log", { message: "é".repeat(offset) }), offset));
  const batch = new EventBatch("training.a", events);
  const shared = batch.messages(proto);
  for (let i = 0; i < 1_000; i += 1) {
    assert.equal(batch.messages(proto), shared);
    assert.equal(batch.messages(json), batch.messages(json));
  }
  t.equal(proto.encoded.length, 3);
  t.equal(json.encoded.length, 3);
  const bodies = shared.messages.map((message) => ServerFrame.decode(message as Uint8Array).body);
  t.same(
    bodies.map((body) => (body?.$case === "event" ? body.value.offset : undefined)),
    [1, 2, 3],
    "in order",
  );
  for (const [i, message] of shared.messages.entries()) t.equal(message, events[i]?.message(proto));
  for (const codec of [proto, json]) {
    const { messages: each, bytes } = batch.messages(codec);
    t.equal(
      bytes,
      Buffer.concat(each.map((message) => Buffer.from(message as Uint8Array))).length,
      "bytes, not characters",
    );
  }
});

test("a batch is reliable when every event of it is", async (t) => {
  const reliable = delivered(said("log"));
  for (const { type } of EVENT_KINDS.values()) {
    const [$case] = [...EVENT_KINDS].find(([, kind]) => kind.type === type) ?? [];
    const event = delivered(said($case as Kind["$case"]));
    const isReliable = EVENT_KINDS.get($case as Kind["$case"])?.delivery === "reliable";
    t.equal(new EventBatch("a", [event]).isReliable, isReliable, type);
    t.equal(new EventBatch("a", [reliable, event, reliable]).isReliable, isReliable);
  }
});
