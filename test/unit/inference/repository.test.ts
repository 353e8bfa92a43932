// The model repository: what is served, what is broken and why, and what stops the start.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { type Test, test } from "tap";
import { type EnsembleDescription, ExecutorKind, ModelStatus } from "../../../generated/ts/tidewire/v1/http.js";
import { DataType } from "../../../generated/ts/tidewire/v1/inference.js";
import { PACKAGE_ROOT } from "../../../src/config/index.js";
import { Graphs } from "../../../src/inference/graphs.js";
import type { InferenceSettings } from "../../../src/inference/load.js";
import { ProviderError } from "../../../src/inference/providers.js";
import { ModelRepository, ModelSettingsError } from "../../../src/inference/repository.js";
import { graphOptions } from "../../contract/executors.js";
import { modelDirectory, modelsFolder, TEST_MODELS, TURBINE } from "../../integration/support/models.js";

const SETTINGS: InferenceSettings = {
  executionProvider: "cpu",
  intraOpThreads: 1,
  inlineLimitUs: 200,
  maxInferBytes: 1 << 20,
  maxBatchRows: 4096,
  maxQueuedRows: 10_000,
  maxQueueDelayUs: 0,
  modelSettings: {},
};

interface Opened {
  readonly repository: ModelRepository;
  readonly loaded: string[];
  readonly broken: Map<string, string>;
}

async function open(t: Test, folder: string, settings: Partial<InferenceSettings> = {}): Promise<Opened> {
  const loaded: string[] = [];
  const broken = new Map<string, string>();
  const context = { config: { ...SETTINGS, ...settings }, afterDelivery: () => {}, workerDied: () => {} };
  const repository = await ModelRepository.open(folder, context, {
    loaded: ({ name }) => loaded.push(name),
    broken: (name, reason) => broken.set(name, reason),
  });
  t.teardown(() => repository[Symbol.asyncDispose]());
  return { repository, loaded, broken };
}

const narrow = JSON.parse(readFileSync(`${TEST_MODELS}/ensemble_narrow/ensemble.json`, "utf8"));
const graph = (name: string): Buffer => readFileSync(`${TEST_MODELS}/ensemble_narrow/${name}.onnx`);
const wide = readFileSync(`${TEST_MODELS}/triton_layout/1/model.onnx`);
const turbineBoost = readFileSync(`${TURBINE}/boost.onnx`);

/** A copy of ensemble_narrow whose manifest is changed; undefined takes a key away. */
function ensemble(name: string, changes: object = {}, files: object = {}): object {
  const manifest = JSON.stringify({ ...narrow, name, ...changes });
  return { "ensemble.json": manifest, "base.onnx": graph("base"), "boost.onnx": graph("boost"), ...files };
}

/** An ONNX model y = x + w whose weight lies in a file beside it. */
function graphWithExternalData(location: string): Buffer {
  const w = (write: (writer: BinaryWriter) => unknown): Uint8Array => {
    const writer = new BinaryWriter();
    write(writer);
    return writer.finish();
  };
  const entry = (key: string, value: string) => w((p) => p.tag(1, 2).string(key).tag(2, 2).string(value));
  const dimension = (size: number) => w((p) => (size < 0 ? p.tag(2, 2).string("N") : p.tag(1, 0).int64(size)));
  const shape = w((p) => p.tag(1, 2).bytes(dimension(-1)).tag(1, 2).bytes(dimension(3)));
  const type = w((p) => p.tag(1, 2).bytes(w((q) => q.tag(1, 0).int32(1).tag(2, 2).bytes(shape))));
  const value = (name: string) => w((p) => p.tag(1, 2).string(name).tag(2, 2).bytes(type));
  const node = w((p) => p.tag(1, 2).string("x").tag(1, 2).string("w").tag(2, 2).string("y").tag(4, 2).string("Add"));
  const weight = w((p) =>
    p
      .tag(1, 0)
      .int64(3)
      .tag(2, 0)
      .int32(1)
      .tag(8, 2)
      .string("w")
      .tag(13, 2)
      .bytes(entry("location", location))
      .tag(14, 0)
      .int32(1),
  );
  const main = w((p) =>
    p
      .tag(1, 2)
      .bytes(node)
      .tag(2, 2)
      .string("g")
      .tag(5, 2)
      .bytes(weight)
      .tag(11, 2)
      .bytes(value("x"))
      .tag(12, 2)
      .bytes(value("y")),
  );
  const opset = w((p) => p.tag(1, 2).string("").tag(2, 0).int64(17));
  return Buffer.from(w((p) => p.tag(1, 0).int64(8).tag(7, 2).bytes(main).tag(8, 2).bytes(opset)));
}

