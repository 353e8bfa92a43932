// The table of docs/security.md is true: every operation is tried without a token, with one that lacks the scope, with one
// that has expired and with the right one, and every route and every message has its row.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import t, { type Test } from "tap";
import WebSocket from "ws";
import { digestOf } from "../../src/access/digest.js";
import { parseScope } from "../../src/access/scopes.js";
import { SETTINGS } from "../../src/config/settings.js";
import { planOf } from "../../src/wire/plan.js";
import { commandLine } from "../integration/support/commands.js";
import { serve } from "../integration/support/serve.js";

const path = new URL("../../docs/security.md", import.meta.url);
const document = readFileSync(path, "utf8");
const [BEGIN, END] = ["<!-- operations: written by this table's test with UPDATE=1 -->", "<!-- end of operations -->"];
const ADMIN = "admin-token-0123456789abcdef";
const EXPIRED = "expired-token";
/** Allows things, but none of those that are tried. */
const WRONG = "wrong-token";
const WRONG_SCOPES = ["predict:other", "subscribe:task.other.>", "publish:task.other.>"];
/** Who tries, in the order of the columns: what the right one does may happen once only. */
const CALLERS = ["none", "wrong", "expired", "right"] as const;

type Caller = (typeof CALLERS)[number];

/** What stands in the server before anything is tried. */
interface Stage {
  readonly sessionId: string;
  readonly evaluation: string;
}

/** An HTTP operation: the name of its route, the scopes that are just enough, and a request that it takes. */
interface Operation {
  readonly scopes: readonly string[];
  readonly way?: (stage: Stage) => string;
  readonly body?: (stage: Stage) => object;
}

const RUN = "/api/v1/training/logs";
const run = (id: string) => () => `${RUN}/${id}`;
const ANY: readonly string[] = ["monitor"];

/** By route. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  "GET /": { scopes: [] },
  "GET /*": { scopes: [], way: () => "/run/1" },
  "GET /health": { scopes: [] },
  "GET /health/live": { scopes: [] },
  "GET /health/ready": { scopes: [] },
  "GET /docs": { scopes: [] },
  "GET /docs/socket": { scopes: [] },
  "GET /docs/openapi.json": { scopes: [] },
  "GET /docs/openapi.yaml": { scopes: [] },
  "GET /docs/asyncapi.json": { scopes: [] },
  "GET /docs/assets/swagger-ui.css": { scopes: [] },
  "GET /docs/assets/swagger-ui-bundle.js": { scopes: [] },
  "GET /api/v1/schema": { scopes: [] },
  "GET /api/v1/schema/*": { scopes: [], way: () => "/api/v1/schema/tidewire/v1/frame.proto" },
  "GET /metrics": { scopes: ["monitor"] },
  "GET /api/v1/ws/stats": { scopes: ["monitor"] },
  "GET /api/v1/inference/stream/stats": { scopes: ["monitor"] },
  "POST /api/v1/tokens": { scopes: ["monitor"], body: () => ({ scopes: ["monitor"] }) },
  "GET /api/v1/ensemble/list": { scopes: ["predict:gas_turbine"] },
  "GET /api/v1/ensemble/:name/info": {
    scopes: ["predict:gas_turbine"],
    way: () => "/api/v1/ensemble/gas_turbine/info",
  },
  "POST /api/v1/inference/stream/save": {
    scopes: ["predict:gas_turbine"],
    body: ({ sessionId }) => ({ session_id: sessionId, format: "csv" }),
  },
  [`POST ${RUN}/session`]: { scopes: ["publish:training.new"], body: () => ({ experiment_id: "new" }) },
  [`GET ${RUN}/sessions`]: { scopes: ["subscribe:training.run_1"] },
  [`GET ${RUN}/:id`]: { scopes: ["subscribe:training.run_1"], way: run("run_1") },
  [`GET ${RUN}/:id/info`]: { scopes: ["subscribe:training.run_1"], way: run("run_1/info") },
  [`GET ${RUN}/:id/metrics`]: { scopes: ["subscribe:training.run_1"], way: run("run_1/metrics") },
  [`PUT ${RUN}/:id/status`]: {
    scopes: ["publish:training.run_1"],
    way: run("run_1/status"),
    body: () => ({ status: "running" }),
  },
  [`POST ${RUN}/:id/log`]: {
    scopes: ["publish:training.run_1"],
    way: run("run_1/log"),
    body: () => ({ level: "INFO", message: "m" }),
  },
  [`POST ${RUN}/:id/metrics`]: {
    scopes: ["publish:training.run_1"],
    way: run("run_1/metrics"),
    body: () => ({ metrics: { loss: 1 } }),
  },
  [`DELETE ${RUN}/:id`]: { scopes: ["publish:training.gone"], way: run("gone") },
  "POST /api/v1/events": {
    scopes: ["publish:training.run_1"],
    body: () => ({ topic: "training.run_1", type: "log", data: { level: "INFO", message: "m" } }),
  },
  "GET /api/v1/events/stream": {
    scopes: ["subscribe:training.run_1"],
    way: () => "/api/v1/events/stream?topic=training.run_1",
  },
  "GET /api/v1/topics": { scopes: ["subscribe:training.run_1"] },
  "GET /api/v1/topics/:topic": { scopes: ["subscribe:training.run_1"], way: () => "/api/v1/topics/training.run_1" },
  "GET /api/v1/topics/:topic/events": {
    scopes: ["subscribe:training.run_1"],
    way: () => "/api/v1/topics/training.run_1/events",
  },
  "POST /api/v1/tasks/:project/:task/cancel": {
    scopes: ["publish:task.p.t"],
    way: () => "/api/v1/tasks/p/t/cancel",
  },
  "POST /api/v1/workflows/:workflow/:execution/cancel": {
    scopes: ["publish:workflow.w.e"],
    way: () => "/api/v1/workflows/w/e/cancel",
  },
  "POST /api/v1/evaluations/:id/cancel": {
    scopes: ["publish:evaluation.*"],
    way: ({ evaluation }) => `/api/v1/evaluations/${evaluation}/cancel`,
  },
  "POST /api/v1/evaluations": {
    scopes: ["publish:evaluation.*", "predict:gas_turbine"],
    body: () => ({ ensemble_name: "gas_turbine", path: "row.csv" }),
  },
  "GET /api/v1/evaluations": { scopes: ["subscribe:evaluation.*"] },
  "GET /api/v1/evaluations/:id": {
    scopes: ["subscribe:evaluation.*"],
    way: ({ evaluation }) => `/api/v1/evaluations/${evaluation}`,
  },
  "GET /api/v1/evaluations/:id/result": {
    scopes: ["subscribe:evaluation.*"],
    way: ({ evaluation }) => `/api/v1/evaluations/${evaluation}/result`,
  },
  "DELETE /api/v1/evaluations/:id": {
    scopes: ["publish:evaluation.*"],
    way: ({ evaluation }) => `/api/v1/evaluations/${evaluation}`,
  },
};

/** A message over a WebSocket, behind others whose answers do not count. */
interface Message {
  readonly scopes: readonly string[];
  readonly before?: readonly object[];
  readonly data?: object;
}

