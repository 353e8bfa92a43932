// The feed beside a real broker: sampled while somebody listens, one sample for all, and a state for whoever asks.
import { pino } from "pino";
import { type Test, test } from "tap";
import { Broker } from "../../../src/events/broker.js";
import type { DeliveredEvent } from "../../../src/events/delivered.js";
import type { Listener } from "../../../src/events/hub.js";
import { MemoryLog } from "../../../src/events/memory-log.js";
import { parsePattern } from "../../../src/events/topic.js";
import { PredictionMeter } from "../../../src/inference/meter.js";
import { StatsFeed } from "../../../src/stats/feed.js";
import type { HostSample, HostSampler } from "../../../src/stats/host.js";
import { OwnProcess } from "../../../src/stats/own-process.js";
import { Ticker } from "../../../src/stats/ticker.js";

const INTERVAL_MS = 100;
const retention = { segmentBytes: 1e6, segmentMaxAgeMs: 1e6, retentionBytes: 1e7, retentionMaxAgeMs: 1e6 };

/** A host that notes what is asked of it. */
class FakeHost implements HostSampler {
  readonly asked: (number | undefined)[] = [];
  refreshed = 0;
  rests = 0;
  fault: Error | undefined;
  refreshFault: Error | undefined;

  async refresh(): Promise<void> {
    this.refreshed += 1;
    if (this.refreshFault) throw this.refreshFault;
  }

  sample(seconds: number | undefined): HostSample {
    if (this.fault) throw this.fault;
    this.asked.push(seconds);
    return { cpu: { cores: [] }, memory: undefined, disks: [], network: undefined, uptimeSeconds: this.asked.length };
  }

  rest(): void {
    this.rests += 1;
  }

  [Symbol.dispose](): void {}
}

const gpus = {
  acts: [] as string[],
  watch: () => void gpus.acts.push("watch"),
  rest: () => void gpus.acts.push("rest"),
  sample: () => [],
  [Symbol.asyncDispose]: async () => {},
};

async function scene(t: Test) {
  const errors: string[] = [];
  const log = pino({ level: "error" }, { write: (line: string) => errors.push(JSON.parse(line).msg) });
  const limits = { maxTopics: 10, maxIdempotencyKeys: 10 };
  const events = await Broker.open(new MemoryLog(retention), { limits, log, ageMs: Date.now, afterDelivery() {} });
  const host = new FakeHost();
  gpus.acts.splice(0);
  const own = new OwnProcess(new PredictionMeter(), { size: 3, queuedBytes: 5 });
  const feed = new StatsFeed({
    nodeName: "pc",
    hostname: "pc.lab",
    statsIntervalMs: INTERVAL_MS,
    host,
    gpus,
    own,
    events,
    log,
  });
  t.teardown(async () => {
    await feed[Symbol.asyncDispose]();
    await events[Symbol.asyncDispose]();
  });
  // A ticker keeps no process alive.
  const alive = setInterval(() => undefined, 1000);
  t.teardown(() => clearInterval(alive));
  return { events, host, feed, errors, listen: (pattern: string) => new Ear(events, pattern) };
}

/** Listens, and waits. */
class Ear implements Listener {
  readonly heard: DeliveredEvent[] = [];
  readonly stop: () => void;
  #waiting: (() => void)[] = [];

  constructor(events: Broker, pattern: string) {
    this.stop = events.hub.add(parsePattern(pattern), this);
  }

  deliver(batch: { readonly events: readonly DeliveredEvent[] }): void {
    this.heard.push(...batch.events);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  removed(): void {}

  async take(count: number): Promise<readonly DeliveredEvent[]> {
    while (this.heard.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.heard.slice(0, count);
  }
}

/** So many ticks of a clock like the feed's own: time in which it would have sampled as often. */
function ticks(count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    const ticker = new Ticker(INTERVAL_MS, () => {
      left -= 1;
      if (left > 0) return;
      ticker.stop();
      resolve();
    });
    ticker.start(performance.now() + INTERVAL_MS);
  });
}

const offsets = (events: readonly DeliveredEvent[]) => events.map(({ offset }) => offset);

