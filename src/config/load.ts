// Reads the configuration: flag > variable > file > default, with every problem reported at once.
import { placeInJson } from "../errors.js";
import { TOKEN_SETTINGS } from "./access-settings.js";
import { closest } from "./closest.js";
import { type Config, ConfigError, type ConfigProblem, type ModelSettings } from "./config.js";
import { isLoopback } from "./loopback.js";
import type { Setting } from "./setting.js";
import { flagOf, MODEL_SETTINGS, SETTINGS, variableOf } from "./settings.js";

/** Where a configuration comes from. */
export interface ConfigSources {
  /** Flags by key (`maxFrameBytes`); `config` names the file. Unknown ones and arguments stand as they were written. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** The environment; only `TIDEWIRE_…` is looked at. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file. @throws when it cannot be read */
  readFile(path: string): string;
}

type Raw = Readonly<Record<string, unknown>>;
type Values = Record<string, unknown>;

/** One place that sets values. */
interface Layer {
  readonly values: Raw;
  readonly fromText: boolean;
  source(key: string): string;
}

const KEYS = Object.keys(SETTINGS);
const FILE_VARIABLE = variableOf("config");
const table: Readonly<Record<string, Setting<unknown>>> = SETTINGS;
const modelTable: Readonly<Record<string, Setting<unknown>>> = MODEL_SETTINGS;

/**
 * The configuration of a server, complete and frozen.
 *
 * @throws ConfigError with all problems: unknown keys, flags and `TIDEWIRE_…` variables, wrong types, values out of range
 */
export function loadConfig(sources: ConfigSources): Config {
  const problems: ConfigProblem[] = [];
  const file = fileLayer(sources, problems);
  const layers = [flagLayer(sources.flags, problems), variableLayer(sources.env, problems), file];
  const values: Values = {};
  for (const key of KEYS) values[key] = settle(key, layers, problems);
  values.modelSettings = readModels(file, problems);
  checkTogether(values as Config, layers, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(values) as Config;
}

/** Checks every layer, also one that a stronger layer hides: a wrong value is reported before it surprises. */
function settle(key: string, layers: readonly Layer[], problems: ConfigProblem[]): unknown {
  const setting = table[key] as Setting<unknown>;
  const found = layers.map((layer) => readKey(key, key, setting, layer, problems));
  return found.find((value) => value !== undefined) ?? setting.default;
}

function readKey(
  key: string,
  name: string,
  setting: Setting<unknown>,
  layer: Layer,
  problems: ConfigProblem[],
): unknown {
  const raw = Object.hasOwn(layer.values, key) ? layer.values[key] : undefined;
  if (raw === undefined) return undefined;
  const value = setting.read(raw, layer.fromText);
  if (value === undefined) {
    const message = `must be ${setting.allowed}, but is ${setting.secret ? "not" : shown(raw)}`;
    problems.push({ key: name, source: layer.source(key), message });
  }
  return value;
}

function flagLayer(flags: Raw, problems: ConfigProblem[]): Layer {
  const known = [...KEYS, "config"];
  for (const flag of Object.keys(flags).filter((key) => !known.includes(key))) {
    const message = flag.startsWith("-") ? unknown("flag", flag, known.map(flagOf)) : "unexpected argument";
    problems.push({ key: flag, source: "command line", message });
  }
  return { values: flags, fromText: true, source: (key) => `flag ${flagOf(key)}` };
}

function variableLayer(env: ConfigSources["env"], problems: ConfigProblem[]): Layer {
  const known = new Map([...KEYS, "config"].map((key) => [variableOf(key), key]));
  const values: Values = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith("TIDEWIRE_") || value === undefined || isServiceLink(name, value)) continue;
    const key = known.get(name);
    if (key !== undefined) values[key] = value;
    else if (isTypingError(name, [...known.keys()]))
      problems.push({ key: name, source: "environment", message: unknown("variable", name, [...known.keys()]) });
  }
  return { values, fromText: true, source: (key) => `environment ${variableOf(key)}` };
}

/** Letters that a misspelt variable may differ in. Others with our prefix belong to scripts, which a server must outlive. */
const TYPING_ERROR_LETTERS = 2;

function isTypingError(name: string, known: readonly string[]): boolean {
  return closest(name, known, TYPING_ERROR_LETTERS) !== undefined;
}

/** Kubernetes tells each pod where a Service named `tidewire` is, by variables that look like ours. */
function isServiceLink(name: string, value: string): boolean {
  return /^TIDEWIRE_(SERVICE|PORT)_/.test(name) || (name === "TIDEWIRE_PORT" && value.startsWith("tcp://"));
}

function fileLayer({ flags, env, readFile }: ConfigSources, problems: ConfigProblem[]): Layer {
  const named = flags.config ?? env[FILE_VARIABLE];
  const layer = (values: Raw): Layer => ({ values, fromText: false, source: () => `file ${String(named)}` });
  if (named === undefined) return layer({});
  const values = parseFile(String(named), readFile, problems);
  const known = [...KEYS, "modelSettings"];
  for (const key of Object.keys(values).filter((name) => !known.includes(name))) {
    problems.push({ key, source: `file ${String(named)}`, message: unknown("key", key, known) });
  }
  return layer(values);
}

