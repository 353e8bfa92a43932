// The session's protocol under a clock and sockets that the test moves: cuts, retries, limits, deadlines.
import t from "tap";
import type { InferenceOptions, InferenceSession } from "../src/index.js";
import { openSession } from "../src/inference/open.js";
import { FakeEnvironment } from "./clock.js";
import { type Body, FakeServer, until } from "./fake-server.js";

t.test("the configuration goes first, and requests wait for its acknowledgement", async (t) => {
  const { session, environment, server } = open({ manualBoostSignals: { CO: true } });
  const prediction = session.predict([1]);
  environment.socket.accept();
  t.match(server.frames(), [
    { body: { $case: "config", value: { ensembleName: "e", manualBoostSignals: { CO: true } } } },
  ]);
  server.acknowledge(4);
  await settle();
  t.match(server.frames().at(-1), { body: { $case: "predict", value: { values: [1] } } });
  server.answer([7]);
  t.same([...(await prediction).values], [7]);
  t.match(await session.ready(), { maxInFlight: 4 });
});

t.test("no more requests are unanswered than max_in_flight allows; the queue is bounded", async (t) => {
  const { session, server } = await ready({ maxQueued: 2 }, 2);
  const all = [1, 2, 3, 4].map((value) => session.predict([value]));
  t.equal(server.predicts().length, 2);
  await t.rejects(session.predict([5]), { code: "QUEUE_FULL", retryable: true, details: { limit: 2 } });
  server.answer([0]);
  t.equal(server.predicts().length, 3);
  for (let i = 0; i < 3; i++) server.answer([0]);
  await Promise.all(all);
});

t.test("requests of every kind share the window, also those that are given up", async (t) => {
  const { session, environment, server } = await ready({}, 3);
  const kinds = [
    (signal: AbortSignal) => session.predict([1], { signal }),
    (signal: AbortSignal) => session.predictBatch([[1]], { signal }),
    (signal: AbortSignal) => session.infer({ inputs: {}, signal }),
    (signal: AbortSignal) => session.configure({ batchSize: 2 }, { signal }),
  ];
  let answered = 1;
  for (let i = 0; i < 200; i++) {
    const controller = new AbortController();
    kinds[i % kinds.length]?.(controller.signal).catch(() => {});
    if (i % 3 === 0) controller.abort();
    if (i % 2 === 0 && server.frames().length > answered) {
      server.reply(error("OVERLOADED", 29, true));
      answered++;
    }
    await settle();
    const unanswered = environment.socket.sent.length - answered;
    if (unanswered > 3) t.fail(`${unanswered} are unanswered`);
  }
  // What tensors need is loaded with their first use, which may be late.
  await until(() => environment.socket.sent.length - answered === 3);
  t.pass("the window is full in the end");
});

t.test("a cut rejects what is unanswered and keeps what waits", async (t) => {
  const { session, environment, server } = await ready({}, 1);
  const lost = session.predict([1]);
  const kept = session.predict([2]);
  environment.socket.end(1006);
  await t.rejects(lost, { code: "CONNECTION_LOST", retryable: true, name: "TidewireClientError" });
  t.equal(session.info, undefined);
  const during = session.predict([3]);
  await comeBack(environment, server, 8);
  t.same(
    server.predicts().map(({ values }) => values),
    [[1], [2], [3]],
  );
  server.answer([20]);
  server.answer([30]);
  t.same([...(await kept).values, ...(await during).values], [20, 30]);
});

t.test("retryInFlight sends again, in order, three times at most, and never a frame that was too large", async (t) => {
  const { session, environment, server } = await ready({ retryInFlight: true }, 2);
  const first = session.predict([1]);
  const second = session.predict([2]);
  environment.socket.end(1006);
  await comeBack(environment, server, 2);
  t.same(
    server.predicts().map(({ values }) => values),
    [[1], [2], [1], [2]],
  );
  server.answer([10]);
  t.same([...(await first).values], [10]);
  for (let i = 0; i < 2; i++) {
    environment.socket.end(1006);
    await comeBack(environment, server, 2);
  }
  environment.socket.end(1006);
  await t.rejects(second, { code: "CONNECTION_LOST" });
  await comeBack(environment, server, 2);
  const large = session.predict([3]);
  environment.socket.end(1009);
  await t.rejects(large, { code: "FRAME_TOO_LARGE", retryable: false });
});

