// The examples and the README, run as a user runs them, against the real server.
import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import t from "tap";
import { serve } from "../../../test/integration/support/serve.js";
import { TidewireClient } from "../src/index.js";
import { FakeElement, page } from "./fake-page.js";
import { until } from "./fake-server.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);

/** What the script prints, a JSON value a line. */
async function output(script: string, ...args: readonly string[]): Promise<Record<string, unknown>[]> {
  const { stdout } = await run(process.execPath, ["--import=./tools/typescript.mjs", script, ...args], { cwd: root });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

t.test("the examples", async (t) => {
  const { url } = await serve(t, { models: ["gas_turbine"] });
  const example = (name: string, ...args: readonly string[]) => output(`clients/ts/examples/${name}.ts`, url, ...args);
  const signals = { TIT: Number, TAT: Number, TEY: Number, CDP: Number, CO: Number, NOX: Number };
  t.match(await example("predict"), [{ predictions: signals, latencyMs: Number, signalsUsedBoost: Array }]);
  t.match(await example("stream", "2000"), [{ count: 2000, means: signals }]);
  t.match(await example("batch"), [{ count: 256, coldest: signals, latencyMs: Number }]);
  t.match(await example("save-history"), [
    { outputPath: /^examples\/stream_history_.*\.csv$/, samplesSaved: 10 },
    { code: "SESSION_NOT_FOUND", retryable: false },
  ]);
  const parts = [25, 50, 75, 100].map((progress, i) => ({ progress, message: `part ${i + 1}` }));
  t.same(await example("task"), [...parts, { status: "completed", offset: 6 }]);
  const epoch = ["metrics", "WARNING: no improvement on NOX"];
  t.same(await example("training"), [{ seen: [...epoch, ...epoch, ...epoch], losses: [1, 1 / 2, 1 / 3] }]);
  t.match(await example("evaluate"), [
    { status: "completed", predicted: 500, rmse: Number, columns: /^row,AT,.*predicted_TEY/, first: /^1,10,1013.2,/ },
  ]);
});

t.test("the page with a bar", async (t) => {
  const { url } = await serve(t, { models: ["gas_turbine"] });
  const html = readFileSync(`${folder}/examples/progress-bar.html`, "utf8");
  const [, script = ""] = /<script type="module">([\s\S]*?)<\/script>/.exec(html) ?? [];
  const module = JSON.stringify(new URL("../src/progress-bar.ts", import.meta.url).href);
  const shown = page();
  const button = Object.assign(new FakeElement(), {
    addEventListener: (_: string, click: () => void) => clicks.push(click),
  });
  const clicks: (() => void)[] = [];
  const getElementById = (id: string) =>
    html.includes(`id="${id}"`) ? (id === "cancel" ? button : shown.container) : null;
  t.intercept(globalThis, "document", { value: { ...shown.document, getElementById } });
  t.intercept(globalThis, "location", { value: { origin: url, search: "?task=demo.import" } });
  const leaving: (() => Promise<void>)[] = [];
  t.intercept(globalThis, "addEventListener", {
    value: (_: string, leave: () => Promise<void>) => leaving.push(leave),
  });
  const told = t.capture(console, "info", () => {});
  const progress = new TidewireClient({ baseURL: url }).getProgress();
  t.teardown(() => progress.disconnect());
  await progress.publish("task.demo.import", { type: "task_started" });
  const asked = new Promise((resolve) =>
    progress.subscribeToTask({
      projectId: "demo",
      taskId: "import",
      onEvent: ({ type }) => type === "cancel_requested" && resolve(type),
    }),
  );
  const path = `${t.testdirName}.mjs`;
  writeFileSync(path, script.replace('"../dist/browser/progress-bar.min.js"', module));
  t.teardown(() => rmSync(path));
  await import(path);
  await progress.publish("task.demo.import", { type: "step_progress", progress: 40 });
  await until(() => shown.text() === "40 %, Waiting for the server");
  for (const click of clicks) click();
  await asked;
  await progress.publish("task.demo.import", { type: "task_completed", result: { rows: 3 } });
  await until(() => shown.text() === "Completed");
  t.match(told.args(), [["done", { rows: 3 }]]);
  for (const leave of leaving) await leave();
});

t.test("the README's code", async (t) => {
  const text = readFileSync(`${folder}/README.md`, "utf8");
  t.ok(text.split("\n").indexOf("```ts") < 10 && text.split("\n").length <= 165);
  const code = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block).join("");
  const place = t.testdir({ "package.json": '{"type":"module"}' });
  // A folder, not names: those are linked into the test's folder, in the place of what is there.
  const { url } = await serve(t, { models: fileURLToPath(new URL("../../../models", import.meta.url)) });
  writeFileSync(`${place}/readme.ts`, code.replace("http://127.0.0.1:8000", url));
  const { stdout } = await run(process.execPath, ["--import=./tools/typescript.mjs", `${place}/readme.ts`], {
    cwd: root,
  });
  const [megawatts, ...told] = stdout.trim().split("\n");
  t.ok(Number(megawatts) > 50, `${megawatts} MWh`);
  t.same(told, ["40 reading", "{ rows: 1200 }"]);
});
