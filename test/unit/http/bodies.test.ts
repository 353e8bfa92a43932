// Bodies as attackers and careless scripts write them, at every route that takes one.
import { type Test, test } from "tap";
import { inMemory, MemoryTopics, serveRoutes } from "./memory.js";

const LOGS = "/api/v1/training/logs";
const JSON_TYPE = "application/json";
const LINES_TYPE = "application/x-ndjson";
const ROUTES = [
  ["POST", `${LOGS}/session`],
  ["PUT", `${LOGS}/run_1/status`],
  ["POST", `${LOGS}/run_1/log`],
  ["POST", `${LOGS}/run_1/metrics`],
  ["POST", "/api/v1/events"],
  ["POST", "/api/v1/tasks/p/t/cancel"],
] as const;
/** Those that take lines. */
const ENTRY_ROUTES = ROUTES.slice(2, 5);

async function serve(t: Test, maxBodyBytes?: number) {
  const topics = new MemoryTopics();
  const app = serveRoutes(t, inMemory(topics), maxBodyBytes);
  await app.inject({ method: "POST", url: `${LOGS}/session`, payload: { experiment_id: "run_1" } });
  const ask = async (method: "POST" | "PUT", url: string, payload: string | Buffer, type = JSON_TYPE) => {
    const reply = await app.inject({ method, url, payload, headers: { "content-type": type } });
    return { status: reply.statusCode, body: reply.json() };
  };
  return { topics, app, ask };
}

test("what is no JSON, or no object, is a 4xx with an error body at every route", async (t) => {
  const { ask, topics } = await serve(t);
  const invalid = [
    "{bad",
    "[",
    "[".repeat(10_000),
    '"\\ud800',
    "\u0000",
    "NaN",
    "{'a':1}",
    '{"a":1}{}',
    "\ufeff\ufeff{}",
  ];
  const wrong = ["null", "5", '"text"', "true", "[5]", "[[]]", "[null]"];
  for (const [method, url] of ROUTES) {
    for (const text of invalid) {
      t.match(await ask(method, url, text), { status: 400, body: { error_code: "INVALID_JSON", message: String } });
    }
    const isCancel = url.endsWith("cancel");
    for (const text of wrong.filter((each) => !(isCancel && each === "null"))) {
      t.match(await ask(method, url, text), { status: 400, body: { error_code: "INVALID_MESSAGE" } }, `${url} ${text}`);
    }
  }
  t.equal(topics.view("training.run_1")?.offset, 1, "nothing was added");
});

test("bytes that are no UTF-8 are INVALID_JSON, a byte order mark is skipped", async (t) => {
  const { ask } = await serve(t);
  const latin = Buffer.from('{"level":"INFO","message":"\xe4"}', "latin1");
  for (const type of [JSON_TYPE, LINES_TYPE]) {
    t.match(await ask("POST", `${LOGS}/run_1/log`, latin, type), { status: 400, body: { error_code: "INVALID_JSON" } });
    const marked = '\ufeff{"level":"INFO","message":"ä"}';
    t.equal((await ask("POST", `${LOGS}/run_1/log`, marked, type)).status, 200);
  }
});

test("an empty body is INVALID_JSON where one is needed", async (t) => {
  const { ask } = await serve(t);
  for (const [method, url] of ROUTES.slice(0, -1)) {
    t.match(await ask(method, url, ""), { status: 400, body: { error_code: "INVALID_JSON" } }, url);
  }
  t.equal((await ask("POST", "/api/v1/tasks/p/t/cancel", "")).status, 202);
});

test("depth and count of values are bounded before anything is parsed", async (t) => {
  const { ask } = await serve(t);
  const deep = `${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}`;
  const wide = `{"experiment_id":"r","config":{"a":[${"0,".repeat(300_000)}0]}}`;
  const manyLines = `${'{"a":1,"b":2,"c":3}\n'.repeat(100_000)}`;
  for (const [method, url] of ROUTES) {
    t.match(await ask(method, url, deep), { status: 400, body: { error_code: "INVALID_MESSAGE", message: /deep/ } });
    t.match(await ask(method, url, wide), { status: 400, body: { error_code: "INVALID_MESSAGE", message: /values/ } });
  }
  for (const [method, url] of ENTRY_ROUTES) {
    t.match(await ask(method, url, manyLines, LINES_TYPE), { status: 400, body: { error_code: "INVALID_MESSAGE" } });
  }
  const struct = `{"experiment_id":"r","config":{"a":${"[".repeat(40)}${"]".repeat(40)}}}`;
  t.match(await ask("POST", `${LOGS}/session`, struct), { status: 400, body: { message: /at most 32 levels/ } });
});

