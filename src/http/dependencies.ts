// What the routes need of the rest of the server. They decide nothing: they ask, and translate the answer.
import type {
  EnsembleDescription,
  HistorySaved,
  SaveHistory,
  StreamStats,
} from "../../generated/ts/tidewire/v1/http.js";

/** The served ensembles and the broken directories. */
export interface EnsembleDirectory {
  /** All of them, by name. */
  list(): readonly EnsembleDescription[];
  /** One of them; any text may be asked for. @throws TidewireError ENSEMBLE_NOT_FOUND */
  describe(name: string): EnsembleDescription;
}

/** The connections that stream readings. */
export interface StreamDirectory {
  stats(): StreamStats;
}

/** The histories of sessions. */
export interface Histories {
  /** Writes one into a file. @throws TidewireError INVALID_MESSAGE, INVALID_PATH, SESSION_NOT_FOUND, OVERLOADED */
  save(request: SaveHistory): Promise<HistorySaved>;
}

/** Whether new work is welcome. */
export interface Readiness {
  state(): "starting" | "ready" | "draining";
}

/** Everything that {@link registerRoutes} takes. */
export interface HttpDependencies {
  readonly ensembles: EnsembleDirectory;
  readonly streams: StreamDirectory;
  readonly histories: Histories;
  readonly readiness: Readiness;
  /** The server's version, as health tells it. */
  readonly version: string;
  /** Folder that holds `tidewire/v1/*.proto`. */
  readonly protoFolder: string;
}
