// One directory of the model repository, read and checked: which graphs, which signals, which boosts.
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { SignalQuality } from "../../generated/ts/tidewire/v1/http.js";
import { hashFiles } from "./model-files.js";

/** A graph's file within its directory: no folder above, no absolute path, nothing hidden. */
const GRAPH_FILE = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}(\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}){0,3}$/;
const SIGNAL_NAME_LENGTH = 256;
const MAX_SIGNALS = 65_536;
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** What a directory says about itself; signals are empty where only the graph knows them. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string | undefined;
  readonly basePath: string;
  readonly boostPath: string | undefined;
  /** Undefined for a bare graph, whose input and output names are the signals' names. */
  readonly boundarySignals: readonly string[] | undefined;
  readonly signals: readonly string[] | undefined;
  /** Names of signals whose boost is on by default. */
  readonly boosted: ReadonlySet<string>;
  readonly quality: Readonly<Record<string, SignalQuality>>;
  /** SHA-256 over the base's bytes, then the boost's, in hexadecimal. */
  readonly sha256: string;
}

/** Reads a model directory. @throws Error whose message is the reason to report */
export async function readManifest(directory: string, name: string): Promise<Manifest> {
  const entries = new Set(await readdir(directory));
  const bare = { name, description: undefined, boostPath: undefined, boundarySignals: undefined, signals: undefined };
  const rest = { boosted: new Set<string>(), quality: {} };
  if (entries.has("ensemble.json")) return readEnsemble(directory, name);
  if (entries.has("model.onnx")) {
    const basePath = join(directory, "model.onnx");
    return { ...bare, ...rest, version: "1", basePath, sha256: await hashFiles([basePath]) };
  }
  const version = await newestVersion(directory, [...entries]);
  if (version === undefined) throw new Error("neither ensemble.json, model.onnx nor <version>/model.onnx");
  const basePath = join(directory, version, "model.onnx");
  return { ...bare, ...rest, version, basePath, sha256: await hashFiles([basePath]) };
}

/** The highest numbered folder that holds a graph, as Triton lays versions out: one that is still empty is no version. */
async function newestVersion(directory: string, entries: readonly string[]): Promise<string | undefined> {
  const versions = entries.filter((entry) => /^[0-9]{1,9}$/.test(entry)).sort((a, b) => Number(b) - Number(a));
  for (const version of versions) {
    if ((await readdir(join(directory, version))).includes("model.onnx")) return version;
  }
  return undefined;
}

async function readEnsemble(directory: string, name: string): Promise<Manifest> {
  const json = await readJson(join(directory, "ensemble.json"));
  const field = new Fields(json);
  field.text("name", name); // the directory's name is the one that serves: a copy of a folder is another ensemble
  const signals = field.names("signals");
  const boundarySignals = field.names("boundary_signals");
  const basePath = join(directory, graphFile(json.base, "base"));
  const boostPath = json.boost == null ? undefined : join(directory, graphFile(json.boost, "boost"));
  const boosted = field.boosted(signals);
  if (boosted.size > 0 && !boostPath) throw new Error("ensemble.json: boost_signals are on, but there is no boost");
  return {
    name,
    version: field.text("version", "1"),
    description: field.optionalText("description"),
    basePath,
    boostPath,
    boundarySignals,
    signals,
    boosted,
    quality: field.quality(signals),
    sha256: await hashFiles(boostPath ? [basePath, boostPath] : [basePath]),
  };
}

type JsonObject = Record<string, unknown>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

async function readJson(path: string): Promise<JsonObject> {
  const { size } = await stat(path);
  if (size > MAX_MANIFEST_BYTES)
    throw new Error(`ensemble.json has ${size} bytes, at most ${MAX_MANIFEST_BYTES} are read`);
  const json = parse(await readFile(path, "utf8"));
  if (!isObject(json)) throw new Error("ensemble.json is no JSON object");
  return json;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw new Error(`ensemble.json: ${(cause as Error).message}`, { cause });
  }
}

function graphFile(value: unknown, key: string): string {
  const file = isObject(value) ? value.model : undefined;
  if (typeof file === "string" && GRAPH_FILE.test(file)) return file;
  throw new Error(`ensemble.json: ${key}.model must name a file of this directory, came ${JSON.stringify(file)}`);
}

/** Typed reads of ensemble.json that say which key is wrong. */
class Fields {
  readonly #json: JsonObject;

  constructor(json: JsonObject) {
    this.#json = json;
  }

  text(key: string, fallback: string): string {
    const value = this.#json[key] ?? fallback;
    if (typeof value === "number") return String(value);
    if (typeof value !== "string" || value === "") throw new Error(`ensemble.json: ${key} must be a text`);
    return value;
  }

  optionalText(key: string): string | undefined {
    const value = this.#json[key];
    return value == null || value === "" ? undefined : this.text(key, "");
  }

  names(key: string): string[] {
    const value = this.#json[key];
    const isName = (name: unknown): name is string =>
      typeof name === "string" && name !== "" && name.length <= SIGNAL_NAME_LENGTH;
    if (!Array.isArray(value) || value.length === 0 || value.length > MAX_SIGNALS || !value.every(isName)) {
      throw new Error(`ensemble.json: ${key} must be a list of 1 to ${MAX_SIGNALS} names`);
    }
    if (new Set(value).size < value.length) throw new Error(`ensemble.json: ${key} names a signal twice`);
    return value;
  }

  boosted(signals: readonly string[]): Set<string> {
    const value = this.#json.boost_signals ?? {};
    if (!isObject(value)) throw new Error("ensemble.json: boost_signals must be an object of true and false");
    for (const [name, on] of Object.entries(value)) {
      if (!signals.includes(name)) throw new Error(`ensemble.json: boost_signals names "${name}", which is no signal`);
      if (typeof on !== "boolean") throw new Error(`ensemble.json: boost_signals.${name} must be true or false`);
    }
    return new Set(signals.filter((name) => Object.hasOwn(value, name) && value[name] === true));
  }

  quality(signals: readonly string[]): Record<string, SignalQuality> {
    const value = this.#json.quality ?? {};
    if (!isObject(value)) throw new Error("ensemble.json: quality must be an object by signal");
    const known = signals.filter((name) => Object.hasOwn(value, name));
    return Object.fromEntries(known.map((name) => [name, toQuality(value[name], name)]));
  }
}

function toQuality(value: unknown, signal: string): SignalQuality {
  if (!isObject(value)) throw new Error(`ensemble.json: quality.${signal} must be an object`);
  const figure = (key: string): number | undefined => {
    const number = value[key] ?? undefined;
    if (number === undefined || Number.isFinite(number)) return number as number | undefined;
    throw new Error(`ensemble.json: quality.${signal}.${key} must be a number`);
  };
  return {
    r2Base: figure("r2_base"),
    r2Boost: figure("r2_boost"),
    rmseBase: figure("rmse_base"),
    rmseBoost: figure("rmse_boost"),
    maeBase: figure("mae_base"),
    maeBoost: figure("mae_boost"),
  };
}
