// Fair shares of a turn of the loop, by a clock that the test holds.
import fc from "fast-check";
import { test } from "tap";
import { firstSliceBytes, type Reader, Turns } from "../../../src/ws/turns.js";

const TURN_MS = 0.1;

/** A reader whose bytes cost time. */
class FakeReader implements Reader {
  sliceBytes = firstSliceBytes;
  handledBytes = 0;
  usedMs = 0;
  longestMs = 0;

  constructor(
    readonly clock: { nowMs: number },
    public waitingBytes: number,
    readonly msPerByte: number,
  ) {}

  handle(bytes: number): void {
    const taken = Math.min(bytes, this.waitingBytes);
    this.waitingBytes -= taken;
    this.handledBytes += taken;
    const ms = taken * this.msPerByte;
    this.clock.nowMs += ms;
    this.usedMs += ms;
    this.longestMs = Math.max(this.longestMs, ms);
  }
}

const readers = (clock: { nowMs: number }, costs: readonly number[]): FakeReader[] =>
  costs.map((nsPerByte) => new FakeReader(clock, 10e6, nsPerByte / 1e6));

test("a turn ends in time: after its share, and at most the slice that was under way", async () => {
  const costs = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(costs, (nsPerByte) => {
      const clock = { nowMs: 0 };
      const turns = new Turns(() => clock.nowMs);
      const all = readers(clock, nsPerByte);
      for (const reader of all) turns.add(reader);
      for (let turn = 0; turn < 50; turn += 1) {
        const beforeMs = clock.nowMs;
        turns.run();
        const slice = Math.max(...all.map((reader) => reader.longestMs));
        if (clock.nowMs - beforeMs > TURN_MS + slice) return false;
      }
      return true;
    }),
    { numRuns: 50 },
  );
});

test("whoever has much to say gets its turns as often as the others, whatever theirs cost", async (t) => {
  const clock = { nowMs: 0 };
  const turns = new Turns(() => clock.nowMs);
  const [cheap, dear, small] = readers(clock, [5, 100, 5]) as [FakeReader, FakeReader, FakeReader];
  small.waitingBytes = 3 * firstSliceBytes;
  for (const reader of [cheap, dear, small]) turns.add(reader);
  for (let turn = 0; turn < 200; turn += 1) turns.run();
  t.equal(small.waitingBytes, 0, "who said little is done");
  t.ok(dear.usedMs < 20 * cheap.usedMs && cheap.usedMs < 20 * dear.usedMs, `${cheap.usedMs} and ${dear.usedMs} ms`);
  t.ok(dear.longestMs <= 0.11, "slices of who is dear become small");
});

test("nothing is lost, whatever comes when, and the bytes of each keep their order", async () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 10 }), (sizes) => {
      const clock = { nowMs: 0 };
      const turns = new Turns(() => clock.nowMs);
      const all = sizes.map((size) => new FakeReader(clock, size, 1e-5));
      for (const reader of all) turns.add(reader);
      for (let turn = 0; turn < 1000; turn += 1) turns.run();
      return all.every(({ handledBytes }, i) => handledBytes === sizes[i]);
    }),
    { numRuns: 50 },
  );
});

test("a connection is alone until another speaks, and again a second after", async (t) => {
  const clock = { nowMs: 0 };
  const turns = new Turns(() => clock.nowMs);
  const [one, other] = readers(clock, [1, 1]) as [FakeReader, FakeReader];
  t.ok(turns.heard(one));
  t.ok(turns.heard(one));
  t.notOk(turns.heard(other));
  t.notOk(turns.heard(one));
  clock.nowMs = 1_000;
  t.notOk(turns.heard(one));
  clock.nowMs = 1_001;
  t.ok(turns.heard(one));
  turns.forget(one);
  t.ok(turns.heard(other), "one after another is not one beside another");
});