t.test("a frame that was too large is not sent again, though the close comes while it is sent", async (t) => {
  const { session, environment, server } = await ready({ retryInFlight: true }, 8);
  const { socket } = environment;
  socket.send = () => socket.end(1009);
  const large = session.predict([1]);
  await t.rejects(large, { code: "FRAME_TOO_LARGE", retryable: false });
  const next = session.predict([2]);
  await comeBack(environment, server, 8);
  t.same(
    server.predicts().map(({ values }) => values),
    [[2]],
  );
  server.answer([0]);
  await next;
});

t.test("whileReconnecting: fail refuses requests during a cut, through failed attempts too", async (t) => {
  const { session, environment } = await ready({ whileReconnecting: "fail" }, 1);
  const unanswered = session.predict([1]);
  const queued = session.predict([2]);
  environment.socket.end(1006);
  await t.rejects(unanswered, { code: "CONNECTION_LOST" });
  await t.rejects(queued, { code: "CONNECTION_LOST" });
  await t.rejects(session.predict([3]), { code: "NOT_CONNECTED", retryable: true });
  environment.advance(500);
  environment.socket.end(1006);
  await t.rejects(session.predict([3]), { code: "NOT_CONNECTED" });
});

t.test("giving up rejects all, and a later reconnect opens the session again", async (t) => {
  const { session, environment, server } = await ready({ maxReconnectAttempts: 0 }, 1);
  const lost = session.predict([1]);
  const waiting = session.predict([2]);
  environment.socket.end(1006);
  for (const promise of [lost, waiting, session.predict([3]), session.ready()] as Promise<unknown>[]) {
    await t.rejects(promise, { code: "CONNECTION_LOST" });
  }
  session.connection.reconnect();
  environment.socket.accept();
  server.acknowledge(1);
  await settle();
  const again = session.predict([4]);
  server.answer([40]);
  t.same([...(await again).values], [40]);
});

t.test("a deadline counts from the call, waiting included; a late reply is no one's", async (t) => {
  const { session, environment, server } = await ready({ timeoutMs: 100 }, 1);
  const sent = session.predict([1], { timeoutMs: 50 });
  const queued = session.predict([2]);
  environment.advance(50);
  await t.rejects(sent, { code: "DEADLINE_EXCEEDED", retryable: true });
  t.equal(server.predicts()[0]?.timeoutMs, 50, "the server is told");
  environment.advance(50);
  await t.rejects(queued, { code: "DEADLINE_EXCEEDED" });
  const third = session.predict([3], { timeoutMs: 0 });
  t.equal(server.predicts().length, 1, "the first still takes its place in the window");
  server.answer([10]);
  server.answer([30]);
  t.same([...(await third).values], [30]);
});

t.test("a signal ends a request with its reason, sent or not, before or after", async (t) => {
  const { session, environment, server } = await ready({}, 1);
  const controller = new AbortController();
  const reason = new Error("enough");
  const sent = session.predict([1], { signal: controller.signal });
  const queued = session.predict([2], { signal: controller.signal });
  controller.abort(reason);
  await t.rejects(sent, reason);
  await t.rejects(queued, reason);
  await t.rejects(session.predict([3], { signal: controller.signal }), reason);
  t.equal(server.predicts().length, 1);
  environment.socket.end(1006);
  await comeBack(environment, server, 1);
  t.equal(server.predicts().length, 1, "nor sent again");
});

t.test("a configuration that is refused ends the session with the server's reason", async (t) => {
  const { session, environment, server } = open({});
  const waiting = session.predict([1]);
  environment.socket.accept();
  server.reply(error("ENSEMBLE_NOT_FOUND", 3, false));
  await t.rejects(waiting, { code: "ENSEMBLE_NOT_FOUND" });
  await t.rejects(session.predict([2]), { code: "ENSEMBLE_NOT_FOUND" });
  environment.socket.end(1000);
  await t.rejects(session.ready(), { code: "ENSEMBLE_NOT_FOUND" });
  t.equal(session.connection.getState(), "disconnected");
});

