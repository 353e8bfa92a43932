// All checks of a server.
import type { Broker } from "../events/broker.js";
import type { ModelRepository } from "../inference/repository.js";
import type { Evaluations } from "../jobs/evaluations.js";
import type { SessionDirectory } from "../session/directory.js";
import type { LoopWatch } from "../stats/loop-watch.js";
import {
  type Check,
  checkConnections,
  checkDisk,
  checkEvaluations,
  checkEventLog,
  checkLoop,
  checkModels,
  checkServer,
} from "./checks.js";

/** What is looked at. */
export interface Examined {
  readonly state: () => "starting" | "ready" | "draining";
  readonly models: Pick<ModelRepository, "served" | "brokenCount">;
  readonly broker: Pick<Broker, "failure">;
  readonly loop: Pick<LoopWatch, "meanDelayMs">;
  readonly sessions: Pick<SessionDirectory, "size">;
  /** Of the file system of the data folder; undefined where it is not known. */
  readonly freeBytes: () => number | undefined;
  readonly evaluations: Pick<Evaluations, "queue">;
  readonly limits: { readonly maxConnections: number };
}

/** The health of one server. */
export class ServerHealth {
  readonly #examined: Examined;

  constructor(examined: Examined) {
    this.#examined = examined;
  }

  /** How every part is now. */
  checks(): readonly Check[] {
    const { state, models, broker, loop, sessions, freeBytes, evaluations, limits } = this.#examined;
    const served = [...models.served];
    const down = served.filter(({ isDown }) => isDown).map(({ name }) => name);
    return [
      checkServer(state()),
      checkModels({ ready: served.length, broken: models.brokenCount, down }),
      checkEventLog(broker.failure(), Date.now()),
      checkLoop(loop.meanDelayMs),
      checkConnections(sessions.size, limits.maxConnections),
      checkDisk(freeBytes()),
      checkEvaluations(evaluations.queue),
    ];
  }
}
