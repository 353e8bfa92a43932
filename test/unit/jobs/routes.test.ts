// The HTTP routes of evaluations, on a real socket.

import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { mock } from "node:test";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { type Test, test } from "tap";
import type { Authenticator } from "../../../src/access/access.js";
import { Grant } from "../../../src/access/grant.js";
import { GrantWatch } from "../../../src/access/grant-watch.js";
import { parseScope } from "../../../src/access/scopes.js";
import { createApp } from "../../../src/http/app.js";
import { registerEvaluations } from "../../../src/http/evaluations.js";
import { PUBLIC } from "../../../src/http/guard.js";
import { withMethodsRefused } from "../../../src/http/methods.js";
import { OPEN_ACCESS } from "../../support/access.js";
import { UNBOUNDED, WELCOME } from "../../support/admission.js";
import {
  type Bench,
  type BenchOptions,
  bench,
  COMPLETED,
  filesOf,
  HeldExecutor,
  heldEnsemble,
  Moment,
  oneModel,
  RUNNING,
} from "./support.js";

const PATH = "/api/v1/evaluations";
const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Served extends Bench {
  readonly url: string;
  readonly port: number;
  readonly app: FastifyInstance;
}

async function serve(t: Test, options: BenchOptions = {}, authenticator: Authenticator = OPEN_ACCESS): Promise<Served> {
  const it = await bench(t, options);
  const app = createApp({ ...UNBOUNDED, maxBodyBytes: 10_000 }, pino({ level: "silent" }), {
    ...WELCOME,
    authenticator,
  });
  t.teardown(() => app.close());
  withMethodsRefused(app, () => {
    registerEvaluations(app, { ...it, grants: authenticator.watch });
    app.post("/other", PUBLIC, (_, reply) => reply.send({}));
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = app.server.address() as AddressInfo;
  return { ...it, app, port, url: `http://127.0.0.1:${port}` };
}

/** What replies hold that is looked at by name. */
interface ReplyJson {
  readonly id: string;
  readonly topic: string;
  readonly error_code?: string;
  readonly quality: Readonly<Record<string, object>>;
}

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  readonly json: ReplyJson;
}

async function ask(url: string, init: RequestInit = {}): Promise<Reply> {
  const reply = await fetch(url, init);
  const body = await reply.text();
  const isJson = reply.headers.get("content-type")?.startsWith("application/json");
  return { status: reply.status, headers: reply.headers, body, json: isJson ? JSON.parse(body) : undefined };
}

const postJson = (url: string, body: unknown): Promise<Reply> =>
  ask(url + PATH, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** A form of texts and one file, in the order given. */
function form(parts: readonly (readonly [string, string | Blob])[]): FormData {
  const data = new FormData();
  for (const [name, value] of parts) {
    if (typeof value === "string") data.append(name, value);
    else data.append(name, value, "rows of märz.csv");
  }
  return data;
}

/** A form's request line and headers, and the beginning of its file. */
const head = (headers: string): string =>
  `POST ${PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=x\r\n${headers}\r\n\r\n`;
const PART = '--x\r\ncontent-disposition: form-data; name="file"; filename="x.csv"\r\n\r\n';

const csv = (content: string): Blob => new Blob([content], { type: "text/csv" });

test("a file of the data directory: asked for, looked at, fetched, removed", async (t) => {
  const it = await serve(t);
  it.put("in/rows.csv", "a,b,y\n1,2,3\n4,5,10\n");
  const asked = await postJson(it.url, { ensemble_name: "held", path: "in/rows.csv" });
  t.equal(asked.status, 202);
  t.match(asked.json, {
    status: /queued|running|completed/,
    ensemble_name: "held",
    path: "in/rows.csv",
    input_bytes: 19,
  });
  t.equal(asked.json.topic, `evaluation.${asked.json.id}`);
  const url = it.url + asked.headers.get("location");
  await it.book.end(asked.json.topic);

  const told = (await ask(url)).json;
  t.match(told, { status: "completed", progress: 100, rows: 2, rows_skipped: 0, message: "2 rows predicted" });
  t.match(told.quality.y, { rows: 2, mae: 0.5, rmse: Math.SQRT1_2, r2: 1 - 1 / 24.5, boosted: false });
  t.match(told, { created_at: /Z$/, started_at: /Z$/, finished_at: /Z$/, model_sha256: /^0{64}$/ });
  t.notOk("error" in told);
  const list = await ask(it.url + PATH);
  t.same(list.json, { evaluations: [told] });

  const result = await ask(`${url}/result`);
  t.equal(result.body, "row,a,b,y,predicted_y\r\n1,1,2,3,3\r\n2,4,5,10,9\r\n");
  t.match(result.headers.get("content-type"), "text/csv");
  t.equal(result.headers.get("content-disposition"), `attachment; filename="evaluation_${told.id}.csv"`);
  t.equal(result.headers.get("content-length"), String(result.body.length));

  const removed = await ask(url, { method: "DELETE" });
  t.same([removed.status, removed.body], [204, ""]);
  for (const [path, method] of [
    [url, "GET"],
    [`${url}/result`, "GET"],
    [url, "DELETE"],
  ] as const) {
    const gone = await ask(path, { method });
    t.same([gone.status, gone.json.error_code], [404, "TASK_NOT_FOUND"]);
  }
});

test("a file sent as a form, its fields before or after it", async (t) => {
  const it = await serve(t);
  const file = ["file", csv("when,a,b\n08:00,1,2\n")] as const;
  const fields = [
    ["ensemble_name", "held"],
    ["manual_boost_signals", '{"y":true}'],
    ["include_readings", "false"],
    ["time_column", "when"],
    ["note", "unknown fields are ignored"],
  ] as const;
  for (const parts of [
    [...fields, file],
    [file, ...fields],
    [...fields.slice(0, 2), file, ...fields.slice(2)],
  ]) {
    const asked = await ask(it.url + PATH, { method: "POST", body: form(parts) });
    t.equal(asked.status, 202, asked.body);
    t.match(asked.json, { file_name: "rows of märz.csv", input_bytes: 19, signals_used_boost: [] });
    t.notOk("path" in asked.json);
    t.equal(await it.book.end(asked.json.topic), COMPLETED);
    const result = await ask(`${it.url}${PATH}/${asked.json.id}/result`);
    t.equal(result.body, "row,when,predicted_y\r\n1,08:00,3\r\n");
  }
});

test("what is wrong with a request is said by code, and leaves nothing behind", async (t) => {
  const it = await serve(t, { limits: { maxUploadBytes: 1000 } });
  const held = ["ensemble_name", "held"] as const;
  const file = ["file", csv("a,b\n1,2\n")] as const;
  const post = (parts: readonly (readonly [string, string | Blob])[]) =>
    ask(it.url + PATH, { method: "POST", body: form(parts) });
  for (const [reply, status, code, message] of [
    [await postJson(it.url, {}), 400, "MISSING_ENSEMBLE|INVALID_MESSAGE", /ensemble_name|path/],
    [await postJson(it.url, { ensemble_name: "held" }), 400, "INVALID_MESSAGE", /path is missing/],
    [await postJson(it.url, { ensemble_name: "held", path: 5 }), 400, "INVALID_MESSAGE", /path/],
    [await postJson(it.url, { ensemble_name: "held", path: "../x" }), 400, "INVALID_PATH", /path/],
    [await postJson(it.url, { ensemble_name: "nobody", path: "x" }), 404, "ENSEMBLE_NOT_FOUND", /nobody/],
    [await postJson(it.url, [1]), 400, "INVALID_MESSAGE", /object/],
    [await post([file]), 400, "MISSING_ENSEMBLE", /ensemble_name/],
    [await post([held]), 400, "INVALID_MESSAGE", /file is missing/],
    [await post([held, file, file]), 400, "INVALID_MESSAGE", /one is expected/],
    [await post([held, ["data", csv("a,b\n")]]), 400, "INVALID_MESSAGE", /not in "data"/],
    [await post([held, ["path", "x.csv"], file]), 400, "INVALID_MESSAGE", /not both/],
    [await post([held, file, ["manual_boost_signals", "{y}"]]), 400, "INVALID_JSON", /manual_boost_signals/],
    [await post([held, file, ["include_readings", "yes"]]), 400, "INVALID_JSON", /include_readings/],
    [await post([held, file, ["include_readings", "1"]]), 400, "INVALID_MESSAGE", /include_readings/],
    [await post([held, ["file", csv("a,c\n1,2\n")]]), 400, "MISSING_SIGNALS", /'b'/],
    [await post([held, ["file", csv("a,b\n".padEnd(1001, "1,2\n"))]]), 413, "FRAME_TOO_LARGE", /1000/],
    [await post(Array.from({ length: 40 }, (_, i) => [`f${i}`, "x"] as const)), 400, "INVALID_MESSAGE", /form/],
    [
      await ask(it.url + PATH, {
        method: "POST",
        headers: { "content-type": "multipart/form-data; boundary=x" },
        body: "--x\r\nnonsense",
      }),
      400,
      "INVALID_MESSAGE",
      /form/,
    ],
    [
      await ask(it.url + PATH, { method: "POST", headers: { "content-type": "multipart/form-data" }, body: "--x\r\n" }),
      400,
      "INVALID_MESSAGE",
      /form/,
    ],
    [
      await ask(it.url + PATH, { method: "POST", headers: { "content-type": "text/csv" }, body: "a,b\n" }),
      415,
      "INVALID_MESSAGE",
      /./,
    ],
    [await ask(`${it.url}/other`, { method: "POST", body: form([file]) }), 415, "INVALID_MESSAGE", /./],
    [await ask(`${it.url}${PATH}/x`, { method: "PUT" }), 405, "INVALID_MESSAGE", /GET, HEAD, DELETE/],
    [await ask(`${it.url}${PATH}`, { method: "DELETE" }), 405, "INVALID_MESSAGE", /GET, HEAD, POST/],
  ] as const) {
    t.equal(reply.status, status, reply.body);
    t.match(reply.json, { error_code: new RegExp(`^(${code})$`), message });
  }
  t.same([filesOf(it, "") ?? [], it.evaluations.list()], [[], []]);
});

test("an upload beyond the limit is refused before or while it comes", async (t) => {
  const it = await serve(t, { limits: { maxUploadBytes: 200_000 } });
  const announced = connect(it.port, "127.0.0.1");
  announced.write(head("content-length: 999999999"));
  t.match(await text(announced), /^HTTP\/1.1 413 [\s\S]*FRAME_TOO_LARGE/);

  const chunked = connect(it.port, "127.0.0.1");
  const answer = text(chunked);
  chunked.write(head("transfer-encoding: chunked"));
  const chunk = (content: string) => `${content.length.toString(16)}\r\n${content}\r\n`;
  chunked.write(chunk(PART));
  for (let i = 0; i < 4; i += 1) chunked.write(chunk("1,2\n".repeat(16_000)));
  t.match(await answer, /^HTTP\/1.1 413 [\s\S]*FRAME_TOO_LARGE/);
  t.same(filesOf(it, ""), []);
});

for (const when of ["before its file", "in the middle of its file"]) {
  test(`a client that goes away ${when} leaves nothing behind and frees its place`, async (t) => {
    const it = await serve(t, { limits: { maxEvaluations: 1, maxQueuedEvaluations: 0 } });
    const cut = new Moment();
    const [received, gone] = [new Moment(), new Moment()];
    const { evaluations } = it;
    const receive = evaluations.receive.bind(evaluations);
    evaluations.receive = async () => {
      const upload = await receive();
      const dispose = upload[Symbol.asyncDispose].bind(upload);
      upload[Symbol.asyncDispose] = () => dispose().finally(() => gone.resolve());
      received.resolve();
      if (when === "before its file") await cut.promise;
      return upload;
    };
    it.app.server.once("connection", (socket) => socket.once("close", () => setImmediate(() => cut.resolve())));
    const socket = connect(it.port, "127.0.0.1");
    socket.write(head("content-length: 100000"));
    socket.write(`${PART}a,b\n1,2\n`);
    await received.promise;
    const body = { ensemble_name: "held", path: it.put("rows.csv", "a,b\n1,2\n") };
    const refused = await postJson(it.url, body);
    t.match(refused, { status: 503, json: { error_code: "OVERLOADED" } });
    t.equal(refused.headers.get("retry-after"), "5");
    socket.destroy();
    await gone.promise;
    t.same(filesOf(it, ""), []);
    const asked = await postJson(it.url, body);
    t.equal(asked.status, 202);
    await it.book.end(asked.json.topic);
  });
}

/** An upload that has begun, and the server's end of its connection. */
async function uploading(it: Served, headers = "content-length: 10000000"): Promise<[client: Socket, server: Socket]> {
  const client = connect(it.port, "127.0.0.1");
  client.on("error", () => {}); // a connection that is cut
  const [server] = (await once(it.app.server, "connection")) as [Socket];
  client.write(head(headers) + PART);
  while (filesOf(it, "")?.length !== 1) await immediate();
  return [client, server];
}

test("an upload that comes too slowly is cut and frees its place; one that keeps pace goes on", async (t) => {
  mock.timers.enable({ apis: ["setInterval"] });
  t.teardown(() => mock.timers.reset());
  const it = await serve(t, { limits: { maxEvaluations: 1, maxQueuedEvaluations: 0 } });
  const [client, server] = await uploading(it);
  const cut = once(client, "close");
  for (let look = 1; look <= 3; look += 1) {
    client.write("x".repeat(256 * 1024));
    while (server.bytesRead < look * 256 * 1024) await immediate();
    mock.timers.tick(30_000);
    t.notOk(server.destroyed, "256 KiB in each 30 s are enough");
  }
  const arrived = server.bytesRead;
  client.write("x".repeat(100));
  while (server.bytesRead === arrived) await immediate();
  mock.timers.tick(30_000);
  await cut;
  while (filesOf(it, "")?.length !== 0) await immediate();
  const body = { ensemble_name: "held", path: it.put("rows.csv", "a,b\n1,2\n") };
  t.equal((await postJson(it.url, body)).status, 202, "the place is free");
});

/** A server on which everybody has the same grant, and an upload there. */
async function granted(t: Test, scopes: Grant["scopes"], expiresAtMs?: number) {
  const grant = new Grant({ subject: "s", scopes, expiresAtMs });
  const watch = new GrantWatch();
  const it = await serve(t, {}, { isOpen: false, watch, authenticate: async () => grant });
  return { it, grant, watch };
}
const BEARER = "authorization: Bearer x\r\ncontent-length: 10000000";
const STARTS = ["publish", "predict"].map(parseScope);

test("an upload ends with the grant of whoever sends it", async (t) => {
  const { it, grant, watch } = await granted(t, STARTS);
  const [client] = await uploading(it, BEARER);
  client.write("a,b\n");
  grant.revoke();
  watch.look(Date.now());
  t.match(await text(client), /^HTTP\/1.1 401 [\s\S]*UNAUTHENTICATED[\s\S]*no longer valid/);
  t.same(filesOf(it, ""), []);
});

test("a grant that ended while the form was read starts nothing", async (t) => {
  const { it, grant } = await granted(t, STARTS);
  const { evaluations } = it;
  const receive = evaluations.receive.bind(evaluations);
  evaluations.receive = async () => {
    const upload = await receive();
    const write = upload.write.bind(upload);
    upload.write = (file) => write(file).then(() => grant.revoke());
    return upload;
  };
  const body = form([
    ["ensemble_name", "held"],
    ["file", csv("a,b\n1,2\n")],
  ]);
  const refused = await ask(it.url + PATH, { method: "POST", body, headers: { authorization: "Bearer x" } });
  t.match(refused, { status: 401, json: { error_code: "UNAUTHENTICATED" } });
  t.same([filesOf(it, ""), evaluations.list()], [[], []]);
});

test("an ensemble that is not the client's is refused before the file is read", async (t) => {
  const { it } = await granted(t, [parseScope("publish")]);
  const client = connect(it.port, "127.0.0.1");
  const name = `--x\r\ncontent-disposition: form-data; name="ensemble_name"\r\n\r\nheld\r\n`;
  client.write(`${head(BEARER)}${name}${PART}a`);
  t.match(await text(client), /^HTTP\/1.1 403 [\s\S]*PERMISSION_DENIED[\s\S]*predict:held/);
  t.same(filesOf(it, ""), []);
});

test("an evaluation under way has no result yet", async (t) => {
  const executor = new HeldExecutor();
  const it = await serve(t, { models: oneModel(heldEnsemble(executor)) });
  const asked = await postJson(it.url, { ensemble_name: "held", path: it.put("rows.csv", "a,b\n1,2\n") });
  await it.book.status(asked.json.topic, RUNNING);
  const url = `${it.url}${PATH}/${asked.json.id}`;
  t.match(await ask(`${url}/result`), {
    status: 409,
    json: { error_code: "INVALID_TRANSITION", message: asked.json.topic },
  });
  t.match((await ask(url)).json, { status: "running", rows: 0 });
  t.equal((await ask(url, { method: "DELETE" })).status, 204);
  executor.free();
});
