// The clock of the day jumps; what is kept must not go for it, and must go in the end if the jump was true.
import { pino } from "pino";
import { test } from "tap";
import { MemoryLog } from "../../../src/events/memory-log.js";
import { countToDrop, isFull } from "../../../src/events/segment-limits.js";
import { SteadyClock } from "../../../src/events/steady-clock.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;
const START_MS = 1_765_794_600_000;
const ALL = { events: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };

/** A machine whose clock can be set. */
class Machine {
  elapsed = 0;
  setBy = 0;
  readonly told: string[] = [];
  readonly clock: SteadyClock;

  constructor() {
    const log = pino({ level: "info" }, { write: (line: string) => void this.told.push(line) });
    const sources = { wallMs: () => START_MS + this.elapsed + this.setBy, elapsedMs: () => this.elapsed };
    this.clock = new SteadyClock(sources, log);
  }

  /** Lets time go by, as a server does: it looks every now and then. */
  pass(ms: number, stepMs = HOUR_MS): void {
    for (let left = ms; left > 0; left -= stepMs) {
      this.elapsed += Math.min(stepMs, left);
      this.clock.now();
    }
  }
}

test("small corrections are followed, jumps are believed after a day", async (t) => {
  const machine = new Machine();
  const { clock } = machine;
  machine.pass(HOUR_MS);
  t.equal(clock.now(), START_MS + HOUR_MS);
  machine.setBy = 30_000;
  t.equal(clock.now(), START_MS + HOUR_MS + 30_000);
  for (const setBy of [YEAR_MS, -5 * HOUR_MS]) {
    const before = clock.now();
    machine.setBy = 30_000 + setBy;
    t.equal(clock.now(), before, "not at once");
    machine.pass(DAY_MS - HOUR_MS);
    t.equal(clock.now(), before + DAY_MS - HOUR_MS, "and not within a day");
    machine.setBy = 30_000;
    t.equal(clock.now(), before + DAY_MS - HOUR_MS, "it never was");
  }
  machine.setBy = YEAR_MS;
  machine.pass(DAY_MS + HOUR_MS);
  t.equal(clock.now(), START_MS + machine.elapsed + YEAR_MS, "it has stood");
  t.equal(machine.told.filter((line) => line.includes("the clock has jumped by")).length, 3, "each is told once");
});

test("times of the clock never go back while a jump is not believed", async (t) => {
  const machine = new Machine();
  let last = 0;
  const jumps = [-3 * HOUR_MS, 2 * YEAR_MS, 7 * HOUR_MS, -YEAR_MS, 0];
  for (const setBy of jumps) {
    machine.setBy = setBy;
    for (let i = 0; i < 20; i += 1) {
      machine.elapsed += 1_000;
      const now = machine.clock.now();
      if (now <= last) t.fail(`${now} after ${last}`);
      last = now;
    }
  }
  t.equal(last, START_MS + machine.elapsed);
});

test("a log whose clock jumps by years and back keeps everything, and offsets go on", async (t) => {
  const machine = new Machine();
  const limits = { segmentBytes: 1e9, segmentMaxAgeMs: DAY_MS, retentionBytes: 1e12, retentionMaxAgeMs: 7 * DAY_MS };
  const log = new MemoryLog(limits, machine.clock.now);
  let offset = 0;
  const append = async (): Promise<void> => {
    const { positions } = await log.append([{ topic: "a", bytes: new Uint8Array(1) }], []);
    offset += 1;
    t.equal(positions[0]?.offset, offset);
  };
  for (let day = 0; day < 3; day += 1) {
    await append();
    machine.pass(DAY_MS);
  }
  for (const setBy of [10 * YEAR_MS, -10 * YEAR_MS, 0]) {
    machine.setBy = setBy;
    await append();
    await log.retain(machine.clock.now(), () => undefined);
    machine.pass(HOUR_MS);
    await append();
    await log.retain(machine.clock.now(), () => undefined);
  }
  const events = await log.readAfter("a", { generation: log.unbornGeneration, offset: 0 }, ALL);
  t.equal(events.length, offset, "nothing is gone");
  machine.setBy = YEAR_MS;
  machine.pass(2 * DAY_MS);
  await append();
  const first = offset;
  machine.pass(8 * DAY_MS);
  await append();
  await log.retain(machine.clock.now(), () => undefined);
  t.equal(log.oldest("a"), first, "a jump that stands counts");
});

test("segments that began by a wrong clock grow old all the same", async (t) => {
  const limits = { segmentBytes: 1e9, segmentMaxAgeMs: DAY_MS, retentionBytes: 1e12, retentionMaxAgeMs: 7 * DAY_MS };
  const at = (createdMs: number) => ({ createdMs, bytes: 1, isEmpty: false });
  const now = START_MS + 30 * DAY_MS;
  const segments = [at(START_MS), at(START_MS + 10 * YEAR_MS), at(START_MS + 2 * DAY_MS), at(now - DAY_MS)];
  t.equal(countToDrop(segments, limits, now), 2, "the next one tells when it must have ended");
  t.equal(isFull(at(now + YEAR_MS), limits, now), true, "a newest one from the future is followed by another");
  t.equal(isFull(at(now), limits, now), false);
});

test("after years without a look nothing goes at once", async (t) => {
  const machine = new Machine();
  machine.clock.continueFrom(START_MS - YEAR_MS);
  t.equal(machine.clock.now(), START_MS - YEAR_MS);
  machine.pass(DAY_MS + HOUR_MS);
  t.equal(machine.clock.now(), START_MS + machine.elapsed);
});
