// What the demo shows of what is alive beside the stream: in every size, as lines, as JSON.
import t from "tap";
import type { Activity } from "../../../src/cli/demo/beside/activity.js";
import { Replay } from "../../../src/cli/demo/replay.js";
import { screenLines } from "../../../src/cli/demo/screen.js";
import { type DemoSetup, type DemoState, stateOf } from "../../../src/cli/demo/state.js";
import { lookHere, plainHeader, plainLine, toJson } from "../../../src/cli/demo/text.js";
import { widthOf } from "../../../src/cli/terminal.js";
import { plain } from "./told.js";

const SETUP: DemoSetup = {
  url: "http://127.0.0.1:8000",
  ensemble: "gas_turbine",
  version: "1",
  boundarySignals: ["AT", "AP", "AH", "AFDP", "GTEP"],
  signals: ["TIT", "TAT", "TEY", "CDP", "CO", "NOX"],
  boosted: new Set(["CO"]),
  yearRows: 7384,
  limit: Number.POSITIVE_INFINITY,
  rate: 20,
  maxInFlight: 1024,
  isAlone: false,
};
const BESIDE: Activity = {
  run: { topic: "training.demo-mlp-3", at: "epoch 12/60, val 0.231" },
  workflow: { topic: "workflow.demo-retrain.3", at: "train" },
  task: { topic: "task.demo.export-9", at: "340 of 900 readings" },
};

function stateWith(beside: Activity | undefined, note?: string, setup = SETUP): DemoState {
  const rows = { ...SETUP, readings: [], truths: [] };
  const options = { ...setup, rows, signal: new AbortController().signal, onYear: () => undefined };
  const replay = new Replay({ predict: async () => [] }, options);
  return stateOf(setup, replay, { rowsPerSecond: 20, elapsedMs: 1000, note, beside });
}

const shown = (state: DemoState, columns: number, rows: number) => screenLines(state, columns, rows, plain).join("\n");

t.test("a line of what goes on, a line of where to look, within 80 × 24 as all the rest", async (t) => {
  const text = shown(stateWith(BESIDE), 80, 24);
  t.match(text, "\n training.demo-mlp-3 epoch 12/60, val 0.231   workflow.demo-retrain.3 train\n");
  t.match(text, "\n dashboard http://127.0.0.1:8000/   npx tidewire watch 'training.*'\n");
  t.match(text, "\n npx tidewire predict AT=23.5");
  t.ok(text.split("\n").length <= 24, `${text.split("\n").length} lines`);
  t.match(shown(stateWith(BESIDE), 120, 32), "train   task.demo.export-9 340 of 900 readings\n");
});

t.test("what is needed least gives way in a low terminal, the note never", async (t) => {
  const text = shown(stateWith(BESIDE, "port 8000 is in use"), 80, 24);
  t.match(text, "\n port 8000 is in use");
  t.notMatch(text, "npx tidewire predict");
  t.match(text, "dashboard http");
  t.ok(text.split("\n").length <= 24);
});

t.test("no line is wider than the terminal", async (t) => {
  for (const columns of [24, 44, 60, 80, 200]) {
    const lines = screenLines(stateWith(BESIDE, "a note"), columns, 40, plain);
    const beside = lines.filter((line) => /training|dashboard/.test(line));
    t.equal(beside.length, 2);
    // An address is not broken; where even it does not fit, the screen cuts it.
    t.same(
      beside.filter((line) => widthOf(line) > Math.max(columns, 37)),
      [],
      `${columns} columns`,
    );
  }
});

t.test("between two runs there is nothing to tell; alone there is no line at all", async (t) => {
  t.match(shown(stateWith({}), 80, 24), "\n …\n dashboard");
  t.notMatch(shown(stateWith(undefined, undefined, { ...SETUP, isAlone: true }), 80, 24), "dashboard");
});

t.test("lines and JSON tell it too", async (t) => {
  t.match(plainHeader(SETUP), "\n  npx tidewire watch 'training.*'\nThe dashboard: http://127.0.0.1:8000/\n");
  t.notMatch(plainHeader({ ...SETUP, isAlone: true }), "dashboard");
  t.match(
    plainLine(stateWith(BESIDE)),
    / \| training\.demo-mlp-3 epoch 12\/60, val 0\.231 \| workflow\.demo-retrain\.3 train \| task/,
  );
  t.match(JSON.parse(toJson(stateWith(BESIDE), "progress")), { beside: { workflow: { at: "train" } } });
  t.notOk("beside" in JSON.parse(toJson(stateWith(BESIDE), "summary")));
  t.equal(
    lookHere({ ...SETUP, url: "http://127.0.0.1:9000" }).command,
    "npx tidewire watch 'training.*' --url http://127.0.0.1:9000",
  );
});
