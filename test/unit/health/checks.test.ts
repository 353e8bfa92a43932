import { test } from "tap";
import type { LogFailure } from "../../../src/events/log-failure.js";
import {
  type Check,
  checkConnections,
  checkDisk,
  checkEvaluations,
  checkEventLog,
  checkLoop,
  checkModels,
  checkServer,
} from "../../../src/health/checks.js";

const MIB = 1024 ** 2;
const state = ({ state: is }: Check): string => is;

test("a server that starts or stops is not ready", async (t) => {
  t.same(
    (["starting", "ready", "draining"] as const).map((is) => state(checkServer(is))),
    ["failing", "ok", "failing"],
  );
});

test("models: broken ones and dead threads are warnings, unless nothing is left that answers", async (t) => {
  const models = (ready: number, broken: number, down: readonly string[] = []) => checkModels({ ready, broken, down });
  t.match(models(1, 0), { state: "ok", message: "One model answers." });
  t.match(models(3, 0), { state: "ok", message: "3 models answer." });
  t.match(models(3, 1), { state: "warning", message: "1 of 4 models could not be loaded." });
  t.match(models(0, 0), { state: "warning", message: "There are no models." });
  t.match(models(0, 2), { state: "failing", message: "None of 2 models could be loaded." });
  t.match(models(2, 1, ["a"]), { state: "warning", message: "The thread of a has died and is being started again." });
  t.match(models(5, 0, ["a", "b", "c", "d", "e"]).message, /a, b, c and 2 more/);
});

test("the event log: why it fails and since when, and never where it lies", async (t) => {
  t.match(checkEventLog(undefined, 0), { state: "ok" });
  for (const code of ["DISK_FULL", "READ_ONLY", "TOO_MANY_FILES", "DISK_ERROR", "WRITE_FAILED"] as const) {
    const failure: LogFailure = { code, message: "events cannot be kept in /srv/secret: no", sinceMs: 1_000 };
    const check = checkEventLog(failure, 13_400);
    t.match(check, { state: "failing", message: /^No event can be kept for 12 s: / });
    t.notMatch(JSON.stringify(check), "secret");
  }
  const ahead: LogFailure = { code: "DISK_FULL", message: "", sinceMs: 5_000 };
  t.match(checkEventLog(ahead, 1_000).message, /for 0 s/, "a clock that was set back");
});

test("figures have two thresholds", async (t) => {
  t.same(
    [0, 49, 50, 999, 1000].map((ms) => state(checkLoop(ms))),
    ["ok", "ok", "warning", "warning", "failing"],
  );
  t.same(
    [0, 89, 90, 100].map((open) => state(checkConnections(open, 100))),
    ["ok", "ok", "warning", "warning"],
  );
  t.same(
    [undefined, 1024 * MIB, 511 * MIB, 16 * MIB, 15 * MIB, 0].map((bytes) => state(checkDisk(bytes))),
    ["ok", "ok", "warning", "warning", "failing", "failing"],
  );
  const queue = { running: 2, waiting: 8 };
  t.same(
    [false, true].map((isFull) => state(checkEvaluations({ ...queue, isFull }))),
    ["ok", "warning"],
  );
});

test("whatever is not well has a remedy, and every text is a sentence", async (t) => {
  const failure: LogFailure = { code: "DISK_FULL", message: "", sinceMs: 0 };
  const all = [
    ...(["starting", "ready", "draining"] as const).map(checkServer),
    ...[0, 1].flatMap((ready) => [0, 1].map((broken) => checkModels({ ready, broken, down: [] }))),
    checkModels({ ready: 1, broken: 0, down: ["a"] }),
    checkEventLog(undefined, 0),
    checkEventLog(failure, 0),
    ...[0, 100, 2000].map(checkLoop),
    ...[0, 10].map((open) => checkConnections(open, 10)),
    ...[undefined, 0, 100 * MIB, 1e12].map(checkDisk),
    ...[true, false].map((isFull) => checkEvaluations({ running: 0, waiting: 0, isFull })),
  ];
  for (const check of all) {
    t.equal(check.remedy === undefined, check.state === "ok", check.message);
    for (const text of [check.message, check.remedy ?? "Yes."]) t.match(text, /^[A-Z0-9].*\.$/, text);
  }
});
