import type { FastifyInstance } from "fastify";
import { type Test, test } from "tap";
import { TidewireError } from "../../../src/errors.js";
import { MAX_ENTRIES } from "../../../src/http/entries.js";
import { inMemory, MemoryTopics, serveRoutes, WS_STATS } from "./memory.js";

const EVENTS = "/api/v1/events";
const QUEUED = { topic: "task.p.t", type: "task_queued", data: {} };

function serve(t: Test) {
  const topics = new MemoryTopics();
  return { topics, app: serveRoutes(t, inMemory(topics)) };
}

async function post(app: FastifyInstance, payload: string | object, type = "application/json") {
  const reply = await app.inject({ method: "POST", url: EVENTS, payload, headers: { "content-type": type } });
  return { status: reply.statusCode, body: reply.json() };
}

const postLines = (app: FastifyInstance, lines: readonly (string | object)[]) =>
  post(
    app,
    lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"),
    "application/x-ndjson",
  );

test("one event, a list and lines are published", async (t) => {
  const { app, topics } = serve(t);
  t.same(await post(app, QUEUED), { status: 200, body: { generation: 1, offset: 1 } });
  t.same(await post(app, [QUEUED, { ...QUEUED, topic: "task.p.u" }]), {
    status: 200,
    body: {
      positions: [
        { generation: 1, offset: 2 },
        { generation: 1, offset: 1 },
      ],
    },
  });
  const timed = { ...QUEUED, timestamp: "2025-01-01T00:00:00", idempotency_key: "k" };
  t.match(await postLines(app, [QUEUED, "", "  ", timed, ""]), {
    status: 200,
    body: { positions: [{ offset: 3 }, { offset: 4 }] },
  });
  t.same(topics.topics.get("task.p.t")?.events[3]?.timestamp, { seconds: 1_735_689_600, nanos: 0 });
  t.same(await postLines(app, []), { status: 200, body: { positions: [] } });
});

test("what cannot be is refused, with its place", async (t) => {
  const { app, topics } = serve(t);
  const cancel = { topic: "task.p.t", type: "cancel_requested", data: {} };
  const cases: [ReturnType<typeof post>, number, object][] = [
    [post(app, {}), 400, { error_code: "INVALID_MESSAGE", message: /^type: expected one of log,/ }],
    [post(app, "5"), 400, { error_code: "INVALID_MESSAGE" }],
    [post(app, "null"), 400, { error_code: "INVALID_MESSAGE" }],
    [post(app, '"text"'), 400, { error_code: "INVALID_MESSAGE" }],
    [post(app, { ...QUEUED, type: "toString" }), 400, { error_code: "INVALID_MESSAGE", message: /^type/ }],
    [
      post(app, { ...QUEUED, idempotency_key: "k".repeat(129) }),
      400,
      { message: /idempotency_key: .*at most 128 bytes/ },
    ],
    [post(app, [QUEUED, { ...QUEUED, topic: 5 }]), 400, { message: /^\[1\]\.topic: expected a string, came 5/ }],
    [
      postLines(app, [QUEUED, "", { ...QUEUED, topic: 5 }]),
      400,
      { message: /^line 3: topic: expected/, details: { line: 3, field: "topic" } },
    ],
    [
      postLines(app, [QUEUED, "{bad"]),
      400,
      { error_code: "INVALID_JSON", message: /^line 2: no JSON: unexpected character at position 1/ },
    ],
    [postLines(app, ["[]"]), 400, { message: /^line 1: expected an object, came a list/ }],
    [post(app, cancel), 409, { error_code: "INVALID_TRANSITION", message: "not now" }],
    [
      post(app, [QUEUED, cancel]),
      409,
      { error_code: "INVALID_TRANSITION", message: "[1]: not now", details: { index: 1, topic: "task.p.t" } },
    ],
    [
      postLines(app, [QUEUED, "", cancel]),
      409,
      { message: "line 3: not now", details: { line: 3, topic: "task.p.t" } },
    ],
    [postLines(app, Array(MAX_ENTRIES + 1).fill(QUEUED)), 400, { message: /at most 10000 entries, came more lines/ }],
    [post(app, "\n".repeat(MAX_ENTRIES + 1), "application/x-ndjson"), 400, { error_code: "INVALID_MESSAGE" }],
    [
      post(
        app,
        [...Array(MAX_ENTRIES + 1)].map(() => QUEUED),
      ),
      400,
      { message: /10001 entries/ },
    ],
  ];
  for (const [answer, status, body] of cases) {
    const reply = await answer;
    t.match(reply, { status, body }, JSON.stringify(reply.body).slice(0, 100));
  }
  t.equal(topics.topics.size, 0, "nothing was added");
});