const CONFIG = { type: "config", data: { ensemble_name: "gas_turbine" } };
const VALUES = { values: [23.5, 1013.2, 77.1, 3.9, 25.5] };
const ROW = "AAC8Qc1MfUQzM5pCmpl5QAAAzEE=";
const TENSOR = { name: "boundary_signals", datatype: "FP32", shape: [1, 5], raw: ROW };

/** By the body's name. */
const MESSAGES: Readonly<Record<string, Message>> = {
  config: { scopes: ["predict:gas_turbine"], data: CONFIG.data },
  predict: { scopes: ["predict:gas_turbine"], before: [CONFIG], data: VALUES },
  predict_batch: { scopes: ["predict:gas_turbine"], before: [CONFIG], data: { matrix: ROW } },
  infer: { scopes: ["predict:gas_turbine"], data: { model: "gas_turbine", inputs: [TENSOR] } },
  subscribe: { scopes: ["subscribe:training.run_1"], data: { topic: "training.run_1" } },
  unsubscribe: { scopes: ANY, data: { topic: "training.run_1" } },
  publish: {
    scopes: ["publish:training.run_1"],
    data: { topic: "training.run_1", type: "log", data: { level: "INFO", message: "m" } },
  },
  cancel_task: { scopes: ["publish:task.p.u"], data: { topic: "task.p.u" } },
  ping: { scopes: ANY, data: {} },
  authenticate: { scopes: ANY },
};

/** Paths for WebSockets, by route; those of the value subscribe by themselves. */
const SOCKETS: Readonly<Record<string, { way?: string; scopes: readonly string[] }>> = {
  "/ws": { scopes: ANY },
  "/api/v1/ws": { scopes: ANY },
  "/api/v1/inference/stream": { scopes: ANY },
  "/api/v1/ws/system": { scopes: ["subscribe:system.*"] },
  "/api/v1/models/training-progress": { scopes: ["subscribe:training.*"] },
  "/api/v1/models/evaluation-progress": { scopes: ["subscribe:evaluation.*"] },
  "/api/v1/ws/training/:experimentId": {
    way: "/api/v1/ws/training/run_1",
    scopes: ["subscribe:training.run_1"],
  },
};

