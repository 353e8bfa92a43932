// Requests as attackers, scanners and careless scripts write them, out of pieces: methods, paths, headers, bodies.
import type { Random } from "../lib/random.js";

/** One request as bytes. */
export interface FuzzedRequest {
  readonly bytes: Buffer;
  /** Whether it is whole by HTTP's rules: then it is answered, exactly once, and the connection can go on. */
  readonly isWhole: boolean;
  /** Whether its answer has no body whatever its headers say. */
  readonly isHead: boolean;
}

/** Places where a client's text becomes a path, a name, or a row. */
const HOLES = [
  "..",
  "%2e%2e",
  "..%2f..%2f..%2fetc%2fpasswd",
  "%2e%2e%5c",
  "....//",
  "%00",
  "%ff",
  "%F0%9F%8C%80",
  "%25%32%65",
  "a%0d%0ab",
  "*",
  "__proto__",
  "constructor",
  "x".repeat(1100),
  "t1",
  "-",
  "%zz",
  "canary.txt",
  "con",
  "~",
  "$(id)",
  "'",
];
const PATHS = [
  "/", "/health", "/api/v1/training/logs/{}", "/api/v1/training/logs/{}/metrics", "/api/v1/training/logs/{}/info", "/api/v1/topics/{}",
  "/api/v1/topics/{}/events", "/api/v1/ensemble/{}/info", "/api/v1/evaluations/{}", "/api/v1/evaluations/{}/result", "/api/v1/schema/{}",
  "/assets/{}", "/{}", "/../{}", "//{}", "/./{}", "/api/v1/tasks/{}/{}/cancel", "/api/v1/ensemble/list", "/api/v1/ws/stats",
]; // biome-ignore format: a table
const QUERIES = [
  "",
  "?",
  "?limit=1",
  "?limit=-1",
  "?limit=1e9",
  "?limit=1&limit=2",
  "?after=NaN",
  "?after[]=1",
  "?level=%00",
  "?name=%ff",
  "?pattern=%3E",
  "?pattern=*.*.*.*.*.*.*.*.*.*",
  "?__proto__=1",
  `?x=${"y".repeat(4000)}`,
  "?&&==&",
];
const METHODS = ["GET", "GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"];
const HEADERS = [
  "accept: */*",
  "accept-encoding: gzip, br",
  "range: bytes=0-1,5-",
  "if-none-match: *",
  "x-forwarded-for: 1.2.3.4",
  "cookie: a=b",
  "origin: null",
  "content-type: text/html",
  "expect: 100-continue",
  "authorization: Bearer x",
  "last-event-id: x",
  "x-request-id: \u0001".replace("\u0001", "!"),
  `x-long: ${"z".repeat(3000)}`,
  "te: trailers",
  "upgrade: h2c",
];

interface Target {
  readonly method: string;
  readonly path: string;
  readonly json: object;
}

/** Bodies that some route takes. */
const POSTS: readonly Target[] = [
  { method: "POST", path: "/api/v1/training/logs/session", json: { experiment_id: "t1", total_epochs: 5 } },
  { method: "PUT", path: "/api/v1/training/logs/t1/status", json: { status: "running" } },
  { method: "POST", path: "/api/v1/training/logs/t1/log", json: { level: "INFO", message: "m" } },
  { method: "POST", path: "/api/v1/training/logs/t1/metrics", json: { step: 1, metrics: { loss: 0.5 } } },
  {
    method: "POST",
    path: "/api/v1/events",
    json: { topic: "task.p.t1", type: "task_queued", data: {}, idempotency_key: "k" },
  },
  {
    method: "POST",
    path: "/api/v1/inference/stream/save",
    json: { session_id: "session_x", output_dir: "out", format: "csv" },
  },
  { method: "POST", path: "/api/v1/evaluations", json: { ensemble_name: "ensemble_narrow", path: "canary.txt" } },
  { method: "POST", path: "/api/v1/tasks/p/t1/cancel", json: { reason: "r" } },
];
const VALUES = [
  "null",
  "[]",
  "{}",
  "-1",
  "1e999",
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"../../canary.txt"',
  '"/etc/passwd"',
  '"__proto__"',
  "[[[[]]]]",
  '"NaN"',
  "9007199254740993",
  `"${"x".repeat(2000)}"`,
  "nonsense",
];

/** A random request. Most are whole; the others close their connection. */
export function fuzzedRequest(random: Random): FuzzedRequest {
  const dice = random.next();
  if (dice < 0.35) return reading(random);
  if (dice < 0.8) return writing(random);
  if (dice < 0.9) return uploading(random);
  return broken(random);
}

function reading(random: Random): FuzzedRequest {
  const method = random.pick(METHODS);
  const path = random.pick(PATHS).replaceAll("{}", () => random.pick(HOLES));
  return whole(`${method} ${path}${random.pick(QUERIES)}`, headersOf(random), "");
}