/** Broken directories by name: what they hold, and what their reason must say. */
function brokenDirectories(t: Test): Record<string, { holds: unknown; says: RegExp }> {
  const manifest = (changes: object, files?: object) => (name: string) => ensemble(name, changes, files);
  const cases: Record<string, [unknown, RegExp]> = {
    empty: [{}, /neither ensemble\.json, model\.onnx nor <version>\/model\.onnx/],
    only_a_readme: [{ "README.md": "soon" }, /neither ensemble\.json/],
    no_graph: [{ "model.onnx": "This is a text." }, /model\.onnx|protobuf/i],
    empty_graph: [{ "model.onnx": "" }, /model/i],
    cut_graph: [{ "model.onnx": readFileSync(`${TEST_MODELS}/small/model.onnx`).subarray(0, 2000) }, /model|protobuf/i],
    graph_is_a_folder: [{ "model.onnx": {} }, /EISDIR|directory/],
    versions_without_graph: [{ 1: {}, 2: {} }, /neither ensemble\.json/],
    dangling: [t.fixture("symlink", "./nowhere"), /ENOENT/],
    data_missing: [{ "model.onnx": graphWithExternalData("weights.bin") }, /weights\.bin/],
    data_outside: [{ "model.onnx": graphWithExternalData("../small/model.onnx") }, /external|outside|escape|\.\./i],
    no_json: [{ "ensemble.json": "{" }, /ensemble\.json.*JSON/],
    json_list: [{ "ensemble.json": "[]" }, /ensemble\.json is no JSON object/],
    json_huge: [
      { "ensemble.json": `{"name":"${"x".repeat(5 << 20)}"}` },
      /ensemble\.json has \d+ bytes, at most 4194304/,
    ],
    json_a_folder: [{ "ensemble.json": {} }, /EISDIR|ensemble\.json/],
    name_no_text: [manifest({ name: ["elsewhere"] }), /name must be a text/],
    leaves_up: [manifest({ base: { model: "../small/model.onnx" } }), /base\.model must name a file of this directory/],
    leaves_absolute: [manifest({ boost: { model: "/etc/boost.onnx" } }), /boost\.model must name a file/],
    leaves_dots: [manifest({ base: { model: ".." } }), /base\.model/],
    leaves_backslash: [manifest({ base: { model: "..\\base.onnx" } }), /base\.model/],
    leaves_nul: [manifest({ base: { model: "base.onnx\0" } }), /base\.model/],
    base_is_no_object: [manifest({ base: "base.onnx" }), /base\.model/],
    base_absent: [manifest({ base: undefined }), /base\.model/],
    base_file_absent: [manifest({ base: { model: "other.onnx" } }), /ENOENT.*other\.onnx/],
    boost_file_absent: [manifest({ boost: { model: "other.onnx" } }), /ENOENT.*other\.onnx/],
    boost_broken: [manifest({}, { "boost.onnx": "no graph" }), /boost\.onnx|protobuf/i],
    twice_in: [manifest({ boundary_signals: ["a", "a"] }), /boundary_signals names a signal twice/],
    twice_out: [manifest({ signals: ["x", "y", "x"] }), /signals names a signal twice/],
    no_signals: [manifest({ signals: [] }), /signals must be a list of 1 to 65536 names/],
    signals_no_list: [manifest({ signals: { x: 1 } }), /signals must be a list/],
    signals_no_names: [manifest({ boundary_signals: ["a", 2] }), /boundary_signals must be a list/],
    signals_empty_name: [manifest({ boundary_signals: ["a", ""] }), /boundary_signals must be a list/],
    signals_long_name: [manifest({ boundary_signals: ["a", "b".repeat(257)] }), /boundary_signals must be a list/],
    signals_absent: [manifest({ signals: undefined }), /signals must be a list/],
    narrow_in: [manifest({ boundary_signals: ["a"] }), /base takes 2 values, boundary_signals names 1/],
    wide_out: [manifest({ signals: ["x", "y", "z", "more"] }), /base gives 3 values, signals names 4/],
    boost_narrow: [
      manifest({}, { "boost.onnx": wide, "base.onnx": graph("base") }),
      /boost gives 2 values|boost takes 3/,
    ],
    boost_wide: [manifest({}, { "boost.onnx": turbineBoost }), /boost takes 11 values, neither 2 \(boundary\) nor 5/],
    base_takes_windows: [
      manifest({}, { "base.onnx": readFileSync(`${TEST_MODELS}/window/model.onnx`) }),
      /base: it has 2 inputs/,
    ],
    boost_of_nobody: [manifest({ boost_signals: { q: true } }), /boost_signals names "q", which is no signal/],
    boost_inherited: [manifest({ boost_signals: { constructor: true } }), /boost_signals names "constructor"/],
    boost_of_numbers: [manifest({ boost_signals: { x: 1 } }), /boost_signals\.x must be true or false/],
    boost_no_object: [manifest({ boost_signals: ["x"] }), /boost_signals must be an object/],
    boost_without_graph: [manifest({ boost: undefined }), /boost_signals are on, but there is no boost/],
    quality_no_object: [manifest({ quality: 7 }), /quality must be an object/],
    quality_no_number: [manifest({ quality: { x: { r2_base: "good" } } }), /quality\.x\.r2_base must be a number/],
    version_no_text: [manifest({ version: { major: 1 } }), /version must be a text/],
    "no name": [ensemble("no name"), /its name may hold letters, digits/],
  };
  const entries = Object.entries(cases).map(([name, [holds, says]]) => {
    return [name, { holds: typeof holds === "function" ? holds(name) : holds, says }];
  });
  return Object.fromEntries(entries);
}

