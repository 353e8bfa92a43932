import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { type Test, test } from "tap";
import { type EnsembleDescription, ExecutorKind, ModelStatus } from "../../../generated/ts/tidewire/v1/http.js";
import { StreamMode } from "../../../generated/ts/tidewire/v1/inference.js";
import { PACKAGE_ROOT } from "../../../src/config/index.js";
import { TidewireError } from "../../../src/errors.js";
import { createApp, registerRoutes } from "../../../src/http/app.js";
import type { HttpDependencies, Readiness } from "../../../src/http/dependencies.js";
import { HistoryFiles } from "../../../src/inference/history-files.js";
import { HistoryStore } from "../../../src/inference/history-store.js";
import { UNBOUNDED, WELCOME } from "../../support/admission.js";
import { inMemory } from "./memory.js";

const LIMITS = { historyRows: 100, historyBytes: 1e6, closedHistories: 10, closedHistoryMs: 60_000 };

const TURBINE: EnsembleDescription = {
  name: "gas_turbine",
  status: ModelStatus.MODEL_STATUS_READY,
  version: "1.0",
  boundarySignals: ["AT", "AP"],
  signals: ["CO", "TIT"],
  boostSignals: { CO: true, TIT: false },
  quality: { CO: { r2Base: 0.5, r2Boost: 0.75 } },
  executor: ExecutorKind.EXECUTOR_KIND_INLINE,
  executionProvider: "cpu",
  costUs: 14.5,
  inputs: [],
  outputs: [],
};
const BROKEN: EnsembleDescription = {
  name: "broken",
  status: ModelStatus.MODEL_STATUS_BROKEN,
  reason: "model.onnx is no ONNX model",
  boundarySignals: [],
  signals: [],
  boostSignals: {},
  quality: {},
  inputs: [],
  outputs: [],
};

interface Served {
  readonly app: FastifyInstance;
  readonly store: HistoryStore;
  readonly dataDir: string;
  readonly logged: () => string;
  enter(state: ReturnType<Readiness["state"]>): void;
}

function serve(t: Test, overrides: Partial<HttpDependencies> = {}): Served {
  const dataDir = join(t.testdir({}), "data");
  const store = new HistoryStore(LIMITS);
  const lines: string[] = [];
  let state: ReturnType<Readiness["state"]> = "ready";
  const app = createApp(
    { ...UNBOUNDED, maxBodyBytes: 2048 },
    pino({ level: "warn" }, { write: (line) => lines.push(line) }),
    WELCOME,
  );
  const ensembles = new Map([BROKEN, TURBINE].map((each) => [each.name, each]));
  registerRoutes(app, {
    ...inMemory(),
    version: "1.2.3",
    protoFolder: join(PACKAGE_ROOT, "proto"),
    readiness: { state: () => state },
    histories: new HistoryFiles(store, dataDir),
    streams: {
      stats: () => ({
        activeConnections: 1,
        totalPredictions: 7,
        averageLatencyMs: 0.25,
        connections: [
          {
            sessionId: "s1",
            ensembleName: "gas_turbine",
            connectedAt: { seconds: 1_765_794_600, nanos: 0 },
            predictionsCount: 7,
            mode: StreamMode.STREAM_MODE_BATCH,
          },
        ],
      }),
    },
    ensembles: {
      list: () => [...ensembles.values()],
      describe(name) {
        const found = ensembles.get(name);
        if (found) return found;
        throw new TidewireError("ENSEMBLE_NOT_FOUND", "no such ensemble", { ensemble_name: name });
      },
    },
    ...overrides,
  });
  t.teardown(async () => {
    await app.close();
    store[Symbol.dispose]();
  });
  return {
    app,
    store,
    dataDir,
    logged: () => lines.join(""),
    enter(next) {
      state = next;
    },
  };
}

test("health tells state, version and models; ready is 503 while it starts or drains", async (t) => {
  const { app, enter } = serve(t);
  for (const [state, status, ready] of [
    ["starting", "starting", 503],
    ["ready", "ok", 200],
    ["draining", "draining", 503],
  ] as const) {
    enter(state);
    for (const path of ["/health", "/health/live"])
      t.equal((await app.inject(path)).statusCode, 200, `${path} ${state}`);
    const reply = await app.inject("/health/ready");
    t.equal(reply.statusCode, ready);
    t.match(reply.json(), { status, version: "1.2.3", ensembles: ["gas_turbine"], broken: { broken: BROKEN.reason } });
    t.match(reply.headers["content-type"], "application/json");
    t.type(reply.json().uptime_seconds, "number");
  }
});

test("list and info name signals, boost and quality; a broken directory its reason", async (t) => {
  const { app } = serve(t);
  const listed = (await app.inject("/api/v1/ensemble/list")).json();
  t.same(listed.ensembles[0], { name: "broken", status: "broken", reason: BROKEN.reason });
  t.equal(listed.ensembles[1].name, "gas_turbine");
  const reply = await app.inject("/api/v1/ensemble/gas_turbine/info");
  t.same(reply.json(), listed.ensembles[1]);
  t.match(reply.json(), {
    status: "ready",
    boundary_signals: ["AT", "AP"],
    signals: ["CO", "TIT"],
    boost_signals: { CO: true, TIT: false },
    quality: { CO: { r2_base: 0.5, r2_boost: 0.75 } },
    executor: "inline",
    execution_provider: "cpu",
  });
  t.same((await app.inject("/api/v1/ensemble/broken/info")).json(), listed.ensembles[0]);
});

