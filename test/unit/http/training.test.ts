import type { FastifyInstance } from "fastify";
import { type Test, test } from "tap";
import { MAX_ENTRIES } from "../../../src/http/entries.js";
import { MAX_PAGE_BYTES, MAX_SCANNED } from "../../../src/http/pages.js";
import { inMemory, MemoryTopics, serveRoutes } from "./memory.js";

const LOGS = "/api/v1/training/logs";

interface Reply {
  readonly status: number;
  readonly body: Record<string, never> & { entries: Record<string, unknown>[]; next?: number; error_code?: string };
}

/** An app with the run "run_1", and short ways to ask it. */
async function serve(t: Test) {
  const topics = new MemoryTopics();
  const app = serveRoutes(t, inMemory(topics));
  const ask = asker(app);
  await ask("POST", "/session", { experiment_id: "run_1", config: { lr: 0.5 }, total_epochs: 3 });
  const addLines = (lines: readonly (readonly [string, string])[]) =>
    ask(
      "POST",
      "/run_1/log",
      lines.map(([level, message]) => ({ level, message })),
    );
  return { topics, app, ask, addLines };
}

function asker(app: FastifyInstance) {
  return async (method: "GET" | "POST" | "PUT" | "DELETE", path: string, payload?: object): Promise<Reply> => {
    const reply = await app.inject({ method, url: LOGS + path, ...(payload ? { payload } : {}) });
    return { status: reply.statusCode, body: reply.json() };
  };
}

test("a run is created, described, listed, changed and removed", async (t) => {
  const { ask } = await serve(t);
  const created = await ask("POST", "/session", { experiment_id: "run_2" });
  t.equal(created.status, 201);
  t.same(created.body, {
    experiment_id: "run_2",
    status: "queued",
    cancel_requested: false,
    updated_at: "2025-12-15T10:30:00Z",
    generation: 1,
    offset: 1,
  });
  t.match((await ask("GET", "/run_1/info")).body, { experiment_id: "run_1", config: { lr: 0.5 }, total_epochs: 3 });
  const listed = (await ask("GET", "/sessions")).body;
  t.match(listed, { sessions: [{ experiment_id: "run_1", total_epochs: 3 }, { experiment_id: "run_2" }] });
  t.notMatch(JSON.stringify(listed), "config", "a list says less");
  const changed = await ask("PUT", "/run_1/status", { status: "running", message: "go" });
  t.match(changed, { status: 200, body: { status: "running", message: "go" } });
  t.same(await ask("DELETE", "/run_1"), { status: 200, body: { status: "success", experiment_id: "run_1" } });
  t.match(await ask("GET", "/run_1/info"), { status: 404, body: { error_code: "SESSION_NOT_FOUND" } });
});

test("runs are listed in pages by name", async (t) => {
  const { ask } = await serve(t);
  for (const id of ["b", "a", "c"]) await ask("POST", "/session", { experiment_id: id });
  const first = (await ask("GET", "/sessions?limit=2")).body;
  t.match(first, { sessions: [{ experiment_id: "a" }, { experiment_id: "b" }], next: "b" });
  const second = (await ask("GET", "/sessions?limit=2&after=b")).body;
  t.match(second, { sessions: [{ experiment_id: "c" }, { experiment_id: "run_1" }] });
  t.notOk("next" in second);
});