test("an error of the publisher keeps its code, cause and pause", async (t) => {
  const topics = new MemoryTopics();
  const busy = new TidewireError("OVERLOADED", "busy", { index: 1 }, { retryAfterMs: 1500 });
  const publisher = { publish: async () => Promise.reject(busy) };
  const app = serveRoutes(t, { ...inMemory(topics), publisher });
  const reply = await app.inject({ method: "POST", url: EVENTS, payload: [QUEUED, QUEUED] });
  t.equal(reply.statusCode, 503);
  t.equal(reply.headers["retry-after"], "2");
  t.match(reply.json(), { error_code: "OVERLOADED", message: "[1]: busy" });
});

test("a publisher that counts in its words is not counted twice", async (t) => {
  const refused = new TidewireError("INVALID_TRANSITION", "at index 1: not now", { index: 1 });
  const publisher = { publish: async () => Promise.reject(refused) };
  const app = serveRoutes(t, { ...inMemory(), publisher });
  t.equal((await post(app, [QUEUED, QUEUED])).body.message, "[1]: not now");
  t.equal((await postLines(app, [QUEUED, "", QUEUED])).body.message, "line 3: not now");
});

test("topics are listed by pattern, in pages", async (t) => {
  const { app } = serve(t);
  await post(
    app,
    ["task.p.b", "task.p.a", "workflow.w.x"].map((topic) => ({ ...QUEUED, topic })),
  );
  const get = async (query: string) => (await app.inject(`/api/v1/topics${query}`)).json();
  const names = (list: { topics: { topic: string }[] }) => list.topics.map(({ topic }) => topic);
  t.same(names(await get("")), ["task.p.a", "task.p.b", "workflow.w.x"]);
  t.same(await get("?pattern=workflow.>"), {
    topics: [{ topic: "workflow.w.x", generation: 1, offset: 1, updated_at: "2025-12-15T10:30:00Z" }],
  });
  const page = await get("?pattern=task.p.*&limit=1");
  t.same([names(page), page.next], [["task.p.a"], "task.p.a"]);
  t.same(names(await get(`?pattern=task.p.*&limit=1&after=${page.next}`)), ["task.p.b"]);
  t.match(await get("?pattern=task..x"), { error_code: "INVALID_TOPIC" });
  t.match(await get("?limit=1001"), { error_code: "INVALID_MESSAGE", message: /limit/ });
});

test("a topic tells its state and its events", async (t) => {
  const { app } = serve(t);
  const log = (level: string) => ({ topic: "task.p.t", type: "log", data: { level, message: level } });
  await post(app, [
    QUEUED,
    log("DEBUG"),
    log("ERROR"),
    { topic: "task.p.t", type: "task_started", data: { worker: "w" } },
  ]);
  const get = async (path: string) => (await app.inject(`/api/v1/topics/${path}`)).json();
  t.match(await get("task.p.t"), { topic: "task.p.t", generation: 1, offset: 4, state: { cancel_requested: false } });
  const history = await get("task.p.t/events");
  t.same(history.generation, 1);
  t.same(history.entries[3], {
    type: "task_started",
    topic: "task.p.t",
    timestamp: "2025-12-15T10:30:00Z",
    generation: 1,
    offset: 4,
    data: { worker: "w" },
  });
  const offsets = async (query: string) =>
    (await get(`task.p.t/events?${query}`)).entries.map(({ offset }: { offset: number }) => offset);
  t.same(await offsets("after=1&limit=1"), [2]);
  t.same((await get("task.p.t/events?after=1&limit=1")).next, 2);
  t.same(await offsets("types=log"), [2, 3]);
  t.same(await offsets("types=task_queued&types=task_started"), [1, 4]);
  t.same(await offsets("types=log,task_started&min_level=ERROR"), [3, 4]);
  t.match(await get("task.p.t/events?types=logs"), { error_code: "INVALID_MESSAGE", message: /types: .*"logs"/ });
  t.match(await get("task.p.t/events?types=__proto__"), { error_code: "INVALID_MESSAGE" });
});

