// The page that the server shows at /, and what a client may ask for beside it.

import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import t, { type Test } from "tap";
import { PACKAGE_ROOT } from "../../src/config/index.js";
import { createApp } from "../../src/http/app.js";
import { registerDashboard } from "../../src/http/dashboard.js";
import { OPEN_ACCESS } from "../support/access.js";
import { UNBOUNDED, WELCOME } from "../support/admission.js";
import { serve } from "./support/serve.js";

const PAGE = '<!doctype html><title>page</title><script type="module" src="/assets/app-1a2b.js"></script>';
const SCRIPT = "const answer = 42;\n";
const BROWSER = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };

/** Asks for tokens: then the page is served under any name, and to anybody. */
const GUARDED = { ...WELCOME, authenticator: { ...OPEN_ACCESS, isOpen: false } };

/** A small dashboard, beside a file that is none of it. */
function small(t: Test, folder: object = { assets: assets(), "index.html": PAGE }): FastifyInstance {
  const root = t.testdir({ "secret.txt": "SECRET", dashboard: folder as Record<string, string> });
  return app(t, join(root, "dashboard"));
}

function assets(): Record<string, string> {
  return { "app-1a2b.js": SCRIPT, "app-1a2b.js.br": "brotli", "app-1a2b.js.gz": "gzip", "app-1a2b.css": "body{}" };
}

function app(t: Test, dashboardFolder: string): FastifyInstance {
  const made = createApp({ ...UNBOUNDED, maxBodyBytes: 1024 }, pino({ level: "silent" }), GUARDED);
  registerDashboard(made, { dashboardFolder });
  t.teardown(() => made.close());
  return made;
}

t.test("the page is asked for each time, its assets never again", async (t) => {
  const app = small(t);
  const page = await app.inject("/");
  t.equal(page.body, PAGE);
  t.match(page.headers, { "content-type": "text/html; charset=utf-8", "cache-control": "no-cache" });
  const again = await app.inject({ url: "/", headers: { "if-none-match": page.headers.etag as string } });
  t.match([again.statusCode, again.body], [304, ""]);

  const script = await app.inject("/assets/app-1a2b.js");
  t.equal(script.body, SCRIPT);
  t.match(script.headers, {
    "content-type": /^(text|application)\/javascript; charset=utf-8$/,
    "cache-control": "public, max-age=31536000, immutable",
    vary: "accept-encoding",
  });
});

t.test("that a file is gone is not kept for a year, and one that comes later is found", async (t) => {
  const root = t.testdir({ dashboard: { assets: assets(), "index.html": PAGE } });
  const folder = join(root, "dashboard");
  const server = app(t, folder);
  t.equal((await server.inject("/assets/app-1a2b.js")).statusCode, 200);
  rmSync(join(folder, "assets/app-1a2b.css"));
  const gone = await server.inject("/assets/app-1a2b.css");
  t.match([gone.statusCode, gone.headers["cache-control"]], [404, undefined]);
  const range = await server.inject({ url: "/assets/app-1a2b.js", headers: { range: "bytes=99999-" } });
  t.match([range.statusCode, range.headers["cache-control"]], [416, undefined]);
  writeFileSync(join(folder, "assets/late-3c4d.js"), SCRIPT);
  t.equal((await server.inject("/assets/late-3c4d.js")).body, SCRIPT);
});

t.test("what was compressed by the build is sent to clients that take it", async (t) => {
  const app = small(t);
  const asked = (accepted: string) =>
    app.inject({ url: "/assets/app-1a2b.js", headers: { "accept-encoding": accepted } });
  t.match(await asked("gzip, deflate, br"), { body: "brotli", headers: { "content-encoding": "br" } });
  t.match(await asked("gzip"), { body: "gzip", headers: { "content-encoding": "gzip" } });
  t.match(await asked("identity"), { body: SCRIPT, headers: { "content-encoding": undefined } });
  t.not((await asked("br")).headers.etag, (await asked("gzip")).headers.etag);
  const style = await app.inject({ url: "/assets/app-1a2b.css", headers: { "accept-encoding": "br" } });
  t.equal(style.body, "body{}", "what is not compressed is sent as it is");
  t.equal(
    (await app.inject({ url: "/assets/app-1a2b.js.br", headers: BROWSER })).statusCode,
    404,
    "no file of its own",
  );
});

