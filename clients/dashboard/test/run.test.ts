// What the pages of runs work out: points, groups, chosen metrics, progress and time left.
import type { TopicState } from "@tidewire/client";
import fc from "fast-check";
import t from "tap";
import { endsOf, extremesOf, type Measured, PointsCache, toPoints } from "../src/chart/points.js";
import { smooth } from "../src/chart/smooth.js";
import { leftMs, progressOf, toLife } from "../src/lives/life.js";
import { type Said, wordsFor } from "../src/lives/words.js";
import { groupNames } from "../src/pages/run/groups.js";
import { chooseMetrics } from "../src/pages/runs/metrics.js";

const { NaN: none } = Number;

function measured(rows: readonly (readonly [step: number, epoch: number, time: number, value: number])[]): Measured {
  const column = (index: number) => Float64Array.from(rows, (row) => row[index] as number);
  const [step, epoch, time, value] = [column(0), column(1), column(2), column(3)];
  return { length: rows.length, dropped: 0, step, epoch, time, value };
}

t.test("points of a run that went on from a checkpoint stand in the order of steps", async (t) => {
  const of = measured([
    [1, none, 10, 0.9],
    [2, none, 20, 0.8],
    [3, none, 30, 0.7],
    [2, none, 40, 0.75],
    [3, none, 50, 0.65],
  ]);
  t.same([...toPoints(of, "step").x], [1, 2, 2, 3, 3]);
  t.same([...toPoints(of, "step").y], [0.9, 0.8, 0.75, 0.7, 0.65]);
  t.same([...toPoints(of, "time").x], [10, 20, 30, 40, 50]);
});

t.test("without steps, epochs stand for them; without both, the count", async (t) => {
  t.same(
    [
      ...toPoints(
        measured([
          [none, 1, 5, 7],
          [none, 2, 6, 8],
        ]),
        "step",
      ).x,
    ],
    [1, 2],
  );
  t.same(
    [
      ...toPoints(
        measured([
          [none, none, 5, 7],
          [3, 2, 6, 8],
        ]),
        "step",
      ).x,
    ],
    [0, 1],
  );
  t.equal(endsOf(measured([[none, 1, 5, 7]]), "step"), undefined);
  t.same(
    endsOf(
      measured([
        [4, 1, 5, 7],
        [2, 1, 6, 7],
      ]),
      "step",
    ),
    [2, 4],
  );
});

t.test("extremes are of the values that can be drawn", async (t) => {
  t.same(extremesOf([none, 2, -1, Number.POSITIVE_INFINITY]), { last: -1, min: -1, max: 2, notFinite: 2 });
  t.same(extremesOf([]), { last: undefined, min: undefined, max: undefined, notFinite: 0 });
});

t.test("a cache gives what working it out anew gives, whatever happens to the metric", async () => {
  let at = 0;
  const row = fc.tuple(fc.nat(50), fc.double({ min: -9, max: 9, noNaN: true }));
  const rows = fc.array(row, { maxLength: 20 });
  const axis = fc.constantFrom("step" as const, "time" as const);
  const change = fc.tuple(fc.constantFrom("append", "append", "prepend", "clear"), rows, axis, fc.constantFrom(0, 0.5));
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const cache = new PointsCache();
      let kept: Parameters<typeof measured>[0] = [];
      return changes.every(([is, rows, axis, weight]) => {
        const added = rows.map(([step, value]) => [step, none, ++at, value] as const);
        kept = is === "clear" ? added : is === "append" ? [...kept, ...added] : [...added, ...kept];
        const given = cache.of(measured(kept), axis, weight);
        return JSON.stringify(given) === JSON.stringify(new PointsCache().of(measured(kept), axis, weight));
      });
    }),
  );
});

t.test("of a series that slides, the smoothed values stay as they were", async (t) => {
  const y = Float64Array.from({ length: 3000 }, (_, i) => Math.sin(i / 9));
  const whole = smooth(y, 0.9);
  const cache = new PointsCache();
  for (const [from, to] of [
    [0, 10],
    [0, 1500],
    [400, 1501],
    [401, 2600],
    [500, 2600],
    [2600, 3000],
  ] as const) {
    const rows = Array.from(y.subarray(from, to), (value, i) => [from + i, none, from + i, value] as const);
    const { points, smoothed, extremes } = cache.of({ ...measured(rows), dropped: from }, "step", 0.9);
    t.same([...points.y], [...y.subarray(from, to)]);
    t.equal(extremes.max, Math.max(...y.subarray(from, to)));
    // After a jump to where nothing is known any more it begins anew.
    t.same([...(smoothed ?? [])], [...(from < 2600 ? whole.subarray(from, to) : smooth(y.subarray(from, to), 0.9))]);
  }
});

