// What the machine can lack while a server runs: room, the right to write, descriptors. What cannot be kept is refused, what is
// connected is served, and everything goes on by itself.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { type Test, test } from "tap";
import { LogLevel } from "../../generated/ts/tidewire/v1/events.js";
import { PACKAGE_ROOT } from "../../src/config/index.js";
import { serveChild } from "./support/child.js";
import { type ClientBody, codeOf, config, expect, predict } from "./support/frames.js";
import { modelsFolder } from "./support/models.js";
import { fillUp, mountFile, mountMemory } from "./support/mounts.js";
import { Peer } from "./support/peer.js";
import { type RestReply, restOf } from "./support/rest.js";

const TOPIC = "training.r";
/** Bytes of a line's message: some thousand of them fill a small disk. */
const MESSAGE = "x".repeat(2_000);

const line = (n: number): ClientBody => ({
  $case: "publish",
  value: {
    topic: TOPIC,
    timestamp: undefined,
    kind: { $case: "log", value: { level: LogLevel.LOG_LEVEL_INFO, message: `${n} ${MESSAGE}` } },
  },
});

/** The lines of a server's log. */
class Told {
  readonly #lines: string[] = [];
  #wake: () => void = () => {};

  readonly take = (line: string): void => {
    this.#lines.push(line);
    this.#wake();
  };

  count(part: string): number {
    return this.#lines.filter((line) => line.includes(part)).length;
  }

  async until(part: string): Promise<void> {
    while (this.count(part) === 0)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }
}

async function predicts(t: Test, peer: Peer, what: string): Promise<void> {
  const { values } = expect(await peer.ask(predict({ values: [1, 3] })), "prediction");
  t.equal(values.length > 0, true, what);
}

/** Publishes until a line is refused. @returns the acknowledged, by offset, and the refusal */
async function publishUntilRefused(
  peer: Peer,
  kept: Map<number, number>,
  from: number,
): Promise<{ n: number; reply: ReturnType<typeof codeOf>; message: string; retryAfterMs: number | undefined }> {
  for (let n = from; ; n += 1) {
    const body = await peer.ask(line(n));
    if (body.$case === "published") kept.set(body.value.offset, n);
    else {
      const { message, retryAfterMs } = expect(body, "error");
      return { n, reply: codeOf(body), message, retryAfterMs };
    }
  }
}

/** Publishes one line until it is kept. */
async function publishUntilKept(peer: Peer, kept: Map<number, number>, n: number): Promise<void> {
  for (;;) {
    const body = await peer.ask(line(n));
    if (body.$case !== "published") continue;
    kept.set(body.value.offset, n);
    return;
  }
}

/** The numbers of the lines that are there, by offset. */
async function readLines(url: string): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  for (let after: number | undefined = 0; after !== undefined; ) {
    const response = await fetch(`${url}/api/v1/topics/${TOPIC}/events?after=${after}&limit=1000&types=log`);
    const page = (await response.json()) as { entries: { offset: number; data: { message: string } }[]; next?: number };
    for (const { offset, data } of page.entries) found.set(offset, Number.parseInt(data.message, 10));
    after = page.next;
  }
  return found;
}

function csv(): FormData {
  const form = new FormData();
  form.set("ensemble_name", "ensemble_narrow");
  form.set("file", new Blob(["a,b,x,y,z\n", "1,2,3,4,5\n".repeat(50_000)]), "rows.csv");
  return form;
}

async function refusals(url: string, sessionId: string): Promise<RestReply[]> {
  const save = await restOf(url)("POST", "/inference/stream/save", { session_id: sessionId, format: "csv" });
  const upload = await fetch(`${url}/api/v1/evaluations`, { method: "POST", body: csv() });
  return [save, { status: upload.status, body: (await upload.json()) as RestReply["body"] }];
}