t.test("HEAD is GET without a body; other methods are not taken", async (t) => {
  const app = small(t);
  for (const url of ["/", "/assets/app-1a2b.js", "/runs/run_1"]) {
    const [head, get] = await Promise.all(
      (["HEAD", "GET"] as const).map((method) => app.inject({ method, url, headers: BROWSER })),
    );
    t.equal(head?.body, "");
    t.equal(head?.headers["content-length"], get?.headers["content-length"], url);
    t.equal(head?.headers["content-security-policy"], get?.headers["content-security-policy"]);
  }
  const refused = await app.inject({ method: "POST", url: "/" });
  t.match([refused.statusCode, refused.headers.allow], [405, "GET, HEAD"]);
});

t.test("a browser gets the page at any path of its own, a program an error", async (t) => {
  const app = small(t);
  for (const url of ["/runs", "/runs/run_1?smooth=0.6", "/tasks/task.shop.fit", "/runs/", "/apiary", "/%C3%A4"]) {
    t.equal((await app.inject({ url, headers: BROWSER })).body, PAGE, url);
    for (const accept of ["*/*", "application/json", "text/html;q=0", ""]) {
      const reply = await app.inject({ url, headers: { accept } });
      t.match([reply.statusCode, reply.json().error_code], [404, "NOT_FOUND"], `${url} for ${accept}`);
    }
    t.equal((await app.inject({ method: "POST", url, headers: BROWSER })).statusCode, 404);
  }
  for (const url of [
    "/api",
    "/api/v1/nothing",
    "/health/x",
    "/v2/models",
    "/metrics",
    "/docs",
    "/ws/x",
    "/assets/old.js",
  ]) {
    const reply = await app.inject({ url, headers: BROWSER });
    t.match([reply.statusCode, reply.json().error_code], [404, "NOT_FOUND"], url);
  }
});

