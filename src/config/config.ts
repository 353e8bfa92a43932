// What the rest of the server reads: every setting with its value, deeply readonly.
import type { Setting } from "./setting.js";
import type { MODEL_SETTINGS, SETTINGS } from "./settings.js";

type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** What one model has of its own; what is absent is the server's. */
export type ModelSettings = {
  readonly [K in keyof typeof MODEL_SETTINGS]?: ValueOf<(typeof MODEL_SETTINGS)[K]>;
};

/** The whole configuration. Frozen; units stand in the names, and the table in settings.ts says what each means. */
export type Config = {
  readonly [K in keyof typeof SETTINGS]: ValueOf<(typeof SETTINGS)[K]>;
} & {
  /** By the name of the model's directory. Has no prototype, so any name may be looked up. */
  readonly modelSettings: Readonly<Record<string, ModelSettings>>;
};

/** One thing that is wrong, as the person who set it finds it again. */
export interface ConfigProblem {
  /** The key of the file, such as `port` or `modelSettings.small.executor`; as it was written where it is unknown. */
  readonly key: string;
  /** Where it was set: a flag, a variable, or the file's name. */
  readonly source: string;
  /** What is wrong and what is allowed. */
  readonly message: string;
}

/** The configuration cannot be used; lists everything that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ key, source, message }) => `  ${key} (${source}): ${message}`);
    super(
      `the configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:\n${lines.join("\n")}`,
    );
    this.problems = problems;
  }
}