test("broken directories are reported with a reason and no path of the machine, the others are served", async (t) => {
  const cases = brokenDirectories(t);
  const broken = Object.fromEntries(Object.entries(cases).map(([name, { holds }]) => [name, holds]));
  const good = { good: ensemble("good"), small: t.fixture("symlink", modelDirectory("small")) };
  const folder = t.testdir({ ...broken, ...good, ".hidden": {}, "README.md": "no directory" } as never);
  for (const path of [folder, relative(process.cwd(), folder), `${folder}/`]) {
    const opened = await open(t, path);
    t.same(opened.loaded.sort(), ["good", "small"]);
    t.same([...opened.broken.keys()].sort(), Object.keys(cases).sort());
    for (const [name, { says }] of Object.entries(cases)) {
      const reason = opened.broken.get(name) ?? "";
      t.match(reason, says, `${name}: ${reason}`);
      t.notOk(reason.includes(folder) || reason.includes(process.cwd()), `${name} names no path: ${reason}`);
      t.match(opened.repository.describe(name), { name, status: ModelStatus.MODEL_STATUS_BROKEN, reason });
      t.throws(() => opened.repository.get(name), {
        code: "ENSEMBLE_NOT_FOUND",
        message: `ensemble "${name}" is broken`,
      });
    }
    t.same(
      opened.repository.list().map(({ name }) => name),
      [...Object.keys(cases), "good", "small"].sort(),
    );
  }
});

test("what ensemble.json need not say has a default", async (t) => {
  const folder = t.testdir({
    least: {
      "ensemble.json": JSON.stringify({
        boundary_signals: ["a", "b"],
        signals: ["x", "y", "z"],
        base: { model: "base.onnx" },
      }),
      "base.onnx": graph("base"),
    },
    quiet: ensemble("quiet", { description: "", version: 7, boost_signals: undefined, quality: undefined }),
  } as never);
  const { repository, broken } = await open(t, folder);
  t.same([...broken], []);
  t.match(repository.describe("least"), { version: "1", description: undefined, boostSignals: {}, quality: {} });
  t.match(repository.describe("quiet"), { version: "7", boostSignals: { x: false, y: false, z: false } });
  t.same(repository.get("quiet").boostsWith({ y: true }), [false, true, false]);
  t.same(repository.get("least").boostsWith({ y: true }), [false, false, false], "no boost, nothing to switch on");
});