test("what cannot be is refused with its code", async (t) => {
  const { ask } = await serve(t);
  const cases: [Parameters<typeof ask>, number, string, RegExp][] = [
    [["POST", "/session", {}], 400, "INVALID_MESSAGE", /experiment_id: is required/],
    [["POST", "/session", []], 400, "INVALID_MESSAGE", /expected an object, came a list/],
    [["POST", "/session", { experiment_id: 5 }], 400, "INVALID_MESSAGE", /experiment_id: expected a string, came 5/],
    [["POST", "/session", { experiment_id: "r", total_epochs: "ten" }], 400, "INVALID_MESSAGE", /total_epochs/],
    [["POST", "/session", { experiment_id: "r", total_epochs: 1e300 }], 400, "INVALID_MESSAGE", /total_epochs/],
    [["POST", "/session", { experiment_id: "r", config: [] }], 400, "INVALID_MESSAGE", /config: expected an object/],
    [["POST", "/session", { experiment_id: "sessions" }], 400, "INVALID_MESSAGE", /no part of a path/],
    [["POST", "/session", { experiment_id: "a.b" }], 400, "INVALID_TOPIC", /./],
    [["POST", "/session", { experiment_id: "run_1" }], 409, "SESSION_EXISTS", /./],
    [["PUT", "/run_1/status", {}], 400, "INVALID_MESSAGE", /status: is required/],
    [["PUT", "/run_1/status", { status: "asleep" }], 400, "INVALID_MESSAGE", /status: expected one of "queued"/],
    [["PUT", "/run_1/status", { status: "toString" }], 400, "INVALID_MESSAGE", /status/],
    [["PUT", "/run_1/status", { status: 2 }], 400, "INVALID_MESSAGE", /status/],
    [["PUT", "/run_1/status", { status: "failed" }], 409, "INVALID_TRANSITION", /./],
    [["POST", "/run_1/log", { level: "LOUD", message: "x" }], 400, "INVALID_MESSAGE", /level: expected one of/],
    [["POST", "/run_1/log", { level: "INFO" }], 400, "INVALID_MESSAGE", /message: is required/],
    [["POST", "/run_1/log", { level: "INFO", message: 5 }], 400, "INVALID_MESSAGE", /message: expected a string/],
    [["POST", "/run_1/log", [5]], 400, "INVALID_MESSAGE", /^\[0\]: expected an object, came 5/],
    [["POST", "/run_1/metrics", { metrics: { loss: "low" } }], 400, "INVALID_MESSAGE", /metrics\["loss"\]/],
    [["POST", "/run_1/metrics", { metrics: { loss: null } }], 400, "INVALID_MESSAGE", /metrics\["loss"\]/],
    [["POST", "/run_1/metrics", { step: 1 }], 400, "INVALID_MESSAGE", /metrics: expected at least one/],
    [["POST", "/run_1/metrics", [{ metrics: { a: 1 } }, { metrics: {} }]], 400, "INVALID_MESSAGE", /^\[1\]: metrics/],
    [["GET", "/run_1?level=LOUD"], 400, "INVALID_MESSAGE", /level: expected one of/],
    [["GET", "/run_1?limit=0"], 400, "INVALID_MESSAGE", /limit: expected a whole number from 1 to 1000, came "0"/],
    [["GET", "/run_1?limit=1001"], 400, "INVALID_MESSAGE", /limit/],
    [["GET", "/run_1?limit=ten"], 400, "INVALID_MESSAGE", /limit/],
    [["GET", "/run_1?limit=1&limit=2"], 400, "INVALID_MESSAGE", /limit: .* came a list/],
    [["GET", "/run_1?after=-1"], 400, "INVALID_MESSAGE", /after/],
    [["GET", "/run_1?after=99999999999999999999"], 400, "INVALID_MESSAGE", /after/],
    [["GET", "/run_1?after=7"], 410, "POSITION_LOST", /./],
    [["GET", "/sessions?limit=-1"], 400, "INVALID_MESSAGE", /limit/],
  ];
  for (const [request, status, error_code, message] of cases) {
    t.match(await ask(...request), { status, body: { error_code, message } }, JSON.stringify(request));
  }
});

test("an unknown run is SESSION_NOT_FOUND on every row, whatever the body; a name that can be none INVALID_TOPIC", async (t) => {
  const { ask } = await serve(t);
  const rows = [
    ["PUT", "/status"],
    ["POST", "/log"],
    ["POST", "/metrics"],
    ["GET", ""],
    ["GET", "/metrics"],
    ["GET", "/info"],
    ["DELETE", ""],
  ] as const;
  for (const [method, path] of rows) {
    const payload = method === "GET" || method === "DELETE" ? undefined : { wrong: true };
    for (const id of ["never", "__proto__", "constructor"]) {
      t.match(await ask(method, `/${id}${path}`, payload), { status: 404, body: { error_code: "SESSION_NOT_FOUND" } });
    }
    for (const id of ["a.b", "*", ">", "two%20words", "%00", "x".repeat(129)]) {
      t.match(await ask(method, `/${id}${path}`, payload), { status: 400, body: { error_code: "INVALID_TOPIC" } }, id);
    }
  }
});

