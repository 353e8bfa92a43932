// What a scrape reads: the parts of a server that keep meters.
import type { Broker } from "../events/broker.js";
import type { ModelRepository } from "../inference/repository.js";
import type { Evaluations } from "../jobs/evaluations.js";
import type { HttpCounts } from "../meters/route-counts.js";
import type { SessionDirectory } from "../session/directory.js";
import type { Traffic } from "../session/traffic.js";
import type { LoopWatch } from "../stats/loop-watch.js";

/** A server as its metrics see it. */
export interface Measured {
  readonly version: string;
  readonly models: Pick<ModelRepository, "served" | "brokenCount">;
  readonly sessions: Pick<SessionDirectory, "kinds" | "queuedBytes">;
  readonly traffic: Traffic;
  readonly broker: Pick<Broker, "hub" | "log" | "meter" | "held" | "failure">;
  readonly evaluations: Pick<Evaluations, "queue">;
  readonly http: HttpCounts;
  readonly loop: Pick<LoopWatch, "delays">;
  readonly limits: { readonly maxConnections: number; readonly maxTopics: number };
  /** Bytes that the file system of the data folder has left; undefined where that is not known. */
  readonly freeBytes: () => number | undefined;
}
