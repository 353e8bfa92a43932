// A program of the benchmark in a process of its own: the client, a peer, a physical limit.
import { type ChildProcess, fork } from "node:child_process";
import { end, keep, within } from "./children.js";
import type { Call, Reply } from "./jobs.js";
import { ROOT } from "./paths.js";

const START_TIMEOUT_MS = 20_000;
const CALL_TIMEOUT_MS = 120_000;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Takes calls, one answer each. Dies with this process. */
export class Program implements AsyncDisposable {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  private constructor(name: string, file: string, node: readonly string[]) {
    this.#name = name;
    this.#child = keep(
      fork(file, {
        cwd: ROOT,
        execArgv: ["--import=./tools/typescript.mjs", ...node],
        serialization: "advanced",
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      }),
    );
    this.#child.on("message", (reply: Reply) => this.#receive(reply));
    this.#child.once("exit", (code, signal) => this.#ended(`${name} ended with ${signal ?? code}`));
  }

  /**
   * @param name the file under bench/, without its ending
   * @param node arguments of Node
   */
  static start(name: string, node: readonly string[] = []): Promise<Program> {
    return Program.open(name, `${ROOT}bench/${name}.ts`, node);
  }

  /** Starts a file that answers by {@link serveJobs}. @param name what its errors are told under */
  static async open(name: string, file: string, node: readonly string[] = []): Promise<Program> {
    const program = new Program(name, file, node);
    await within(START_TIMEOUT_MS, `${name} starting`, program.#answer(0));
    return program;
  }

  /** Its process, for whoever does something to it from outside. */
  get pid(): number {
    return this.#child.pid as number;
  }

  /** Has a job done. @throws Error of the job, or when it takes longer than `timeoutMs` */
  call<Result>(job: string, options: unknown = {}, timeoutMs = CALL_TIMEOUT_MS): Promise<Result> {
    this.#lastId += 1;
    const answer = this.#answer(this.#lastId) as Promise<Result>;
    this.#child.send({ id: this.#lastId, job, options } satisfies Call);
    return within(timeoutMs, `${this.#name} ${job}`, answer);
  }

  #answer(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #receive(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("error" in reply) waiting?.reject(new Error(`${this.#name}: ${reply.error}`));
    else waiting?.resolve(reply.result);
  }

  #ended(reason: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
    this.#waiting.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return end(this.#child);
  }
}
