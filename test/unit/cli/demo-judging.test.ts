// The demo's evaluations: which rows are sent, and what becomes of one that does not complete.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Evaluation, TidewireClientError } from "@tidewire/client";
import t from "tap";
import { compare, evaluationText } from "../../../src/cli/demo/beside/comparison.js";
import { Halt } from "../../../src/cli/demo/beside/halt.js";
import { judge, splitRows } from "../../../src/cli/demo/beside/judging.js";
import type { Life } from "../../../src/cli/demo/beside/life.js";
import type { Setting } from "../../../src/cli/demo/beside/setting.js";

const FILE = new File(["AT\n1\n"], "rows.csv");

/** A server with one evaluation, which ends when the test says so. */
function serverWith(evaluation: object, cancel: () => Promise<void> = async () => undefined) {
  const cancelled: unknown[] = [];
  let end = (): void => {};
  const subscribed = new Promise<void>((resolve) => {
    end = resolve;
  });
  const subscribeToEvaluation = ({ onCancelled }: { readonly onCancelled: () => void }) => {
    void subscribed.then(() => onCancelled());
    return { unsubscribe: () => undefined };
  };
  const client = {
    evaluations: {
      start: async () => ({ id: "e1", topic: "evaluation.e1" }),
      get: async () => ({ id: "e1", ...evaluation }),
      cancel: (...words: unknown[]) => {
        cancelled.push(words);
        return cancel();
      },
    },
    getProgress: () => ({ subscribeToEvaluation }),
  };
  const stop = new AbortController();
  const setting = { client, ensemble: "gas_turbine", activity: {} } as unknown as Setting;
  const judging = judge(setting, FILE, { signal: stop.signal } as Life);
  return { judging, end, stop, cancelled, setting };
}

t.test("a CSV is cut behind its first rows; both parts have the header", async (t) => {
  const path = join(t.testdir(), "rows.csv");
  writeFileSync(path, "a,b\n1,2\n3,4\n5,6\n");
  const { training, validation } = await splitRows(path, 2);
  t.equal(await training.text(), "a,b\n1,2\n3,4\n");
  t.equal(await validation.text(), "a,b\n5,6\n");
  t.match([training.name, validation.name], ["demo_training_rows.csv", "demo_validation_rows.csv"]);
  const last = await splitRows(path, 3);
  t.equal(await last.validation.text(), "a,b\n");
});

t.test("one that completes is given", async (t) => {
  const { judging, end, setting } = serverWith({ status: "completed", rows: 1 });
  end();
  t.match(await judging, { rows: 1 });
  t.same(setting.activity, { evaluation: undefined });
});

t.test("one that somebody stops ends the work, one that fails is an error", async (t) => {
  const stopped = serverWith({ status: "stopped" });
  stopped.end();
  await t.rejects(stopped.judging, { name: "Halt", message: "evaluation.e1 was stopped" });
  const failed = serverWith({ status: "failed", message: "no rows" });
  failed.end();
  await t.rejects(failed.judging, { name: "CommandError", message: "evaluation.e1: no rows" });
});

t.test("when the work ends it is cancelled, whether or not it has ended by itself", async (t) => {
  for (const code of [undefined, "TASK_FINISHED", "TASK_NOT_FOUND"]) {
    const refuse = () => Promise.reject(new TidewireClientError(code ?? "", "it is over"));
    const { judging, stop, cancelled } = serverWith({}, code === undefined ? undefined : refuse);
    setImmediate(() => stop.abort(new Halt("request", "too slow")));
    await t.rejects(judging, { name: "Halt", message: "too slow" });
    t.same(cancelled, [["e1", "too slow"]]);
  }
});

t.test("what was trained is compared with what is served, signal by signal", async (t) => {
  const quality = { TIT: { rmse: 9.281 }, NOX: { rmse: 14.6 }, CO: {} };
  const served = { ensembleName: "gas_turbine", rows: 1477, quality } as unknown as Evaluation;
  const comparison = compare(["TIT", "NOX", "CO"], { loss: 0.2, rmse: [4.25, 15, 1.5] }, served);
  t.equal(comparison.message, "the trained network is better than gas_turbine on 1 of 3 signals");
  t.same(comparison.signals.CO, { trained_rmse: 1.5, served_rmse: null });
  t.same(comparison.lines, [
    "TIT: RMSE 4.25 °C; gas_turbine has 9.28 °C on the same rows",
    "NOX: RMSE 15.00 mg/m³; gas_turbine has 14.60 mg/m³ on the same rows",
    "CO: RMSE 1.500 mg/m³; gas_turbine has none",
  ]);
  t.equal(evaluationText(served), "gas_turbine over 1477 rows: RMSE TIT 9.28 °C, NOX 14.60 mg/m³");
});
