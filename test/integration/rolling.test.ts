// Small versions of what `npm run torture` does for minutes: the same code, a fixed seed, a few seconds.
import { type Test, test } from "tap";
import { staleSources } from "../../bench/lib/host.js";
import type { Context, Findings } from "../torture/lib/part.js";
import { Random } from "../torture/lib/random.js";
import { roll } from "../torture/rolling/rolling.js";

const SEED = 1;

const FORTY = {
  processes: 1,
  publishers: 10,
  followers: 19,
  watchers: 2,
  predictors: 8,
  slowPredictors: 1,
  linesPerSecond: 200,
  predictionsPerSecond: 200,
  slowPerSecond: 2,
  rounds: 3,
  everyMs: 2000,
  patience: { maxReconnectDelay: 1000, maxReconnectAttempts: Number.POSITIVE_INFINITY },
} as const;

function contextOf(t: Test, name: string): Context {
  return {
    random: new Random(SEED, name),
    isLong: false,
    minutes: undefined,
    signal: new AbortController().signal,
    say: (line) => t.comment(line),
    progress: () => {},
  };
}

function judge(t: Test, { findings, figures }: Findings): void {
  t.same(findings, []);
  t.ok(Number(figures["acknowledged lines"]) > 0, `${figures["acknowledged lines"]} lines acknowledged`);
  t.ok(Number(figures["predictions, answered"]) > 0, `${figures["predictions, answered"]} predictions answered`);
}

test("the built server is the one of these sources", async (t) => {
  t.same(staleSources(), [], "npm run build");
});

test("three restarts by SIGTERM under 40 clients: nothing lost, nothing doubled, everybody back", async (t) => {
  judge(t, await roll({ ...FORTY, signal: "SIGTERM", isAtRandom: false }, contextOf(t, "rolling")));
});

test("three kill -9 at random moments under 40 clients: nothing lost, nothing doubled, everybody back", async (t) => {
  judge(t, await roll({ ...FORTY, signal: "SIGKILL", isAtRandom: true }, contextOf(t, "kills")));
});
