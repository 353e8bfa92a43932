// A crowd's process: clients of all kinds over the real client library, told what to do by the torture.
import { TidewireClient } from "@tidewire/client";
import { serveJobs } from "../../../bench/lib/jobs.js";
import { Findbook } from "../lib/part.js";
import { Random } from "../lib/random.js";
import type { Account, Acknowledged, Cast } from "./cast.js";
import { Follower } from "./follower.js";
import { type Comings, count, type Member } from "./member.js";
import { Metronome } from "./metronome.js";
import { Pending } from "./pending.js";
import { type Endings, Predictor } from "./predictor.js";
import { Publisher } from "./publisher.js";

/** A day and a night: longer than any torture asks for, so that a process without a parent does not stay for ever. */
const LIFETIME_MS = 36 * 3_600_000;

/** All clients of this process. */
class Company {
  readonly #cast: Cast;
  readonly #book = new Findbook();
  readonly #pending = new Pending();
  readonly #comings: Comings = { connects: 0, cuts: 0, failures: {} };
  readonly #random: Random;
  readonly #publishers: readonly Publisher[];
  readonly #followers: readonly Follower[];
  readonly #predictors: readonly Predictor[];
  readonly #slow: readonly Predictor[];
  readonly #metronomes: readonly Metronome[];

  constructor(cast: Cast) {
    this.#cast = cast;
    this.#random = new Random(cast.seed, cast.name);
    this.#publishers = cast.publishers.map((topic) => this.#publisher(topic));
    this.#followers = [...cast.followers, ...Array<string>(cast.watchers).fill("training.*")].map((topic, i) =>
      this.#follower(topic, i),
    );
    this.#predictors = Array.from({ length: cast.predictors }, (_, i) => this.#predictor(i, "quick"));
    this.#slow = Array.from({ length: cast.slowPredictors }, (_, i) => this.#predictor(i, "slow"));
    this.#metronomes = [
      this.#metronome(cast.linesPerSecond, this.#publishers, (publisher) => publisher.publish()),
      this.#metronome(cast.predictionsPerSecond, this.#predictors, (predictor) => predictor.predict()),
      this.#metronome(cast.slowPerSecond, this.#slow, (predictor) => predictor.predict()),
    ];
  }

  get #members(): Member[] {
    return [...this.#publishers, ...this.#followers, ...this.#predictors, ...this.#slow];
  }

  /** Resolves once everybody is connected, and followers follow. */
  async stand(): Promise<void> {
    await Promise.all(this.#followers.map((follower) => follower.standing()));
    await this.back();
  }

  begin(): void {
    for (const metronome of this.#metronomes) metronome.start();
  }

  /** Nothing new; resolves once all that is under way has ended. */
  settle(): Promise<void> {
    for (const metronome of this.#metronomes) metronome.stop();
    return this.#pending.idle();
  }

  async back(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.back()));
  }

  get connected(): number {
    return this.#members.filter(({ isConnected }) => isConnected).length;
  }

  get unsettled(): number {
    return this.#pending.count;
  }

  /** Cuts a share of all connections at once. */
  cut(share: number): void {
    for (const member of this.#members) if (this.#random.chance(share)) member.cut();
  }

  get acknowledged(): Acknowledged {
    return Object.fromEntries(
      this.#publishers.map(({ topic, acknowledged }) => [topic, Float64Array.from(acknowledged)]),
    );
  }

  async catchUp(heads: ReadonlyMap<string, number>): Promise<void> {
    await Promise.all(this.#followers.map((follower) => follower.reach(heads)));
  }

  /** What followers still wait for. */
  get missing(): string[] {
    return this.#followers.flatMap(({ missing }) => missing);
  }

  get account(): Account {
    const endings: Endings = {};
    for (const predictor of [...this.#predictors, ...this.#slow]) {
      for (const [how, times] of Object.entries(predictor.endings)) count(endings, how, times);
    }
    return {
      findings: this.#book.findings,
      comings: this.#comings,
      endings,
      delivered: this.#followers.reduce((sum, { lines }) => sum + lines, 0),
      gaps: this.#followers.reduce((sum, { gaps }) => sum + gaps, 0),
    };
  }

  async leave(): Promise<void> {
    for (const metronome of this.#metronomes) metronome.stop();
    await Promise.all(this.#members.map((member) => member.leave()));
  }

  #publisher(topic: string): Publisher {
    return new Publisher(topic, this.#belongings(), this.#random.fork(topic), this.#book, this.#pending);
  }

  #follower(topic: string, index: number): Follower {
    const { name, mayMiss } = this.#cast;
    const options = { topic, mayMiss, name: `${name} follower ${index}`, onlyLines: index % 2 === 0 };
    return new Follower({ ...this.#belongings(), ...options }, this.#book);
  }

  #predictor(index: number, kind: "quick" | "slow"): Predictor {
    return new Predictor(index, kind, this.#belongings(), this.#book, this.#pending);
  }

  /** A client of one's own, in either encoding by chance. */
  #belongings() {
    const { url: baseURL, token, patience } = this.#cast;
    const encoding = this.#random.chance(0.5) ? "proto" : "json";
    return {
      client: new TidewireClient({ baseURL, token, encoding }),
      comings: this.#comings,
      patience,
    };
  }

  #metronome<Actor>(perSecond: number, actors: readonly Actor[], act: (actor: Actor) => void): Metronome {
    return new Metronome(actors.length > 0 ? perSecond : 0, () => act(this.#random.pick(actors)));
  }
}

let company: Company | undefined;

function present(): Company {
  if (!company) throw new Error("nobody has gathered yet");
  return company;
}

serveJobs(
  {
    gather: async (cast: Cast) => {
      company = new Company(cast);
      await company.stand();
    },
    begin: async () => present().begin(),
    settle: () => present().settle(),
    back: () => present().back(),
    cut: async ({ share }: { share: number }) => present().cut(share),
    state: async () => ({
      connected: present().connected,
      unsettled: present().unsettled,
      missing: present().missing,
    }),
    acknowledged: async () => present().acknowledged,
    catchUp: ({ heads }: { heads: ReadonlyMap<string, number> }) => present().catchUp(heads),
    account: async () => present().account,
    leave: () => present().leave(),
  },
  LIFETIME_MS,
);