test("log lines come back in order with level, source and time", async (t) => {
  const { ask } = await serve(t);
  const line = { level: "ERROR", message: "a\u0000 ☃", source: "trainer", timestamp: "2025-12-15T11:30:00+01:00" };
  t.same(await ask("POST", "/run_1/log", line), { status: 200, body: { generation: 1, offset: 2 } });
  t.same((await ask("GET", "/run_1")).body, {
    generation: 1,
    entries: [
      { offset: 2, timestamp: "2025-12-15T10:30:00Z", level: "ERROR", message: "a\u0000 ☃", source: "trainer" },
    ],
  });
});

test("a list is answered by a list of positions; an empty one adds nothing", async (t) => {
  const { ask, addLines } = await serve(t);
  const positions = [2, 3].map((offset) => ({ generation: 1, offset }));
  const two = await addLines([
    ["INFO", "one"],
    ["INFO", "two"],
  ]);
  t.same(two, { status: 200, body: { positions } });
  t.same(await ask("POST", "/run_1/log", []), { status: 200, body: { positions: [] } });
});

test("a list with a fault adds nothing, and the error names its index", async (t) => {
  const { ask, topics } = await serve(t);
  const lines = [
    { level: "INFO", message: "one" },
    { level: "LOUD", message: "two" },
  ];
  t.match(await ask("POST", "/run_1/log", lines), {
    status: 400,
    body: { error_code: "INVALID_MESSAGE", message: /^\[1\]\.level: expected one of/, details: { field: "[1].level" } },
  });
  t.equal(topics.view("training.run_1")?.offset, 1);
});

test(`a body has at most ${MAX_ENTRIES} entries`, async (t) => {
  const { ask, topics } = await serve(t);
  const line = { level: "INFO", message: "x" };
  t.match(await ask("POST", "/run_1/log", Array(MAX_ENTRIES + 1).fill(line)), {
    status: 400,
    body: { error_code: "INVALID_MESSAGE", message: /at most 10000 entries, came 10001/, details: { limit: 10_000 } },
  });
  t.equal(topics.view("training.run_1")?.offset, 1);
  t.equal((await ask("POST", "/run_1/log", Array(MAX_ENTRIES).fill(line))).status, 200);
});

test("log lines may come one a line", async (t) => {
  const { app, ask } = await serve(t);
  const headers = { "content-type": "application/x-ndjson" };
  const payload = '{"level":"INFO","message":"one"}\r\n\r\n{"level":"INFO","message":"two"}';
  const reply = await app.inject({ method: "POST", url: `${LOGS}/run_1/log`, headers, payload });
  t.match(reply.json(), { positions: [{ offset: 2 }, { offset: 3 }] });
  t.same(
    (await ask("GET", "/run_1")).body.entries.map(({ message }) => message),
    ["one", "two"],
  );
});

test("level is a minimum", async (t) => {
  const { ask, addLines } = await serve(t);
  const levels = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
  await addLines(levels.map((level) => [level, level]));
  for (const [i, level] of levels.entries()) {
    const { entries } = (await ask("GET", `/run_1?level=${level}`)).body;
    t.same(
      entries.map(({ message }) => message),
      levels.slice(i),
    );
  }
  t.equal((await ask("GET", "/run_1?level=&after=&limit=")).body.entries.length, 5, "an empty value says nothing");
});

test("pages follow each other by next, and the last has none", async (t) => {
  const { ask, addLines } = await serve(t);
  await addLines(Array.from({ length: 25 }, (_, i) => ["INFO", `line ${i}`] as const));
  const seen: unknown[] = [];
  const sizes: number[] = [];
  for (let next: number | undefined = 0; next !== undefined; ) {
    const { body } = await ask("GET", `/run_1?limit=10&after=${next}`);
    seen.push(...body.entries.map(({ message }) => message));
    sizes.push(body.entries.length);
    next = body.next;
  }
  t.same(sizes, [10, 10, 5]);
  t.same(
    seen,
    Array.from({ length: 25 }, (_, i) => `line ${i}`),
  );
  t.equal((await ask("GET", "/run_1?limit=25")).body.next, undefined, "a page that ends at the head is the last");
});

