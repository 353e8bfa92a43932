// The server under test: the built command line in a process of its own, which may be ended and started again.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { end, keep, within } from "../../../bench/lib/children.js";
import { MAIN, MODEL_FOLDERS, ROOT } from "../../../bench/lib/paths.js";
import { type Vitals, vitalsOf } from "./vitals.js";

/** Lines of its log that are kept, for whoever looks into a finding. */
const MAX_LINES = 200;
/** Faults that are kept: lines of its log from `error` upwards, and words on stderr. */
const MAX_FAULTS = 50;
/** pino's number for `error`. */
const ERROR_LEVEL = 50;
const START_TIMEOUT_MS = 60_000;
/** Beyond any drain that a part may ask for: a server that has not ended by then hangs. */
const END_TIMEOUT_MS = 120_000;

/** How to start it. */
export interface ServerOptions {
  /** Names of the models to serve. */
  readonly models: readonly string[];
  /** Flags of `serve` beside folders and port. */
  readonly flags?: readonly string[];
  /** Environment beside PATH. */
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of Node. */
  readonly node?: readonly string[];
  /** Whether {@link ServerUnderTest.liveBytes} will be asked for. */
  readonly canCollect?: boolean;
}

/** What a server with {@link COLLECTOR} says after a collection. */
interface Collected {
  readonly heapUsed: number;
  readonly external: number;
}

const COLLECTOR = ["--expose-gc", `--import=${new URL("./collect.mjs", import.meta.url)}`];
/** A starved machine may take its time; a server that hangs for good is found all the same. */
const COLLECT_TIMEOUT_MS = 180_000;

/** How a server process has ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** From the signal that asked for it. */
  readonly tookMs: number;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** One address and one data folder; at most one process at a time. */
export class ServerUnderTest implements AsyncDisposable {
  readonly #options: ServerOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), "tidewire-torture-"));
  readonly #remove = (): void => rmSync(this.#folder, { recursive: true, force: true });
  /** The newest lines of its log. */
  readonly lines: string[] = [];
  /** Errors in its log, words on stderr, and ends that nobody asked for. */
  readonly faults: string[] = [];
  #child: Child | undefined;
  #port = 0;
  /** Whether the present process has been told to end. */
  #isEnding = false;
  #isListening = false;
  /** Who waits for the end of a collection. */
  #collected: ((memory: Collected) => void) | undefined;

  private constructor(options: ServerOptions) {
    this.#options = options;
    process.once("exit", this.#remove); // also when the run is interrupted
    mkdirSync(join(this.#folder, "models"));
    for (const model of options.models) cpSync(folderOf(model), this.modelFolder(model), { recursive: true });
  }

  /** Starts a server with nothing but these models, on a port of its own. @throws Error with its last words */
  static async start(options: ServerOptions): Promise<ServerUnderTest> {
    const server = new ServerUnderTest(options);
    try {
      await server.startAgain();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** Of the present process. */
  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** Where it keeps everything it writes. */
  get dataDir(): string {
    return join(this.#folder, "data");
  }

  modelFolder(model: string): string {
    return join(this.#folder, "models", model);
  }

  /** What the present process holds; undefined when there is none. */
  vitals(): Vitals | undefined {
    return this.#child ? vitalsOf(this.pid) : undefined;
  }

  /** JavaScript's heap and buffers, after a collection. Start the server with `canCollect`. */
  async liveBytes(): Promise<number> {
    const said = new Promise<Collected>((resolve) => {
      this.#collected = resolve;
    });
    this.signal("SIGWINCH");
    const { heapUsed, external } = await within(COLLECT_TIMEOUT_MS, "a collection", said);
    return heapUsed + external;
  }

  /** A process on the same port and folder. Resolves once it listens. @returns how long that took, in ms */
  async startAgain(): Promise<number> {
    const startedMs = performance.now();
    const folders = ["--models", join(this.#folder, "models"), "--data-dir", this.dataDir];
    const { node = [], flags = [], env = {}, canCollect = false } = this.#options;
    const args = [
      ...(canCollect ? COLLECTOR : []),
      ...node,
      MAIN,
      "serve",
      "--port",
      String(this.#port),
      ...folders,
      ...flags,
    ];
    const child = keep(
      spawn(process.execPath, args, {
        cwd: ROOT,
        env: { PATH: process.env.PATH, ...env },
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
    this.#child = child;
    this.#isEnding = false;
    this.#isListening = false;
    child.once("exit", (code, signal) => this.#exited(child, `${signal ?? code}`));
    createInterface({ input: child.stderr }).on("line", (line) => this.#fault(`stderr: ${line}`));
    this.#port = await within(START_TIMEOUT_MS, "the server starting", this.#listening(child));
    this.#isListening = true;
    return performance.now() - startedMs;
  }

  /** Sends a signal that does not end it; nothing happens while no process listens. */
  signal(signal: NodeJS.Signals): void {
    if (this.#isListening && !this.#isEnding) this.#child?.kill(signal);
  }

  /** Sends a signal and waits for the end of the process. @throws Error when it hangs */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ending> {
    const child = this.#child;
    if (!child) throw new Error(`there is no server to stop: ${this.faults.slice(-3).join("\n")}`);
    this.#isEnding = true;
    const startedMs = performance.now();
    const ended = new Promise<Ending>((resolve) => {
      child.once("exit", (code, by) => resolve({ code, signal: by, tookMs: performance.now() - startedMs }));
    });
    child.kill(signal);
    return within(END_TIMEOUT_MS, `the server ending after ${signal}`, ended);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    if (this.#child) await end(this.#child);
    process.off("exit", this.#remove);
    this.#remove();
  }

  #listening(child: Child): Promise<number> {
    return new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        this.#heard(line);
        const url = line.includes('"msg":"listening"') ? (JSON.parse(line).url as string) : undefined;
        if (url) resolve(Number(new URL(url).port));
      });
      child.once("exit", (code, signal) => {
        reject(
          new Error(`the server ended with ${signal ?? code}: ${[...this.lines, ...this.faults].slice(-5).join("\n")}`),
        );
      });
    });
  }

  #heard(line: string): void {
    if (line.includes('"msg":"collected"')) this.#collected?.(JSON.parse(line));
    this.lines.push(line);
    if (this.lines.length > MAX_LINES) this.lines.shift();
    const level = Number(/"level":(\d+)/.exec(line)?.[1] ?? 0);
    if (level >= ERROR_LEVEL) this.#fault(line);
  }

  #exited(child: Child, how: string): void {
    if (this.#child === child) this.#child = undefined;
    if (!this.#isEnding) this.#fault(`the server ended by itself with ${how}`);
  }

  #fault(line: string): void {
    if (this.faults.length < MAX_FAULTS) this.faults.push(line.slice(0, 2000));
  }
}

function folderOf(model: string): string {
  const folder = MODEL_FOLDERS.map((parent) => join(parent, model)).find(existsSync);
  if (!folder) throw new Error(`no model "${model}" in ${MODEL_FOLDERS.join(" or ")}`);
  return folder;
}
