// The package as a stranger gets it: packed, installed into an empty project, type-checked, bundled and run.
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import t from "tap";
import { serve } from "../../../test/integration/support/serve.js";

const MAX_GZIP_BYTES = 15_000;
const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);
const tool = (name: string) => join(root, "node_modules/.bin", name);

/** A process without tap's own loaders, which tap puts into NODE_OPTIONS of every process that a test starts. */
function execute(command: string, args: readonly string[], options: { readonly cwd?: string } = {}) {
  return run("env", ["-u", "NODE_OPTIONS", command, ...args], options);
}

const STRANGER = `
import { TidewireClient, TidewireClientError, type NamedPrediction, type ServerFrame } from "@tidewire/client";
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
console.log(prediction.predictions.TEY, notAny.length, refused instanceof TidewireClientError && refused.code);
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
  const dist = await install(project);
  await t.resolves(execute(tool("tsc"), ["-p", project]), "types are complete by themselves");

  const { url } = await serve(t, { models: fileURLToPath(new URL("../../../models", import.meta.url)) });
  const { stdout } = await execute(process.execPath, ["stranger.js", url], { cwd: project });
  t.match(stdout, /^1\d\d\.\d+ 6 MISSING_SIGNALS\n$/);

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
  const { stdout: weight } = await execute(process.execPath, ["tools/bundle.mjs", "--size", dist], { cwd: folder });
  const { gzip } = JSON.parse(weight);
  t.ok(gzip <= MAX_GZIP_BYTES, `${gzip} bytes minified and compressed, both encodings`);
  await t.resolves(import(join(project, "node_modules/@tidewire/client/dist/tidewire.min.js")));
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
