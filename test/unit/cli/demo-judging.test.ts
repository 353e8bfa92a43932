// The demo's evaluations: which rows are sent, and what becomes of one that does not complete.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { TidewireClientError } from "@tidewire/client";
import t from "tap";
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
