// The package as a stranger gets it: packed, installed into an empty project, type-checked, bundled and run.
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import t from "tap";
import { WebSocket } from "ws";
import { serve } from "../../../test/integration/support/serve.js";
import type * as Client from "../src/index.js";
import type * as Bar from "../src/progress-bar.js";
import { page } from "./fake-page.js";
import { Gateway } from "./gateway.js";

/** Minified and compressed: what a page loads to begin with, both encodings in it, and what it loads when it is used. */
const MAX_GZIP_BYTES: Readonly<Record<string, number>> = {
  "tidewire.min.js": 15_000,
  "progress-bar.min.js": 2600,
  "routes.min.js": 1600,
  "fallback.min.js": 2700,
  "journal.min.js": 1000,
  "access.min.js": 1300,
  "stream.min.js": 700,
  "tensors.min.js": 1100,
};
/** What several of these share. */
const MAX_SHARED_BYTES = 3800;
const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);
const tool = (name: string) => join(root, "node_modules/.bin", name);

/** A process without tap's own loaders, which tap puts into NODE_OPTIONS of every process that a test starts. */
function execute(command: string, args: readonly string[], options: { readonly cwd?: string } = {}) {
  return run("env", ["-u", "NODE_OPTIONS", command, ...args], options);
}

const STRANGER = `
import { TidewireClient, TidewireClientError, type NamedPrediction, type ServerFrame, type TidewireEvent } from "@tidewire/client";
import { ProgressBar } from "@tidewire/client/progress-bar";
const client = new TidewireClient({ baseURL: process.argv[2] as string });
const session = client.inference("gas_turbine");
const prediction: NamedPrediction = await session.predict({ AT: 23.5, AP: 1013.2, AH: 77.1, AFDP: 3.9, GTEP: 25.5 });
const { values } = await session.predict(new Float32Array(5));
const notAny: Float32Array = values;
session.connection.on("frame", (frame: ServerFrame) => frame.body?.$case satisfies string | undefined);
// @ts-expect-error: every field has a type
prediction.latencyMs.toUpperCase;
const refused = await session.predict({}).catch((error: unknown) => error);
await session.close();
const progress = client.getProgress();
const seen: number[] = [];
const ended = new Promise((resolve, reject) => client.subscribeToTask("p", "t", (event) => {
  if (event.type === "step_progress") seen.push((event.progress satisfies number | undefined) ?? 0);
  if (event.type === "task_completed") (event.result?.rmse satisfies unknown);
  // @ts-expect-error: an event of a task has no experiment
  event.experimentId;
}, ({ status, taskId }) => resolve(taskId + " " + status), reject));
await progress.connect();
await progress.publish("task.p.t", { type: "task_started" });
await progress.publish("task.p.t", { type: "step_progress", progress: 40, details: { current: "epoch 3" } });
await client.events.publish("task.p.t", { type: "task_completed", result: { rmse: 0.5 } });
// @ts-expect-error: a level has one of five names
progress.publish("training.e", { type: "log", level: "LOUD", message: "" }).catch(() => {});
const told: string = await ended as string;
const isStep = (event: TidewireEvent) => event.type === "step_progress" && event.family satisfies "task" | false;
const { entries } = await client.topics.events("task.p.t");
await client.close();
console.log(prediction.predictions.TEY, notAny.length, refused instanceof TidewireClientError && refused.code, seen, told,
  entries.filter(isStep).length, typeof ProgressBar);
declare const process: { argv: string[] };
declare const console: { log(...values: unknown[]): void };
`;
const TSCONFIG = {
  compilerOptions: {
    module: "NodeNext",
    target: "ES2022",
    lib: ["ES2022", "ESNext.Disposable", "DOM"],
    strict: true,
    exactOptionalPropertyTypes: true,
    types: [],
    skipLibCheck: false,
  },
  include: ["stranger.ts"],
};