test("a folder of versions serves the highest, by number", async (t) => {
  const versions = {
    1: { "model.onnx": "broken" },
    9: { "model.onnx": "broken" },
    10: { "model.onnx": wide },
    config: {},
    "9a": {},
  };
  const { repository } = await open(
    t,
    t.testdir({ versions, triton_layout: t.fixture("symlink", modelDirectory("triton_layout")) } as never),
  );
  t.equal(repository.describe("versions").version, "10");
  const triton = repository.describe("triton_layout");
  t.equal(triton.version, "2");
  t.same(triton.boundarySignals, ["input_0", "input_1", "input_2"]);
  t.same(triton.signals, ["output_0", "output_1"]);
  t.not(triton.modelSha256, repository.describe("versions").modelSha256);
  t.match(triton.modelSha256, /^[0-9a-f]{64}$/);
});

test("unknown names are told with what there is, whatever they mean to JavaScript", async (t) => {
  const { repository } = await open(t, modelsFolder(t, ["small"]));
  for (const name of ["big", "", "__proto__", "constructor", "toString", "../small", "small/"]) {
    t.throws(() => repository.get(name), {
      code: "ENSEMBLE_NOT_FOUND",
      message: "there are: small",
      details: { ensemble_name: name },
    });
    t.throws(() => repository.describe(name), { code: "ENSEMBLE_NOT_FOUND" });
  }
});

test("the description is the ensemble's own, its quality and its graph's", async (t) => {
  const { repository } = await open(t, modelsFolder(t, ["gas_turbine", "types", "window"]));
  const turbine = JSON.parse(readFileSync(`${TURBINE}/ensemble.json`, "utf8"));
  const described = repository.describe("gas_turbine");
  t.same(described.boundarySignals, turbine.boundary_signals);
  t.same(described.signals, turbine.signals);
  t.same(described.boostSignals, turbine.boost_signals);
  t.equal(described.quality.CO?.rmseBoost, turbine.quality.CO.rmse_boost);
  t.ok((described.costUs ?? 0) > 0);
  const inputs = (name: string): unknown =>
    repository.describe(name).inputs.map((spec) => [spec.name, spec.datatype, spec.shape]);
  t.same(inputs("window"), [
    ["window", DataType.DATA_TYPE_FP32, [-1, 16, 4]],
    ["scale", DataType.DATA_TYPE_FP32, [1]],
  ]);
  t.equal(repository.describe("types").inputs.length, 13);
  t.same([repository.get("window").signals, repository.get("window").boundarySignals], [[], []]);
  t.throws(() => repository.get("types").assertTakesRows(), {
    code: "INVALID_MESSAGE",
    message: /13 inputs.*use infer/,
  });
});

const kindOf = ({ executor }: EnsembleDescription): string =>
  executor === ExecutorKind.EXECUTOR_KIND_INLINE ? "inline" : "worker";

test("calibration puts cheap models on the loop and dear ones in a worker", async (t) => {
  const names = ["small", "gas_turbine", "heavy", "slow"];
  const { repository } = await open(t, modelsFolder(t, names));
  t.same(
    names.map((name) => kindOf(repository.describe(name))),
    ["inline", "inline", "worker", "worker"],
  );
  t.equal(repository.get("gas_turbine").maxBatchRows, 4096);
  const slow = repository.get("slow");
  const runUs = slow.maxBatchRows * (repository.describe("slow").costUs ?? 0);
  t.ok(slow.maxBatchRows < 4096 && runUs < 1_100_000, `no run takes longer than a second, came ${runUs} µs`);
  const costs = names.map((name) => repository.describe(name).costUs ?? 0);
  t.ok((costs[0] as number) < (costs[2] as number) && (costs[2] as number) < (costs[3] as number), `${costs} µs`);
});

