// A backup of a server that is being written to, and its way back: what was acknowledged before it began is there, once and
// in order, and clients go on where they stood.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Test, test } from "tap";
import { LogLevel } from "../../generated/ts/tidewire/v1/events.js";
import { type ChildServer, serveChild } from "./support/child.js";
import { commandLine } from "./support/commands.js";
import { type ClientBody, expect } from "./support/frames.js";
import { Peer } from "./support/peer.js";
import { restOf } from "./support/rest.js";

const TOPICS = ["training.a", "training.b"];
const IN_FLIGHT = 128;
/** Lines that fill some segments of the smallest size. */
const LINES = 6_000;
const FLAGS = ["--segment-bytes", "1MiB"];

const line = (topic: string, n: number): ClientBody => ({
  $case: "publish",
  value: {
    topic,
    timestamp: undefined,
    kind: { $case: "log", value: { level: LogLevel.LOG_LEVEL_INFO, message: `${n} ${"x".repeat(300)}` } },
  },
});

/** Publishes without end; counts what is acknowledged. */
class Publisher {
  /** Numbers by topic and offset. */
  readonly kept = new Map(TOPICS.map((topic) => [topic, new Map<number, number>()]));
  generation = 0;
  readonly #peer: Peer;
  #sent = 0;
  #acknowledged = 0;
  #wake: () => void = () => {};

  constructor(peer: Peer) {
    this.#peer = peer;
    for (let i = 0; i < IN_FLIGHT; i += 1) void this.#publish();
  }

  async #publish(): Promise<void> {
    for (;;) {
      this.#sent += 1;
      const n = this.#sent;
      const topic = TOPICS[n % TOPICS.length] as string;
      const reply = await this.#peer.ask(line(topic, n)).catch(() => undefined);
      if (!reply) return; // the server has been killed
      const { offset, generation } = expect(reply, "published");
      this.kept.get(topic)?.set(offset, n);
      this.generation = generation;
      this.#acknowledged += 1;
      this.#wake();
    }
  }

  async until(count: number): Promise<void> {
    while (this.#acknowledged < count)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }
}

async function readLines(url: string, topic: string): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  for (let after: number | undefined = 0; after !== undefined; ) {
    const { body } = await restOf(url)("GET", `/topics/${topic}/events?after=${after}&limit=1000&types=log`);
    for (const { offset, data } of (body.entries ?? []) as unknown as { offset: number; data: { message: string } }[]) {
      if (found.has(offset)) throw new Error(`${topic} has ${offset} twice`);
      found.set(offset, Number.parseInt(data.message, 10));
    }
    after = body.next;
  }
  return found;
}

/** Outlives the folders that a server's start makes anew. */
function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), "tidewire-backup-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function run(t: Test, ...words: readonly string[]) {
  const { status, stdout, stderr } = commandLine(t, words, {}, false);
  return { status: await status, output: stdout.text, errors: stderr.text };
}

async function start(t: Test, dataDir: string): Promise<ChildServer> {
  return serveChild(t, ["small"], [...FLAGS, "--data-dir", dataDir]);
}

