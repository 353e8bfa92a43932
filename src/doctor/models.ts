// The models, loaded as the server loads them.
import { ExecutorKind } from "../../generated/ts/tidewire/v1/http.js";
import type { Config } from "../config/index.js";
import type { Ensemble } from "../inference/ensemble.js";
import { ModelRepository } from "../inference/repository.js";
import { type Check, type Finding, fault, ok, warning } from "./finding.js";

export const examineModels: Check = async (config) => {
  const findings: Finding[] = [];
  try {
    await using _models = await ModelRepository.open(config.models, contextOf(config), {
      loaded: (ensemble) => findings.push(loaded(ensemble)),
      broken: (name, reason) => findings.push(broken(name, reason)),
    });
  } catch (error) {
    findings.push(unopened(config.models, error));
  }
  if (findings.length > 0) return findings;
  const remedy = "put a directory with model.onnx or ensemble.json there, or name another folder with --models";
  return [warning("models", `none in ${config.models}`, remedy)];
};

function contextOf(config: Config) {
  return { config, afterDelivery: () => undefined, workerDied: () => undefined };
}

function loaded(ensemble: Ensemble): Finding {
  const { name, executor, executionProvider, costUs } = ensemble.describe();
  const place = executor === ExecutorKind.EXECUTOR_KIND_INLINE ? "on the event loop" : "in a worker thread";
  return ok(`model ${name}`, `${costUs?.toFixed(0)} µs a row, ${place}, on ${executionProvider}`);
}

function broken(name: string, reason: string): Finding {
  return fault(`model ${name}`, reason, "mend or remove the directory; the others are served meanwhile");
}

/** The folder, a setting or an execution provider; each error's message says what to do. */
function unopened(folder: string, error: unknown): Finding {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined)
    return fault("models", `${folder} cannot be read: ${message}`, "name the folder of your models with --models");
  return fault("models", message, "correct the setting; tidewire serve would not start");
}
