// The OpenAPI document is true: it has every route and no other, every example happens as shown, every operation is
// refused with each of its errors, and no reply is one that it does not have.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import type { FastifyInstance } from "fastify";
import { type Test, test } from "tap";
import { OPERATIONS } from "../../src/docs/operations/all.js";
import { RECORDED } from "../../src/docs/recorded.js";
import { codeOf, linesModule, parseLines, type Recording } from "../../src/docs/recording.js";
import { ERRORS } from "../../src/errors.js";
import { openApiPath } from "../../src/http/route-table.js";
import type { JsonObject, JsonValue } from "../../src/wire/json.js";
import { config, predict } from "../integration/support/frames.js";
import { Peer } from "../integration/support/peer.js";
import { StreamReader } from "../integration/support/rest.js";
import { serve } from "../integration/support/serve.js";
import { Documented, type DocumentedOperation, HttpClient, type HttpReply, pathWith } from "../support/documented.js";
import { playAll, type Scene, type Stage } from "./scenes.js";

const path = new URL("../../src/docs/recorded.ts", import.meta.url);
const COMMENT =
  "// Written by test/docs/openapi.test.ts with UPDATE=1: requests of a real server, and its replies. DO NOT EDIT.";
/** Small, so that a body beyond it is quickly sent. */
const MAX_BODY_BYTES = 64 * 1024;
const TOKEN = "a-token-of-at-least-sixteen";
/** Lines of a text that an example shows. */
const SHOWN_LINES = 6;
/** Codes that take a token, a crowd, a full disk, or the end of the server: other tests have them. */
const UNPROVOKED = new Set([
  "INTERNAL_ERROR",
  "OVERLOADED",
  "RATE_LIMITED",
  "TOO_MANY_REQUESTS",
  "SHUTTING_DOWN",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
]);
/** Codes that an operation has only while a run of the same name is being removed. */
const RACES = new Set(["SESSION_EXISTS", "TOPIC_NOT_FOUND"]);

/** What a server without tokens that is well does not reply. */
const ELSEWHERE = new Set(["healthReady 503 ", "createToken 201 "]);