t.test("packed and installed, it type-checks, runs in Node, and bundles for browsers", async (t) => {
  const project = t.testdir({
    "package.json": '{"type":"module"}',
    "tsconfig.json": JSON.stringify(TSCONFIG),
    "stranger.ts": STRANGER,
    node_modules: { "@tidewire": {} },
    stage: {},
  });
  await install(project);
  await t.resolves(execute(tool("tsc"), ["-p", project]), "types are complete by themselves");

  const { url } = await serve(t, { models: fileURLToPath(new URL("../../../models", import.meta.url)) });
  const { stdout } = await execute(process.execPath, ["stranger.js", url], { cwd: project });
  t.match(stdout, /^1\d\d\.\d+ 6 MISSING_SIGNALS \[ 40 \] t completed 1 function\n$/);

  const { metafile } = await build({
    absWorkingDir: project,
    entryPoints: ["stranger.js"],
    bundle: true,
    format: "esm",
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const inputs = Object.keys(metafile.inputs);
  t.ok(inputs.some((name) => name.endsWith("platform/browser.js")));
  t.same(
    inputs.filter((name) => /\/ws\/|@bufbuild|protobufjs|platform\/node/.test(name)),
    [],
  );
});

t.test("a page without a build: what it weighs, and that it works", async (t) => {
  const project = t.testdir({ node_modules: { "@tidewire": {} }, stage: {} });
  const dist = await install(project);
  const { stdout } = await execute(process.execPath, ["tools/bundle.mjs", "--size", dist], { cwd: folder });
  const weights: Record<string, { readonly gzip: number }> = JSON.parse(stdout);
  for (const [name, most] of Object.entries(MAX_GZIP_BYTES)) {
    const { gzip = Number.NaN } = weights[name] ?? {};
    t.ok(gzip <= most, `${name}: ${gzip} bytes of ${most}, minified and compressed`);
  }
  const shared = Object.entries(weights).filter(([name]) => MAX_GZIP_BYTES[name] === undefined);
  t.ok(shared.reduce((sum, [, { gzip }]) => sum + gzip, 0) <= MAX_SHARED_BYTES, `shared: ${JSON.stringify(shared)}`);

  // Names are shortened in these files: everything that they do is done once.
  t.intercept(globalThis, "WebSocket", { value: WebSocket });
  const browser = join(project, "node_modules/@tidewire/client/dist/browser");
  const { TidewireClient, TidewireClientError } = (await import(join(browser, "tidewire.min.js"))) as typeof Client;
  const { ProgressBar } = (await import(join(browser, "progress-bar.min.js"))) as typeof Bar;
  const { url: direct } = await serve(t, { models: fileURLToPath(new URL("../../../models", import.meta.url)) });
  const { gateway, url } = await Gateway.open(t, direct);
  gateway.allowsSockets = true;
  for (const encoding of ["proto", "json"] as const) {
    const client = new TidewireClient({ baseURL: url, encoding });
    const session = client.inference("gas_turbine");
    const reading = [23.5, 1013.2, 77.1, 3.9, 25.5];
    const { values } = await session.predict(reading);
    const { matrix } = await session.predictBatch([reading, reading]);
    const { outputs } = await session.infer({
      inputs: { boundary_signals: { data: Float32Array.from(reading), shape: [1, 5] } },
    });
    for await (const streamed of session.stream([reading])) t.same(streamed.values, values);
    t.same([...matrix.subarray(0, 6)], [...values]);
    t.equal(outputs.signals?.datatype, "FP32");
    await t.rejects(session.predict([1]), { name: "TidewireClientError", code: "INVALID_SIGNALS" });
    t.ok((await session.predict([1]).catch((error: unknown) => error)) instanceof TidewireClientError);
    await session.close();

    const task = `task.${encoding}.t`;
    const progress = client.getProgress({ reconnectDelay: 5 });
    const events: string[] = [];
    const ended = new Promise((resolve) => {
      const onEvent = ({ type }: { readonly type: string }) => events.push(type);
      client.subscribeToTask(encoding, "t", onEvent, resolve);
    });
    await progress.publish(task, { type: "task_started" });
    await progress.cancel(task);
    await client.training.createSession({ experimentId: encoding, config: { lr: 0.1 } });
    await client.training.metrics(encoding, { metrics: { loss: 0.5 } });
    t.match(await client.training.getInfo(encoding), { status: "queued", metrics: { loss: 0.5 }, config: { lr: 0.1 } });
    t.match(
      (await client.ensembles.list()).map(({ name }) => name),
      ["gas_turbine"],
    );
    const bar = new ProgressBar(page().container, { websocketUrl: url, document: page().document, reconnectDelay: 5 });
    const complete = new Promise((resolve) => bar.on("complete", resolve));
    bar.start({ taskId: task });

    // The network now blocks what it let through.
    gateway.allowsSockets = false;
    gateway.cut();
    await progress.publish(task, { type: "task_completed" });
    t.match(await ended, { status: "completed" });
    t.match(await complete, { status: "completed" });
    t.same(events, ["task_started", "cancel_requested", "task_completed"]);
    await Promise.all([client.close(), bar.destroy()]);
    gateway.allowsSockets = true;
  }
});

/** Builds into a folder of the test's own: others may be using dist/ at this moment. @returns that folder */
async function install(project: string): Promise<string> {
  const stage = join(project, "stage");
  const dist = join(stage, "dist");
  for (const name of ["package.json", "platform", "README.md"])
    cpSync(join(folder, name), join(stage, name), { recursive: true });
  await execute(tool("tsc"), ["-p", "tsconfig.build.json", "--outDir", dist], { cwd: folder });
  await execute(process.execPath, ["tools/pack.mjs", dist], { cwd: folder });
  await execute(process.execPath, ["tools/bundle.mjs", dist], { cwd: folder });
  const { stdout } = await execute("npm", ["pack", "--ignore-scripts", "--json"], { cwd: stage });
  const [{ filename }] = JSON.parse(stdout);
  await execute("tar", ["-xzf", filename], { cwd: stage });
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, "@tidewire"), { recursive: true });
  renameSync(join(stage, "package"), join(modules, "@tidewire/client"));
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) symlinkSync(join(root, "node_modules", name), join(modules, name));
  return dist;
}
