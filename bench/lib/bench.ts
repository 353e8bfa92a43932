// What measurements are given: the processes they share, how long to measure, and where to say what is going on.

import type { Figure } from "./figure.js";
import { Program } from "./program.js";
import type { Rounds } from "./sides.js";

/** How thoroughly to measure. */
export interface Scale {
  readonly rounds: Rounds;
  /** Length of one run of one side. */
  readonly runMs: number;
  /** Whether the figures only show that it works. */
  readonly isQuick: boolean;
}

/** One measurement; a suite has several. */
export interface Measurement {
  readonly name: string;
  /** What is measured, in a few words. */
  readonly title: string;
  /** Left out unless asked for. */
  readonly onRequest?: boolean;
  /** Figures by name. @throws Error when anything was answered wrongly */
  run(bench: Bench): Promise<Readonly<Record<string, Figure>>>;
}

/** The client, the peers: started when first wanted, ended together. */
export class Bench implements AsyncDisposable {
  readonly scale: Scale;
  readonly say: (line: string) => void;
  readonly #programs = new Map<string, Promise<Program>>();

  constructor(scale: Scale, say: (line: string) => void) {
    this.scale = scale;
    this.say = say;
  }

  /** The client that makes the load. */
  get client(): Promise<Program> {
    return this.#program("client", "client/main");
  }

  /** Another client, for what is to be seen beside the load. */
  get pinger(): Promise<Program> {
    return this.#program("pinger", "client/main");
  }

  /** Bare runs of a model. */
  get bare(): Promise<Program> {
    return this.#program("bare", "programs/bare");
  }

  /** The plain echo. */
  get echo(): Promise<Program> {
    return this.#program("echo", "programs/echo");
  }

  /** Port of the plain echo. */
  async echoPort(): Promise<number> {
    return (await this.echo).call("port");
  }

  /** A plain `ws` server that sends what one says to all others. */
  get broadcast(): Promise<Program> {
    return this.#program("broadcast", "programs/broadcast");
  }

  /** Socket.IO, with one room. */
  get room(): Promise<Program> {
    return this.#program("room", "programs/room");
  }

  /** Bare appends to LMDB. */
  get append(): Promise<Program> {
    return this.#program("append", "programs/append");
  }

  #program(name: string, file: string): Promise<Program> {
    const program = this.#programs.get(name) ?? Program.start(file);
    this.#programs.set(name, program);
    return program;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const started = await Promise.allSettled(this.#programs.values());
    await Promise.all(started.map((one) => one.status === "fulfilled" && one.value[Symbol.asyncDispose]()));
  }
}