test("a body beyond the limit is 413, of JSON and of lines", async (t) => {
  const { ask } = await serve(t, 2048);
  const line = JSON.stringify({ level: "INFO", message: "x".repeat(3000) });
  for (const [method, url] of ENTRY_ROUTES) {
    for (const type of [JSON_TYPE, LINES_TYPE]) {
      t.match(await ask(method, url, line, type), { status: 413, body: { error_code: "FRAME_TOO_LARGE" } });
    }
  }
});

test("lines are taken where entries are, and other types nowhere", async (t) => {
  const { ask } = await serve(t);
  for (const [method, url] of ROUTES) {
    const takesLines = ENTRY_ROUTES.some(([, entry]) => entry === url);
    const status = takesLines ? 200 : 415;
    t.equal((await ask(method, url, "", "application/ndjson")).status, status, url);
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"]) {
      t.match(await ask(method, url, "{}", type), { status: 415, body: { error_code: "INVALID_MESSAGE" } }, type);
    }
  }
});

test("names that mean something to JavaScript mean nothing here", async (t) => {
  const { ask, app, topics } = await serve(t);
  const polluting = '"__proto__":{"polluted":true,"level":"INFO"},"constructor":{"prototype":{"polluted":true}}';
  t.equal((await ask("POST", `${LOGS}/session`, `{"experiment_id":"r",${polluting}}`)).status, 201);
  t.match(await ask("POST", `${LOGS}/run_1/log`, `{"message":"x",${polluting}}`), {
    status: 400,
    body: { message: /level: is required/ },
  });
  const refused = [
    ["session", `{"experiment_id":"s","config":{${polluting}}}`, /config: .*__proto__/],
    ["session", `{"experiment_id":"s","config":{"a":{${polluting}}}}`, /config\.a: .*__proto__/],
    ["run_1/metrics", '{"metrics":{"__proto__":1}}', /metrics: .*__proto__/],
  ] as const;
  for (const [path, body, message] of refused) {
    t.match(await ask("POST", `${LOGS}/${path}`, body), {
      status: 400,
      body: { error_code: "INVALID_MESSAGE", message },
    });
  }
  t.equal(Reflect.get({}, "polluted"), undefined);
  for (const query of ["__proto__=1", "constructor=1", "__proto__[level]=INFO", "hasOwnProperty=1", "level[]=INFO"]) {
    t.equal((await app.inject(`${LOGS}/run_1?${query}`)).statusCode, 200, query);
  }
  t.ok(topics.view("training.r"));
});

test("of a name that stands twice the last value counts", async (t) => {
  const { ask, topics } = await serve(t);
  await ask("POST", `${LOGS}/run_1/log`, '{"level":"INFO","level":"ERROR","message":"a","message":"b"}');
  t.match(topics.topics.get("training.run_1")?.events[1]?.kind, { value: { level: 4, message: "b" } });
  t.match(await ask("POST", `${LOGS}/run_1/log`, '{"level":"INFO","message":"a","message":5}'), { status: 400 });
});

test("numbers that do not fit are refused by name", async (t) => {
  const { ask } = await serve(t);
  for (const step of ["1e400", "-1", "1.5", "9007199254740993", '"x"', '"1e3"', "{}", "true"]) {
    const reply = await ask("POST", `${LOGS}/run_1/metrics`, `{"metrics":{"a":1},"step":${step}}`);
    t.match(reply, { status: 400, body: { error_code: "INVALID_MESSAGE", message: /^step: expected a whole number/ } });
  }
  for (const value of ["1e400", "-1e400", '"1"', '"nan"', "[1]"]) {
    const reply = await ask("POST", `${LOGS}/run_1/metrics`, `{"metrics":{"a":${value}}}`);
    t.match(reply, { status: 400, body: { message: /^metrics\["a"\]: expected a number/ } }, value);
  }
  t.equal(
    (await ask("POST", `${LOGS}/run_1/metrics`, '{"metrics":{"a":1e308},"step":"9007199254740991"}')).status,
    200,
  );
});

test("a text has its bound in bytes, and must be whole", async (t) => {
  const { ask } = await serve(t);
  const post = (message: string) => ask("POST", `${LOGS}/run_1/log`, `{"level":"INFO","message":${message}}`);
  t.equal((await post(JSON.stringify("x".repeat(65_536)))).status, 200);
  t.match(await post(JSON.stringify("x".repeat(65_537))), { status: 400, body: { message: /message: .*65536 bytes/ } });
  t.match(await post(JSON.stringify("ä".repeat(32_769))), { status: 400, body: { message: /message: .*65536 bytes/ } });
  t.match(await post('"\\ud800"'), { status: 400, body: { message: /message: .*whole Unicode/ } });
});