test("an unknown ensemble is ENSEMBLE_NOT_FOUND, whatever its name", async (t) => {
  const { app } = serve(t);
  const names = [
    "unknown",
    "__proto__",
    "constructor",
    "a%2Fb",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "x".repeat(900),
    "%F0%9F%8C%8A",
  ];
  for (const name of names) {
    const reply = await app.inject(`/api/v1/ensemble/${name}/info`);
    t.equal(reply.statusCode, 404, name.slice(0, 40));
    t.match(reply.json(), {
      error_code: "ENSEMBLE_NOT_FOUND",
      message: String,
      details: { ensemble_name: decodeURIComponent(name) },
    });
  }
  const malformed = await app.inject("/api/v1/ensemble/%zz/info");
  t.equal(malformed.statusCode, 400);
  t.match(malformed.json(), { error_code: "INVALID_MESSAGE" });
});

test("stream statistics follow the schema", async (t) => {
  const reply = await serve(t).app.inject("/api/v1/inference/stream/stats");
  t.same(reply.json(), {
    active_connections: 1,
    total_predictions: 7,
    average_latency_ms: 0.25,
    connections: [
      {
        session_id: "s1",
        ensemble_name: "gas_turbine",
        connected_at: "2025-12-15T10:30:00Z",
        predictions_count: 7,
        mode: "batch",
      },
    ],
  });
});

test("save writes the session's history and tells where", async (t) => {
  const { app, store, dataDir } = serve(t);
  store.open("s1", ["AT"], ["CO"]).append(0, Float32Array.of(23.1, 5), 0, Float32Array.of(2.5, 7), 0, 2);
  for (const format of ["csv", "jsonl", "parquet"]) {
    const payload = { session_id: "s1", output_dir: "out", format };
    const reply = await app.inject({ method: "POST", url: "/api/v1/inference/stream/save", payload });
    t.equal(reply.statusCode, 200);
    t.match(reply.json(), { status: "success", message: /2/, samples_saved: 2 });
    t.match(reply.json().output_path, new RegExp(`^out/stream_history_s1_\\d{8}_\\d{6}\\.${format}$`));
    t.ok(existsSync(join(dataDir, reply.json().output_path)));
  }
});

test("a save that cannot be is refused with its code", async (t) => {
  const { app, store, dataDir } = serve(t);
  store.open("s1", ["AT"], ["CO"]);
  const cases: [object, number, object][] = [
    [{ session_id: "s1", format: "docx" }, 400, { error_code: "INVALID_MESSAGE", message: /format/ }],
    [{ session_id: "s1" }, 400, { error_code: "INVALID_MESSAGE", message: /format/ }],
    [{ format: "csv" }, 400, { error_code: "INVALID_MESSAGE", message: /session_id/ }],
    [{ session_id: 5, format: "csv" }, 400, { error_code: "INVALID_MESSAGE", message: /session_id/ }],
    [{ session_id: "other", format: "csv" }, 404, { error_code: "SESSION_NOT_FOUND" }],
    [{ session_id: "s1", format: "csv", output_dir: "../x" }, 400, { error_code: "INVALID_PATH" }],
    [{ session_id: "s1", format: "csv", output_dir: "/etc" }, 400, { error_code: "INVALID_PATH" }],
    [[], 400, { error_code: "INVALID_MESSAGE" }],
  ];
  for (const [payload, status, body] of cases) {
    const reply = await app.inject({ method: "POST", url: "/api/v1/inference/stream/save", payload });
    t.equal(reply.statusCode, status, JSON.stringify(payload));
    t.match(reply.json(), { message: String, ...body });
    t.same(Object.keys(reply.json()), ["error_code", "message", "details"]);
  }
  t.notOk(existsSync(dataDir), "nothing was written");
});

test("a body that is no JSON, of another type or too large has its code", async (t) => {
  const { app, logged } = serve(t);
  const post = (payload: string | undefined, type: string | undefined) =>
    app.inject({
      method: "POST",
      url: "/api/v1/inference/stream/save",
      ...(payload === undefined ? {} : { payload }),
      ...(type === undefined ? {} : { headers: { "content-type": type } }),
    });
  const json = "application/json";
  const cases: [string | undefined, string | undefined, number, string][] = [
    ["{", json, 400, "INVALID_JSON"],
    ["", json, 400, "INVALID_JSON"],
    ["{}", "text/plain", 415, "INVALID_MESSAGE"],
    ["a=b", "application/x-www-form-urlencoded", 415, "INVALID_MESSAGE"],
    ["{}", "nonsense", 415, "INVALID_MESSAGE"],
    [JSON.stringify({ session_id: "x".repeat(3000) }), json, 413, "FRAME_TOO_LARGE"],
    [undefined, undefined, 400, "INVALID_MESSAGE"],
    [
      '{"__proto__":{"a":1},"constructor":{"prototype":1},"session_id":"no","format":"csv"}',
      json,
      404,
      "SESSION_NOT_FOUND",
    ],
  ];
  for (const [payload, type, status, code] of cases) {
    const reply = await post(payload, type);
    t.equal(reply.statusCode, status, `${payload?.slice(0, 40)} as ${type}`);
    t.equal(reply.json().error_code, code);
  }
  t.equal(logged(), "", "a client's mistake is not the log's business");
});