test("an unknown topic is TOPIC_NOT_FOUND, a bad name INVALID_TOPIC", async (t) => {
  const { app } = serve(t);
  for (const end of ["", "/events"]) {
    for (const topic of ["task.p.none", "__proto__", "constructor"]) {
      const reply = await app.inject(`/api/v1/topics/${topic}${end}`);
      t.match([reply.statusCode, reply.json()], [404, { error_code: "TOPIC_NOT_FOUND" }]);
    }
    for (const topic of ["task..x", "task.a%00b.c", "task.*", "a%2Fb", "%E2%80%AE"]) {
      const reply = await app.inject(`/api/v1/topics/${topic}${end}`);
      t.match([reply.statusCode, reply.json()], [400, { error_code: "INVALID_TOPIC" }], topic);
    }
  }
});

test("cancel is accepted with 202, with or without a reason", async (t) => {
  const cancelled: [string, string | undefined][] = [];
  const cancellation = { cancel: async (...asked: [string, string | undefined]) => cancelled.push(asked) };
  const app = serveRoutes(t, { ...inMemory(), cancellation });
  const bodies = [{ payload: { reason: "too slow" } }, {}, { headers: { "content-type": "application/json" } }];
  for (const [i, path] of ["tasks/p/t", "workflows/w/x", "evaluations/e"].entries()) {
    const reply = await app.inject({ method: "POST", url: `/api/v1/${path}/cancel`, ...bodies[i] });
    t.equal(reply.statusCode, 202, path);
    t.match(reply.json(), { topic: String });
  }
  t.same(cancelled, [
    ["task.p.t", "too slow"],
    ["workflow.w.x", undefined],
    ["evaluation.e", undefined],
  ]);
});

test("a cancel that cannot be has its code", async (t) => {
  const app = serveRoutes(t, inMemory());
  const cases: [string, object | undefined, number, string][] = [
    ["tasks/p/unknown", undefined, 404, "TASK_NOT_FOUND"],
    ["workflows/w/done", undefined, 409, "TASK_FINISHED"],
    ["evaluations/a.b", undefined, 400, "INVALID_TOPIC"],
    ["tasks/*/t", undefined, 400, "INVALID_TOPIC"],
    ["tasks/p/t", { reason: 5 }, 400, "INVALID_MESSAGE"],
    ["tasks/p/t", { reason: "r".repeat(1025) }, 400, "INVALID_MESSAGE"],
    ["tasks/p/t", [], 400, "INVALID_MESSAGE"],
    ["tasks/p", undefined, 404, "NOT_FOUND"],
  ];
  for (const [path, payload, status, code] of cases) {
    const reply = await app.inject({ method: "POST", url: `/api/v1/${path}/cancel`, ...(payload ? { payload } : {}) });
    t.match([reply.statusCode, reply.json()], [status, { error_code: code }], path);
  }
});

test("ws/stats has every field, empty ones too", async (t) => {
  const stats = { ...WS_STATS, subscribers: {}, connectionsByPath: {} };
  const app = serveRoutes(t, { ...inMemory(), connections: { stats: () => stats } });
  t.same((await app.inject("/api/v1/ws/stats")).json(), {
    active_connections: 2,
    connections_by_path: {},
    connections_by_encoding: { json: 1, proto: 1 },
    subscribers: {},
    frames_in: 3,
    frames_out: 4,
    bytes_in: 5,
    bytes_out: 6,
    dropped_frames: 0,
    slow_consumer_closes: 1,
  });
});
