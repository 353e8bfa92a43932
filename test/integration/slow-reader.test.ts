// One reader among a thousand stops to read: nobody else notices, the memory stays bounded, and it is told to resume.
import { once } from "node:events";
import { type Test, test } from "tap";
import WebSocket from "ws";
import { LogLevel } from "../../generated/ts/tidewire/v1/events.js";
import type { Position } from "../../generated/ts/tidewire/v1/topics.js";
import { serveChild } from "./support/child.js";
import { type ClientBody, expect } from "./support/frames.js";
import { encodeRequest, Peer } from "./support/peer.js";

const READERS = 1_000;
/** What the slow one reads beside the others' topic: 24 MiB, more than the kernel's buffers and the budget of 4 MiB. */
const HEAVY = "training.heavy";
/** What everybody reads, a line a round. */
const COMMON = "training.common";
const ROUNDS = 96;
const LINE_BYTES = 32 * 1024;
const AT_ONCE = 8;
const LINES = ROUNDS * AT_ONCE;
/** The slow reader's budget, and what a process takes for the rest. */
const MAX_GROWTH_MIB = 120;

const subscribe = (topic: string, after?: Position): ClientBody => ({
  $case: "subscribe",
  value: {
    topic,
    after,
    snapshot: false,
    minLevel: LogLevel.LOG_LEVEL_UNSPECIFIED,
    types: [],
    positions: {},
    topicPositions: [],
  },
});

const line = (topic: string, message: string): ClientBody => ({
  $case: "publish",
  value: {
    topic,
    timestamp: undefined,
    kind: { $case: "log", value: { level: LogLevel.LOG_LEVEL_INFO, message } },
  },
});

/** A reader that only counts: a thousand of them share the test's core. */
class Counter {
  readonly socket: WebSocket;
  frames = 0;

  constructor(t: Test, url: string) {
    this.socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/ws`, "tidewire.v1.proto");
    t.teardown(() => this.socket.terminate());
    this.socket.on("message", () => {
      this.frames += 1;
    });
  }

  async subscribe(): Promise<void> {
    await once(this.socket, "open");
    this.socket.send(encodeRequest("proto", { id: 1, body: subscribe(COMMON) }));
    await this.reached(1);
  }

  /** Resolves once it has read so many frames; rejects when it is cut. */
  async reached(frames: number): Promise<void> {
    while (this.frames < frames) {
      const [closeCode] = (await Promise.race([once(this.socket, "message"), once(this.socket, "close")])) as [unknown];
      if (typeof closeCode === "number") throw new Error(`closed with ${closeCode} after ${this.frames} frames`);
    }
  }
}

async function createRun(url: string, experimentId: string): Promise<void> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ experiment_id: experimentId });
  const response = await fetch(`${url}/api/v1/training/logs/session`, { method: "POST", headers, body });
  if (response.status !== 201) throw new Error(await response.text());
}

async function slowCloses(url: string): Promise<number> {
  const response = await fetch(`${url}/api/v1/ws/stats`);
  return ((await response.json()) as { slow_consumer_closes: number }).slow_consumer_closes;
}

test("a paused reader among a thousand is closed with 4008 and resumes; the others notice nothing", async (t) => {
  const { url, memoryMiB } = await serveChild(t, ["small"]);
  for (const topic of [HEAVY, COMMON]) await createRun(url, topic.replace("training.", ""));
  const publisher = await Peer.connect(t, url, "proto", { path: "/api/v1/ws" });
  const readers = Array.from({ length: READERS - 1 }, () => new Counter(t, url));
  await Promise.all(readers.map((reader) => reader.subscribe()));
  const slow = await Peer.connect(t, url, "proto", { path: "/api/v1/ws" });
  expect(await slow.ask(subscribe(COMMON)), "subscribed");
  const { generation, offset } = expect(await slow.ask(subscribe(HEAVY)), "subscribed");
  slow.socket.pause();

  const filler = "x".repeat(LINE_BYTES);
  const before = memoryMiB() ?? 0;
  let most = before;
  for (let round = 0; round < ROUNDS; round += 1) {
    const heavy = Array.from({ length: AT_ONCE }, (_, i) => publisher.ask(line(HEAVY, `${round}/${i} ${filler}`)));
    const published = await Promise.all([...heavy, publisher.ask(line(COMMON, `round ${round}`))]);
    for (const reply of published) expect(reply, "published");
    await Promise.all(readers.map((reader) => reader.reached(round + 2)));
    most = Math.max(most, memoryMiB() ?? 0);
    // Once it is closed it has ten seconds to read why, and a busy machine takes longer for what is left.
    if ((await slowCloses(url)) > 0) slow.socket.resume();
  }
  t.ok(most - before < MAX_GROWTH_MIB, `${Math.round(most - before)} MiB more`);

  t.equal((await slow.closed).code, 4008);
  t.equal(slow.unasked.at(-1)?.body?.$case, "error");
  const seen = slow.unasked.flatMap(({ body }) =>
    body?.$case === "event" && body.value.topic === HEAVY ? [body.value.offset] : [],
  );
  t.ok(seen.length > 0 && seen.length < LINES, `${seen.length} of ${LINES} lines before it was closed`);
  t.same(
    seen,
    seen.map((_, i) => offset + 1 + i),
    "without a gap",
  );

  const again = await Peer.connect(t, url, "json", { path: "/api/v1/ws" });
  const last = seen.at(-1) ?? offset;
  t.equal(expect(await again.ask(subscribe(HEAVY, { generation, offset: last })), "subscribed").recovered, true);
  for (let at = last + 1; at <= offset + LINES; at += 1) {
    const frame = await again.next();
    const event = frame?.body?.$case === "event" ? frame.body.value : undefined;
    if (event?.offset !== at) return t.fail(`offset ${at} is missing after the resume, came ${event?.offset}`);
  }
  const stats = (await (await fetch(`${url}/api/v1/ws/stats`)).json()) as { slow_consumer_closes: number };
  t.equal(stats.slow_consumer_closes, 1);
});
