// Log lines by the short way and by the long one: the same answers, the same events, the same order.
import { test } from "tap";
import type { Event } from "../../../generated/ts/tidewire/v1/events.js";
import { RunStatus } from "../../../generated/ts/tidewire/v1/events.js";
import type { Publish } from "../../../generated/ts/tidewire/v1/topics.js";
import type { ClientBody, ServerBody } from "../../integration/support/frames.js";
import { codeOf } from "../../integration/support/frames.js";
import type { Encoding } from "../../integration/support/peer.js";
import { type Line, type Scene, scene, settled } from "./memory.js";

type Kind = NonNullable<Publish["kind"]>;

const publish = (topic: string, kind: Kind, more: Partial<Publish> = {}): ClientBody => ({
  $case: "publish",
  value: { topic, timestamp: undefined, kind, ...more },
});
const status = (said: RunStatus): Kind => ({ $case: "statusChanged", value: { status: said, config: undefined } });
const line = (message: string): Kind => ({ $case: "log", value: { level: 2, message, source: undefined } });
const metrics: Kind = { $case: "metrics", value: { metrics: { loss: 1 }, metricNames: [], metricValues: [] } };

/** Ids in the order of the answers; with its code where one is an error. */
function answers({ transport }: Line): string[] {
  return transport.frames.map(({ id, body }) => [id, codeOf(body as ServerBody)].filter(Boolean).join(" "));
}

async function begin({ open }: Scene, topic: string, encoding: Encoding = "proto"): Promise<Line> {
  const one = open(`tidewire.v1.${encoding}`);
  one.say(encoding, 1, publish(topic, status(RunStatus.RUN_STATUS_RUNNING)));
  await settled();
  one.transport.writes.length = 0;
  return one;
}

async function events({ services }: Scene, topic: string): Promise<readonly Event[]> {
  return (await services.broker.read(topic, 1, 1000)).events;
}

test("lines are kept as the long way keeps them, in both encodings", async (t) => {
  const place = scene({ maxInFlight: 100 });
  const kept: Record<string, readonly Event[]> = {};
  const timestamp = { seconds: 1_790_000_000, nanos: 5 };
  for (const encoding of ["proto", "json"] as const) {
    const topic = `training.same_${encoding}`;
    const one = await begin(place, topic, encoding);
    one.say(encoding, 2, publish(topic, line("first"), { timestamp }));
    one.say(encoding, 3, publish(topic, metrics, { timestamp }));
    one.say(encoding, 4, publish(topic, line("sécond"), { timestamp }));
    one.say(encoding, 5, publish(topic, line("x".repeat(70_000)), { timestamp }));
    one.say(encoding, 6, publish(topic, line("x".repeat(4_000)), { timestamp }));
    await settled();
    t.same(answers(one).sort(), ["2", "3", "4", "5 INVALID_MESSAGE", "6"]);
    kept[encoding] = (await events(place, topic)).map((event) => ({ ...event, topic: "", generation: 0 }));
    t.equal(place.services.broker.view(topic)?.state.counts.log, 3);
    t.equal(place.services.broker.view(topic)?.state.lastLog?.message?.length, 4_000);
  }
  t.same(kept.proto, kept.json);
  t.equal(kept.proto?.length, 4);
});

test("a line without a time gets that of its arrival", async (t) => {
  const place = scene();
  const one = await begin(place, "training.now");
  const before = Date.now();
  one.say("proto", 2, publish("training.now", line("when")));
  await settled();
  const [event] = await events(place, "training.now");
  const ms = (event?.timestamp?.seconds ?? 0) * 1000 + (event?.timestamp?.nanos ?? 0) / 1e6;
  t.ok(ms >= before - 1000 && ms <= Date.now(), `${ms}`);
  t.same(event?.kind, line("when"));
});

test("each session's publishes are answered in their order, whoever speaks between them", async (t) => {
  const place = scene({ maxInFlight: 1000, maxQueuedBytes: 1e6 });
  const [one, other] = [await begin(place, "training.one"), await begin(place, "training.other")];
  for (let id = 2; id < 60; id += 1) {
    one.say("proto", id, publish("training.one", id % 7 === 0 ? metrics : line(`${id}`)));
    other.say("proto", id + 100, publish(id % 5 === 0 ? "training.one" : "training.other", line(`${id}`)));
    if (id % 11 === 0) await settled();
  }
  await settled();
  t.same(
    answers(one),
    Array.from({ length: 58 }, (_, i) => `${i + 2}`),
  );
  t.same(
    answers(other),
    Array.from({ length: 58 }, (_, i) => `${i + 102}`),
  );
  const offsets = one.transport.frames.map(({ body }) => (body?.$case === "published" ? body.value.offset : 0));
  t.same(
    offsets,
    [...offsets].sort((a, b) => a - b),
  );
});

test("a line that is not legal is refused as any other publish is", async (t) => {
  const place = scene();
  const one = await begin(place, "training.legal");
  one.say("proto", 2, publish("training.unborn", line("early")));
  one.say("proto", 3, publish("task.p.t", line("a task has no log")));
  one.say("proto", 4, publish("trainingx", line("no family")));
  one.say("proto", 5, publish("training.legal", status(RunStatus.RUN_STATUS_COMPLETED)));
  one.say("proto", 6, publish("training.legal", line("late, and kept")));
  await settled();
  t.same(answers(one).sort(), ["2 SESSION_NOT_FOUND", "3 INVALID_MESSAGE", "4 INVALID_TOPIC", "5", "6"]);
  t.same(
    (await events(place, "training.legal")).map(({ kind }) => kind?.$case),
    ["statusChanged", "log"],
  );
});

test("a line is a quarter of a credit until it is answered", async (t) => {
  const place = scene({ maxInFlight: 1 });
  const one = await begin(place, "training.credit");
  for (let id = 2; id < 6; id += 1) one.say("proto", id, publish("training.credit", line(`${id}`)));
  t.same(one.transport.acts, []);
  await settled();
  for (let id = 6; id < 11; id += 1) one.say("proto", id, publish("training.credit", line(`${id}`)));
  t.same(one.transport.acts, ["pause"]);
  await settled();
  t.same(one.transport.acts, ["pause", "resume"]);
  t.same(
    answers(one),
    Array.from({ length: 9 }, (_, i) => `${i + 2}`),
  );
});

test("beside others a line is a whole credit, also one that came while nobody else spoke", async (t) => {
  const place = scene({ maxInFlight: 1 });
  const one = await begin(place, "training.dear");
  const lines = (from: number, to: number): void => {
    for (let id = from; id < to; id += 1) one.say("proto", id, publish("training.dear", line(`${id}`)));
  };
  lines(2, 5);
  t.same(one.transport.acts, []);
  one.transport.isAlone = false;
  lines(5, 6);
  t.same(one.transport.acts, ["pause"], "four of them are three too many");
  await settled();
  t.same(one.transport.acts, ["pause", "resume"]);
  lines(6, 7);
  t.same(one.transport.acts, ["pause", "resume"], "one is what the window holds");
  one.transport.isAlone = true;
  lines(7, 10);
  t.same(one.transport.acts, ["pause", "resume"], "alone again: four are");
  await settled();
  lines(10, 15);
  t.same(one.transport.acts, ["pause", "resume", "pause"], "nothing of the other price is left");
  await settled();
  t.same(
    answers(one),
    Array.from({ length: 13 }, (_, i) => `${i + 2}`),
  );
});