test("settings of one model are over calibration and over those of all", async (t) => {
  const folder = modelsFolder(t, ["small", "heavy", "ensemble_narrow"]);
  const { repository } = await open(t, folder, {
    modelSettings: {
      small: { executor: "worker", maxBatchRows: 7 },
      heavy: { executor: "inline" },
      ensemble_narrow: { executor: "auto" },
    },
  });
  t.equal(kindOf(repository.describe("small")), "worker");
  t.equal(kindOf(repository.describe("heavy")), "inline");
  t.equal(kindOf(repository.describe("ensemble_narrow")), "inline");
  t.equal(repository.get("small").maxBatchRows, 7);
  t.equal(repository.get("ensemble_narrow").maxBatchRows, 4096);
  const strict = await open(t, folder, { inlineLimitUs: 0 });
  t.equal(kindOf(strict.repository.describe("ensemble_narrow")), "worker", "nothing is cheap enough");
});

async function isPresent(executionProvider: string): Promise<boolean> {
  try {
    await using graphs = await Graphs.load({ ...graphOptions("small"), executionProvider });
    return graphs.takesRows;
  } catch {
    return false;
  }
}

test("a provider that is absent stops the start and says how to install it or to go without", async (t) => {
  const folder = modelsFolder(t, ["small", "broken"]);
  const cases: [string, RegExp][] = [
    ["cuda", /"cuda".*ONNXRUNTIME_NODE_INSTALL=cuda12.*executionProvider to "cpu"/s],
    ["tensorrt", /"tensorrt".*TensorRT/s],
    ["coreml", /"coreml".*macOS/s],
    ["dml", /"dml".*Windows/s],
    ["nonsense", /"nonsense".*no such provider/s],
  ];
  for (const [provider, says] of cases) {
    if (await isPresent(provider)) continue; // a machine that has it proves nothing about its absence
    const error = await open(t, folder, { executionProvider: provider }).catch((thrown: Error) => thrown);
    t.type(error, ProviderError);
    t.match((error as Error).message, says);
    t.match((error as Error).message, /model small/, "the model that asks for it");
    t.notMatch((error as Error).message, folder);
  }
  await t.rejects(open(t, folder, { modelSettings: { small: { executionProvider: "nonsense" } } }), ProviderError);
  const { loaded } = await open(t, folder, {
    executionProvider: "nonsense",
    modelSettings: { small: { executionProvider: "cpu" } },
  });
  t.same(loaded, ["small"], "a broken graph asks for nothing");
});

test("a start that fails leaves no worker behind: the process ends by itself", async (t) => {
  const folder = modelsFolder(t, ["heavy", "small"]);
  const script = `
    const { ModelRepository } = await import(${JSON.stringify(pathToFileURL(join(PACKAGE_ROOT, "src/inference/repository.ts")))});
    const config = ${JSON.stringify({ ...SETTINGS, modelSettings: { heavy: { executor: "worker" }, small: { executionProvider: "nonsense" } } })};
    const context = { config, afterDelivery() {}, workerDied() {} };
    await ModelRepository.open(${JSON.stringify(folder)}, context, { loaded: (e) => console.log(e.name), broken() {} })
      .catch((error) => console.log(error.name));`;
  const file = join(folder, ".start.mjs");
  writeFileSync(file, script);
  const args = ["--import=./tools/typescript.mjs", file];
  const child = spawn(process.execPath, args, { cwd: PACKAGE_ROOT, stdio: ["ignore", "pipe", "ignore"] });
  t.teardown(() => child.kill("SIGKILL"));
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  t.equal(output, "heavy\nProviderError\n");
  t.equal(status, 0);
});

test("settings for a model that is not there stop the start and name those that are", async (t) => {
  const error = await open(t, modelsFolder(t, ["small"]), { modelSettings: { smal: { executor: "inline" } } }).catch(
    (thrown: Error) => thrown,
  );
  t.type(error, ModelSettingsError);
  t.match((error as Error).message, /smal;.* has small/);
});

test("a models folder that cannot be read is an error of the start", async (t) => {
  await t.rejects(open(t, `${t.testdir({})}/absent`), { code: "ENOENT" });
});