test("a full disk: events are refused, everything else goes on, and there is no restart", async (t) => {
  const disk = mountMemory(t, "16m");
  if (!disk) t.comment("no right to mount: the size of files is limited instead, which fills no history and no upload");
  const dataDir = disk?.path ?? t.testdir();
  const limit = disk ? {} : { before: "trap '' XFSZ; ulimit -f 8192" };
  const told = new Told();
  const child = await serveChild(t, ["ensemble_narrow"], ["--data-dir", dataDir, "--log-level", "info"], {
    ...limit,
    onLine: told.take,
  });
  const { url } = child;
  const rest = restOf(url);
  await rest("POST", "/training/logs/session", { experiment_id: "r" });
  const [publisher, predictor] = await Promise.all([
    Peer.connect(t, url, "proto", { path: "/api/v1/ws" }),
    Peer.connect(t, url, "json"),
  ]);
  const { sessionId } = expect(await predictor.ask(config("ensemble_narrow")), "configAck");
  await predicts(t, predictor, "before");
  const kept = new Map<number, number>();
  for (let n = 0; n < 20; n += 1) await publishUntilKept(publisher, kept, n);
  const release = disk && fillUp(disk.path);
  const refused = await publishUntilRefused(publisher, kept, 20);
  t.match(refused, { reply: "OVERLOADED", message: /the event could not be kept, (the disk is full|a file may not)/ });
  t.ok((refused.retryAfterMs ?? 0) > 0, "it may be tried again");
  await predicts(t, predictor, "predictions go on");
  t.same(await readLines(url), kept, "reads go on, with what was acknowledged and nothing else");
  const created = await rest("POST", "/training/logs/session", { experiment_id: "new" });
  t.match(created, { status: 503, body: { error_code: "OVERLOADED" } });
  t.equal((await rest("GET", "/training/logs/new")).status, 404, "what was refused is not there");
  if (disk)
    for (const reply of await refusals(url, sessionId))
      t.match(reply, { status: 503, body: { error_code: "OVERLOADED", details: { reason: "DISK_FULL" } } });
  release?.();
  if (disk) {
    await publishUntilKept(publisher, kept, refused.n + 1);
    t.same(await readLines(url), kept, "once there is room it is written again");
    t.equal((await rest("POST", "/training/logs/session", { experiment_id: "new" })).status, 201);
    await told.until("events are kept again");
    t.equal(told.count("events cannot be kept"), 1, "the log tells once that it fails");
  }
  child.child.kill("SIGTERM");
  t.same(await child.ended, [0, null]);
  const again = await serveChild(t, ["ensemble_narrow"], ["--data-dir", dataDir]);
  t.same(await readLines(again.url), kept, "and a restart has the same");
});

test("a data folder that becomes read-only refuses as a full disk does", async (t) => {
  const disk = mountFile(t, 32);
  if (!disk) return t.comment("no file system can be made and mounted here: nothing was tried");
  const child = await serveChild(t, ["ensemble_narrow"], ["--data-dir", disk.path]);
  const { url } = child;
  await restOf(url)("POST", "/training/logs/session", { experiment_id: "r" });
  const publisher = await Peer.connect(t, url, "proto", { path: "/api/v1/ws" });
  const predictor = await Peer.connect(t, url, "json");
  await predictor.ask(config("ensemble_narrow"));
  const kept = new Map<number, number>();
  for (let n = 0; n < 20; n += 1) await publishUntilKept(publisher, kept, n);
  disk.break();
  const refused = await publishUntilRefused(publisher, kept, 20);
  t.match(refused, { reply: "OVERLOADED", message: /the event could not be kept, the file system is read-only/ });
  await predicts(t, predictor, "predictions go on");
  t.same(await readLines(url), kept, "reads go on");
  if (!disk.mend()) return t.comment("the kernel does not make it writable again");
  await publishUntilKept(publisher, kept, refused.n + 1);
  t.same(await readLines(url), kept, "once it can be written it is");
  child.child.kill("SIGKILL");
  await child.ended;
});

