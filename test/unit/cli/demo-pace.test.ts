// The demo shares its thread with a server: a pace leaves room for others, and stops at once.
import t from "tap";
import { Pace } from "../../../src/cli/demo/pace.js";

const open = new AbortController().signal;

t.test("turns come at the rate that was asked for, also when one of them is late", async (t) => {
  const pace = new Pace(200);
  const startMs = performance.now();
  for (let turn = 0; turn < 21; turn += 1) {
    await pace.turn(open);
    if (turn === 5) for (const untilMs = performance.now() + 20; performance.now() < untilMs; );
  }
  const tookMs = performance.now() - startMs;
  t.ok(tookMs >= 98, `the last of 21 turns is due after 100 ms, and came after ${tookMs}`);
});

t.test("without a wait the event loop is still let go, again and again", async (t) => {
  const pace = new Pace(Number.POSITIVE_INFINITY);
  let others = 0;
  const timer = setInterval(() => {
    others += 1;
  }, 1);
  // A pace that held the loop would never come out of this.
  while (others < 5) await pace.turn(open);
  clearInterval(timer);
  t.equal(others, 5);
});

t.test("a stop does not wait for the turn", async (t) => {
  const stop = new AbortController();
  const pace = new Pace(0.001);
  await pace.turn(stop.signal);
  const waiting = pace.turn(stop.signal);
  stop.abort();
  await t.resolves(waiting);
});
