// Networks that block WebSocket: the same subscriptions and publishes over HTTP, against the real server.
import t, { type Test } from "tap";
import { serve } from "../../../test/integration/support/serve.js";
import { ProgressClient, type ProgressOptions, type SubscriptionOptions, TidewireClient } from "../src/index.js";
import { sentEvents } from "../src/progress/event-stream.js";
import { FakeEnvironment } from "./clock.js";
import { until } from "./fake-server.js";
import { record } from "./fake-topics.js";
import { Gateway } from "./gateway.js";

const QUICK = { reconnectDelay: 1, maxReconnectDelay: 20, maxReconnectAttempts: Number.POSITIVE_INFINITY } as const;
const TOPIC = "task.p.t";

/** A server, a gateway before it, and a client that must go through the gateway. */
async function behind(t: Test, options: Partial<ProgressOptions> = {}) {
  const { url: direct } = await serve(t, { models: ["gas_turbine"] });
  const { gateway, url } = await Gateway.open(t, direct);
  const client = new ProgressClient({ url, ...QUICK, ...options });
  const server = new TidewireClient({ baseURL: direct });
  t.teardown(() => client.disconnect());
  /** Somebody else's events. */
  const publish = async (topic: string, ...types: ("task_started" | "step_progress" | "task_completed")[]) => {
    for (const type of types) await server.events.publish(topic, { type });
  };
  return { gateway, client, server, publish, url };
}

/** As {@link record}, and a promise for a count of events. */
function watching(options: SubscriptionOptions = {}) {
  const seen = record(options);
  return { ...seen, count: (events: number) => until(() => seen.events.length >= events) };
}

t.test("where no WebSocket comes through, subscriptions and publishes go over HTTP", async (t) => {
  const { gateway, client, publish } = await behind(t);
  const states: string[] = [];
  client.onConnectionState((state) => states.push(state));
  const seen = watching();
  client.subscribe(TOPIC, seen.callbacks);
  await client.connect();
  t.ok(client.isConnected());
  t.equal(client.getConnectionState(), "connected");
  await until(() => seen.snapshots.length === 1);
  t.match(await client.publish(TOPIC, { type: "task_started" }), { offset: 1 });
  const all = [1, 2, 3].map((step) => client.publish(TOPIC, { type: "step_progress", step }));
  t.same(
    (await Promise.all(all)).map(({ offset }) => offset),
    [2, 3, 4],
  );
  await client.cancel(TOPIC, "enough");
  await publish(TOPIC, "task_completed");
  await seen.count(6);
  t.same(seen.offsets(), [1, 2, 3, 4, 5, 6]);
  t.match(seen.events[4], { type: "cancel_requested", reason: "enough" });
  await until(() => seen.ends.length === 1);
  await t.rejects(client.cancel(TOPIC), { code: "TASK_FINISHED" });
  await t.rejects(client.publish(TOPIC, { type: "task_started" }), { code: "INVALID_TRANSITION" });
  t.ok(gateway.requests.some(({ url }) => url.startsWith("/api/v1/events/stream?topic=task.p.t&snapshot=true")));
  await client.disconnect();
  t.same([states.filter((state) => state === "connected").length, states.at(-1)], [1, "disconnected"]);
});

