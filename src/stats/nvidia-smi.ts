// GPUs: one `nvidia-smi` that goes on for as long as somebody watches. Starting it takes up to seconds and wakes the
// driver; a line a second of one that runs costs next to nothing.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { Logger } from "pino";
import type { GpuStats } from "../../generated/ts/tidewire/v1/stats.js";
import { GpuRounds, identityOf, parseGpuLine, QUERY } from "./nvidia-lines.js";

/** Setting of the program that looks for none. */
export const NO_PROGRAM = "off";

/** How long it waits for what, in ms. */
export interface NvidiaSmiTimes {
  /** Before the second start; each further wait is twice as long, until a child has been steady. */
  readonly firstWaitMs: number;
  /** Longest of these waits, and the one where there is no such program. */
  readonly longestWaitMs: number;
  /** A child that still tells of GPUs so long after its start is steady: the next wait is the first one again. */
  readonly steadyMs: number;
  /** It goes on for so long without a watcher. */
  readonly lingerMs: number;
  /** Figures that are older are not told; the GPU still is. */
  readonly freshMs: number;
  /** A child that says nothing for so long hangs. */
  readonly stallMs: number;
  /** What is asked to end and does not is killed. */
  readonly endMs: number;
  /** What is killed and does not end, as a driver holds it in the kernel, holds up the server's end no longer than that. */
  readonly leaveMs: number;
}

const TIMES: NvidiaSmiTimes = {
  firstWaitMs: 1_000,
  longestWaitMs: 10 * 60_000, // a driver may be installed meanwhile
  steadyMs: 10_000, // else a program that tells one round and ends is started every second
  lingerMs: 5_000, // a page that is loaded again finds it running
  freshMs: 5_000,
  stallMs: 30_000, // a host of many GPUs needs some seconds for its first line
  endMs: 1_000, // it has nothing to put away
  leaveMs: 1_500, // within what a server has for its end beyond the drain
};

/** Longest line; what is longer is no line of it. */
const MAX_LINE = 4_096;
/** Most characters a second; a round of 256 GPUs, each with a long name, is a quarter of it. What says more is no nvidia-smi. */
const MAX_CHARS_PER_SECOND = 256 * 1024;

/** Windows has no groups of processes, and opens a window for what is detached. */
const HAS_GROUPS = process.platform !== "win32";

/** Samples the GPUs. */
export interface GpuSampler extends AsyncDisposable {
  /** Somebody watches: figures come from now on, the first ones soon. Idempotent. */
  watch(): void;
  /** Nobody watches any more. Idempotent. */
  rest(): void;
  /** The GPUs as they were last told of; empty where there are none. */
  sample(): readonly GpuStats[];
}

type Child = ChildProcessByStdio<null, Readable, null>;

/** A child, and what it has said. */
interface Running {
  readonly is: "running";
  readonly child: Child;
  readonly startedMs: number;
  readonly rounds: GpuRounds;
  /** Begun and not ended yet. */
  line: string;
  heardMs: number;
  /** Characters of the second that has begun at `secondMs`. */
  chars: number;
  secondMs: number;
}

/** Where it stands. There is never more than one child. */
type State =
  | { readonly is: "resting" }
  | Running
  | { readonly is: "ending"; readonly child: Child; readonly ended: Promise<void>; readonly isFault: boolean }
  | { readonly is: "waiting"; readonly timer: NodeJS.Timeout };

/** What it works with. */
export interface NvidiaSmiOptions {
  /** Name or path of the program; "off" for none. */
  readonly program: string;
  /** Between two looks, at least a second. */
  readonly intervalMs: number;
  readonly log: Logger;
}

/** Keeps an `nvidia-smi` running while somebody watches. */
export class NvidiaSmi implements GpuSampler {
  readonly #options: NvidiaSmiOptions;
  readonly #times: NvidiaSmiTimes;
  #state: State = { is: "resting" };
  #isWanted = false;
  #isClosed = false;
  #linger: NodeJS.Timeout | undefined;
  #waitMs: number;
  #gpus: readonly GpuStats[] = [];
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(options: NvidiaSmiOptions, times = TIMES) {
    this.#options = options;
    this.#times = times;
    this.#waitMs = times.firstWaitMs;
  }