t.test("metrics are grouped by what their names begin with", async (t) => {
  const names = ["loss", "train/loss", "val/loss", "train/acc", "metrics/mAP50(B)", "/odd"];
  t.same(
    groupNames(names, "").map(({ group, members }) => [group, members.map(({ title }) => title)]),
    [
      ["metrics", ["loss", "mAP50(B)", "/odd"]],
      ["train", ["loss", "acc"]],
      ["val", ["loss"]],
    ],
  );
  t.same(groupNames(names, "LOSS val"), [{ group: "val", members: [{ name: "val/loss", title: "loss" }] }]);
  fc.assert(
    fc.property(fc.uniqueArray(fc.string()), (all) => {
      const grouped = groupNames(all, "").flatMap(({ members }) => members.map(({ name }) => name));
      return grouped.length === all.length && grouped.every((name) => all.includes(name));
    }),
  );
});

t.test("of many metrics the held out loss comes first", async (t) => {
  const metrics = { "train/loss": 1, lr: 2, "val/loss": 3, "val/acc": 4 };
  t.same(chooseMetrics(metrics), [
    ["val/loss", 3],
    ["train/loss", 1],
  ]);
  t.same(chooseMetrics({}), []);
});

const state = (said: Partial<TopicState>): TopicState => ({ metrics: {}, counts: {}, cancelRequested: false, ...said });

t.test("progress is what was said, else what is counted", async (t) => {
  t.equal(progressOf("training", state({ epoch: 3, totalEpochs: 12 })), 25);
  t.equal(progressOf("training", state({ progress: 40, epoch: 3, totalEpochs: 12 })), 40);
  t.equal(progressOf("workflow", state({ step: 1, totalSteps: 4 })), 0, "the first phase is under way");
  t.equal(progressOf("task", state({ status: "completed" })), 100);
  t.equal(progressOf("task", state({})), undefined);
  t.equal(progressOf("task", state({ progress: 140 })), 100);
});

t.test("time left is what was said less what has passed, else an estimate, and never below nothing", async (t) => {
  const at = (seconds: number) => new Date(seconds * 1000);
  const running = { status: "running", startedAt: at(100), updatedAt: at(200) } as const;
  t.same(leftMs(state({ ...running, etaSeconds: 60 }), 50, 210_000), { ms: 50_000, isEstimate: false });
  t.same(leftMs(state({ ...running, etaSeconds: 60 }), 50, 900_000), { ms: 0, isEstimate: false });
  t.same(leftMs(state(running), 25, 200_000), { ms: 300_000, isEstimate: true });
  t.equal(leftMs(state(running), 1, 200_000), undefined);
  t.equal(leftMs(state({ ...running, status: "paused", etaSeconds: 60 }), 25, 200_000), undefined);
});

t.test("a stop that was asked for is shown until it has happened", async (t) => {
  const life = (said: Partial<TopicState>) => {
    const ids = { projectId: "shop", taskId: "fit" };
    const head = { type: "snapshot", topic: "task.shop.fit", position: { generation: 1, offset: 1 }, family: "task" };
    return toLife({ ...head, ...ids, state: state(said) } as never);
  };
  t.equal(life({ status: "running", cancelRequested: true })?.shown, "cancelling");
  t.equal(life({ status: "stopped", cancelRequested: true })?.shown, "stopped");
  t.match(life({}), { name: "fit", group: "shop", path: "/tasks?topic=task.shop.fit" });
});

t.test("progress is said at the start of a status, every ten points, or after half a minute", async (t) => {
  const facts = { name: "fit", shown: "running", progress: 0, place: undefined, message: "no memory" } as const;
  const steps: readonly (readonly [atSeconds: number, progress: number, shown?: "failed"])[] = [
    [0, 0],
    [1, 15],
    [4, 16],
    [10, 17],
    [33, 18],
    [35, 99],
    [36, 99, "failed"],
  ];
  let said: Said | undefined;
  const words = steps.map(([atSeconds, progress, shown]) => {
    const before = said;
    said = wordsFor(said, { ...facts, progress, shown: shown ?? "running" }, atSeconds * 1000);
    return said === before ? undefined : said.words;
  });
  t.same(words, ["", undefined, "fit: 16 %", undefined, undefined, "fit: 99 %", "fit: failed. no memory"]);
  t.equal(said?.isUrgent, true);
  t.equal(
    wordsFor({ ...(said as Said), status: "running", percent: 16, atMs: 0 }, { ...facts, progress: 18 }, 31_000).words,
    "fit: 18 %",
  );
});