t.test("a publish that is put off is not overtaken by those behind it", async (t) => {
  const { gateway, client } = await behind(t);
  await client.connect();
  let publishes = 0;
  // The third publish and, sent again, the fifth: in between the server is itself again.
  gateway.putsOff = (method) => method === "POST" && [3, 5].includes(++publishes);
  const all = Array.from({ length: 8 }, (_, step) =>
    client.publish(TOPIC, step === 0 ? { type: "task_started" } : { type: "step_progress", step }),
  );
  t.same(
    (await Promise.all(all)).map(({ offset }) => offset),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
});

t.test("a stream that is cut goes on after its last event", async (t) => {
  const { gateway, client, publish } = await behind(t);
  const seen = watching();
  client.subscribe(TOPIC, seen.callbacks);
  await client.connect();
  await until(() => seen.snapshots.length === 1);
  await publish(TOPIC, "task_started", "step_progress");
  await seen.count(2);
  const { length } = gateway.requests;
  gateway.cut();
  await publish(TOPIC, "step_progress", "step_progress");
  await gateway.came("/events/stream", length);
  await publish(TOPIC, "step_progress", "task_completed");
  await seen.count(6);
  t.same(seen.offsets(), [1, 2, 3, 4, 5, 6]);
  t.match(
    gateway.requests.slice(length).find(({ url }) => url.includes("stream")),
    { lastEventId: /-2$/ },
  );
  t.same(seen.gaps, []);
  t.equal(seen.ends.length, 1);
});

t.test("topics that come later share the stream, and nobody loses an event by it", async (t) => {
  const { client, publish } = await behind(t);
  const seen = [watching(), watching(), watching()];
  client.subscribe("task.p.a", seen[0]?.callbacks ?? {});
  await client.connect();
  await until(() => seen[0]?.snapshots.length === 1);
  const publishing = publish("task.p.a", "task_started", ...Array(20).fill("step_progress"), "task_completed");
  client.subscribe("task.p.b", seen[1]?.callbacks ?? {});
  await until(() => seen[1]?.snapshots.length === 1);
  client.subscribe("task.p.>", seen[2]?.callbacks ?? {});
  await publishing;
  await publish("task.p.b", "task_started", "task_completed");
  await Promise.all([seen[0]?.count(22), seen[1]?.count(2)]);
  t.same(
    seen[0]?.offsets(),
    Array.from({ length: 22 }, (_, i) => i + 1),
  );
  t.same(
    seen.map(({ gaps }) => gaps),
    [[], [], []],
  );
  t.same([seen[0]?.ends.length, seen[1]?.ends.length], [1, 1]);
});

t.test("a WebSocket that is cut for good leaves no gap: what was missed is fetched", async (t) => {
  const { gateway, client, publish } = await behind(t);
  gateway.allowsSockets = true;
  const [one, all] = [watching(), watching()];
  client.subscribe(TOPIC, one.callbacks);
  client.subscribe("task.>", all.callbacks);
  await client.connect();
  await publish(TOPIC, "task_started", "step_progress");
  await Promise.all([one.count(2), all.count(2)]);
  gateway.allowsSockets = false;
  gateway.cut();
  await publish(TOPIC, ...Array(5).fill("step_progress"));
  await publish("task.p.other", "task_started");
  // As a state or as an event, whichever comes first.
  const hasOther = () => [...all.snapshots, ...all.events].some(({ topic }) => topic === "task.p.other");
  await Promise.all([one.count(7), until(hasOther)]);
  await publish(TOPIC, "task_completed");
  await until(() => one.ends.length === 1 && all.ends.length === 1);
  const offsets = all.events.filter(({ topic }) => topic === TOPIC).map(({ position }) => position.offset);
  t.same(
    [one.offsets(), offsets],
    [
      [1, 2, 3, 4, 5, 6, 7, 8],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ],
  );
  t.same([one.gaps, all.gaps], [[], []]);
});

t.test("a WebSocket that comes through takes over", async (t) => {
  const { gateway, client, publish } = await behind(t);
  const seen = watching();
  client.subscribe(TOPIC, seen.callbacks);
  await client.connect();
  await until(() => seen.snapshots.length === 1);
  await publish(TOPIC, "task_started");
  await seen.count(1);
  gateway.allowsSockets = true;
  await client.connection.connect();
  t.ok(client.connection.isConnected());
  const { length } = gateway.requests;
  await publish(TOPIC, "step_progress");
  await seen.count(2);
  t.match(await client.publish(TOPIC, { type: "task_completed" }), { offset: 3 });
  await until(() => seen.ends.length === 1);
  t.same(seen.offsets(), [1, 2, 3]);
  t.equal(gateway.requests.length, length, "nothing over HTTP any more");
});

t.test("a topic that is none is refused alone", async (t) => {
  const { client, publish } = await behind(t);
  const [bad, good] = [watching(), watching()];
  client.subscribe("no topic", bad.callbacks);
  client.subscribe(TOPIC, good.callbacks);
  await client.connect();
  await until(() => bad.errors.length === 1 && good.snapshots.length === 1);
  t.match(bad.errors, [{ code: "INVALID_TOPIC" }]);
  await publish(TOPIC, "task_started");
  await good.count(1);
  t.equal(client.getSubscriptionCount(), 1);
});

t.test("64 topics, four streams; one more is refused", async (t) => {
  const { gateway, client, publish } = await behind(t);
  const seen = watching();
  for (let i = 0; i < 65; i++) client.subscribe(`task.p.${i}`, seen.callbacks);
  await client.connect();
  await until(() => seen.errors.length === 1 && seen.snapshots.length === 64);
  t.match(seen.errors, [{ code: "TOO_MANY_REQUESTS", details: { limit: 64 } }]);
  t.equal(gateway.requests.filter(({ url }) => url.includes("stream")).length, 4);
  for (const i of [0, 63]) await publish(`task.p.${i}`, "task_started");
  await seen.count(2);
});

t.test("where HTTP does not answer either, the client gives up as ever; later it comes back", async (t) => {
  const { gateway, client, publish } = await behind(t, { maxReconnectAttempts: 7 });
  gateway.allowsHttp = false;
  const seen = watching();
  client.subscribe(TOPIC, seen.callbacks);
  await t.rejects(client.connect(), { code: "CONNECTION_FAILED" });
  t.equal(client.getConnectionState(), "disconnected");
  t.match(seen.errors, [{ code: "CONNECTION_FAILED" }]);
  gateway.allowsHttp = true;
  await client.connect();
  await until(() => seen.snapshots.length === 1);
  await publish(TOPIC, "task_started");
  await seen.count(1);
});

t.test("HTTP that goes away for a while", async (t) => {
  const { gateway, client, publish } = await behind(t);
  const seen = watching();
  client.subscribe(TOPIC, seen.callbacks);
  await client.connect();
  await until(() => seen.snapshots.length === 1);
  await publish(TOPIC, "task_started");
  await seen.count(1);
  const cut = new Promise((resolve) => client.onConnectionState(resolve));
  gateway.allowsHttp = false;
  gateway.cut();
  const kept = client.publish(TOPIC, { type: "step_progress", step: 7 });
  await cut;
  await publish(TOPIC, "step_progress");
  gateway.allowsHttp = true;
  await kept;
  await seen.count(3);
  t.same(seen.offsets(), [1, 2, 3]);
});

t.test("fallbackAfter: 0 never falls back", async (t) => {
  const { gateway, client } = await behind(t, { fallbackAfter: 0, maxReconnectAttempts: 5 });
  await t.rejects(client.connect(), { code: "CONNECTION_FAILED" });
  t.same(gateway.requests, []);
});

t.test("while HTTP does, a WebSocket is tried each minute", async (t) => {
  const environment = new FakeEnvironment();
  const asked: string[] = [];
  t.intercept(globalThis, "fetch", {
    value: async (url: string) => {
      asked.push(url);
      return new Response('{"status":"ok"}');
    },
  });
  const options = {
    url: "https://host/proxy/api/v1/ws",
    maxReconnectAttempts: 3,
    fallbackAfter: 2,
    heartbeatInterval: 0,
  };
  const client = new ProgressClient(options, environment);
  const connected = client.connect();
  for (let i = 0; i < 4; i++) {
    environment.socket.end(1006);
    environment.advance(environment.next ?? 0);
  }
  await connected;
  t.same(asked, ["https://host/proxy/health"]);
  t.equal(client.getConnectionState(), "connected");
  const { length } = environment.sockets;
  environment.advance(59_999);
  t.equal(environment.sockets.length, length);
  environment.advance(1);
  t.equal(environment.sockets.length, length + 1);
  environment.socket.accept();
  t.ok(client.connection.isConnected());
  const closed = client.disconnect();
  environment.socket.end(1000);
  await closed;
  t.equal(environment.timers, 0);
});

t.test("event streams are read as the specification says", async (t) => {
  const cases: [chunks: string[], found: [id: string, text: string][]][] = [
    [["data: a\n\n"], [["", "a"]]],
    [["retry: 1000\n\n: comment\n\nid: 1\ndata: a\ndata: b\n\n"], [["1", "a\nb"]]],
    [
      ["id: 1\rdata:a\r\rdata: b\r\n", "\r\n"],
      [
        ["1", "a"],
        ["1", "b"],
      ],
    ],
    [
      ["da", "ta: é", "\r", "\n\r\nid\ndata: x\n\n"],
      [
        ["", "é"],
        ["", "x"],
      ],
    ],
    [["data: never ended\n"], []],
    [["event: other\ndata\n\n"], [["", ""]]],
  ];
  for (const [chunks, found] of cases) {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
        controller.close();
      },
    });
    const seen: [string, string][] = [];
    for await (const { id, text } of sentEvents(stream, () => {})) seen.push([id, text]);
    t.same(seen, found, JSON.stringify(chunks));
  }
});