test("an unknown route is 404, a known one with another method 405 with Allow", async (t) => {
  const { app } = serve(t);
  const missing = await app.inject("/api/v1/nothing?x=1");
  t.equal(missing.statusCode, 404);
  t.match(missing.json(), {
    error_code: "NOT_FOUND",
    message: "nothing is served at GET /api/v1/nothing",
    details: {},
  });
  // What nobody takes is not read: its body cannot be at fault.
  for (const [method, url] of [
    ["POST", "/api/v1/nothing"],
    ["OPTIONS", "/api/v1/inference/stream/save"],
  ] as const) {
    const unread = await app.inject({ method, url, payload: "{", headers: { "content-type": "application/x-ndjson" } });
    t.equal(unread.statusCode, 404, `${method} ${url}`);
  }
  const posted = await app.inject({
    method: "POST",
    url: "/health",
    payload: "{",
    headers: { "content-type": "application/json" },
  });
  t.equal(posted.statusCode, 405);
  t.equal(posted.headers.allow, "GET, HEAD");
  t.match(posted.json(), { error_code: "INVALID_MESSAGE" });
  t.equal((await app.inject("/api/v1/inference/stream/save")).headers.allow, "POST");
  t.equal((await app.inject({ method: "HEAD", url: "/health" })).statusCode, 200);
});

test("the server's own failure is logged with its cause and says nothing to the client", async (t) => {
  const { app, logged } = serve(t, {
    histories: { save: async () => Promise.reject(new Error("ENOSPC: /secret/path")) },
  });
  const payload = { session_id: "s1", format: "csv" };
  const reply = await app.inject({ method: "POST", url: "/api/v1/inference/stream/save", payload });
  t.equal(reply.statusCode, 500);
  t.same(Object.keys(reply.json()), ["error_code", "message", "details"]);
  t.equal(reply.json().error_code, "INTERNAL_ERROR");
  t.notMatch(reply.body, "secret");
  t.match(logged(), "ENOSPC: /secret/path");
});

test("a retryable error tells when to come back", async (t) => {
  const busy = new TidewireError("OVERLOADED", "busy", undefined, { retryAfterMs: 1500 });
  const { app } = serve(t, { histories: { save: async () => Promise.reject(busy) } });
  const payload = { session_id: "s1", format: "csv" };
  const reply = await app.inject({ method: "POST", url: "/api/v1/inference/stream/save", payload });
  t.equal(reply.statusCode, 503);
  t.equal(reply.headers["retry-after"], "2");
});

test("the schema is served as it lies in proto/, and no other file", async (t) => {
  const { app } = serve(t);
  const listed = (await app.inject("/api/v1/schema")).json();
  t.equal(listed.package, "tidewire.v1");
  t.ok(listed.files.length >= 8);
  for (const { name, text: content } of listed.files) {
    t.equal(content, readFileSync(join(PACKAGE_ROOT, "proto", name), "utf8"), name);
    const reply = await app.inject(`/api/v1/schema/${name}`);
    t.equal(reply.body, content);
    t.match(reply.headers["content-type"], "text/plain");
  }
  for (const name of [
    "../package.json",
    "%2e%2e/package.json",
    "tidewire/v1/../../../package.json",
    "tidewire",
    "__proto__",
    "",
  ]) {
    t.equal((await app.inject(`/api/v1/schema/${name}`)).statusCode, 404, name);
  }
});

test("bytes that are no HTTP get an answer, and the server goes on", async (t) => {
  const { app } = serve(t);
  await app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = app.server.address() as { port: number };
  const exchange = async (bytes: string) => {
    const socket = connect(port, "127.0.0.1");
    socket.write(bytes);
    return text(socket);
  };
  const garbage = await exchange("\x16\x03\x01\x02 nonsense\r\n\r\n");
  t.match(garbage, /^HTTP\/1\.1 400 Bad Request\r\n/);
  t.match(JSON.parse(garbage.split("\r\n\r\n")[1] ?? ""), { error_code: "INVALID_MESSAGE" });
  t.match(await exchange(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"y".repeat(40_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
  // A client's library would take the dots out of the path.
  const dots = "GET /api/v1/ensemble/%2e%2e/info HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
  t.match(await exchange(dots), /^HTTP\/1\.1 404 [\s\S]*ENSEMBLE_NOT_FOUND/);
  t.match(await exchange("GET /health HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n"), /^HTTP\/1\.1 400 /);
  const reply = await fetch(`http://127.0.0.1:${port}/health`);
  t.equal(reply.status, 200);
  await reply.text();
});