function writing(random: Random): FuzzedRequest {
  const { method, path, json } = random.pick(POSTS);
  const body = random.chance(0.15) ? JSON.stringify(json) : mutated(JSON.stringify(json), random);
  const type = random.pick([
    "application/json",
    "application/json",
    "application/json; charset=utf-8",
    "application/x-ndjson",
    "text/plain",
    "application/json; charset=\u00ff",
  ]);
  const lines = [...headersOf(random), `content-type: ${type}`];
  if (random.chance(0.2))
    return whole(`${method} ${path}`, [...lines, "transfer-encoding: chunked"], chunked(Buffer.from(body), random));
  return whole(`${method} ${path}`, [...lines, `content-length: ${Buffer.byteLength(body)}`], body);
}

function mutated(text: string, random: Random): string {
  const tokens = [...text.matchAll(/"[^"]*"|\d+(?:\.\d+)?/g)];
  const token = random.pick(tokens);
  const changed = text.slice(0, token.index) + random.pick(VALUES) + text.slice(token.index + token[0].length);
  if (random.chance(0.1)) return changed.slice(0, random.integer(0, changed.length));
  return random.chance(0.1) ? `${changed}\n${text}` : changed;
}

/** The body in chunks, with extensions and a trailer now and then. */
function chunked(body: Buffer, random: Random): string {
  let text = "";
  for (let at = 0; at < body.length; ) {
    const size = Math.min(body.length - at, random.integer(1, 40));
    text += `${size.toString(16)}${random.chance(0.1) ? ";ext=1" : ""}\r\n${body.toString("latin1", at, at + size)}\r\n`;
    at += size;
  }
  return `${text}0\r\n${random.chance(0.1) ? "x-trailer: 1\r\n" : ""}\r\n`;
}

const FILE_NAMES = [
  "rows.csv",
  "../../canary.txt",
  "/etc/passwd",
  "a\u0000b",
  "\u{1f300}".repeat(80),
  "",
  '"; name="x',
];

function uploading(random: Random): FuzzedRequest {
  const boundary = random.pick(["b", "--", "x".repeat(70), "a'()+_,-./:=?"]);
  const name = random.pick(["file", "file", "data", "__proto__", ""]);
  const content = random.pick([
    "a,b,x,y,z\n2,3,5,3,2\n",
    "",
    "\ufeffa,b\n1,2\n",
    'a,"b\n1,2',
    "a,a\n1,1\n",
    "\u0000",
    "a;b\n1;2\n",
    `a,b\n${"1,2\n".repeat(500)}`,
  ]);
  const field = (key: string, value: string) =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`;
  const file = `--${boundary}\r\ncontent-disposition: form-data; name="${name}"; filename="${random.pick(FILE_NAMES)}"\r\n\r\n${content}\r\n`;
  const fields = random.chance(0.9) ? field("ensemble_name", random.pick(["ensemble_narrow", "none", ""])) : "";
  const end = random.chance(0.85) ? `--${boundary}--\r\n` : "";
  const body = random.chance(0.5) ? fields + file + end : file + fields + end;
  const told = random.pick([`boundary="${boundary}"`, `boundary=${boundary}`, "", "boundary=other"]);
  return whole(
    "POST /api/v1/evaluations",
    [`content-type: multipart/form-data; ${told}`, `content-length: ${Buffer.byteLength(body)}`],
    body,
  );
}

function headersOf(random: Random): string[] {
  return Array.from({ length: random.integer(0, 3) }, () => random.pick(HEADERS)).filter(
    (line) => !line.startsWith("expect") && !line.startsWith("upgrade"),
  );
}

function whole(start: string, headers: readonly string[], body: string): FuzzedRequest {
  const head = [`${start} HTTP/1.1`, "host: 127.0.0.1", ...headers].join("\r\n");
  return {
    bytes: Buffer.concat([Buffer.from(`${head}\r\n\r\n`, "latin1"), Buffer.from(body)]),
    isWhole: true,
    isHead: start.startsWith("HEAD"),
  };
}

const BROKEN = [
  "GET\r\n\r\n",
  "GET / HTTP/9.9\r\n\r\n",
  "GET / HTTP/1.1\r\nhost\r\n\r\n",
  "GET / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
  "POST /api/v1/events HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
  "POST /api/v1/events HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
  "POST /api/v1/events HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
  "POST /api/v1/events HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n\r\n",
  "POST /api/v1/events HTTP/1.1\r\nhost: a\r\ntransfer-encoding: identity, chunked, chunked\r\n\r\n0\r\n\r\n",
  "GET /\u0000 HTTP/1.1\r\nhost: a\r\n\r\n",
  "GET http://[::1/ HTTP/1.1\r\nhost: a\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "CONNECT example.com:443 HTTP/1.1\r\nhost: a\r\n\r\n",
  `GET / HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(70_000)}\r\n\r\n`,
  "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
  "GET / HTTP/1.1\r\nhost: a\r\n obs-fold\r\n\r\n",
]; // biome-ignore format: a table

function broken(random: Random): FuzzedRequest {
  const bytes = Buffer.from(random.pick(BROKEN), "latin1");
  if (random.chance(0.5)) bytes[random.integer(0, bytes.length - 1)] = random.uint32() & 0xff;
  return { bytes, isWhole: false, isHead: false };
}