/** Routes as an app registers them, seen from outside it. */
class SeenRoutes {
  readonly names = new Set<string>();
  readonly #listen = (message: unknown): void => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook("onRoute", ({ method, url, config, ...route }) => {
      if (config?.isUndescribed || "wsHandler" in route) return;
      for (const name of [method].flat())
        if (name !== "HEAD" && name !== "OPTIONS") this.names.add(`${name} ${openApiPath(url)}`);
    });
  };

  constructor(t: Test) {
    subscribe("fastify.initialization", this.#listen);
    t.teardown(() => unsubscribe("fastify.initialization", this.#listen));
  }
}

test("the document is valid, and has every route of the server and no other", async (t) => {
  const seen = new SeenRoutes(t);
  const { url } = await serve(t, { models: [], flags: { eventLog: "memory" } });
  using client = new HttpClient(url);
  const documented = await Documented.fetch(client);
  const { valid, errors } = await new Validator().validate(structuredClone(documented.root));
  t.ok(valid, JSON.stringify(errors));
  const names = [...documented.operations.values()].map((operation) => `${operation.method} ${operation.path}`);
  t.same(names.sort(), [...seen.names].sort(), "the routes are documented");
  t.same(Object.keys(OPERATIONS).sort(), [...seen.names].sort(), "the operations are routes");
  t.same(
    [...seen.names].filter((name) => !/^(GET|POST|PUT|PATCH|DELETE) /.test(name)),
    [],
  );
});

test("every operation does what the document says, and is refused with each of its errors", async (t) => {
  const dataDir = join(t.testdir({}), "data");
  const { url } = await serve(t, {
    models: ["gas_turbine"],
    flags: { eventLog: "memory", dataDir, maxBodyBytes: String(MAX_BODY_BYTES) },
  });
  using client = new HttpClient(url);
  const documented = await Documented.fetch(client);
  const theatre = new Theatre(t, url, client, documented);
  await playAll((id, scene) => theatre.play(id, scene), await stageOf(t, url, dataDir));
  for (const operation of documented.operations.values()) await theatre.playCommonErrors(operation);
  for (const operation of documented.operations.values())
    t.same(theatre.missing(operation), [], `${operation.id}: every status and code has happened`);
  if (process.env.UPDATE) return writeFileSync(path, linesModule("RECORDED", COMMENT, theatre.recordings));
  const recorded = parseLines<Recording>(RECORDED);
  t.same(recorded.map(formOf), theatre.recordings.map(formOf), "run this test with UPDATE=1 to write the examples");
  t.match(readFileSync(path, "utf8"), "DO NOT EDIT");
});

test("a server with tokens refuses everybody else exactly where the document asks for one", async (t) => {
  const flags = { eventLog: "memory", token: TOKEN, allowedOrigins: "https://board.example" };
  const { url } = await serve(t, { models: [], flags });
  using client = new HttpClient(url);
  const documented = await Documented.fetch(client);
  for (const operation of documented.operations.values()) {
    const { method, path: template, security, id } = operation;
    const names = Object.fromEntries(operation.parameters.map(({ name }) => [name, "x"]));
    const reply = await client.ask({ method, path: pathWith(template, names) });
    t.equal(reply.status === 401, security.length > 0, `${id}: ${reply.status}`);
    t.same(documented.faults(operation, reply), []);
  }
  const mint = documented.operation("createToken");
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const body = JSON.stringify({ scopes: ["subscribe:training.*"], ttl_seconds: 60 });
  const minted = await client.ask({ method: mint.method, path: mint.path, headers, body });
  t.equal(minted.status, 201);
  t.same(documented.faults(mint, minted), []);
  const weak = { authorization: `Bearer ${JSON.parse(minted.text).token}` };
  const stats = documented.operation("metrics");
  const refused = await client.ask({ method: stats.method, path: stats.path, headers: weak });
  t.equal(refused.status, 403);
  t.same(documented.faults(stats, refused), []);
});

async function stageOf(t: Test, url: string, dataDir: string): Promise<Stage> {
  const peer = await Peer.connect(t, url, "json");
  const ack = await peer.ask(config("gas_turbine"));
  await peer.ask(predict({ values: [23.5, 1013.2, 77.1, 3.9, 25.5] }));
  mkdirSync(dataDir, { recursive: true });
  const header = "AT,AP,AH,AFDP,GTEP,TEY";
  const files = {
    row: `${header}\n23.5,1013.2,77.1,3.9,25.5,134.2\n`,
    empty: `${header}\n`,
    narrow: "AT,AP\n23.5,1013.2\n",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dataDir, `${name}.csv`), text);
  return {
    sessionId: ack.$case === "configAck" ? ack.value.sessionId : "",
    csv: { row: "row.csv", empty: "empty.csv", narrow: "narrow.csv" },
    ended: (id) => ended(t, url, id),
  };
}

async function ended(t: Test, url: string, id: string): Promise<void> {
  const stream = await StreamReader.open(t, url, `topic=evaluation.${id}&snapshot=true`);
  for (let message = await stream.next(); message; message = await stream.next()) {
    const { status, state } = (message.frame.data ?? {}) as { status?: string; state?: { status?: string } };
    if (/completed|failed|stopped/.test(status ?? state?.status ?? "")) return stream.cut();
  }
}

/** Plays scenes against the document, and keeps what has happened. */
class Theatre {
  readonly recordings: Recording[] = [];
  readonly #t: Test;
  readonly #url: string;
  readonly #client: HttpClient;
  readonly #documented: Documented;
  /** `operation status code`, the code empty where the reply is none. */
  readonly #happened = new Set<string>();

  constructor(t: Test, url: string, client: HttpClient, documented: Documented) {
    this.#t = t;
    this.#url = url;
    this.#client = client;
    this.#documented = documented;
  }

  async play(id: string, scene: Scene): Promise<JsonObject> {
    const operation = this.#documented.operation(id);
    const status = scene.status ?? (scene.code ? ERRORS[scene.code].httpStatus : 200);
    const reply = scene.form ? await this.#send(operation, scene.form) : await this.#ask(operation, scene);
    this.#check(operation, reply, status, scene.code);
    const json = reply.type.startsWith("application/json") ? JSON.parse(reply.text) : {};
    // No example repeats the documents or the whole schema.
    if (operation.path.startsWith("/docs") || id === "schema" || scene.form) return json;
    this.#record({
      operation: id,
      ...(scene.path && { path: scene.path }),
      ...(scene.query && { query: scene.query }),
      ...(scene.type !== undefined && { type: scene.type }),
      ...(scene.body !== undefined && { body: scene.body }),
      status,
      ...(reply.text !== "" && { reply: shown(reply) }),
    });
    return json;
  }

  /** What is refused before a route sees it. */
  async playCommonErrors(operation: DocumentedOperation): Promise<void> {
    const { method, path } = operation;
    const names = Object.fromEntries([...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => [name, "x"]));
    const full = pathWith(path, names);
    const json = { "content-type": "application/json" };
    if (path.includes("{")) {
      const [before = ""] = path.split("{");
      this.#check(
        operation,
        await this.#client.ask({ method, path: full.replace(`${before}x`, `${before}%zz`) }),
        400,
        "INVALID_MESSAGE",
      );
      const long = full.replace(`${before}x`, `${before}${"x".repeat(2000)}`);
      if (!operation.path.endsWith("/schema/{path}"))
        this.#check(operation, await this.#client.ask({ method, path: long }), 404, "NOT_FOUND");
    }
    if (method === "GET") return;
    this.#check(
      operation,
      await this.#client.ask({ method, path: full, headers: json, body: "{" }),
      400,
      "INVALID_JSON",
    );
    const text = { "content-type": "text/plain" };
    this.#check(
      operation,
      await this.#client.ask({ method, path: full, headers: text, body: "hello" }),
      415,
      "INVALID_MESSAGE",
    );
    const large = `"${"x".repeat(MAX_BODY_BYTES)}"`;
    this.#check(
      operation,
      await this.#client.ask({ method, path: full, headers: json, body: large }),
      413,
      "FRAME_TOO_LARGE",
    );
  }

  /** Statuses and codes that the document has, and that have not happened though they could. */
  missing({ id, responses }: DocumentedOperation): string[] {
    return Object.entries(responses).flatMap(([status, { content }]) => {
      const codes = codesOf(content?.["application/json"]?.schema);
      const open = codes.filter((code) => !UNPROVOKED.has(code) && !(RACES.has(code) && this.#hasRaces(id)));
      if (codes.length > 0 && open.length === 0) return [];
      const wanted = codes.length === 0 ? [`${id} ${status} `] : open.map((code) => `${id} ${status} ${code}`);
      return wanted.filter((name) => !ELSEWHERE.has(name) && !this.#happened.has(name));
    });
  }

  #hasRaces(id: string): boolean {
    return !["createRun", "describeTopic", "readEvents"].includes(id);
  }

  #ask(
    { method, path }: DocumentedOperation,
    { path: names, query, headers = {}, type, body }: Scene,
  ): Promise<HttpReply> {
    const isText = type !== undefined;
    const sent = body === undefined ? undefined : isText ? String(body) : JSON.stringify(body);
    const contentType = body === undefined ? {} : { "content-type": type ?? "application/json" };
    return this.#client.ask({
      method,
      path: pathWith(path, names, query),
      headers: { ...headers, ...contentType },
      body: sent,
    });
  }

  async #send({ method, path }: DocumentedOperation, form: FormData): Promise<HttpReply> {
    const reply = await fetch(this.#url + path, { method, body: form });
    return { status: reply.status, type: reply.headers.get("content-type") ?? "", text: await reply.text() };
  }

  #check(operation: DocumentedOperation, reply: HttpReply, status: number, code = ""): void {
    const json: JsonObject = reply.type.startsWith("application/json") ? JSON.parse(reply.text) : {};
    this.#t.same(
      { status: reply.status, code: json.error_code ?? "" },
      { status, code },
      `${operation.id} ${status} ${code} ${reply.text.slice(0, 200)}`,
    );
    this.#t.same(this.#documented.faults(operation, reply), []);
    this.#happened.add(`${operation.id} ${status} ${code}`);
  }

  /** Keeps one recording an error, and every one of a success. */
  #record(recording: Recording): void {
    const code = codeOf(recording);
    const isKnown = this.recordings.some((each) => each.operation === recording.operation && codeOf(each) === code);
    if (code === undefined || !isKnown) this.recordings.push(recording);
  }
}

/** The codes that a response's schema allows; none where it is no error. */
function codesOf(schema: JsonObject | undefined): string[] {
  const { error_code: code } = (schema?.properties ?? {}) as { error_code?: { enum?: string[] } };
  return code?.enum ?? [];
}

function shown({ type, text }: HttpReply): JsonValue {
  if (type.startsWith("application/json")) return JSON.parse(text);
  return text.split("\n").slice(0, SHOWN_LINES).join("\n");
}

/** A recording without what differs from run to run: what was asked, and what the reply has. Schemas say the rest. */
function formOf({ reply, path: names, body, ...asked }: Recording): unknown {
  return { ...asked, path: namesOf(names), body: namesOf(body), reply: namesOf(reply) };
}

function namesOf(value: unknown): unknown {
  return typeof value === "object" && value !== null ? Object.keys(value).sort() : typeof value;
}
