// TLS over real sockets, and renewed certificates.
import { once } from "node:events";
import { copyFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { connect as connectPlain } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect, type TLSSocket } from "node:tls";
import { pino } from "pino";
import t from "tap";
import WebSocket from "ws";
import type { ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { PACKAGE_ROOT } from "../../src/config/index.js";
import { config, predict } from "./support/frames.js";
import { decodeReply, encodeRequest } from "./support/peer.js";
import { prepare, serve } from "./support/serve.js";

const FIXTURES = join(PACKAGE_ROOT, "test/fixtures/tls");
const read = (name: string) => readFileSync(join(FIXTURES, name));
const ca = [read("first.cert.pem"), read("second.cert.pem")];

function pair(certName: string, keyName: string): { tlsCert: string; tlsKey: string } {
  return { tlsCert: join(FIXTURES, certName), tlsKey: join(FIXTURES, keyName) };
}

const FIRST = pair("first.cert.pem", "first.key.pem");

function get(url: string, agent: Agent): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent }, (reply) => {
      text(reply).then((body) => resolve({ status: reply.statusCode, body }), reject);
    });
    call.on("error", reject).end();
  });
}

/** Whom the server says that it is, on a new connection. */
async function nameOf(url: string, options: object = {}): Promise<string> {
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", ca, ...options });
  await once(socket, "secureConnect");
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return [subject.CN].flat().join();
}

t.test("HTTP and WebSockets over TLS, joined writes and a clean end included", async (t) => {
  const { url, server } = await serve(t, { models: ["small"], flags: { eventLog: "memory", ...FIRST } });
  t.match(url, /^https:\/\/127\.0\.0\.1:\d+$/);
  const agent = new Agent({ ca, keepAlive: true });
  t.teardown(() => agent.destroy());
  t.match(await get(`${url}/health`, agent), { status: 200, body: /"status":"ok"/ });
  const socket = new WebSocket(`${url.replace("https", "wss")}/ws`, "tidewire.v1.proto", { ca });
  t.teardown(() => socket.terminate());
  await once(socket, "open");
  const told: ServerFrame[] = [];
  const COUNT = 500;
  const all = new Promise<void>((resolve) => {
    socket.on("message", (data: Buffer) => {
      told.push(decodeReply(data));
      if (told.length === COUNT + 1) resolve();
    });
  });
  socket.send(encodeRequest("proto", { id: 1, body: config("small") }));
  const values = Array.from({ length: 20 }, (_, i) => i);
  for (let id = 2; id < COUNT + 2; id += 1) socket.send(encodeRequest("proto", { id, body: predict({ values }) }));
  await all;
  t.same(
    told.map(({ id }) => id),
    Array.from({ length: COUNT + 1 }, (_, i) => i + 1),
  );
  t.equal(told.filter(({ body }) => body?.$case === "prediction").length, COUNT);
  const closed = once(socket, "close");
  await server.close();
  t.equal((await closed)[0], 1001);
});

t.test("whoever speaks no TLS, or an old one, is cut; the others go on", async (t) => {
  const { url } = await serve(t, { models: [], flags: { eventLog: "memory", ...FIRST } });
  const plain = connectPlain(Number(new URL(url).port), "127.0.0.1");
  plain.on("error", () => undefined).end("GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await once(plain, "close");
  const old = connect({
    port: Number(new URL(url).port),
    host: "127.0.0.1",
    ca,
    maxVersion: "TLSv1.1",
    minVersion: "TLSv1",
  });
  await once(old, "error");
  t.equal(await nameOf(url, { maxVersion: "TLSv1.2" }), "tidewire test first");
});

t.test("files that are renewed are taken up without a restart, half of a pair is not", async (t) => {
  const folder = t.testdir({});
  const [tlsCert, tlsKey] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  copyFileSync(FIRST.tlsCert, tlsCert);
  copyFileSync(FIRST.tlsKey, tlsKey);
  const heard = new EventTarget();
  const lines: string[] = [];
  const log = pino(
    {},
    {
      write: (line) =>
        lines.push(line) &&
        heard.dispatchEvent(
          new Event(/certificate was read again/.test(line) ? "good" : /cannot be used/.test(line) ? "bad" : "other"),
        ),
    },
  );
  const { url } = await serve(t, {
    models: folder,
    log,
    flags: { eventLog: "memory", tlsCert, tlsKey, dataDir: join(folder, "..", "tls-data") },
  });
  const before = connect({ port: Number(new URL(url).port), host: "127.0.0.1", ca });
  t.teardown(() => before.destroy());
  await once(before, "secureConnect");
  const replace = (path: string, name: string) => {
    writeFileSync(`${path}.part`, read(name));
    renameSync(`${path}.part`, path);
  };
  const [good, bad] = [once(heard, "good"), once(heard, "bad")];
  replace(tlsCert, "second.cert.pem");
  await bad;
  t.equal(await nameOf(url), "tidewire test first", "a certificate without its key changes nothing");
  replace(tlsKey, "second.key.pem");
  await good;
  t.equal(await nameOf(url), "tidewire test second");
  before.write("GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
  t.match(await text(before as TLSSocket), /^HTTP\/1\.1 200/, "connections of before live on");
});

t.test("files that are renewed before the server listens are the ones it listens with", async (t) => {
  const folder = t.testdir({});
  const [tlsCert, tlsKey] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  copyFileSync(FIRST.tlsCert, tlsCert);
  copyFileSync(FIRST.tlsKey, tlsKey);
  let isRead: () => void = () => undefined;
  const renewed = new Promise<void>((resolve) => {
    isRead = resolve;
  });
  const log = pino({}, { write: (line) => /certificate was read again/.test(line) && isRead() });
  const flags = { eventLog: "memory", tlsCert, tlsKey, dataDir: join(folder, "..", "tls-early-data") };
  const { server } = await prepare(t, { models: folder, log, flags });
  writeFileSync(tlsCert, read("second.cert.pem"));
  writeFileSync(tlsKey, read("second.key.pem"));
  // A server that does not listen keeps no process alive.
  const awake = setInterval(() => undefined, 60_000);
  await renewed;
  clearInterval(awake);
  t.equal(await nameOf(await server.listen()), "tidewire test second");
});

t.test("files that cannot be used keep a server from starting, by name and fault", async (t) => {
  const folder = t.testdir({ "no.pem": "nothing", "locked.pem": "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" });
  const none = join(folder, "no.pem");
  const wrong: [object, RegExp][] = [
    [
      pair("first.cert.pem", "second.key.pem"),
      /tlsKey .*second\.key\.pem: is not the key of the certificate in .*first/,
    ],
    [
      { tlsCert: none, tlsKey: "/nowhere/key.pem" },
      /2 problems:\s+tlsCert .*no\.pem: .*\s+tlsKey \/nowhere\/key\.pem: ENOENT/,
    ],
    [{ ...FIRST, tlsKey: join(folder, "locked.pem") }, /the key is encrypted/],
  ];
  for (const [flags, message] of wrong)
    await t.rejects(prepare(t, { models: folder, flags: { eventLog: "memory", ...flags } }), {
      name: "AccessError",
      message,
    });
});
