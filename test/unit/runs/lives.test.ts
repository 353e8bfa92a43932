// Where lives stand while changes are in flight, in whatever order they are told.
import { test } from "tap";
import { Change, Lives } from "../../../src/runs/lives.js";
import { MemoryLog } from "./memory-log.js";

const TOPIC = "training.exp";
const [QUEUED, RUNNING, PAUSED] = [1, 2, 3] as const;

/** Three changes in flight. */
function three(): { lives: Lives; changes: readonly [Change, Change, Change] } {
  const lives = new Lives(new MemoryLog());
  const changes = [
    new Change(TOPIC, QUEUED, false),
    new Change(TOPIC, RUNNING, false),
    new Change(TOPIC, PAUSED, true),
  ] as const;
  for (const change of changes) lives.enter(change);
  return { lives, changes };
}

test("the last change in flight counts", async (t) => {
  const { lives, changes } = three();
  t.equal(lives.standingOf(TOPIC), PAUSED);
  t.ok(lives.isCancelRequested(TOPIC));
  lives.withdraw(changes[2]);
  t.equal(lives.standingOf(TOPIC), RUNNING);
  t.notOk(lives.isCancelRequested(TOPIC));
  lives.withdraw(changes[0]);
  t.equal(lives.standingOf(TOPIC), RUNNING, "the others stand");
});

test("what is durable takes with it what came before, and nothing that comes after", async (t) => {
  const { lives, changes } = three();
  lives.settle(changes[1]);
  t.equal(lives.latest(TOPIC), changes[2]);
  lives.withdraw(changes[2]);
  t.equal(lives.latest(TOPIC), undefined, "an older one that is told later is not the last again");
  t.equal(lives.inFlight, 0);
  for (const change of changes) {
    lives.settle(change);
    lives.withdraw(change);
  }
  t.equal(lives.inFlight, 0);
});