t.test("a configuration that may succeed later is tried again on another connection", async (t) => {
  const { session, environment, server } = open({});
  const waiting = session.predict([1]);
  environment.socket.accept();
  server.reply(error("OVERLOADED", 29, true));
  await settle();
  t.equal(session.connection.getState(), "reconnecting");
  await comeBack(environment, server, 1);
  server.answer([5]);
  t.same([...(await waiting).values], [5]);
});

t.test("a change of the configuration is what a reconnect restores; a refused one is not", async (t) => {
  const { session, environment, server } = await ready({ manualBoostSignals: { A: true }, batchSize: 5 }, 1);
  const changed = session.configure({ manualBoostSignals: { B: false } });
  server.acknowledge(1);
  await changed;
  const refused = session.configure({ batchSize: 9999 });
  server.reply(error("BATCH_TOO_LARGE", 6, false));
  await t.rejects(refused, { code: "BATCH_TOO_LARGE" });
  environment.socket.end(1006);
  environment.advance(500);
  environment.socket.accept();
  t.match(server.frames().at(-1), { body: { value: { manualBoostSignals: { B: false }, batchSize: 5 } } });
});

t.test("changes of the configuration at once: what each leaves out stays, and requests keep their place", async (t) => {
  const { session, server } = await ready({ includeMetadata: true }, 8);
  const first = session.configure({ includeMetadata: false });
  const second = session.configure({ batchSize: 7, includeMetadata: undefined });
  const prediction = session.predict([1]);
  t.equal(server.frames().length, 2, "the second waits for the first, the prediction for the second");
  server.acknowledge(8);
  await first;
  t.match(server.frames()[2], { body: { $case: "config", value: { includeMetadata: false, batchSize: 7 } } });
  t.match(server.frames()[3], { body: { $case: "predict" } });
  server.acknowledge(8);
  await second;
  server.answer([2]);
  t.same([...(await prediction).values], [2]);
});

t.test("a change that is refused or given up leaves nothing to the one behind it", async (t) => {
  const { session, environment, server } = await ready({ batchSize: 5 }, 8);
  const controller = new AbortController();
  const refused = session.configure({ batchSize: 9999 });
  const aborted = session.configure({ mode: "batch" }, { signal: controller.signal });
  const kept = session.configure({ includeMetadata: false });
  const prediction = session.predict([1]);
  const reason = new Error("enough");
  controller.abort(reason);
  await t.rejects(aborted, reason);
  t.equal(server.frames().length, 2);
  server.reply(error("BATCH_TOO_LARGE", 6, false));
  await t.rejects(refused, { code: "BATCH_TOO_LARGE" });
  t.match(server.frames()[2], { body: { value: { batchSize: 5, includeMetadata: false, mode: 0 } } });
  server.acknowledge(8);
  await kept;
  t.equal(server.predicts().length, 1);
  server.answer([0]);
  await prediction;
  const cut = session.configure({ mode: "batch" });
  const after = session.configure({ batchSize: 6 });
  environment.socket.end(1006);
  await t.rejects(cut, { code: "CONNECTION_LOST" });
  await comeBack(environment, server, 8);
  t.match(server.frames().at(-1), { body: { value: { batchSize: 6, includeMetadata: false, mode: 0 } } });
  server.acknowledge(8);
  await after;
});

t.test("a change that a cut left unanswered is sent again before the next one", async (t) => {
  const { session, environment, server } = await ready({ retryInFlight: true }, 8);
  const first = session.configure({ includeMetadata: false });
  const second = session.configure({ batchSize: 7 });
  environment.socket.end(1006);
  await comeBack(environment, server, 8);
  t.match(server.frames().at(-1), { body: { value: { includeMetadata: false, batchSize: undefined } } });
  server.acknowledge(8);
  await first;
  t.match(server.frames().at(-1), { body: { value: { includeMetadata: false, batchSize: 7 } } });
  server.acknowledge(8);
  await second;
});

t.test("a server that answers is alive, though it leaves pings unread meanwhile", async (t) => {
  const { session, environment, server } = await ready({ heartbeatInterval: 1000, timeoutMs: 0 }, 3);
  const batches = Array.from({ length: 9 }, () => session.predictBatch([[1]]));
  for (const batch of batches) {
    environment.advance(999);
    server.reply({ $case: "predictionBatch", value: { matrix: new Uint8Array(4), predictions: [], count: 1 } });
    await batch;
  }
  t.ok(session.connection.isConnected());
  t.equal(environment.sockets.length, 1);
});

