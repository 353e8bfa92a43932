// The server under test: the built one, in a process and a data folder of its own.
import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { end, keep, within } from "./children.js";
import { MAIN, MODEL_FOLDERS, ROOT } from "./paths.js";

const START_TIMEOUT_MS = 30_000;
const ASK_TIMEOUT_MS = 60_000;

/** How to start it. */
export interface TidewireOptions {
  /** Names of the models to serve. */
  readonly models: readonly string[];
  /** Flags of `serve` beside folders and port. */
  readonly flags?: readonly string[];
  /** Arguments of Node. */
  readonly node?: readonly string[];
  /** Its data folder, which stays when it ends. Default: a fresh one, which goes. */
  readonly dataDir?: string;
}

/** Path of a model's only graph. */
export function graphOf(model: string): string {
  return join(folderOf(model), "model.onnx");
}

function folderOf(model: string): string {
  const folder = MODEL_FOLDERS.map((parent) => join(parent, model)).find(existsSync);
  if (!folder) throw new Error(`no model "${model}" in ${MODEL_FOLDERS.join(" or ")}`);
  return folder;
}

/** How late timers of 1 ms were, in ms. */
export interface LoopDelay {
  readonly p99: number;
  readonly max: number;
}

/** A running server. */
export class Tidewire implements AsyncDisposable {
  readonly port: number;
  /** From the spawn to the line that says it listens. */
  readonly startMs: number;
  readonly #child: ChildProcess;
  readonly #folder: string;
  #lastId = 0;

  private constructor(child: ChildProcess, folder: string, port: number, startMs: number) {
    this.#child = child;
    this.#folder = folder;
    this.port = port;
    this.startMs = startMs;
  }

  /** Starts a server with nothing but these models. @throws Error with its last words when it does not come up */
  static async start({ models, flags = [], node = [], dataDir }: TidewireOptions): Promise<Tidewire> {
    const folder = mkdtempSync(join(tmpdir(), "tidewire-bench-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true })); // also when it is interrupted
    mkdirSync(join(folder, "models"));
    for (const model of models) cpSync(folderOf(model), join(folder, "models", model), { recursive: true });
    const folders = ["--models", join(folder, "models"), "--data-dir", dataDir ?? join(folder, "data")];
    const args = [...node, `--import=${new URL("../programs/leash.mjs", import.meta.url)}`, MAIN, "serve"];
    const startedMs = performance.now();
    const child = keep(
      spawn(process.execPath, [...args, "--port", "0", ...folders, ...flags], {
        cwd: ROOT,
        env: { PATH: process.env.PATH },
        stdio: ["ignore", "pipe", "inherit", "ipc"],
      }) as ChildProcessByStdio<null, Readable, null>,
    );
    try {
      const port = await within(START_TIMEOUT_MS, "the server starting", listeningPort(child));
      return new Tidewire(child, folder, port, performance.now() - startedMs);
    } catch (error) {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Its process, for whoever watches from outside. */
  get pid(): number {
    return this.#child.pid as number;
  }

  /** Memory in bytes, after a collection where Node was started with `--expose-gc`. */
  memory(): Promise<NodeJS.MemoryUsage> {
    return this.#ask("memory");
  }

  /** Processor time so far, in µs. */
  async cpuUs(): Promise<number> {
    const { user, system } = await this.#ask<NodeJS.CpuUsage>("cpu");
    return user + system;
  }

  /** Watches the delay of its event loop from now on. */
  async watchDelay(): Promise<void> {
    await this.#ask("delayStart");
  }

  /** The delays since {@link watchDelay}. */
  delay(): Promise<LoopDelay> {
    return this.#ask("delayStop");
  }

  async startProfile(): Promise<void> {
    await this.#ask("profileStart");
  }

  /** What V8's sampling profiler has seen since {@link startProfile}, as DevTools read it. */
  stopProfile<Profile>(): Promise<Profile> {
    return this.#ask("profileStop");
  }

  #ask<Result>(job: string): Promise<Result> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<Result>((resolve, reject) => {
      const ended = (): void => reject(new Error("the server has ended"));
      this.#child.once("exit", ended);
      const receive = (reply: { id: number; result: Result }): void => {
        if (reply.id !== id) return;
        this.#child.off("message", receive).off("exit", ended);
        resolve(reply.result);
      };
      this.#child.on("message", receive);
    });
    this.#child.send({ id, job });
    return within(ASK_TIMEOUT_MS, `asking the server for ${job}`, answer);
  }

  /** Ends it as a power cut would, as far as its process goes. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The port that the server announces. */
function listeningPort(child: ChildProcessByStdio<null, Readable, null>): Promise<number> {
  return new Promise((resolve, reject) => {
    let last = "";
    createInterface({ input: child.stdout }).on("line", (line) => {
      last = line;
      const url = line.includes('"msg":"listening"') ? (JSON.parse(line).url as string) : undefined;
      if (url) resolve(Number(new URL(url).port));
    });
    child.once("exit", (code, signal) => reject(new Error(`the server ended with ${signal ?? code}: ${last}`)));
  });
}