test("a backup under load, kill -9, restored elsewhere: nothing that was acknowledged before is missing", async (t) => {
  const root = folderOf(t);
  const [dataDir, to, elsewhere] = [join(root, "data"), join(root, "backups/today"), join(root, "elsewhere")];
  mkdirSync(join(root, "backups"));
  const child = await start(t, dataDir);
  const rest = restOf(child.url);
  for (const topic of TOPICS) await rest("POST", "/training/logs/session", { experiment_id: topic.slice(9) });
  mkdirSync(join(dataDir, "evaluations/kept"), { recursive: true });
  writeFileSync(join(dataDir, "evaluations/kept/result.csv"), "x\n1\n");
  const publisher = new Publisher(await Peer.connect(t, child.url, "proto", { path: "/api/v1/ws" }));
  await publisher.until(LINES);
  const before = new Map(TOPICS.map((topic) => [topic, new Map(publisher.kept.get(topic))]));
  const made = await run(t, "backup", "--data-dir", dataDir, "--to", to, "--json");
  t.match(made, { status: undefined, errors: "" });
  const report = JSON.parse(made.output) as { segments: number; evaluation_files: number; path: string };
  t.match(report, { path: to, evaluation_files: 1 });
  t.ok(report.segments > 2, `${report.segments} segments`);
  t.notOk(existsSync(`${to}.part`));
  t.equal(statSync(to).mode & 0o077, 0, "nobody else reads it");
  const acknowledged = [...publisher.kept.values()].reduce((sum, { size }) => sum + size, 0);
  await publisher.until(acknowledged + 500);
  t.pass("ingest goes on");
  const refused = await run(t, "restore", "--from", to, "--data-dir", dataDir);
  t.match(refused, { status: 1, errors: /in use by process \d+ .*Stop it before you restore/ });
  child.child.kill("SIGKILL");
  await child.ended;

  const restored = await run(t, "restore", "--from", to, "--data-dir", elsewhere);
  t.match(restored, { status: undefined, errors: "", output: /holds [\d,]+ events of 2 topics/ });
  const server = await start(t, elsewhere);
  for (const [topic, lines] of before) {
    const found = await readLines(server.url, topic);
    const missing = [...lines].filter(([offset, n]) => found.get(offset) !== n);
    t.same(missing.slice(0, 5), [], `${topic}: ${lines.size} lines are there`);
    const numbers = [...found.values()];
    t.ok(
      numbers.every((n, i) => i === 0 || n > (numbers[i - 1] as number)),
      `${topic}: once and in order`,
    );
  }
  t.ok(existsSync(join(elsewhere, "evaluations/kept")), "evaluations are there");
  const peer = await Peer.connect(t, server.url, "proto", { path: "/api/v1/ws" });
  const after = { generation: publisher.generation, offset: 100 };
  const subscribed = expect(
    await peer.ask({
      $case: "subscribe",
      value: {
        topic: "training.a",
        after,
        snapshot: false,
        minLevel: LogLevel.LOG_LEVEL_UNSPECIFIED,
        types: [],
        topicPositions: [],
        positions: {},
      },
    }),
    "subscribed",
  );
  t.match(subscribed, { recovered: true, generation: publisher.generation }, "clients resume");
  const next = await peer.next();
  t.match(next?.body, { $case: "event", value: { offset: 101 } });
  const more = expect(await peer.ask(line("training.a", 1e6)), "published");
  t.equal(more.generation, publisher.generation);
  server.child.kill("SIGTERM");
  await server.ended;

  const taken = await run(t, "restore", "--from", to, "--data-dir", elsewhere);
  t.match(taken, { status: 1, errors: /holds events and evaluations already: .*--force/ });
  const forced = await run(
    t,
    "restore",
    "--from",
    to,
    "--data-dir",
    elsewhere,
    "--force",
    "--new-generation",
    "--json",
  );
  const { moved_aside } = JSON.parse(forced.output) as { moved_aside: string[] };
  t.ok(moved_aside.length === 2 && moved_aside.every((path) => readdirSync(path).length > 0), "nothing is deleted");
  const anew = await start(t, elsewhere);
  const { body } = await restOf(anew.url)("GET", "/topics/training.a/events?limit=1");
  t.ok((body as unknown as { generation: number }).generation > publisher.generation, "a new generation, as asked for");
});

test("a backup is looked through before anything is restored", async (t) => {
  const root = folderOf(t);
  const [dataDir, to, elsewhere] = [join(root, "data"), join(root, "backup"), join(root, "elsewhere")];
  const child = await start(t, dataDir);
  await restOf(child.url)("POST", "/training/logs/session", { experiment_id: "a" });
  child.child.kill("SIGTERM");
  await child.ended;
  t.match(await run(t, "backup", "--data-dir", dataDir, "--to", to), { status: undefined, output: /to restore: / });
  t.match(await run(t, "backup", "--data-dir", dataDir, "--to", to), { status: 1, errors: /holds something already/ });
  t.match(await run(t, "backup", "--data-dir", elsewhere, "--to", `${to}2`), { status: 1, errors: /no event log in/ });
  t.match(await run(t, "restore", "--from", dataDir, "--data-dir", elsewhere), {
    status: 1,
    errors: /no whole backup/,
  });
  const damaged = `${to}-damaged`;
  cpSync(to, damaged, { recursive: true });
  const segment = join(damaged, "events", readdirSync(join(damaged, "events"))[0] as string);
  const bytes = readFileSync(segment);
  writeFileSync(segment, bytes.fill(0, 8_192));
  t.match(await run(t, "restore", "--from", damaged, "--data-dir", elsewhere), {
    status: 1,
    errors: /the backup is damaged, .*Take another one; nothing was changed/,
  });
  t.notOk(existsSync(join(elsewhere, "events")));
  t.match(await run(t, "restore", "--from", to, "--data-dir", elsewhere), { status: undefined });
  for (const name of ["backup", "restore"])
    t.match(await run(t, name, "--help"), { output: /Examples:\n {2}\$ tidewire/ }, `${name} teaches`);
});
