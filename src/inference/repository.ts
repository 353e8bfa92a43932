// The model repository: every directory under the models folder, served or reported as broken.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type EnsembleDescription, ModelStatus } from "../../generated/ts/tidewire/v1/http.js";
import { TidewireError } from "../errors.js";
import type { Ensemble } from "./ensemble.js";
import { type LoadContext, loadEnsemble } from "./load.js";
import { ProviderError } from "./providers.js";

/** Longest part of an unknown name that is shown: every name of a model is as long at most. */
const MAX_SHOWN_NAME = 128;
const MODEL_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

/** What the repository tells while it loads. */
export interface RepositoryEvents {
  loaded(ensemble: Ensemble): void;
  broken(name: string, reason: string): void;
}

/** Settings for models that the folder does not have: a name is probably misspelt, and the server does not start. */
export class ModelSettingsError extends Error {
  override readonly name = "ModelSettingsError";

  constructor(strangers: readonly string[], folder: string, names: readonly string[]) {
    super(`modelSettings names ${strangers.join(", ")}; the models folder ${folder} has ${names.join(", ") || "none"}`);
  }
}

/** All models of a folder, loaded at start. */
export class ModelRepository implements AsyncDisposable {
  readonly #ensembles = new Map<string, Ensemble>();
  readonly #broken = new Map<string, string>();

  /**
   * Loads each directory of `folder`, one after another: calibration wants the machine to itself.
   *
   * @throws ModelSettingsError when the configuration has settings for a model that is not there
   * @throws ProviderError when an execution provider that the configuration names is absent
   * @throws Error when the folder cannot be read
   */
  static async open(folder: string, context: LoadContext, events: RepositoryEvents): Promise<ModelRepository> {
    const repository = new ModelRepository();
    const names = await modelNames(folder);
    const strangers = Object.keys(context.config.modelSettings).filter((name) => !names.includes(name));
    if (strangers.length > 0) throw new ModelSettingsError(strangers, folder, names);
    try {
      for (const name of names) await repository.#load(join(folder, name), name, context, events);
    } catch (error) {
      await repository[Symbol.asyncDispose]();
      throw error;
    }
    return repository;
  }

  async #load(directory: string, name: string, context: LoadContext, events: RepositoryEvents): Promise<void> {
    try {
      if (!MODEL_NAME.test(name))
        throw new Error("its name may hold letters, digits, . _ - only, and at most 128 of them");
      const ensemble = await loadEnsemble(directory, name, context);
      this.#ensembles.set(name, ensemble);
      events.loaded(ensemble);
    } catch (error) {
      if (error instanceof ProviderError) throw error;
      const reason = error instanceof Error ? error.message.replaceAll(directory, name) : String(error);
      this.#broken.set(name, reason);
      events.broken(name, reason);
    }
  }

  /** A served model. @throws TidewireError ENSEMBLE_NOT_FOUND */
  get(name: string): Ensemble {
    const ensemble = this.#ensembles.get(name);
    if (ensemble) return ensemble;
    const reason = this.#broken.get(name);
    const shown = name.slice(0, MAX_SHOWN_NAME);
    const known = [...this.#ensembles.keys()];
    const message =
      reason === undefined
        ? `no ensemble "${shown}"; there are: ${known.join(", ") || "none"}`
        : `ensemble "${shown}" is broken: ${reason}`;
    throw new TidewireError("ENSEMBLE_NOT_FOUND", message, { ensemble_name: shown });
  }

  /** The served ones, in the order of their names. */
  get served(): Iterable<Ensemble> {
    return this.#ensembles.values();
  }

  /** How many directories could not be served. */
  get brokenCount(): number {
    return this.#broken.size;
  }

  /** Served and broken ones, by name. */
  list(): EnsembleDescription[] {
    const served = [...this.#ensembles.values()].map((ensemble) => ensemble.describe());
    const broken = [...this.#broken].map(([name, reason]) => describeBroken(name, reason));
    return [...served, ...broken].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** One served or broken model. @throws TidewireError ENSEMBLE_NOT_FOUND */
  describe(name: string): EnsembleDescription {
    const reason = this.#broken.get(name);
    return reason === undefined ? this.get(name).describe() : describeBroken(name, reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#ensembles.values()].map((ensemble) => ensemble[Symbol.asyncDispose]()));
  }
}

/** Directories of the folder, by name; hidden ones are not models. */
async function modelNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    if (!name.startsWith(".") && (await mayBeModel(join(folder, name)))) names.push(name);
  }
  return names;
}

/** Whether there is a directory, or something that cannot be looked at, such as a link to nowhere: it is reported as broken. */
async function mayBeModel(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined || found.isDirectory();
}

function describeBroken(name: string, reason: string): EnsembleDescription {
  return {
    name,
    status: ModelStatus.MODEL_STATUS_BROKEN,
    reason,
    boundarySignals: [],
    signals: [],
    boostSignals: {},
    quality: {},
    inputs: [],
    outputs: [],
  };
}
