// Fair shares of the loop, by a clock that the test holds.
import fc from "fast-check";
import { test } from "tap";
import { Account, type Reader, Turns } from "../../../src/ws/turns.js";

const TURN_MS = 0.1;
const BUDGET_MS = 0.05;
const SERVED_MS = 0.3;
const PATIENCE_MS = 1;
const FLOOD_SHARE = 0.008;
const LONGEST_REST_MS = 5_000;

/** A clock, and what is to be done when. */
class Time {
  nowMs = 0;
  /** Stands still while another process has the core. */
  cpuMs: number | undefined;
  readonly wakes = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  readonly turns = new Turns(
    () => this.nowMs,
    (wake, ms) => {
      const one = { atMs: this.nowMs + ms, wake };
      this.wakes.add(one);
      return () => this.wakes.delete(one);
    },
    () => this.cpuMs ?? this.nowMs,
  );

  pass(ms: number): void {
    this.nowMs += ms;
    for (const one of this.wakes) {
      if (one.atMs > this.nowMs) continue;
      this.wakes.delete(one);
      one.wake();
    }
  }
}

/** A reader whose bytes cost time. */
class FakeReader implements Reader {
  readonly account = new Account();
  handledBytes = 0;
  usedMs = 0;
  longestMs = 0;

  constructor(
    readonly time: Time,
    public waitingBytes: number,
    readonly msPerByte: number,
  ) {}

  handle(bytes: number): void {
    const taken = Math.min(bytes, this.waitingBytes);
    this.waitingBytes -= taken;
    this.handledBytes += taken;
    const ms = taken * this.msPerByte;
    this.time.nowMs += ms;
    this.usedMs += ms;
    this.longestMs = Math.max(this.longestMs, ms);
  }
}

/** Bytes that cost nothing until the last of a message comes. */
class MessageReader extends FakeReader {
  readonly messageBytes: number;
  readonly messageMs: number;

  constructor(time: Time, messageBytes: number, messageMs: number) {
    super(time, Number.MAX_SAFE_INTEGER, 0);
    this.messageBytes = messageBytes;
    this.messageMs = messageMs;
  }

  override handle(bytes: number): void {
    const before = Math.floor(this.handledBytes / this.messageBytes);
    super.handle(bytes);
    const ms = (Math.floor(this.handledBytes / this.messageBytes) - before) * this.messageMs;
    this.time.nowMs += ms;
    this.usedMs += ms;
  }
}

const readers = (time: Time, costs: readonly number[]): FakeReader[] =>
  costs.map((nsPerByte) => new FakeReader(time, 10e6, nsPerByte / 1e6));

/** A little is said and handled at once. */
function serve(time: Time, quiet: FakeReader): void {
  time.turns.heard(quiet);
  time.turns.handledAtOnce(quiet);
}

test("a turn ends in time: after its share, and at most the slice that was under way", async () => {
  const costs = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(costs, (nsPerByte) => {
      const time = new Time();
      const all = readers(time, nsPerByte);
      for (const reader of all) time.turns.add(reader);
      for (let turn = 0; turn < 50; turn += 1) {
        const beforeMs = time.nowMs;
        time.turns.run();
        const slice = Math.max(...all.map((reader) => reader.longestMs));
        if (time.nowMs - beforeMs > TURN_MS + slice) return false;
      }
      return true;
    }),
    { numRuns: 50 },
  );
});

test("what slices cause counts: where it is long, less is handled", async (t) => {
  const handledAfter = (causedMs: number): number => {
    const time = new Time();
    const [flood] = readers(time, [100]) as [FakeReader];
    time.turns.add(flood);
    for (let turn = 0; turn < 50; turn += 1) {
      time.turns.run();
      time.pass(causedMs);
    }
    const before = flood.usedMs;
    time.turns.run();
    return flood.usedMs - before;
  };
  t.ok(handledAfter(0) >= 0.09, "a whole turn");
  t.ok(handledAfter(0.2) <= BUDGET_MS + 0.03, "and the least that is worth a turn");
});

test("whoever has much to say gets its turns as often as the others, whatever theirs cost", async (t) => {
  const time = new Time();
  const [cheap, dear, small] = readers(time, [5, 100, 5]) as [FakeReader, FakeReader, FakeReader];
  small.waitingBytes = 3_000;
  for (const reader of [cheap, dear, small]) time.turns.add(reader);
  for (let turn = 0; turn < 400; turn += 1) time.turns.run();
  t.equal(small.waitingBytes, 0, "who said little is done");
  t.ok(dear.usedMs < 20 * cheap.usedMs && cheap.usedMs < 20 * dear.usedMs, `${cheap.usedMs} and ${dear.usedMs} ms`);
  t.ok(dear.longestMs <= 0.11, "slices of who is dear become small");
});

test("slices wait while somebody is served who says little, and never for long", async (t) => {
  const time = new Time();
  const [quiet, flood] = readers(time, [1, 20]) as [FakeReader, FakeReader];
  time.pass(10);
  time.turns.add(flood);
  time.turns.run();
  const once = flood.handledBytes;
  serve(time, quiet);
  time.turns.run();
  t.equal(flood.handledBytes, once, "it waits");
  time.pass(SERVED_MS * 1.01);
  time.turns.run();
  t.ok(flood.handledBytes > once, "and goes on");
  let longestMs = 0;
  for (let lastMs = time.nowMs, bytes = flood.handledBytes, i = 0; i < 1_000; i += 1) {
    serve(time, quiet);
    time.turns.run();
    if (flood.handledBytes > bytes) {
      longestMs = Math.max(longestMs, time.nowMs - lastMs);
      [lastMs, bytes] = [time.nowMs, flood.handledBytes];
    }
    time.pass(0.05);
  }
  time.turns.forget(flood);
  t.ok(longestMs > 0 && longestMs <= PATIENCE_MS + 4 * TURN_MS, `at most ${longestMs} ms`);
});