  watch(): void {
    clearTimeout(this.#linger);
    this.#isWanted = !this.#isClosed && this.#options.program !== NO_PROGRAM;
    if (this.#isWanted && this.#state.is === "resting") this.#start();
  }

  rest(): void {
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.#stop(), this.#times.lingerMs);
    this.#linger.unref();
  }

  sample(): readonly GpuStats[] {
    const nowMs = performance.now();
    if (this.#state.is === "running" && nowMs - this.#state.heardMs > this.#times.stallMs) {
      this.#options.log.warn({ silent_ms: this.#times.stallMs }, "nvidia-smi hangs and is started again");
      this.#end(this.#state.child, true);
    }
    return nowMs - this.#toldMs <= this.#times.freshMs + this.#options.intervalMs
      ? this.#gpus
      : this.#gpus.map(identityOf);
  }

  // ---- the child ----

  #start(): void {
    const seconds = Math.max(1, Math.round(this.#options.intervalMs / 1000));
    const words = [`--query-gpu=${QUERY}`, "--format=csv,noheader,nounits", `--loop=${seconds}`];
    const child = this.#spawn(words);
    if (!child) return;
    const state = runningOf(child);
    this.#state = state;
    let hasTold = false;
    let isGone = false;
    const gone = (reason: string): void => {
      if (isGone) return; // what could not be started tells an error, and then perhaps an end
      isGone = true;
      signalAll(child, "SIGKILL"); // what a wrapper leaves behind
      this.#gone(reason, hasTold);
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (this.#state !== state) return;
      if (isFlood(state, text)) this.#endFlood(child);
      else hasTold = this.#read(state, text) || hasTold;
    });
    child.once("error", (error) => gone(error.message));
    child.once("exit", (code, signal) => gone(`ended with ${signal ?? code}`));
  }

  /** Most faults come as an event; some, such as a want of memory, are thrown. */
  #spawn(words: readonly string[]): Child | undefined {
    try {
      return spawn(this.#options.program, words, {
        stdio: ["ignore", "pipe", "ignore"],
        windowsHide: true,
        detached: HAS_GROUPS, // leads a group of processes, which ends as a whole
      });
    } catch (error) {
      this.#gone(String(error), false);
      return undefined;
    }
  }

  /** @returns whether a round has become whole */
  #read(state: Running, text: string): boolean {
    const lines = (state.line + text).split("\n");
    state.line = (lines.pop() ?? "").slice(-MAX_LINE);
    let hasTold = false;
    for (const line of lines) {
      const found = line.length <= MAX_LINE ? parseGpuLine(line) : undefined;
      const round = found && state.rounds.add(found);
      if (!round) continue;
      this.#gpus = round;
      this.#toldMs = performance.now();
      if (this.#toldMs - state.startedMs >= this.#times.steadyMs) this.#waitMs = this.#times.firstWaitMs;
      hasTold = true;
    }
    return hasTold;
  }

  #endFlood(child: Child): void {
    const { log, program } = this.#options;
    log.warn({ program, max_chars_per_second: MAX_CHARS_PER_SECOND }, "nvidia-smi says too much and is started again");
    this.#end(child, true);
  }

  /** The child is no more, or there was no such program. */
  #gone(reason: string, hasTold: boolean): void {
    const ending = this.#state.is === "ending" ? this.#state : undefined;
    // One that never told of a GPU has none, or no driver for it.
    if (!hasTold && !ending) this.#gpus = [];
    this.#state = { is: "resting" };
    if (this.#isClosed) return;
    if (ending && !ending.isFault) {
      if (this.#isWanted) this.#start(); // somebody has come back meanwhile
      return;
    }
    const isAbsent = /ENOENT|EACCES/.test(reason);
    const waitMs = isAbsent ? this.#times.longestWaitMs : this.#waitMs;
    this.#waitMs = Math.min(this.#times.longestWaitMs, this.#waitMs * 2);
    const { log, program } = this.#options;
    if (isAbsent) log.debug({ program }, "no nvidia-smi, so no GPU is told of");
    else if (!ending) log.warn({ program, reason, again_in_ms: waitMs }, "nvidia-smi has ended");
    this.#wait(waitMs);
  }

  /** Goes on also while nobody watches: whoever comes back does not start it before its time. */
  #wait(ms: number): void {
    const timer = setTimeout(() => {
      this.#state = { is: "resting" };
      if (this.#isWanted) this.#start();
    }, ms);
    timer.unref();
    this.#state = { is: "waiting", timer };
  }

  #stop(): void {
    this.#isWanted = false;
    if (this.#state.is === "running") this.#end(this.#state.child, false);
    if (this.#state.is !== "waiting" || !this.#isClosed) return;
    clearTimeout(this.#state.timer);
    this.#state = { is: "resting" };
  }

  /** Asks it to end, and sees to it. Nobody reads it any more. After a fault of its own the next one has to wait. */
  #end(child: Child, isFault: boolean): void {
    let killer: NodeJS.Timeout | undefined;
    const ended = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", () => resolve());
    }).finally(() => clearTimeout(killer));
    this.#state = { is: "ending", child, ended, isFault };
    child.stdout.destroy();
    signalAll(child, "SIGTERM");
    killer = setTimeout(() => signalAll(child, "SIGKILL"), this.#times.endMs);
    killer.unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#linger);
    this.#stop();
    if (this.#state.is !== "ending") return;
    const { child, ended } = this.#state;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), this.#times.leaveMs);
    });
    if ((await Promise.race([ended, late])) === "late") this.#leave(child);
    clearTimeout(timer);
  }

  /** It ends once the driver lets go of it, whether this process is there or not. */
  #leave(child: Child): void {
    this.#options.log.warn({ child_pid: child.pid }, "nvidia-smi cannot be killed and is left behind");
    child.unref(); // or it would keep this process alive
  }
}

function runningOf(child: Child): Running {
  const nowMs = performance.now();
  const said = { rounds: new GpuRounds(), line: "", heardMs: nowMs, chars: 0, secondMs: nowMs };
  return { is: "running", child, startedMs: nowMs, ...said };
}

/** Counts what is said. @returns whether that is more than any number of GPUs would */
function isFlood(state: Running, text: string): boolean {
  state.heardMs = performance.now();
  if (state.heardMs - state.secondMs >= 1000) {
    state.secondMs = state.heardMs;
    state.chars = 0;
  }
  state.chars += text.length;
  return state.chars > MAX_CHARS_PER_SECOND;
}

/** Signals a child and what it has started: the program may be a script around the real one. */
function signalAll(child: Child, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return; // it could not be started
  if (!HAS_GROUPS) {
    child.kill(signal);
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // All of them have ended, or run as another user, by sudo: they end when nobody reads them.
  }
}