/** Rows of the table: what is tried, what it needs, and what came of it for each caller. */
type Row = readonly [name: string, scopes: string, ...outcomes: string[]];

/** What must be so whatever the table says. */
function checkRules(t: Test, rows: readonly Row[]): void {
  for (const [name, scopes, none = "", wrong = "", expired = "", right = ""] of rows) {
    if (scopes === "–") {
      t.same([none, wrong, expired], [right, right, right], `${name} is the same for everybody`);
      continue;
    }
    t.match(none, /^(401 )?UNAUTHENTICATED/, `${name} without a token`);
    t.match(expired, /^401 UNAUTHENTICATED/, `${name} with an expired one`);
    t.notMatch(right, /UNAUTHENTICATED|PERMISSION_DENIED|^[45](?!09 TASK_FINISHED)/, `${name} with the right one`);
    if (!/any/.test(scopes)) t.match(wrong, /PERMISSION_DENIED|MISSING_ENSEMBLE|less/, `${name} with a wrong scope`);
  }
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((cells) => `| ${cells.join(" | ")} |`);
  const head = "| operation | needs | no token | wrong scope | expired | right |";
  return [head, "|---|---|---|---|---|---|", ...lines].join("\n");
}

/** Methods that no path has of its own. */
const UNLISTED: ReadonlySet<string> = new Set(["HEAD", "OPTIONS"]);