test("a filtered page looks at a bounded count of events and says how far it came", async (t) => {
  const { ask, addLines, topics } = await serve(t);
  for (let i = 0; i < 2; i += 1) await addLines(Array(MAX_ENTRIES).fill(["DEBUG", "x"]));
  await addLines([["ERROR", "found"]]);
  topics.reads.length = 0;
  const first = await ask("GET", "/run_1?level=ERROR");
  t.same(first.body, { generation: 1, entries: [], next: MAX_SCANNED });
  t.ok(topics.reads.every((count) => count <= 1000));
  const second = await ask("GET", `/run_1?level=ERROR&after=${first.body.next}`);
  t.same(second.body, { generation: 1, entries: [], next: 2 * MAX_SCANNED });
  const third = await ask("GET", `/run_1?level=ERROR&after=${second.body.next}`);
  t.match(third.body, { entries: [{ message: "found" }] });
  t.notOk("next" in third.body);
});

test("a page is bounded in bytes", async (t) => {
  const { ask, addLines } = await serve(t);
  const long = "x".repeat(65_536);
  for (let i = 0; i < 2; i += 1) await addLines(Array(80).fill(["INFO", long]));
  const { entries, next } = (await ask("GET", "/run_1?limit=1000")).body;
  t.equal(entries.length, Math.ceil(MAX_PAGE_BYTES / (long.length + 60)));
  t.equal(next, entries.at(-1)?.offset);
});

test("a reader that hands out little at a time is asked again", async (t) => {
  const { ask, addLines, topics } = await serve(t);
  await addLines(Array.from({ length: 20 }, (_, i) => ["INFO", String(i)] as const));
  topics.pageSize = 3;
  t.equal((await ask("GET", "/run_1")).body.entries.length, 20);
});

test("a topic that begins anew while it is read is POSITION_LOST", async (t) => {
  const { ask, addLines, topics } = await serve(t);
  await addLines(Array(20).fill(["INFO", "x"]));
  topics.pageSize = 10;
  const read = topics.read.bind(topics);
  topics.read = async (topic, after, limit) => {
    const page = await read(topic, after, limit);
    return after === 0 ? page : { ...page, generation: page.generation + 1 };
  };
  t.match(await ask("GET", "/run_1"), { status: 410, body: { error_code: "POSITION_LOST" } });
});

test("metrics keep names, values that are no numbers, and one entry a post", async (t) => {
  const { ask } = await serve(t);
  const metrics = { "val/acc": 0.5, "top(5)-e.f:g": "NaN", a: "Infinity", b: "-Infinity", constructor: -0.25, "": 1 };
  t.same(await ask("POST", "/run_1/metrics", { epoch: 1, step: 10, metrics }), {
    status: 200,
    body: { generation: 1, offset: 2 },
  });
  await ask("POST", "/run_1/metrics", { step: 10, metrics: { loss: 1 } });
  const { entries } = (await ask("GET", "/run_1/metrics")).body;
  t.match(entries, [
    { offset: 2, epoch: 1, step: 10 },
    { offset: 3, step: 10 },
  ]);
  t.same(entries[0]?.metrics, metrics);
  for (const [name, value] of Object.entries(metrics)) {
    if (name === "") continue;
    const found = (await ask("GET", `/run_1/metrics?name=${encodeURIComponent(name)}`)).body.entries;
    t.same(found, [{ offset: 2, timestamp: "2025-12-15T10:30:00Z", epoch: 1, step: 10, metrics: { [name]: value } }]);
  }
  for (const name of ["none", "__proto__", "toString", "hasOwnProperty"]) {
    t.same((await ask("GET", `/run_1/metrics?name=${name}`)).body.entries, [], name);
  }
});

test("metrics of clients without maps read the same", async (t) => {
  const { ask, topics } = await serve(t);
  const value = { metrics: { a: 1 }, epoch: 2, step: undefined, metricNames: ["b", "c"], metricValues: [2, 3] };
  const kind = { $case: "metrics", value } as const;
  await topics.publish([{ topic: "training.run_1", timestamp: undefined, kind }]);
  t.match((await ask("GET", "/run_1/metrics")).body, { entries: [{ epoch: 2, metrics: { a: 1, b: 2, c: 3 } }] });
});

test("DELETE takes an empty body of whatever type a client says", async (t) => {
  const { app } = await serve(t);
  const headers = { "content-type": "application/json" };
  t.equal((await app.inject({ method: "DELETE", url: `${LOGS}/run_1`, headers })).statusCode, 200);
});
