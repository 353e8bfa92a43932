// The way in: one server, its predictions and its HTTP routes.
import { ENUMS } from "../../../generated/ts/schema.js";
import type { SaveHistory } from "../../../generated/ts/tidewire/v1/http.js";
import { given } from "./given.js";
import { openSession } from "./inference/open.js";
import type { InferenceSession } from "./inference/session.js";
import type { InferenceOptions } from "./inference/types.js";
import { HttpClient, type HttpOptions } from "./rest/http.js";
import type { EnsembleDescription, Health, HistorySaved, SaveHistoryRequest, StreamStats } from "./rest/types.js";
import type { Encoding } from "./wire/codec.js";

const STREAM_PATH = "/api/v1/inference/stream";

/** Options of a client. */
export interface TidewireClientOptions {
  /** `http:` or `https:`, without a path: "http://127.0.0.1:8000". */
  readonly baseURL: string;
  /** Sent with each request, and with WebSocket upgrades where the platform can set headers. */
  readonly token?: string | undefined;
  /** How frames travel over WebSocket. Default: "proto", binary. */
  readonly encoding?: Encoding | undefined;
}

/** What the server serves. */
export interface Ensembles {
  /** All ensembles, and the broken directories. @throws TidewireClientError */
  list(options?: HttpOptions): Promise<readonly EnsembleDescription[]>;
  /** @throws TidewireClientError ENSEMBLE_NOT_FOUND */
  info(name: string, options?: HttpOptions): Promise<EnsembleDescription>;
}

/** A Tidewire server. Opens no connection by itself; each session has one of its own. */
export class TidewireClient {
  readonly ensembles: Ensembles;
  readonly #options: TidewireClientOptions;
  readonly #http: HttpClient;

  constructor(options: TidewireClientOptions) {
    const baseURL = options.baseURL.replace(/\/+$/, "");
    const http = new HttpClient(baseURL, options.token);
    this.#options = { ...options, baseURL };
    this.#http = http;
    this.ensembles = {
      list: async (init) => {
        const { ensembles } = await http.get<{ ensembles: EnsembleDescription[] }>(
          "/api/v1/ensemble/list",
          "EnsembleList",
          init,
        );
        return ensembles;
      },
      info: (name, init) => http.get(`/api/v1/ensemble/${encodeURIComponent(name)}/info`, "EnsembleDescription", init),
    };
  }

  /** A session that predicts with the ensemble; it connects at once. Whoever opens it closes it. */
  inference(ensembleName: string, options: InferenceOptions = {}): InferenceSession {
    const { baseURL, token, encoding } = this.#options;
    return openSession(ensembleName, { url: baseURL + STREAM_PATH, token, encoding, ...given(options) });
  }

  /** Counts of all inference connections. @throws TidewireClientError */
  inferenceStats(options?: HttpOptions): Promise<StreamStats> {
    return this.#http.get(`${STREAM_PATH}/stats`, "StreamStats", options);
  }

  /** Has the server write a session's history into a file of its data directory. @throws TidewireClientError */
  saveHistory({ format, ...request }: SaveHistoryRequest, options?: HttpOptions): Promise<HistorySaved> {
    const formats: readonly string[] = ENUMS.HistoryFormat ?? [];
    const message = { ...request, format: Math.max(0, formats.indexOf(format)) as NonNullable<SaveHistory["format"]> };
    return this.#http.post(`${STREAM_PATH}/save`, "SaveHistory", message, "HistorySaved", options);
  }

  /** Whether the server is well; also one that is starting or draining answers. @throws TidewireClientError */
  health(options?: HttpOptions): Promise<Health> {
    return this.#http.get("/health", "Health", options);
  }
}
