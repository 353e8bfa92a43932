// The examples and the README, run as a user runs them, against the real server.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import t from "tap";
import { serve } from "../../../test/integration/support/serve.js";

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
});

t.test("the README's first code", async (t) => {
  // The models stand in the parent's folder: a test has one.
  const { url } = await serve(t, { models: fileURLToPath(new URL("../../../models", import.meta.url)) });
  const text = readFileSync(`${folder}/README.md`, "utf8");
  t.ok(text.split("\n").indexOf("```ts") < 10 && text.split("\n").length <= 81);
  const [, code = ""] = /```ts\n([\s\S]*?)```/.exec(text) ?? [];
  const served = code.replace("http://127.0.0.1:8000", url);
  const script = `${t.testdir({ "package.json": '{"type":"module"}', "readme.ts": served })}/readme.ts`;
  const { stdout } = await run(process.execPath, ["--import=./tools/typescript.mjs", script], { cwd: root });
  t.ok(Number(stdout) > 50, `${stdout.trim()} MWh`);
});