/** Routes as the server registers them, seen from outside. */
class SeenRoutes {
  readonly http = new Set<string>();
  readonly sockets = new Set<string>();
  readonly #listen = (message: unknown): void => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook("onRoute", ({ method, url, ...route }) => {
      if ("wsHandler" in route && route.wsHandler !== undefined) this.sockets.add(url);
      // A list of methods is that of those which a path refuses; a HEAD comes with each GET, and what a page may send is asked by OPTIONS.
      else if (typeof method === "string" && !UNLISTED.has(method)) this.http.add(`${method} ${url}`);
    });
  };

  constructor(t: Test) {
    subscribe("fastify.initialization", this.#listen);
    t.teardown(() => unsubscribe("fastify.initialization", this.#listen));
  }
}

/** What a server says in a frame, as far as it counts. */
interface Told {
  readonly type: string;
  readonly error_code?: string;
}

/** Events, which come when they come. */
const PUSHES: ReadonlySet<string> = new Set(["log", "system_stats"]);

/** A server with something of everything, and the callers. */
class Bench {
  readonly #t: Test;
  readonly #url: string;
  readonly #stage: Stage;

  private constructor(t: Test, url: string, stage: Stage) {
    this.#t = t;
    this.#url = url;
    this.#stage = stage;
  }

  static async open(t: Test): Promise<Bench> {
    const folder = mkdtempSync(join(tmpdir(), "tidewire-security-"));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const dataDir = join(folder, "data");
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, "row.csv"), "AT,AP,AH,AFDP,GTEP\n23.5,1013.2,77.1,3.9,25.5\n");
    const tokenFile = join(folder, "tokens.json");
    writeFileSync(tokenFile, JSON.stringify({ tokens: rowsOfTokens() }));
    const flags = { token: ADMIN, tokenFile, dataDir, eventLog: "memory", authTimeoutMs: "100" };
    const { url } = await serve(t, { models: ["gas_turbine"], flags });
    return new Bench(t, url, await stageOf(t, url));
  }

  async tryOperation(name: string, operation: Operation): Promise<Row> {
    const { scopes } = operation;
    const outcomes: string[] = [];
    for (const caller of CALLERS) outcomes.push(await this.#ask(name, operation, tokenOf(caller, scopes)));
    return [`\`${shown(name)}\``, needsText(scopes), ...outcomes];
  }

  async #ask(name: string, { way, body }: Operation, token: string | undefined): Promise<string> {
    const [method = "", route = ""] = name.split(" ");
    const init = { method, ...(body && { body: JSON.stringify(body(this.#stage)) }) };
    const headers = { accept: "text/html, */*", ...(body && { "content-type": "application/json" }), ...bearer(token) };
    const cut = new AbortController();
    const reply = await fetch(this.#url + (way ? way(this.#stage) : route), { ...init, headers, signal: cut.signal });
    if (reply.headers.get("content-type")?.startsWith("text/event-stream")) {
      cut.abort();
      return `${reply.status}`;
    }
    const text = await reply.text();
    if (reply.status >= 400) return `${reply.status} ${JSON.parse(text).error_code}`;
    const isEmptyList = /^\{(.*,)?"(ensembles|sessions|topics|evaluations)":\[\]/.test(text) && !/"status"/.test(text);
    return isEmptyList ? `${reply.status}, less: nothing of it` : `${reply.status}`;
  }

  async tryMessage(name: string, { scopes, before = [], data }: Message): Promise<Row> {
    const outcomes: string[] = [];
    for (const caller of CALLERS) {
      const token = tokenOf(caller, scopes);
      const frames = [...before, { type: name, data: data ?? { token: token ?? "unknown" } }];
      outcomes.push(await this.#talk("/ws", token, frames, name));
    }
    return [`message \`${name}\``, needsText(scopes), ...outcomes];
  }

  async tryPath(route: string, way: string, scopes: readonly string[]): Promise<Row> {
    const outcomes: string[] = [];
    // A path that greets does so by itself; on one that does not, a ping shows that it is open.
    const frames = scopes === ANY ? [{ type: "ping" }] : [];
    for (const caller of CALLERS) {
      const token = tokenOf(caller, scopes);
      outcomes.push(await this.#talk(way, token, token === undefined ? [] : frames, "ping"));
    }
    return [`WebSocket \`${shown(route)}\``, needsText(scopes), ...outcomes];
  }

  /** What is said to the last of some frames, and the code of a close that follows. */
  async #talk(way: string, token: string | undefined, frames: readonly object[], last: string): Promise<string> {
    const socket = new WebSocket(this.#url.replace("http", "ws") + way, "tidewire.v1.json", { headers: bearer(token) });
    this.#t.teardown(() => socket.terminate());
    const told: Told[] = [];
    /** What is said of the frames before the last: nothing of it counts, unless nothing follows. */
    const others: Told[] = [];
    const done = new Promise<string>((resolve) => {
      const text = () => (told.length > 0 ? told : others).map(({ error_code, type }) => error_code ?? type).join(", ");
      socket.on("unexpected-response", (_, { statusCode }) => resolve(`${statusCode} UNAUTHENTICATED`));
      socket.on("close", (code) => resolve(`${text()}, close ${code}`));
      socket.on("error", () => undefined);
      socket.on("message", (message: Buffer) => {
        const frame = JSON.parse(String(message));
        if (PUSHES.has(frame.type)) return;
        ((frame.id ?? frames.length) === frames.length ? told : others).push(frame);
        // An error may be followed by a close; a ping tells that it is not.
        if (told.length === 1 && frame.type !== "pong") socket.send('{"type":"ping","id":999}');
        if (frame.id === 999 || (frame.type === "pong" && last === "ping" && told.length === 1)) resolve(text());
      });
    });
    socket.on("open", () => {
      for (const [i, frame] of frames.entries()) socket.send(JSON.stringify({ ...frame, id: i + 1 }));
    });
    const outcome = await done;
    socket.terminate();
    return outcome;
  }
}

async function stageOf(t: Test, url: string): Promise<Stage> {
  const call = async (method: string, way: string, body?: object) => {
    const headers = { ...bearer(ADMIN), ...(body && { "content-type": "application/json" }) };
    const reply = await fetch(`${url}/api/v1${way}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return (await reply.json()) as { id: string; status: string };
  };
  for (const experiment_id of ["run_1", "gone"]) await call("POST", "/training/logs/session", { experiment_id });
  const begun = ["task.p.t", "task.p.u"].map((topic) => ({ topic, type: "task_started", data: {} }));
  await call("POST", "/events", [...begun, { topic: "workflow.w.e", type: "workflow_execution_started", data: {} }]);
  const { id } = await call("POST", "/evaluations", { ensemble_name: "gas_turbine", path: "row.csv" });
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, "tidewire.v1.json", { headers: bearer(ADMIN) });
  t.teardown(() => socket.terminate());
  await once(socket, "open");
  socket.send(JSON.stringify({ ...CONFIG, id: 1 }));
  const [ack] = await once(socket, "message");
  socket.send(JSON.stringify({ type: "predict", id: 2, data: VALUES }));
  await once(socket, "message");
  for (;;) {
    const { status } = await call("GET", `/evaluations/${id}`);
    if (status === "completed") break;
    t.match(status, /queued|running/);
  }
  return { sessionId: JSON.parse(String(ack)).session_id, evaluation: id };
}

// ---- tokens ----

/** The name of a token that has just these scopes. */
const rightToken = (scopes: readonly string[]): string => `right-${scopes.join("+")}`;

function rowsOfTokens(): object[] {
  const tried = [...Object.values(OPERATIONS), ...Object.values(MESSAGES), ...Object.values(SOCKETS)];
  const rights = new Map(
    tried.filter(({ scopes }) => scopes.length > 0).map(({ scopes }) => [rightToken(scopes), scopes]),
  );
  const row = (token: string, scopes: readonly string[], more: object = {}) => {
    return { name: token.slice(0, 128), sha256: digestOf(token).toString("hex"), scopes, ...more };
  };
  const expired = row(EXPIRED, ["admin"], { expires_at: "2020-01-01T00:00:00Z" });
  return [row(WRONG, WRONG_SCOPES), expired, ...[...rights].map(([token, scopes]) => row(token, scopes))];
}

function tokenOf(caller: Caller, scopes: readonly string[]): string | undefined {
  if (caller === "none") return undefined;
  if (caller === "wrong") return WRONG;
  if (caller === "expired") return EXPIRED;
  return scopes.length === 0 ? WRONG : rightToken(scopes);
}

const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

/** A route as people write it, with what its scopes name instead of the test's own ids. */
const shown = (route: string): string => route.replace(/:(\w+)/g, "{$1}");

function needsText(scopes: readonly string[]): string {
  if (scopes.length === 0) return "–";
  if (scopes === ANY) return "any token";
  return scopes.map((scope) => `\`${scope}\``).join(" and ");
}

// ---- the document ----

t.test("every operation, every message and every path does what the table says, for every caller", async (t) => {
  const seen = new SeenRoutes(t);
  const bench = await Bench.open(t);
  t.same(Object.keys(OPERATIONS).sort(), [...seen.http].sort(), "every route has a row, and every row a route");
  t.same(Object.keys(SOCKETS).sort(), [...seen.sockets].sort(), "every path of WebSockets too");
  t.same(Object.keys(MESSAGES).sort(), [...planOf("ClientFrame").cases.keys()].sort(), "and every message");
  const rows: Row[] = [];
  for (const [name, operation] of Object.entries(OPERATIONS)) rows.push(await bench.tryOperation(name, operation));
  for (const [name, message] of Object.entries(MESSAGES)) rows.push(await bench.tryMessage(name, message));
  for (const [route, { way = route, scopes }] of Object.entries(SOCKETS))
    rows.push(await bench.tryPath(route, way, scopes));
  checkRules(t, rows);
  const table = tableOf(rows);
  const [before = "", rest = ""] = document.split(BEGIN);
  const [shown = "", after = ""] = rest.split(END);
  if (process.env.UPDATE) return writeFileSync(path, `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);
  t.equal(shown.trim(), table, "run this test with UPDATE=1 to write the table, and read it");
});

t.test("every scope, setting and row of a token file that the document shows is one", async (t) => {
  const scopes = [...document.matchAll(/`((?:predict|subscribe|publish|monitor|admin)(?::[^`<{]+)?)`/g)];
  for (const [, scope = ""] of scopes) t.doesNotThrow(() => parseScope(scope), scope);
  const variables = new Set(
    Object.keys(SETTINGS).map((key) => `TIDEWIRE_${key.replace(/[A-Z]/g, "_$&").toUpperCase()}`),
  );
  for (const [name] of document.matchAll(/TIDEWIRE_\w+/g)) t.ok(variables.has(name), name);
  const flags = new Set(Object.keys(SETTINGS).map((key) => `--${key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`));
  for (const [, flag = ""] of document.matchAll(/tidewire serve[^\n`]*?(--[a-z-]+)/g)) t.ok(flags.has(flag), flag);
});

t.test("every `tidewire token` of the document makes a token", async (t) => {
  const folder = t.testdir({});
  const commands = [...document.matchAll(/^npx tidewire token (.*)$/gm)].map(([, words = ""]) => words);
  t.ok(commands.length >= 2);
  for (const words of commands) {
    const args = words
      .split(" ")
      .map((word) => word.replaceAll("'", "").replace(/^tokens\.json$/, join(folder, "tokens.json")));
    const { status, stdout, stderr } = commandLine(t, ["token", ...args], {}, false);
    t.equal(await status, undefined, `${words}: ${stderr.text}`);
    t.match(stdout.text, /^[\w-]{43}\n$/);
  }
});
