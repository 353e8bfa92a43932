// A topic of the demo's own as the server tells it back: whoever pauses, cancels or ends it is obeyed.
import { setTimeout as delay } from "node:timers/promises";
import {
  type ProgressClient,
  type Subscription,
  TidewireClientError,
  type TidewireEvent,
  type TopicSnapshot,
} from "@tidewire/client";
import { Halt, haltOf } from "./halt.js";

/** Time after which what was refused is tried again: what stood against it has been told by then. */
const RETRY_MS = 100;

/** Says on the topic itself that it rests, or goes on. */
export type SayPaused = (isPaused: boolean) => Promise<unknown>;

/** The life of one topic, from its first event on. */
export class Life implements Disposable {
  readonly topic: string;
  readonly #stop = new AbortController();
  readonly #parent: AbortSignal;
  readonly #sayPaused: SayPaused | undefined;
  readonly #parentEnded = (): void => this.#inherit();
  #subscription: Subscription | undefined;
  /** The present pause; undefined when there is none. */
  #pause: { readonly over: Promise<void>; readonly end: () => void } | undefined;
  /** The life that shares its pauses with this one. */
  #twin: Life | undefined;
  /** What this one has said because its twin did, and has not been told back yet. */
  #said: boolean | undefined;

  private constructor(topic: string, parent: AbortSignal, sayPaused: SayPaused | undefined) {
    this.topic = topic;
    this.#parent = parent;
    this.#sayPaused = sayPaused;
    parent.addEventListener("abort", this.#parentEnded);
    if (parent.aborted) this.#inherit();
  }

  /**
   * Follows a topic that is there. Resolves with its present state.
   *
   * @param parent ends it too
   * @param sayPaused where others' pauses are to be taken over
   * @throws TidewireClientError when the server refuses it
   */
  static async follow(
    progress: Pick<ProgressClient, "subscribe">,
    topic: string,
    parent: AbortSignal,
    sayPaused?: SayPaused,
  ): Promise<Life> {
    const life = new Life(topic, parent, sayPaused);
    try {
      await life.#subscribe(progress);
    } catch (error) {
      life[Symbol.dispose]();
      throw error;
    }
    return life;
  }

  #subscribe(progress: Pick<ProgressClient, "subscribe">): Promise<void> {
    const ended = (): void => this.#halt(new Halt("elsewhere", "somebody else has ended it"));
    return new Promise((resolve, reject) => {
      this.signal.addEventListener("abort", () => resolve(), { once: true });
      this.#subscription = progress.subscribe(this.topic, {
        onEvent: (event) => this.#event(event),
        onSnapshot: (snapshot) => {
          this.#snapshot(snapshot);
          resolve();
        },
        onComplete: ended,
        onFailed: ended,
        onCancelled: ended,
        onError: reject,
      });
      if (this.signal.aborted) resolve();
    });
  }

  /** Aborted with a {@link Halt} when the work is to end. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get isPaused(): boolean {
    return this.#pause !== undefined;
  }

  /** Resolves while the topic runs; waits for the end of a pause. @throws Halt */
  async running(): Promise<void> {
    while (this.#pause && !this.signal.aborted) await this.#pause.over;
    this.signal.throwIfAborted();
  }

  /** Waits. @throws Halt */
  async sleep(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.signal }).catch(() => this.signal.throwIfAborted());
  }

  /** Says what is legal while the topic runs, once it does. @throws Halt, TidewireClientError */
  async say<T>(publish: () => Promise<T>): Promise<T> {
    for (;;) {
      await this.running();
      try {
        return await publish();
      } catch (error) {
        // Paused or ended a moment ago: that is being told right now.
        if (!isRefused(error)) throw error;
        await this.sleep(RETRY_MS);
      }
    }
  }

  /** From now on, a pause of either is a pause of both. @returns what ends it */
  static tie(one: Life, other: Life): () => void {
    one.#twin = other;
    other.#twin = one;
    return () => {
      one.#twin = undefined;
      other.#twin = undefined;
    };
  }

  /** Says how it ends; nothing, where somebody else has said it. @throws TidewireClientError */
  async end(publish: () => Promise<unknown>): Promise<void> {
    this[Symbol.dispose]();
    try {
      await publish();
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#subscription?.unsubscribe();
    this.#parent.removeEventListener("abort", this.#parentEnded);
  }

  #event(event: TidewireEvent): void {
    if (event.type === "cancel_requested") this.#cancelled(event.reason);
    else if (event.type === "status_changed") this.#paused(event.status === "paused");
    else if (event.type === "workflow_execution_paused") this.#paused(true);
    else if (event.type === "workflow_execution_resumed") this.#paused(false);
  }

  #snapshot({ state }: TopicSnapshot): void {
    if (state.status === undefined) return this.#halt(new Halt("elsewhere", "somebody has removed it"));
    if (state.cancelRequested) return this.#cancelled();
    this.#paused(state.status === "paused");
  }

  #cancelled(reason?: string): void {
    this.#halt(new Halt("request", reason ? `stopped on request: ${reason}` : "stopped on request"));
  }

  /** What ends the parent ends this too; here nobody has said so yet. */
  #inherit(): void {
    const { by, message } = haltOf(this.#parent);
    this.#halt(new Halt(by === "elsewhere" ? "request" : by, message));
  }

  #halt(halt: Halt): void {
    this.#stop.abort(halt);
    this.#paused(false);
  }

  #paused(isPaused: boolean): void {
    if (isPaused === this.isPaused) return;
    this.#pause?.end();
    this.#pause = undefined;
    if (isPaused) {
      let end = (): void => {};
      const over = new Promise<void>((resolve) => {
        end = resolve;
      });
      this.#pause = { over, end };
    }
    const isEcho = this.#said === isPaused;
    this.#said = undefined;
    // The twin may have changed its mind while this one followed it.
    if (isEcho) void this.#takeOver(this.#twin?.isPaused ?? isPaused);
    else if (this.#twin) void this.#twin.#takeOver(isPaused);
  }

  async #takeOver(isPaused: boolean): Promise<void> {
    if (isPaused === this.isPaused || this.signal.aborted || this.#said !== undefined) return;
    this.#said = isPaused;
    try {
      await this.#sayPaused?.(isPaused);
    } catch (error) {
      this.#said = undefined;
      // Somebody was quicker, and has paused, resumed or ended it.
      if (!isRefused(error)) this.#halt(new Halt("request", `it could not be paused: ${(error as Error).message}`));
    }
  }
}

/** Whether an event was not legal where the topic stands now. */
export function isRefused(error: unknown): boolean {
  return error instanceof TidewireClientError && REFUSALS.has(error.code);
}

const REFUSALS: ReadonlySet<string> = new Set(["INVALID_TRANSITION", "SESSION_NOT_FOUND", "TASK_FINISHED"]);
