// Publishing under a clock and sockets that the test moves: nothing lost, nothing twice, in order.
import fc from "fast-check";
import t from "tap";
import type { EventInput, ProgressOptions } from "../src/index.js";
import { until } from "./fake-server.js";
import { start } from "./fake-topics.js";

const TOPIC = "task.p.t";
const STEP: EventInput = { type: "step_progress", progress: 1 };

/** A client whose code of publishing is loaded. */
async function ready(options: Partial<ProgressOptions> = {}) {
  const made = start(options);
  const first = made.client.publish(TOPIC, { type: "task_started" });
  await until(() => made.server.requests("publish").length === 1);
  made.server.published({ generation: 1, offset: 0 });
  await first;
  const progress = () =>
    made.server
      .requests("publish")
      .flatMap(({ kind }) => (kind?.$case === "stepProgress" ? [kind.value.progress] : []));
  const step = (value: number) => made.client.publish(TOPIC, { type: "step_progress", progress: value });
  return { ...made, progress, step };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

t.test("what is said goes out as the schema has it, under a key of its own, and its position comes back", async (t) => {
  const { client, server } = await ready();
  const event: EventInput = { type: "log", level: "WARNING", message: "careful" };
  const published = client.publish("training.e", event, { timestamp: new Date(1500), idempotencyKey: "mine" });
  await settle();
  t.match(server.published({ generation: 3, offset: 8 }), {
    topic: "training.e",
    idempotencyKey: "mine",
    timestamp: { seconds: 1, nanos: 500_000_000 },
    kind: { $case: "log", value: { level: 3, message: "careful" } },
  });
  t.same(await published, { generation: 3, offset: 8 });
  const metrics = { "val/acc": 0.5, bad: Number.NaN };
  client.publish("training.e", { type: "metrics", metrics, step: 4 }).catch(() => {});
  metrics.bad = 7;
  await settle();
  const found = server.published({ generation: 1, offset: 1 });
  t.match(found.idempotencyKey, /^[0-9a-f]{32}$/);
  t.match(
    found.kind,
    { value: { metrics: { "val/acc": 0.5, bad: Number.NaN }, step: 4 } },
    "as it was when it was said",
  );
});

t.test("what is no event is refused at once", async (t) => {
  const { client } = await ready();
  await t.rejects(client.publish(TOPIC, { type: "novelty" } as never), { code: "INVALID_MESSAGE", message: /novelty/ });
  await t.rejects(client.publish("training.e", { type: "log", level: "LOUD" } as never), {
    code: "INVALID_MESSAGE",
    details: { field: "level" },
    message: /DEBUG INFO WARNING ERROR CRITICAL/,
  });
  await t.rejects(client.publish(TOPIC, STEP, { timestamp: new Date("never") }), { code: "INVALID_MESSAGE" });
  await t.rejects(client.publish(TOPIC, { type: "task_queued", details: { f: () => {} } }), { name: "DataCloneError" });
});

t.test("the first ones, made before their code is there, keep their order", async (t) => {
  const { client, server, environment } = start({}, false);
  const all = [1, 2, 3].map((progress) => client.publish(TOPIC, { type: "step_progress", progress }));
  t.equal(environment.sockets.length, 1, "publishing connects");
  environment.socket.accept();
  await until(() => server.requests("publish").length === 3);
  for (const offset of [1, 2, 3])
    t.match(server.published({ generation: 1, offset }), { kind: { value: { progress: offset } } });
  t.same(
    (await Promise.all(all)).map(({ offset }) => offset),
    [1, 2, 3],
  );
});

t.test("after a cut what has no acknowledgement goes out again, under its key, before what is new", async (t) => {
  const { server, step, progress, reconnect, environment } = await ready();
  const all = [1, 2, 3].map(step);
  await settle();
  const [, first, second, third] = server.requests("publish");
  server.published({ generation: 1, offset: 1 });
  await all[0];
  environment.socket.end(1006);
  all.push(step(4));
  await settle();
  environment.advance(environment.next ?? 0);
  environment.socket.accept();
  t.same(progress(), [2, 3, 4]);
  t.same(
    server
      .requests("publish")
      .slice(0, 2)
      .map(({ idempotencyKey }) => idempotencyKey),
    [second, third].map((p) => p?.idempotencyKey),
  );
  t.not(first?.idempotencyKey, second?.idempotencyKey);
  for (const offset of [2, 3, 4]) server.published({ generation: 1, offset });
  t.same(
    (await Promise.all(all)).map(({ offset }) => offset),
    [1, 2, 3, 4],
  );
  reconnect();
  t.same(progress(), [], "what is acknowledged does not");
});

t.test("the journal is bounded by count and by bytes", async (t) => {
  const few = await ready({ maxUnacknowledged: 2 });
  const kept = [few.step(1), few.step(2)];
  await t.rejects(few.step(3), { code: "QUEUE_FULL", retryable: true, details: { limit: 2 } });
  few.server.published({ generation: 1, offset: 1 });
  await kept[0];
  kept.push(few.step(4));
  await settle();
  for (const offset of [2, 3]) few.server.published({ generation: 1, offset });
  await Promise.all(kept);

  const small = await ready({ maxUnacknowledgedBytes: 1000 });
  const line = (length: number) =>
    small.client.publish("training.e", { type: "log", level: "INFO", message: "x".repeat(length) });
  const first = line(500);
  await t.rejects(line(500), { code: "QUEUE_FULL", details: { limit_bytes: 1000 } });
  await settle();
  small.server.published({ generation: 1, offset: 1 });
  await first;
  const second = line(500);
  await settle();
  small.server.published({ generation: 1, offset: 2 });
  await second;
});

t.test("at most 256 are on their way at a time", async (t) => {
  const { server, step, progress } = await ready();
  const all = Array.from({ length: 600 }, (_, i) => step(i / 10));
  await settle();
  t.equal(progress().length, 256);
  for (let offset = 1; offset <= 600; offset++) server.published({ generation: 1, offset });
  await Promise.all(all);
  t.same(
    progress(),
    Array.from({ length: 600 }, (_, i) => i / 10),
  );
});

t.test("a server that asks for time gets it, and everything then comes in order", async (t) => {
  const { server, step, progress, environment } = await ready();
  const all = [1, 2, 3].map(step);
  await settle();
  server.refuse("publish", 29, true);
  server.refuse("publish", 17);
  server.refuse("publish", 29, true);
  all.push(step(4));
  await settle();
  t.same(progress(), [1, 2, 3], "nothing overtakes");
  t.equal(environment.next, 500);
  environment.advance(500);
  t.same(progress().slice(3), [1, 2, 3, 4], "also what was illegal because of what was missing before it");
  server.refuse("publish", 32, true);
  for (let i = 0; i < 3; i++) server.refuse("publish", 32, true);
  t.equal(environment.next, 1000);
  environment.advance(1000);
  for (const offset of [1, 2, 3, 4]) server.published({ generation: 1, offset });
  t.same(
    (await Promise.all(all)).map(({ offset }) => offset),
    [1, 2, 3, 4],
  );
});

t.test("a server says how long to wait", async (t) => {
  const { server, step, environment } = await ready();
  const one = step(1);
  await settle();
  const { id = 0 } = server.requests("publish").at(-1) ?? {};
  const value = { errorCode: 26, message: "", details: undefined, retryable: true, retryAfterMs: 7000 } as const;
  server.say(id, { $case: "error", value });
  t.equal(environment.next, 7000);
  environment.advance(7000);
  server.say(server.requests("publish").at(-1)?.id ?? 0, { $case: "published", value: { generation: 1, offset: 1 } });
  await one;
});

t.test("another refusal is that one's alone", async (t) => {
  const { server, step } = await ready();
  const [bad, good] = [step(1), step(2)];
  await settle();
  server.refuse("publish", 17);
  server.published({ generation: 1, offset: 1 });
  await t.rejects(bad, { code: "INVALID_TRANSITION" });
  t.match(await good, { offset: 1 });
});

t.test("a frame that is too large is not sent again, all others are", async (t) => {
  const { client, server, step, progress, environment } = await ready();
  const small = step(1);
  const large = client.publish("training.e", { type: "log", level: "INFO", message: "x".repeat(5000) });
  await settle();
  const rejected = t.rejects(large, { code: "FRAME_TOO_LARGE" });
  environment.socket.end(1009);
  await rejected;
  environment.advance(environment.next ?? 0);
  environment.socket.accept();
  t.same([progress(), server.requests("publish").length], [[1], 1]);
  server.published({ generation: 1, offset: 1 });
  await small;
});

t.test("whoever closes gets everything back, and so does whoever is given up on", async (t) => {
  const { client, step, environment } = await ready();
  const kept = step(1);
  await settle();
  client.disconnect();
  await t.rejects(kept, { code: "CLIENT_CLOSED" });
  environment.socket.end(1000);
  const late = client.publish(TOPIC, STEP);
  client.disconnect();
  await t.rejects(late, { code: "CLIENT_CLOSED" });

  const other = await ready();
  const waiting = other.step(1);
  await settle();
  other.environment.socket.end(4403);
  await t.rejects(waiting, { code: "CONNECTION_LOST" });
});

t.test("whatever the cuts and the refusals, each is added once, in order", async (t) => {
  const move = fc.constantFrom("cut", "acknowledge", "acknowledge", "acknowledge", "refuse", "publish", "publish");
  await fc.assert(
    fc.asyncProperty(fc.array(move, { maxLength: 60 }), async (moves) => {
      const { client, server, environment } = await ready({ maxReconnectAttempts: 1e6 });
      /** Lets every wait pass, for another connection or for a server that asks for time. */
      const wait = () => {
        environment.socket.accept();
        for (let i = 0; i < 3 && environment.next !== undefined; i++) {
          environment.advance(environment.next);
          environment.socket.accept();
        }
      };
      const log = new Map<string, number>();
      const answered = new WeakMap<object, number>([[environment.socket, 1]]);
      /** Answers what came first on this socket and has no answer. */
      const answer = (accepts: boolean) => {
        const at = answered.get(environment.socket) ?? 0;
        const publish = server.requests("publish")[at];
        if (publish === undefined) return false;
        answered.set(environment.socket, at + 1);
        const key = publish.idempotencyKey ?? "";
        if (accepts) {
          if (!log.has(key))
            log.set(key, publish.kind?.$case === "stepProgress" ? (publish.kind.value.progress ?? -1) : -1);
          const offset = [...log.keys()].indexOf(key) + 1;
          server.say(publish.id, { $case: "published", value: { generation: 1, offset } });
        } else {
          const value = { errorCode: 29, message: "", details: undefined, retryable: true } as const;
          server.say(publish.id, { $case: "error", value });
          // A server that is overloaded refuses what has come behind it too.
          while (answer(false));
        }
        return true;
      };
      const all: Promise<{ offset: number }>[] = [];
      for (const each of moves) {
        if (each === "publish") all.push(client.publish(TOPIC, { type: "step_progress", progress: all.length }));
        await settle();
        if (each === "cut") environment.socket.end(1006);
        else if (each === "acknowledge") answer(true);
        else if (each === "refuse") answer(false);
        if (each !== "publish") wait();
      }
      for (let i = 0; i < 1000 && log.size < all.length; i++) {
        await settle();
        if (!answer(true)) wait();
      }
      while (answer(true));
      if (log.size < all.length) return false;
      const offsets = (await Promise.all(all)).map(({ offset }) => offset);
      const values = [...log.values()];
      return values.every((value, i) => value === i) && offsets.every((offset, i) => offset === i + 1);
    }),
    { numRuns: 150 },
  );
  t.pass("150 lives");
});