function parseFile(path: string, readFile: ConfigSources["readFile"], problems: ConfigProblem[]): Raw {
  try {
    const parsed: unknown = JSON.parse(readFile(path));
    if (isObject(parsed)) return parsed;
    problems.push({
      key: "config",
      source: `file ${path}`,
      message: `must hold one JSON object, but holds ${shown(parsed)}`,
    });
  } catch (error) {
    const message =
      error instanceof SyntaxError ? `is no JSON${placeInJson(error)}` : `cannot be read: ${(error as Error).message}`;
    problems.push({ key: "config", source: `file ${path}`, message });
  }
  return {};
}

function readModels(file: Layer, problems: ConfigProblem[]): Readonly<Record<string, ModelSettings>> {
  const models: Record<string, ModelSettings> = Object.create(null);
  const raw = file.values.modelSettings ?? {};
  const wrong = (key: string, message: string) => problems.push({ key, source: file.source(key), message });
  if (!isObject(raw)) wrong("modelSettings", `must be an object by model name, but is ${shown(raw)}`);
  for (const [name, settings] of isObject(raw) ? Object.entries(raw) : []) {
    if (isObject(settings)) models[name] = readModel(`modelSettings.${name}`, { ...file, values: settings }, problems);
    else wrong(`modelSettings.${name}`, `must be an object of settings, but is ${shown(settings)}`);
  }
  return Object.freeze(models);
}

function readModel(prefix: string, layer: Layer, problems: ConfigProblem[]): ModelSettings {
  const model: Values = {};
  const known = Object.keys(modelTable);
  for (const key of Object.keys(layer.values)) {
    const setting = Object.hasOwn(modelTable, key) ? modelTable[key] : undefined;
    if (setting) model[key] = readKey(key, `${prefix}.${key}`, setting, layer, problems);
    else problems.push({ key: `${prefix}.${key}`, source: layer.source(key), message: unknown("key", key, known) });
  }
  return Object.freeze(model);
}

/** What no setting can check alone. */
function checkTogether(config: Config, layers: readonly Layer[], problems: ConfigProblem[]): void {
  const source = (key: string) => layers.find((layer) => layer.values[key] !== undefined)?.source(key) ?? "default";
  checkAccess(config, source, problems);
  for (const [name, rows] of batchLimits(config)) {
    if (config.maxQueuedRows >= rows) continue;
    const message = `must not be less than ${name} (${rows}), but is ${config.maxQueuedRows}: a full batch could never wait`;
    problems.push({ key: "maxQueuedRows", source: source("maxQueuedRows"), message });
  }
  if (config.idleTimeoutMs <= config.pingIntervalMs) {
    const message = `must be longer than pingIntervalMs (${config.pingIntervalMs}), but is ${config.idleTimeoutMs}: a quiet peer would be closed before its ping`;
    problems.push({ key: "idleTimeoutMs", source: source("idleTimeoutMs"), message });
  }
}

/** Nobody is let in by an oversight, and no half of a pair is taken for the whole. */
function checkAccess(config: Config, source: (key: string) => string, problems: ConfigProblem[]): void {
  const asksForTokens = TOKEN_SETTINGS.some((key) => config[key] !== "");
  if (!asksForTokens && !config.insecure && !isLoopback(config.host)) {
    const message = `others could reach ${config.host}, and no token is set: set TIDEWIRE_TOKEN to one that "tidewire token" makes (or ${flagsOf(TOKEN_SETTINGS)}), listen on 127.0.0.1, or add --insecure (TIDEWIRE_INSECURE=true) if everyone who reaches the port may use the server`;
    problems.push({ key: "host", source: source("host"), message });
  }
  for (const [key, other] of TLS_PAIR) {
    if (config[key] === "" || config[other] !== "") continue;
    problems.push({ key, source: source(key), message: `needs ${other} (${flagOf(other)}) beside it` });
  }
  if (config.jwksUrl !== "" && hasPassword(config.jwksUrl)) {
    const message = "must be without a name and password: the keys are public, and addresses stand in logs";
    problems.push({ key: "jwksUrl", source: source("jwksUrl"), message });
  } else if (config.jwksUrl !== "" && !isSafeUrl(config.jwksUrl)) {
    const message = "must be https, or http on this machine: whoever can change the keys on their way can make tokens";
    problems.push({ key: "jwksUrl", source: source("jwksUrl"), message });
  }
}

const TLS_PAIR = [
  ["tlsCert", "tlsKey"],
  ["tlsKey", "tlsCert"],
] as const;

function hasPassword(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && (url.username !== "" || url.password !== "");
}

function isSafeUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname.replace(/^\[|\]$/g, "")));
}

const flagsOf = (keys: readonly string[]): string => keys.slice(1).map(flagOf).join(", ");

/** Every limit of a batch, by the key that sets it. */
function batchLimits(config: Config): [string, number][] {
  const ofModels = Object.entries(config.modelSettings).flatMap(([name, { maxBatchRows }]): [string, number][] =>
    maxBatchRows === undefined ? [] : [[`modelSettings.${name}.maxBatchRows`, maxBatchRows]],
  );
  return [["maxBatchRows", config.maxBatchRows], ...ofModels];
}

function unknown(kind: string, name: string, known: readonly string[]): string {
  const guess = closest(name, known);
  return `unknown ${kind}${guess === undefined ? "" : `; did you mean ${guess}?`}`;
}

function isObject(value: unknown): value is Raw {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A raw value for a message, cut to a readable length. */
function shown(raw: unknown): string {
  const text = JSON.stringify(raw) ?? String(raw);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
