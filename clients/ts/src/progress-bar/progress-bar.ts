// A progress bar for pages without a framework.
import { Emitter } from "../connection/emitter.js";
import { type Environment, platform } from "../connection/environment.js";
import type { ConnectionState } from "../connection/events.js";
import type { Token } from "../connection/settings.js";
import { TidewireClientError } from "../errors.js";
import { isProgressEvent, type ProgressEvent, type TidewireEvent, type TopicEnd } from "../progress/events.js";
import { ProgressClient } from "../progress/progress-client.js";
import type { Subscription } from "../progress/subscription.js";
import type { Encoding } from "../wire/codec.js";
import { type BarDocument, type BarElement, type BarState, BarView } from "./view.js";

/** Options of a bar. Times are milliseconds. */
export interface ProgressBarOptions {
  /** The server: `ws:`, `wss:`, `http:` or `https:`. Default: the page's own. */
  readonly websocketUrl?: string | undefined;
  /** Whether a lost connection is opened again, as often as it takes. Default: true. */
  readonly autoReconnect?: boolean | undefined;
  /** Longest wait before the first attempt; it doubles with each further one, up to 30 s. Default: 3000. */
  readonly reconnectDelay?: number | undefined;
  /** How often a ping asks whether the server is there. Default: 30 000. */
  readonly heartbeatInterval?: number | undefined;
  /** Shown to the server; a function is asked for it at each attempt to connect. */
  readonly token?: Token | undefined;
  readonly encoding?: Encoding | undefined;
  /** Project of task ids that name none. Default: "default". */
  readonly projectId?: string | undefined;
  /** What it is the progress of, for those who do not see the page. Default: "Progress". */
  readonly label?: string | undefined;
  /** Default: the page's own. */
  readonly document?: BarDocument | undefined;
}

/** What {@link ProgressBar.start} shows. */
export interface StartOptions {
  /** As {@link ProgressBar.joinTaskRoom} takes it. Default: none, a bar that the page moves itself. */
  readonly taskId?: string | undefined;
  /** What is known before the first event: a text, or a state. */
  readonly details?: string | BarState | undefined;
}

/** What a bar tells its listeners. */
export interface ProgressBarEvents {
  connect: undefined;
  disconnect: { readonly willReconnect: boolean };
  /** A TidewireClientError, once an outage; or what a listener threw. */
  error: unknown;
  progress: ProgressEvent;
  complete: TopicEnd;
  failed: TopicEnd;
  cancelled: TopicEnd;
}

/** How many tokens the topics have that may be followed, by family. */
const TOKENS: Readonly<Record<string, number>> = { task: 3, workflow: 3, container: 3, training: 2, evaluation: 2 };

/**
 * Shows how far one task is. Connects at once; without a server it is a plain bar, which the page moves by
 * {@link update}.
 */
export class ProgressBar {
  readonly #client: ProgressClient | undefined;
  readonly #view: BarView;
  readonly #projectId: string;
  readonly #events = new Emitter<ProgressBarEvents>();
  #taskId: string | undefined;
  #topic: string | undefined;
  #subscription: Subscription | undefined;
  #state: BarState = {};
  /** What the listeners were told of the connection. */
  #connection: "new" | "up" | "down" | "gone" = "new";

  /** @throws TidewireClientError INVALID_MESSAGE where the page has no such element */
  constructor(container: string | BarElement, options: ProgressBarOptions = {}, environment: Environment = platform) {
    const page = globalThis as { readonly document?: BarDocument; readonly location?: { readonly origin: string } };
    const document = options.document ?? page.document;
    const element = typeof container === "string" ? document?.getElementById(container) : container;
    if (!document || !element)
      throw new TidewireClientError("INVALID_MESSAGE", `the page has no element "${container}"`);
    this.#view = new BarView(document, element, options.label ?? "Progress", () => environment.now());
    this.#projectId = options.projectId ?? "default";
    const url = options.websocketUrl ?? page.location?.origin;
    if (url) this.#client = this.#connect(url, options, environment);
  }

  on<Type extends keyof ProgressBarEvents>(type: Type, listener: (event: ProgressBarEvents[Type]) => void): this {
    this.#events.on(type, listener);
    return this;
  }

  off<Type extends keyof ProgressBarEvents>(type: Type, listener: (event: ProgressBarEvents[Type]) => void): this {
    this.#events.off(type, listener);
    return this;
  }

  /** Begins anew: shows that something goes on, and follows the task if one is named. Never throws. */
  start({ taskId, details }: StartOptions = {}): void {
    this.leaveTaskRoom();
    this.#state = typeof details === "string" ? { message: details } : { ...details };
    this.#view.show("running", this.#state);
    if (taskId !== undefined) this.joinTaskRoom(taskId);
  }

  /** Moves the bar by hand. @param progress 0 to 100; undefined where it is not known */
  update(progress: number | undefined, message?: string): void {
    this.#change({ progress, message: message ?? this.#state.message });
  }