test("nobody watches, nothing is sampled; the first watcher starts it, the last one ends it", async (t) => {
  const { host, listen } = await scene(t);
  const other = listen("training.*");
  t.same(host.asked, []);
  const ears = ["system.*", ">", "system.pc"].map(listen);
  t.same(host.asked, [], "nothing is told in the turn of the subscription: its answer comes first");
  const told = await Promise.all(ears.map((ear) => ear.take(3)));
  for (const events of told) t.same(offsets(events), [1, 2, 3]);
  t.equal(host.asked.length, 3, "once for all of them");
  t.equal(host.asked[0], undefined, "the first has nothing to compare with");
  t.ok((host.asked[1] as number) > 0.08 && (host.asked[1] as number) < 1, `${host.asked[1]} s`);
  for (const ear of ears.slice(1)) ear.stop();
  await ears[0]?.take(4);
  ears[0]?.stop();
  t.equal(host.rests, 1);
  t.same(gpus.acts, ["watch", "rest"]);
  const count = host.asked.length;
  await ticks(3);
  t.equal(host.asked.length, count);
  other.stop();
});

test("watchers of other hosts and other families start nothing", async (t) => {
  const { host, listen } = await scene(t);
  for (const pattern of ["system.other", "training.>", "*.pc.x", "task.*.*"]) listen(pattern);
  await ticks(2);
  t.same(host.asked, []);
});

test("whoever comes back soon goes on from the last sample, and gets it no sooner than it is due", async (t) => {
  const { host, listen } = await scene(t);
  const first = listen("system.pc");
  await first.take(2);
  first.stop();
  const second = listen("system.pc");
  await second.take(1);
  t.ok((host.asked[2] as number) >= 0.09, `${host.asked[2]} s since the last sample`);
});

test("what is told: the host's figures, the server's own, its name; the state is the last sample", async (t) => {
  const { events, listen } = await scene(t);
  const [event] = await listen("system.*").take(1);
  t.match(event?.kind, {
    $case: "systemStats",
    value: {
      hostname: "pc.lab",
      uptimeSeconds: 1,
      gpus: [],
      server: { connections: 3, queuedBytes: 5, rssBytes: Number },
    },
  });
  const [told] = event?.kind?.$case === "systemStats" ? [event.kind.value.server] : [];
  const { cpuPercent, predictionsPerSecond, latencyP50Ms } = told ?? { cpuPercent: 0 };
  t.same([cpuPercent, predictionsPerSecond, latencyP50Ms], [undefined, undefined, undefined], "rates need two");
  t.match(events.view("system.pc"), { offset: 1, state: { systemStats: { uptimeSeconds: 1 } } });
});

test("who asks without listening gets a state of the present, sampled at most once an interval", async (t) => {
  const { host, events, feed } = await scene(t);
  const reader = feed.reader(events);
  t.equal(events.view("system.pc"), undefined);
  t.equal(reader.view("training.x"), undefined);
  t.same(host.asked, [], "others' topics sample nothing");
  t.match(reader.view("system.pc"), { offset: 1 });
  t.match(reader.list(">", "", 10), [{ topic: "system.pc", offset: 1 }], "a moment later it is still of the present");
  await ticks(2);
  t.match(reader.list("system.*", "", 10), [{ offset: 2 }]);
  t.same(gpus.acts, ["watch", "rest", "watch", "rest"], "GPUs are looked at for a while");
  t.same((await reader.read("system.pc", 0, 10)).events, [], "no history");
});

test("a fault is said once and ends nothing", async (t) => {
  const { host, errors, listen } = await scene(t);
  host.fault = new Error("no such thing");
  const ear = listen("system.pc");
  while (errors.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await ticks(3);
  t.same(errors, ["the host's load could not be told"]);
  host.fault = undefined;
  await ear.take(1);
  t.pass("it goes on");
});

test("a refresh that fails again and again between good samples is said once, and again after one that did not", async (t) => {
  const { feed, host, errors } = await scene(t);
  let nowMs = performance.now();
  t.intercept(performance, "now", { value: () => nowMs });
  /** Asks in each of so many seconds of the clock. */
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i += 1) {
      nowMs += 1000;
      feed.freshen();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  host.refreshFault = new Error("no such package");
  await pass(60);
  t.ok(host.refreshed >= 5 && host.asked.length === 60, `${host.refreshed} refreshes, ${host.asked.length} samples`);
  t.same(errors, ["the host's load could not be told"]);
  host.refreshFault = undefined;
  await pass(20);
  host.refreshFault = new Error("no such package");
  await pass(20);
  t.equal(errors.length, 2);
});