test("nothing is lost, whatever comes when, and the bytes of each keep their order", async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1, maxLength: 10 });
  const costs = fc.constantFrom(1e-5, 4e-4);
  fc.assert(
    fc.property(sizes, costs, fc.boolean(), (bytes, msPerByte, isServing) => {
      const time = new Time();
      const quiet = new FakeReader(time, 0, 0);
      const all = bytes.map((size) => new FakeReader(time, size, msPerByte));
      for (const reader of all) time.turns.add(reader);
      for (let turn = 0; turn < 400_000 && all.some(({ waitingBytes }) => waitingBytes > 0); turn += 1) {
        if (isServing && turn % 10 === 0) serve(time, quiet);
        time.turns.run();
        time.pass(0.02);
      }
      return all.every(({ handledBytes }, i) => handledBytes === bytes[i]);
    }),
    { numRuns: 30 },
  );
});

test("a flood of long messages that cannot be cut holds the loop for less than a hundredth of the time", async () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 35 }), fc.integer({ min: 10_000, max: 2_000_000 }), (ms, bytes) => {
      const time = new Time();
      const quiet = new FakeReader(time, 0, 0);
      const flood = new MessageReader(time, bytes, ms);
      time.turns.add(flood);
      const run = (untilMs: number): void => {
        while (time.nowMs < untilMs) {
          serve(time, quiet);
          time.turns.run();
          time.pass(0.4);
        }
      };
      run(3_000); // until it is known for what it is
      const [fromMs, used] = [time.nowMs, flood.usedMs];
      run(fromMs + 4 * LONGEST_REST_MS);
      time.turns.forget(flood);
      // What it may begin with, and its share.
      return flood.usedMs - used <= ms + (time.nowMs - fromMs) * FLOOD_SHARE;
    }),
    { numRuns: 5 },
  );
});

test("while another process has the core nobody holds the loop", async (t) => {
  const time = new Time();
  const quiet = new FakeReader(time, 0, 0);
  const flood = new MessageReader(time, 100, 20);
  time.turns.add(flood);
  time.cpuMs = 0;
  for (let turn = 0; turn < 10; turn += 1) {
    serve(time, quiet);
    time.pass(0.4);
    time.turns.run();
  }
  t.equal(flood.account.restUntilMs, Number.NEGATIVE_INFINITY);
  time.turns.forget(flood);
});

test("a collection of garbage is no hold: it is little beside what is handled in slices", async (t) => {
  const account = new Account();
  account.waits(0);
  for (let ms = 0; ms < 1_000; ms += 0.05) account.sliced(0.05, ms);
  account.held(10, 1_010);
  t.equal(account.restUntilMs, Number.NEGATIVE_INFINITY);
  account.sliced(0.05, 1_010.05);
  account.held(10, 1_020.05);
  t.ok(account.restUntilMs > 2_000, "but twice it is");
});

test("who waits for answers between its messages rests no longer than each took", async () => {
  const holds = fc.array(fc.double({ min: 0.6, max: 200, noNaN: true }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(holds, fc.double({ min: 1.1, max: 100, noNaN: true }), (tookMs, gapMs) => {
      const account = new Account();
      let nowMs = 0;
      return tookMs.every((ms) => {
        account.waits(nowMs);
        nowMs += ms;
        account.sliced(ms, nowMs);
        account.held(ms, nowMs);
        const restMs = account.restUntilMs - nowMs;
        nowMs = account.restUntilMs + gapMs;
        return restMs <= ms * 1.001;
      });
    }),
  );
});

test("nobody rests where nobody says little, and whose end is to be heard does not either", async (t) => {
  const time = new Time();
  const quiet = new FakeReader(time, 0, 0);
  const flood = new MessageReader(time, 100, 20);
  time.turns.add(flood);
  const run = (turns: number): number => {
    const before = flood.usedMs;
    for (let turn = 0; turn < turns; turn += 1) {
      time.turns.run();
      time.pass(0.1);
    }
    return flood.usedMs - before;
  };
  time.pass(2_000);
  t.ok(run(400) >= 400 * 5, "all the time is its own");
  serve(time, quiet);
  run(4);
  t.equal(run(20), 0, "it rests");
  time.turns.hurry(flood);
  t.ok(run(2) > 0, "no more");
  run(4);
  t.equal(run(20), 0, "it rests again");
  time.pass(1_100);
  t.ok(run(2) > 0, "and goes on when those have gone for whom it rested");
  run(4);
  time.turns.forget(flood);
  t.equal(time.wakes.size, 0, "nothing is left of who has gone");
});

test("a connection is alone until another speaks, and again a second after", async (t) => {
  const time = new Time();
  const { turns } = time;
  const [one, other] = readers(time, [1, 1]) as [FakeReader, FakeReader];
  t.ok(turns.heard(one));
  t.ok(turns.heard(one));
  t.notOk(turns.heard(other));
  t.notOk(turns.heard(one));
  time.nowMs = 1_000;
  t.notOk(turns.heard(one));
  time.nowMs = 1_001;
  t.ok(turns.heard(one));
  turns.forget(one);
  t.ok(turns.heard(other), "one after another is not one beside another");
});