  /**
   * Follows a task: "project.task", or "task" in the bar's project, or a whole topic such as "training.run-7". What is no
   * such name is told as an error.
   */
  joinTaskRoom(taskId: string): void {
    this.leaveTaskRoom();
    const topic = toTopic(taskId, this.#projectId);
    if (topic === undefined) return this.#fail(new TidewireClientError("INVALID_TOPIC", `${taskId} names no task`));
    this.#taskId = taskId;
    if (!this.#client) return this.#fail(new TidewireClientError("NOT_CONNECTED", "the page has no server to ask"));
    this.#topic = topic;
    this.#subscription = this.#client.subscribe(topic, {
      onEvent: (event) => this.#follow(event),
      onSnapshot: ({ state }) => this.#change(state),
      onComplete: (end) => this.#end("completed", "complete", end),
      onFailed: (end) => this.#end("failed", "failed", end),
      onCancelled: (end) => this.#end("cancelled", "cancelled", end),
      onError: (error) => this.#fail(error),
    });
  }

  /** Follows nothing any more; the bar stays as it is. */
  leaveTaskRoom(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#taskId = undefined;
    this.#topic = undefined;
  }

  /** Asks the task's owner to stop; "cancelled" tells when it has. Never rejects. @returns whether the owner was asked */
  async cancel(reason?: string): Promise<boolean> {
    if (!this.#client || this.#topic === undefined) return false;
    try {
      await this.#client.cancel(this.#topic, reason);
      return true;
    } catch (error) {
      this.#events.emit("error", error);
      return false;
    }
  }

  isConnected(): boolean {
    return this.#client?.isConnected() ?? false;
  }

  getTaskId(): string | undefined {
    return this.#taskId;
  }

  /** Takes the bar off the page and closes its connection; nothing is told any more. Idempotent. */
  async destroy(): Promise<void> {
    this.#connection = "gone";
    this.leaveTaskRoom();
    this.#view.remove();
    await this.#client?.disconnect();
  }

  #connect(url: string, options: ProgressBarOptions, environment: Environment): ProgressClient {
    const { autoReconnect = true, reconnectDelay = 3000, heartbeatInterval, token, encoding } = options;
    const maxReconnectAttempts = Number.POSITIVE_INFINITY;
    const settings = {
      url,
      token,
      encoding,
      reconnect: autoReconnect,
      reconnectDelay,
      maxReconnectAttempts,
      heartbeatInterval,
    };
    const client = new ProgressClient(settings, environment);
    client.onConnectionState((state) => this.#tellConnection(state));
    client.onError((error) => this.#events.report(error));
    client.connection.on("connection_error", ({ error }) => this.#fail(error));
    // Told by "error" already.
    client.connect().catch(() => undefined);
    return client;
  }

  #tellConnection(state: ConnectionState): void {
    if (this.#connection === "gone") return;
    if (state === "connected") {
      this.#connection = "up";
      this.#events.emit("connect", undefined);
    } else if (this.#connection === "up") {
      this.#connection = "new";
      this.#events.emit("disconnect", { willReconnect: state === "reconnecting" });
    }
  }

  /** An outage is told once, however many attempts fail. */
  #fail(error: TidewireClientError): void {
    const isOutage = error.code === "CONNECTION_FAILED" || error.code === "NOT_CONNECTED";
    // Where HTTP does, attempts at a WebSocket go on and fail.
    if (this.#connection === "gone" || (isOutage && (this.#connection === "down" || this.isConnected()))) return;
    if (isOutage) this.#connection = "down";
    this.#events.emit("error", error);
  }

  #follow(event: TidewireEvent): void {
    if (isProgressEvent(event)) {
      // An estimate is of its moment.
      this.#change({ etaSeconds: undefined, ...event });
      this.#events.emit("progress", event);
    } else if (event.type === "workflow_phase_started") {
      this.#change({ stage: event.phase, step: event.phaseNumber, totalSteps: event.totalPhases });
    } else if ("message" in event && event.type !== "log") {
      this.#change({ message: event.message });
    }
  }

  #change(change: BarState): void {
    const { progress, step, totalSteps, stage, message, etaSeconds, details } = { ...this.#state, ...change };
    this.#state = { progress, step, totalSteps, stage, message, etaSeconds, details };
    this.#view.show("running", this.#state);
  }

  #end(status: "completed" | "failed" | "cancelled", type: "complete" | "failed" | "cancelled", end: TopicEnd): void {
    const { error, reason, message } = end;
    const progress = status === "completed" ? 100 : (this.#state.progress ?? 0);
    const word = `${status.slice(0, 1).toUpperCase()}${status.slice(1)}`;
    const why = error ?? reason ?? message;
    this.#view.show(status, { ...this.#state, progress }, why ? `${word}: ${why}` : word);
    this.#subscription = undefined;
    this.#events.emit(type, end);
  }
}

/** The topic of a task id: a whole topic, "project.task", or "task"; undefined for what is none of them. */
function toTopic(taskId: string, projectId: string): string | undefined {
  const tokens = taskId.split(".");
  if (!tokens.every((token) => /^[\w-]{1,128}$/.test(token))) return undefined;
  if (tokens.length === TOKENS[tokens[0] ?? ""]) return taskId;
  if (tokens.length > 2) return undefined;
  return tokens.length === 2 ? `task.${taskId}` : `task.${projectId}.${taskId}`;
}
