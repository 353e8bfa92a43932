// kill -9 in the midst of ingest, again and again on one data folder: whatever was acknowledged is there, once and in order.
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Test, test } from "tap";
import { LogLevel } from "../../generated/ts/tidewire/v1/events.js";
import { type ChildServer, serveChild } from "./support/child.js";
import { type ClientBody, expect } from "./support/frames.js";
import { Peer } from "./support/peer.js";

const ROUNDS = 20;
const IN_FLIGHT = 256;
const TOPICS = ["training.a", "training.b", "training.c"];
/** Acknowledged lines after which the server is killed, at random up to here. */
const MAX_LINES = 4_000;

const line = (topic: string, message: string): ClientBody => ({
  $case: "publish",
  value: {
    topic,
    timestamp: undefined,
    kind: { $case: "log", value: { level: LogLevel.LOG_LEVEL_INFO, message } },
  },
});

/** Messages by topic, in order of their acknowledged offsets. */
type Acknowledged = Map<string, Map<number, string>>;

/** Publishes until the server dies; what it acknowledged is added. */
async function publishUntilDeath(
  peer: Peer,
  child: ChildServer,
  round: number,
  acknowledged: Acknowledged,
): Promise<void> {
  const killAt = randomInt(1, MAX_LINES);
  let [sent, answered] = [0, 0];
  const publisher = async (): Promise<void> => {
    for (;;) {
      sent += 1;
      const topic = TOPICS[sent % TOPICS.length] as string;
      const message = `${round}/${sent}`;
      const reply = await peer.ask(line(topic, message)).catch(() => undefined); // the connection is cut by the kill
      if (!reply) return;
      const { offset } = expect(reply, "published");
      acknowledged.get(topic)?.set(offset, message);
      answered += 1;
      if (answered === killAt) child.child.kill("SIGKILL");
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, publisher));
  await child.ended;
}

/** The log's messages by offset, read from the beginning. */
async function readLog(url: string, topic: string): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (let after: number | undefined = 0; after !== undefined; ) {
    const response = await fetch(`${url}/api/v1/topics/${topic}/events?after=${after}&limit=1000&types=log`);
    const page = (await response.json()) as {
      entries: { offset: number; data: { message: string } }[];
      next?: number;
    };
    for (const { offset, data } of page.entries) {
      if (found.has(offset)) throw new Error(`${topic} has ${offset} twice`);
      found.set(offset, data.message);
    }
    after = page.next;
  }
  return found;
}

async function checkLog(t: Test, url: string, acknowledged: Acknowledged, round: number): Promise<void> {
  for (const [topic, lines] of acknowledged) {
    const found = await readLog(url, topic);
    const missing = [...lines].filter(([offset, message]) => found.get(offset) !== message);
    const messages = [...found.values()];
    if (missing.length > 0 || new Set(messages).size !== messages.length) {
      t.same(missing.slice(0, 5), [], `round ${round}: acknowledged lines of ${topic} are there`);
      t.equal(new Set(messages).size, messages.length, `round ${round}: each line of ${topic} once`);
    }
    const own = messages.map((message) => message.split("/").map(Number) as [number, number]);
    const isOrdered = own.every(([r, n], i) => {
      const [before, previous] = own[i - 1] ?? [-1, -1];
      return r > before || (r === before && n > previous);
    });
    if (!isOrdered) t.fail(`round ${round}: ${topic} is out of order`);
  }
}

test("every acknowledged event survives kill -9, once and in order, and the log opens by itself", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tidewire-kill-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const acknowledged: Acknowledged = new Map(TOPICS.map((topic) => [topic, new Map()]));
  for (let round = 0; round < ROUNDS; round += 1) {
    const child = await serveChild(t, ["small"], ["--data-dir", folder]);
    if (round === 0) for (const topic of TOPICS) await createRun(child.url, topic.replace("training.", ""));
    await checkLog(t, child.url, acknowledged, round);
    const peer = await Peer.connect(t, child.url, round % 2 === 0 ? "proto" : "json", { path: "/api/v1/ws" });
    await publishUntilDeath(peer, child, round, acknowledged);
  }
  const last = await serveChild(t, ["small"], ["--data-dir", folder]);
  await checkLog(t, last.url, acknowledged, ROUNDS);
  last.child.kill("SIGTERM");
  t.same(await last.ended, [0, null]);
  t.comment(
    `${[...acknowledged.values()].reduce((sum, { size }) => sum + size, 0)} acknowledged lines in ${ROUNDS} rounds`,
  );
});

async function createRun(url: string, experimentId: string): Promise<void> {
  const response = await fetch(`${url}/api/v1/training/logs/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ experiment_id: experimentId }),
  });
  if (response.status !== 201) throw new Error(await response.text());
}