t.test("the policy allows this server only, and names no host but one that may stand there", async (t) => {
  const app = small(t);
  const policyFor = async (host: string) => {
    const { headers } = await app.inject({ url: "/", headers: { host } });
    t.match(headers, { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" });
    return String(headers["content-security-policy"]);
  };
  t.match(
    await policyFor("turbine.local:8000"),
    /^default-src 'self'; connect-src 'self' ws:\/\/turbine\.local:8000 wss:/,
  );
  t.match(await policyFor("[::1]:8000"), / ws:\/\/\[::1\]:8000 /);
  for (const host of ["a; script-src *", "a *", "a,b", "'unsafe-inline'", "*", "evil.example/path"])
    t.match(await policyFor(host), /connect-src 'self'; base-uri/, host);
  t.notMatch(await policyFor("a"), /unsafe|\*|data:/);
});

t.test("a server whose dashboard is not built says so", async (t) => {
  const none = app(t, join(t.testdir({}), "none"));
  const page = await none.inject({ url: "/", headers: BROWSER });
  t.match(page, { statusCode: 404, headers: { "content-type": /^text\/html/ }, body: /<p>.*npm run build/ });
  const reply = await none.inject("/");
  t.match(reply.json(), { error_code: "NOT_FOUND", message: /npm run build/ });
  t.equal((await none.inject({ url: "/api/v1/nothing", headers: BROWSER })).json().error_code, "NOT_FOUND");
});

t.test("a server serves what is built while it runs", async (t) => {
  const root = t.testdir({});
  const folder = join(root, "dashboard");
  const late = app(t, folder);
  t.equal((await late.inject("/")).statusCode, 404);
  const build = (name: string, ms: number) => {
    mkdirSync(join(folder, "assets"), { recursive: true });
    writeFileSync(join(folder, "assets", name), SCRIPT);
    writeFileSync(join(folder, "index.html"), name);
    utimesSync(join(folder, "index.html"), ms / 1000, ms / 1000);
  };
  for (const [i, name] of ["one.js", "two.js"].entries()) {
    build(name, 1e12 + i);
    t.equal((await late.inject("/")).body, name);
    t.equal((await late.inject(`/assets/${name}`)).body, SCRIPT);
  }
  rmSync(folder, { recursive: true });
  t.equal((await late.inject("/assets/two.js")).statusCode, 404);
});

t.test("no path leads out of the folder", async (t) => {
  const app = small(t);
  await app.listen({ port: 0, host: "127.0.0.1" });
  const address = app.server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const outside = ["secret.txt", "../secret.txt", "package.json", "etc/passwd"];
  const ways = ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..\\", "....//", "%252e%252e%252f", "assets/../../"];
  const paths = ways.flatMap((way) => outside.map((name) => `/${way}${name}`));
  paths.push("//etc/passwd", "/etc/passwd%00", "/index.html%00.js", "/%00", "/assets/%2e%2e/%2e%2e/secret.txt");
  paths.push(
    "/assets/..%c0%af..%c0%afsecret.txt",
    "/%",
    "/%zz",
    `/${"a".repeat(5000)}`,
    `/${"../".repeat(2000)}etc/passwd`,
  );
  for (const path of paths) {
    const reply = await raw(port, path);
    t.notMatch(reply, /SECRET|root:|"workspaces"/, path.slice(0, 60));
    t.match(reply, /^HTTP\/1\.1 (200|400|404|414|431) /, path.slice(0, 60));
    if (/^HTTP\/1\.1 200/.test(reply)) t.ok(reply.endsWith(PAGE), "it is a view");
  }
  t.match(await raw(port, "/\0"), /^HTTP\/1\.1 400 /);
});

/** Exactly these bytes as a path: clients of HTTP would tidy them up. */
async function raw(port: number, path: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\nconnection: close\r\n\r\n`);
  return text(socket);
}

t.test("what is published has the dashboard", async (t) => {
  const { files } = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8"));
  t.ok(files.includes("dist/dashboard"));
});

t.test("the server serves what was built, beside its interface", async (t) => {
  const folder = join(PACKAGE_ROOT, "dist/dashboard");
  t.ok(existsSync(folder), "built before the tests");
  const { url } = await serve(t, { models: [], flags: { eventLog: "memory" } });
  const page = await (await fetch(url)).text();
  t.equal(page, readFileSync(join(folder, "index.html"), "utf8"));
  t.notMatch(
    page,
    /<script(?![^>]*\bsrc=")|<style|\bstyle=|\bon\w+=|https?:\/\//,
    "nothing inline, nothing from elsewhere",
  );
  for (const name of readdirSync(join(folder, "assets")).filter((file) => /\.(js|css)$/.test(file))) {
    const reply = await fetch(`${url}/assets/${name}`, { headers: { "accept-encoding": "br" } });
    t.match(reply.headers.get("cache-control"), /immutable/, name);
    t.equal(await reply.text(), readFileSync(join(folder, "assets", name), "utf8"));
  }
  for (const name of readdirSync(join(folder, "assets")).filter((file) => /\.(br|gz)$/.test(file))) {
    const bytes = readFileSync(join(folder, "assets", name));
    const plain = name.endsWith(".br") ? brotliDecompressSync(bytes) : gunzipSync(bytes);
    t.same(plain, readFileSync(join(folder, "assets", name.slice(0, -3))), name);
  }
  t.match(await (await fetch(`${url}/health`, { headers: BROWSER })).json(), { status: "ok" });
});
