// Many clients in a few processes of their own, as the torture sees them.

import { ROOT } from "../../../bench/lib/paths.js";
import { Program } from "../../../bench/lib/program.js";
import type { Findbook } from "../lib/part.js";
import type { Random } from "../lib/random.js";
import type { Account, Acknowledged, Cast, Patience } from "./cast.js";
import { count } from "./member.js";

/** On a starved machine ten attempts in a row may find the server starting, or too late to take anybody. */
const TIRELESS: Patience = { maxReconnectAttempts: Number.POSITIVE_INFINITY };
const MAIN = `${ROOT}test/torture/crowd/main.ts`;

/** How many clients of each kind, over all processes, and how busy they are. */
export interface CrowdOptions {
  readonly url: string;
  readonly token?: string | undefined;
  readonly processes: number;
  readonly publishers: number;
  /** Clients that follow one run each. */
  readonly followers: number;
  readonly watchers: number;
  readonly predictors: number;
  readonly slowPredictors: number;
  readonly linesPerSecond: number;
  readonly predictionsPerSecond: number;
  readonly slowPerSecond: number;
  readonly mayMiss?: boolean;
  /** How clients come back. Default: as the client library has them do, but without an end. */
  readonly patience?: Patience;
}

/** A crowd under way. Its runs must exist before it gathers: {@link runsOf}. */
export class Crowd implements AsyncDisposable {
  readonly size: number;
  readonly #programs: readonly Program[];

  private constructor(size: number, programs: readonly Program[]) {
    this.size = size;
    this.#programs = programs;
  }

  /** Names of the runs that the crowd writes to, one a publisher. */
  static runsOf({ publishers }: CrowdOptions): string[] {
    return Array.from({ length: publishers }, (_, i) => `torture-${i}`);
  }

  /** Resolves once all clients are connected and all followers follow. */
  static async gather(options: CrowdOptions, random: Random, withinMs: number): Promise<Crowd> {
    const { processes, publishers, followers, watchers, predictors, slowPredictors } = options;
    const names = Array.from({ length: processes }, (_, i) => `crowd ${i}`);
    const programs = await Promise.all(names.map((name) => Program.open(name, MAIN)));
    const crowd = new Crowd(publishers + followers + watchers + predictors + slowPredictors, programs);
    const casts = names.map((name, i) => castOf(options, name, i, random.fork(name).uint32()));
    await Promise.all(programs.map((program, i) => program.call("gather", casts[i], withinMs)));
    return crowd;
  }

  /** Processes of its clients. */
  get pids(): number[] {
    return this.#programs.map(({ pid }) => pid);
  }

  begin(): Promise<unknown> {
    return this.#all("begin");
  }

  /** Stops asking for more, and waits for the end of what is under way. */
  async settle(withinMs: number, book: Findbook): Promise<void> {
    await this.#all("settle", {}, withinMs).catch((error) =>
      book.found("everything that was asked for ends", `${error}`),
    );
  }

  /** Resolves once all clients are connected. */
  back(withinMs: number): Promise<unknown> {
    return this.#all("back", {}, withinMs);
  }

  /** Cuts about that share of all connections at once. */
  cut(share: number): Promise<unknown> {
    return this.#all("cut", { share });
  }

  async connected(): Promise<number> {
    const states = await this.#all<{ connected: number }>("state");
    return states.reduce((sum, { connected }) => sum + connected, 0);
  }

  /** Offsets of acknowledged lines, by topic. */
  async acknowledged(): Promise<Acknowledged> {
    return Object.assign({}, ...(await this.#all<Acknowledged>("acknowledged"))) as Acknowledged;
  }

  /** Waits until all followers have seen that line of each topic they follow; whoever has not by then is a finding. */
  async catchUp(heads: ReadonlyMap<string, number>, withinMs: number, book: Findbook): Promise<void> {
    const caughtUp = this.#all("catchUp", { heads }, withinMs);
    await caughtUp.catch(async () => {
      const states = await this.#all<{ missing: string[] }>("state");
      for (const what of states.flatMap(({ missing }) => missing)) book.found("every follower gets every line", what);
    });
  }

  /** What all clients have seen; their findings go into the book. */
  async account(book: Findbook): Promise<Omit<Account, "findings">> {
    const accounts = await this.#all<Account>("account");
    const total = { comings: { connects: 0, cuts: 0, failures: {} }, endings: {}, delivered: 0, gaps: 0 };
    for (const { findings, comings, endings, delivered, gaps } of accounts) {
      for (const { invariant, what } of findings) book.found(invariant, what);
      total.comings.connects += comings.connects;
      total.comings.cuts += comings.cuts;
      addTo(total.comings.failures, comings.failures);
      addTo(total.endings, endings);
      total.delivered += delivered;
      total.gaps += gaps;
    }
    return total;
  }

  /** Everybody leaves, in order. */
  leave(withinMs: number): Promise<unknown> {
    return this.#all("leave", {}, withinMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#programs.map((program) => program[Symbol.asyncDispose]()));
  }

  #all<Result>(job: string, options: unknown = {}, withinMs?: number): Promise<Result[]> {
    return Promise.all(this.#programs.map((program) => program.call<Result>(job, options, withinMs)));
  }
}

function addTo(counts: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, times] of Object.entries(more)) count(counts, name, times);
}

/** The share of process `index`. */
function castOf(options: CrowdOptions, name: string, index: number, seed: number): Cast {
  const { url, token, processes, mayMiss = false, patience = TIRELESS } = options;
  const topics = Crowd.runsOf(options).map((run) => `training.${run}`);
  const own = (all: number): number => Math.floor(all / processes) + (index < all % processes ? 1 : 0);
  const share = (rate: number): number => rate / processes;
  return {
    ...{ url, token, seed, name, mayMiss, patience },
    publishers: topics.filter((_, i) => i % processes === index),
    followers: Array.from(
      { length: own(options.followers) },
      (_, i) => topics[(i * processes + index) % topics.length] as string,
    ),
    watchers: own(options.watchers),
    predictors: own(options.predictors),
    slowPredictors: own(options.slowPredictors),
    linesPerSecond: share(options.linesPerSecond),
    predictionsPerSecond: share(options.predictionsPerSecond),
    slowPerSecond: share(options.slowPerSecond),
  };
}