t.test("a large request may keep the server silent until its deadline, no longer", async (t) => {
  for (const make of [
    (session: InferenceSession) => session.predictBatch([[1]], { timeoutMs: 5500 }) as Promise<unknown>,
    (session: InferenceSession) => session.infer({ inputs: {}, timeoutMs: 5500 }),
  ]) {
    const { session, environment, server } = await ready({ heartbeatInterval: 1000 }, 3);
    const large = make(session);
    await until(() => server.frames().length === 2);
    environment.advance(5499);
    t.ok(session.connection.isConnected());
    const pings = environment.socket.sent.filter((text) => String(text).includes('"ping"'));
    t.equal(pings.length, 1, "none behind the one that waits");
    environment.advance(1);
    await t.rejects(large, { code: "DEADLINE_EXCEEDED" });
    environment.advance(500);
    t.equal(session.connection.getState(), "reconnecting");
  }
});

t.test("tensors keep their place, though their code is loaded with the first", async (t) => {
  const { session, server } = await ready({}, 10);
  const settled = [
    session.predict([1]),
    session.infer({ inputs: {}, model: "m" }),
    session.configure({ batchSize: 2 }),
    session.predict([2]),
  ].map((promise) => promise.catch(() => {}));
  await until(() => server.frames().length === 5);
  const cases = server.frames().map(({ body }) => body?.$case);
  t.same(cases, ["config", "predict", "infer", "config", "predict"]);
  void session.close();
  await Promise.all(settled);
});

t.test("single readings excuse no silence: the server reads on", async (t) => {
  const { session, environment } = await ready({ heartbeatInterval: 1000 }, 3);
  const lost = session.predict([1]);
  environment.advance(2000);
  await t.rejects(lost, { code: "CONNECTION_LOST" });
  t.equal(session.connection.getState(), "reconnecting");
});

t.test("close rejects what is unanswered, once, and leaves no timer", async (t) => {
  const { session, environment } = await ready({}, 1);
  const lost = session.predict([1]);
  const closed = session.close();
  await t.rejects(lost, { code: "CLIENT_CLOSED", retryable: false });
  environment.socket.end(1000);
  await closed;
  await session.close();
  await t.rejects(session.predict([1]), { code: "CLIENT_CLOSED" });
  t.equal(environment.timers, 0);
});

t.test("a reply of the wrong kind, and a request that cannot be written, fail alone", async (t) => {
  const { session, server } = await ready({}, 4);
  const wrong = session.predict([1]);
  server.reply({ $case: "pong", value: { timestamp: undefined } });
  await t.rejects(wrong, { code: "UNEXPECTED_REPLY" });
  const input = { data: new Float32Array(1), shape: [1], datatype: "INT8" } as const;
  await t.rejects(session.infer({ inputs: { x: input } }), { code: "INVALID_TENSOR", details: { tensor: "x" } });
  const bad = [{ A: Object.create(null) as number }];
  await t.rejects(session.predictBatch(bad));
  const fine = session.predict([2]);
  server.answer([3]);
  t.same([...(await fine).values], [3]);
});

function open(options: InferenceOptions) {
  const environment = new FakeEnvironment();
  const session = openSession(
    "e",
    { url: "ws://host", encoding: "json", heartbeatInterval: 0, ...options },
    environment,
  );
  return { environment, session, server: new FakeServer(environment) };
}

async function ready(options: InferenceOptions, maxInFlight: number) {
  const opened = open(options);
  opened.environment.socket.accept();
  opened.server.acknowledge(maxInFlight);
  await settle();
  return opened;
}

/** The next attempt succeeds. */
async function comeBack(environment: FakeEnvironment, server: FakeServer, maxInFlight: number): Promise<void> {
  environment.advance(environment.next ?? 0);
  environment.socket.accept();
  server.acknowledge(maxInFlight);
  await settle();
}

/** Lets promises that are settled be heard. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function error(code: string, errorCode: 3 | 6 | 29, retryable: boolean): Body {
  return { $case: "error", value: { errorCode, message: code, details: undefined, retryable } };
}
