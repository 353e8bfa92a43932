// The way in: one server, its predictions, its events and its HTTP routes.
import type { Token } from "./connection/settings.js";
import { given } from "./given.js";
import { openSession } from "./inference/open.js";
import type { InferenceSession } from "./inference/session.js";
import type { InferenceOptions } from "./inference/types.js";
import { lazy } from "./lazy.js";
import type { ContainerEvent, TaskEvent, TopicEnd, WorkflowEvent } from "./progress/events.js";
import { ProgressClient, type ProgressOptions } from "./progress/progress-client.js";
import type { Subscription } from "./progress/subscription.js";
import type * as rest from "./rest/types.js";
import type { Encoding } from "./wire/codec.js";

const STREAM_PATH = "/api/v1/inference/stream";

/** Options of a client. */
export interface TidewireClientOptions {
  /** `http:` or `https:`, without a path: "http://127.0.0.1:8000". */
  readonly baseURL: string;
  /** Shown with each request and each connection; a function is asked for it each time. */
  readonly token?: Token | undefined;
  /** How frames travel over WebSocket. Default: "proto", binary. */
  readonly encoding?: Encoding | undefined;
}

const GROUPS = ["ensembles", "training", "evaluations", "tasks", "workflows", "topics", "events"] as const;
const OF_SERVER = ["inferenceStats", "connectionStats", "saveHistory", "health"] as const;

type OnEnd = (end: TopicEnd) => void;

/**
 * A Tidewire server. Opens no connection by itself; each session has one of its own, and all subscriptions share one.
 * The code of the HTTP routes is loaded with the first request.
 */
export class TidewireClient implements AsyncDisposable {
  declare readonly ensembles: rest.Ensembles;
  declare readonly training: rest.Training;
  declare readonly evaluations: rest.Evaluations;
  declare readonly tasks: rest.Tasks;
  declare readonly workflows: rest.Workflows;
  declare readonly topics: rest.Topics;
  declare readonly events: rest.Events;
  /** Counts of all inference connections. @throws TidewireClientError */
  declare readonly inferenceStats: rest.Server["inferenceStats"];
  /** Counts of all WebSocket connections. @throws TidewireClientError */
  declare readonly connectionStats: rest.Server["connectionStats"];
  /** Has the server write a session's history into a file of its data directory. @throws TidewireClientError */
  declare readonly saveHistory: rest.Server["saveHistory"];
  /** Whether the server is well; also one that is starting or draining answers. @throws TidewireClientError */
  declare readonly health: rest.Server["health"];
  readonly #options: TidewireClientOptions;
  #progress: ProgressClient | undefined;

  constructor(options: TidewireClientOptions) {
    const baseURL = options.baseURL.replace(/\/+$/, "");
    this.#options = { ...options, baseURL };
    const load = lazy(async () => (await import("./rest/routes.js")).createRoutes(baseURL, options.token));
    for (const name of GROUPS) Object.assign(this, { [name]: toGroup(load, name) });
    const server = toGroup(load, "server");
    for (const name of OF_SERVER) Object.assign(this, { [name]: server[name] });
  }

  /** A session that predicts with the ensemble; it connects at once. Whoever opens it closes it. */
  inference(ensembleName: string, options: InferenceOptions = {}): InferenceSession {
    const { baseURL, token, encoding } = this.#options;
    return openSession(ensembleName, { url: baseURL + STREAM_PATH, token, encoding, ...given(options) });
  }

  /**
   * Subscriptions and publishes: one connection, opened with the first of them, closed by {@link close}.
   *
   * @param options of that connection; those of the first call count
   */
  getProgress(options: Partial<ProgressOptions> = {}): ProgressClient {
    const { baseURL, token, encoding } = this.#options;
    this.#progress ??= new ProgressClient({ url: baseURL, token, encoding, ...given(options) });
    return this.#progress;
  }

  subscribeToTask(
    projectId: string,
    taskId: string | undefined,
    onEvent: (event: TaskEvent) => void,
    onComplete?: OnEnd,
    onFailed?: OnEnd,
  ): Subscription {
    return this.getProgress().subscribeToTask({ projectId, taskId, onEvent, onComplete, onFailed });
  }

  subscribeToWorkflow(
    workflowId: string,
    onEvent: (event: WorkflowEvent) => void,
    executionId?: string,
    onComplete?: OnEnd,
    onFailed?: OnEnd,
  ): Subscription {
    return this.getProgress().subscribeToWorkflow({ workflowId, executionId, onEvent, onComplete, onFailed });
  }

  subscribeToContainer(
    projectId: string,
    onEvent: (event: ContainerEvent) => void,
    containerId?: string,
  ): Subscription {
    return this.getProgress().subscribeToContainer({ projectId, containerId, onEvent });
  }

  /** Closes the connection of {@link getProgress}; sessions are closed by whoever opened them. */
  async close(): Promise<void> {
    await this.#progress?.disconnect();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A group of routes: a call of any of its methods loads the code of all. */
function toGroup<Name extends keyof rest.Routes>(load: () => Promise<rest.Routes>, name: Name): rest.Routes[Name] {
  type Call = (...args: readonly unknown[]) => unknown;
  type Methods = Record<string | symbol, Call>;
  const later: ProxyHandler<Methods> = {
    get(methods, method) {
      // A group is no promise, whoever awaits it; and what is no text names no method.
      if (typeof method === "symbol" || method === "then") return undefined;
      methods[method] ??= async (...args) => ((await load())[name] as unknown as Methods)[method]?.(...args);
      return methods[method];
    },
  };
  return new Proxy<Methods>({}, later) as unknown as rest.Routes[Name];
}
