// Events for whoever has HTTP only: published, read, cancelled and streamed, on a whole server.
import { type Test, test } from "tap";
import { LogLevel } from "../../generated/ts/tidewire/v1/events.js";
import { expect } from "./support/frames.js";
import { Peer } from "./support/peer.js";
import { restOf, StreamReader } from "./support/rest.js";
import { serve } from "./support/serve.js";

const TASK = "task.p.t";

async function start(t: Test) {
  const { url, server } = await serve(t, { models: [] });
  const rest = restOf(url);
  const publish = (topic: string, type: string, data: object = {}) => rest("POST", "/events", { topic, type, data });
  await rest("POST", "/training/logs/session", { experiment_id: "r" });
  const log = (...messages: readonly string[]) =>
    rest(
      "POST",
      "/training/logs/r/log",
      messages.map((message) => ({ level: "INFO", message })),
    );
  return { url, server, rest, publish, log };
}

const messagesOf = (stream: readonly { frame: { data?: { [name: string]: unknown } } }[]) =>
  stream.map(({ frame }) => frame.data?.message);

test("what is published over HTTP reaches subscribers, and is refused as over a socket", async (t) => {
  const { url, rest, publish } = await start(t);
  const peer = await Peer.connect(t, url, "proto");
  const minLevel = LogLevel.LOG_LEVEL_UNSPECIFIED;
  const value = {
    topic: TASK,
    minLevel,
    after: undefined,
    snapshot: false,
    types: [],
    positions: {},
    topicPositions: [],
  };
  expect(await peer.ask({ $case: "subscribe", value }), "subscribed");
  const { status, body } = await publish(TASK, "task_queued", { name: "n" });
  t.equal(status, 200);
  t.match(await peer.next(), {
    body: { $case: "event", value: { topic: TASK, ...body, kind: { $case: "taskQueued" } } },
  });
  t.match(await publish("task..x", "task_queued"), { status: 400, body: { error_code: "INVALID_TOPIC" } });
  t.match(await publish("nothing.x", "task_queued"), { status: 400, body: { error_code: "INVALID_TOPIC" } });
  t.match(await publish(TASK, "container_started"), { status: 400, body: { error_code: "INVALID_MESSAGE" } });
  await publish(TASK, "task_started");
  await publish(TASK, "task_completed");
  t.match(await publish(TASK, "task_started"), { status: 409, body: { error_code: "INVALID_TRANSITION" } });
  t.match((await rest("GET", "/ws/stats")).body, { active_connections: 1, subscribers: { [TASK]: 1 } });
});

test("topics are listed with their state and history", async (t) => {
  const { rest, publish } = await start(t);
  await publish(TASK, "task_started");
  await publish(TASK, "step_progress", { progress: 40, step: 2 });
  t.match((await rest("GET", "/topics?pattern=task.>")).body, {
    topics: [{ topic: TASK, offset: 2, status: "running", progress: 40 }],
  });
  t.match((await rest("GET", `/topics/${TASK}`)).body, { topic: TASK, offset: 2, state: { progress: 40, step: 2 } });
  const { entries } = (await rest("GET", `/topics/${TASK}/events?after=1`)).body;
  t.match(entries, [{ type: "step_progress", topic: TASK, offset: 2, data: { progress: 40 } }]);
  t.match(await rest("GET", `/topics/${TASK}/events?after=3`), { status: 410, body: { error_code: "POSITION_LOST" } });
  t.match(await rest("GET", "/topics/task.p.none"), { status: 404, body: { error_code: "TOPIC_NOT_FOUND" } });
});

test("cancel asks the owner, once, while there is something to cancel", async (t) => {
  const { url, rest, publish } = await start(t);
  const stream = await StreamReader.open(t, url, `topic=${TASK}&types=cancel_requested`);
  await stream.take(1);
  t.match(await rest("POST", "/tasks/p/t/cancel"), { status: 404, body: { error_code: "TASK_NOT_FOUND" } });
  await publish(TASK, "task_started");
  t.same(await rest("POST", "/tasks/p/t/cancel", { reason: "enough" }), { status: 202, body: { topic: TASK } });
  t.match((await stream.take(1))[0]?.frame, { type: "cancel_requested", data: { reason: "enough" } });
  t.match((await rest("GET", `/topics/${TASK}`)).body, { state: { cancel_requested: true } });
  await publish(TASK, "task_cancelled");
  t.match(await rest("POST", "/tasks/p/t/cancel"), { status: 409, body: { error_code: "TASK_FINISHED" } });
});

test("a stream of one topic resumes with exactly what was missed", async (t) => {
  const { url, log } = await start(t);
  const stream = await StreamReader.open(t, url, "topic=training.r");
  t.match((await stream.take(1))[0]?.frame, { type: "subscribed", data: { topic: "training.r", offset: 1 } });
  await log("1", "2", "3");
  const seen = await stream.take(3);
  t.same(messagesOf(seen), ["1", "2", "3"]);
  stream.cut();
  await log("4", "5");
  const again = await StreamReader.open(t, url, "topic=training.r&snapshot=true", seen[1]?.id);
  const [subscribed, ...missed] = await again.take(4);
  t.match(subscribed?.frame, { type: "subscribed", data: { recovered: true } });
  t.same(messagesOf(missed), ["3", "4", "5"]);
  await log("6");
  t.same(messagesOf(await again.take(1)), ["6"]);
});