test("a data folder that is read-only stops the start, and the reason says what to do", async (t) => {
  const disk = mountMemory(t, "1m", "ro");
  if (!disk) return t.comment("no right to mount: nothing was tried");
  const args = ["--import=./tools/typescript.mjs", "src/main.ts", "serve", "--port", "0", "--data-dir", disk.path];
  const server = spawn(process.execPath, [...args, "--models", modelsFolder(t, ["small"])], {
    cwd: PACKAGE_ROOT,
    env: { PATH: process.env.PATH },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [[status], errors] = await Promise.all([once(server, "exit"), text(server.stderr)]);
  t.equal(status, 1);
  t.match(
    errors,
    /^tidewire: the event log's folder .* cannot be used, the file system is read-only: .*mount it for writing/,
  );
  t.match(errors, /--data-dir/);
});

/** What came back. */
interface Answer {
  readonly status: number | undefined;
  readonly body: unknown;
}

/** Asks over one connection that stays open: where no descriptors are left there will be no other. */
class Caller {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: string;

  constructor(t: Test, url: string) {
    this.#url = url;
    t.teardown(() => this.#agent.destroy());
  }

  post(path: string, body: unknown): Promise<Answer> {
    return this.#send(path, "application/json", JSON.stringify(body));
  }

  async upload(path: string, ensemble: string, csv: string): Promise<Answer> {
    const form = new FormData();
    form.set("ensemble_name", ensemble);
    form.set("file", new Blob([csv]), "rows.csv");
    const made = new Response(form);
    return this.#send(path, made.headers.get("content-type") ?? "", await made.text());
  }

  async #send(path: string, type: string, body: string): Promise<Answer> {
    const call = request(`${this.#url}/api/v1${path}`, {
      method: "POST",
      agent: this.#agent,
      headers: { "content-type": type, "content-length": Buffer.byteLength(body) },
    });
    call.end(body);
    const [response] = (await once(call, "response")) as [IncomingMessage];
    return { status: response.statusCode, body: JSON.parse(await text(response)) };
  }
}

/** Connections that nobody speaks on. */
async function open(t: Test, url: string, count: number): Promise<Socket[]> {
  const { hostname, port } = new URL(url);
  const sockets = Array.from({ length: count }, () => connect(Number(port), hostname).on("error", () => {}));
  t.teardown(() => sockets.forEach((socket) => void socket.destroy()));
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  return sockets;
}

test("no descriptors are left: what is connected is served, new connections end, and it passes", async (t) => {
  const told = new Told();
  const child = await serveChild(t, ["ensemble_narrow"], ["--log-level", "info"], {
    before: "ulimit -n 160", // the source's loader takes more than the server does
    onLine: told.take,
  });
  const { url } = child;
  await restOf(url)("POST", "/training/logs/session", { experiment_id: "r" });
  const peer = await Peer.connect(t, url, "proto", { path: "/api/v1/ws" });
  const predictor = await Peer.connect(t, url, "json");
  const { sessionId: session_id } = expect(await predictor.ask(config("ensemble_narrow")), "configAck");
  await predicts(t, predictor, "it has a history");
  const caller = new Caller(t, url);
  t.equal((await caller.post("/inference/stream/save", { session_id, format: "csv" })).status, 200);
  const sockets = await open(t, url, 250);
  await told.until("as many files and connections open as it may");
  t.equal(told.count("LimitNOFILE"), 1, "the log says what to do");
  const kept = new Map<number, number>();
  for (let n = 0; n < 50; n += 1) await publishUntilKept(peer, kept, n);
  t.equal(kept.size, 50, "events are kept");
  await predicts(t, predictor, "predictions go on");
  const refusal = { status: 503, body: { error_code: "OVERLOADED", details: { reason: "TOO_MANY_FILES" } } };
  t.match(await caller.post("/inference/stream/save", { session_id, format: "csv" }), refusal, "a file is refused");
  t.match(await caller.upload("/evaluations", "ensemble_narrow", "a,b\n1,3\n"), refusal, "an upload, too");
  for (const socket of sockets) socket.destroy();
  await told.until("files can be opened again");
  t.same(await readLines(url), kept, "who comes later is served");
  t.equal((await caller.post("/inference/stream/save", { session_id, format: "csv" })).status, 200, "and saved");
  t.equal(told.count("LimitNOFILE"), 1, "told once");
  child.child.kill("SIGTERM");
  t.same(await child.ended, [0, null]);
});