test("a stream resumes before its first event", async (t) => {
  const { url, publish } = await start(t);
  const stream = await StreamReader.open(t, url, `topic=${TASK}`);
  const [subscribed] = await stream.take(1);
  t.not(subscribed?.id, "", "there is a position before the first event");
  stream.cut();
  await publish(TASK, "task_queued");
  const again = await StreamReader.open(t, url, `topic=${TASK}`, subscribed?.id);
  const types = (await again.take(2)).map(({ frame }) => frame.type);
  t.same(types, ["subscribed", "task_queued"]);
});

test("a stream of several topics and patterns resumes each where it stood", async (t) => {
  const { url, log, publish } = await start(t);
  const query = `topic=training.*&topic=${TASK}`;
  const stream = await StreamReader.open(t, url, query);
  await stream.take(2);
  await log("1");
  await publish(TASK, "task_queued");
  const [, last] = await stream.take(2);
  stream.cut();
  await log("2");
  await publish(TASK, "task_started");
  const again = await StreamReader.open(t, url, query, last?.id);
  const frames = (await again.take(4)).map(({ frame }) => frame);
  t.same(
    frames.filter(({ type }) => type === "subscribed").map(({ data }) => data?.recovered),
    [true, true],
  );
  t.match(
    frames.filter(({ type }) => type !== "subscribed").sort((a, b) => String(a.topic).localeCompare(String(b.topic))),
    [{ type: "task_started" }, { type: "log", data: { message: "2" } }],
  );
  again.cut();
});

test("a stream that was resumed and cut again before anything came resumes as well", async (t) => {
  const { url, log, publish } = await start(t);
  const query = `topic=training.*&topic=${TASK}`;
  const stream = await StreamReader.open(t, url, query);
  await stream.take(2);
  await log("1");
  await publish(TASK, "task_queued");
  const [, last] = await stream.take(2);
  stream.cut();
  const second = await StreamReader.open(t, url, query, last?.id);
  const subscribed = await second.take(2);
  second.cut();
  await log("2");
  const third = await StreamReader.open(t, url, query, subscribed[1]?.id);
  const frames = (await third.take(3)).map(({ frame }) => frame);
  t.match(
    frames.filter(({ type }) => type !== "subscribed"),
    [{ type: "log", data: { message: "2" } }],
  );
  t.notOk(frames.some(({ type }) => type === "snapshot"));
});

test("a lost position is said, and a snapshot follows", async (t) => {
  const { url, rest, log } = await start(t);
  const stream = await StreamReader.open(t, url, "topic=training.r");
  await stream.take(1);
  await log("1");
  const [{ id } = { id: "" }] = await stream.take(1);
  stream.cut();
  await rest("DELETE", "/training/logs/r");
  await rest("POST", "/training/logs/session", { experiment_id: "r" });
  const again = await StreamReader.open(t, url, "topic=training.r", id);
  t.match(
    (await again.take(2)).map(({ frame }) => frame),
    [
      { type: "subscribed", data: { recovered: false } },
      { type: "snapshot", data: { topic: "training.r", state: { status: "queued" } } },
    ],
  );
});

test("filters hold for streams, and what cannot be is refused before they open", async (t) => {
  const { url, rest } = await start(t);
  const stream = await StreamReader.open(t, url, "topic=training.r&min_level=ERROR&types=log");
  await stream.take(1);
  await rest("POST", "/training/logs/r/metrics", { metrics: { loss: 1 } });
  for (const level of ["INFO", "ERROR"]) await rest("POST", "/training/logs/r/log", { level, message: level });
  t.same(messagesOf(await stream.take(1)), ["ERROR"]);
  t.match(await rest("GET", "/events/stream?topic=training.r&types=logs"), {
    status: 400,
    body: { error_code: "INVALID_MESSAGE" },
  });
  t.match(await rest("GET", "/events/stream?topic=a..b"), { status: 400, body: { error_code: "INVALID_TOPIC" } });
});

test("subscribers of streams are counted, and no longer once they have gone", async (t) => {
  const { url, rest } = await start(t);
  const subscribers = async () => (await rest("GET", "/ws/stats")).body.subscribers as { [topic: string]: number };
  const streams = [
    await StreamReader.open(t, url, "topic=training.*"),
    await StreamReader.open(t, url, "topic=training.*"),
  ];
  t.same(await subscribers(), { "training.*": 2 });
  for (const stream of streams) stream.cut();
  while (Object.keys(await subscribers()).length > 0) await new Promise((resolve) => setImmediate(resolve));
  t.same(await subscribers(), {});
});

test("a server that stops ends its streams, and stops at once", async (t) => {
  const { url, server } = await start(t);
  const stream = await StreamReader.open(t, url, "topic=training.r");
  await stream.take(1);
  const closing = server.close();
  while ((await stream.next()) !== undefined);
  await closing;
});
