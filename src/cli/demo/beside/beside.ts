// What is alive beside the stream: one training workflow after the other, and one export after the other.
import { setTimeout as delay } from "node:timers/promises";
import { TidewireClient } from "@tidewire/client";
import type { Hyperparameters } from "../learning/trainer.js";
import type { Activity } from "./activity.js";
import { Execution } from "./execution.js";
import { Export, type ExportPlan } from "./export.js";
import { Halt } from "./halt.js";
import { endOrphans, keepNewest } from "./keeping.js";
import { EXECUTIONS, EXPORTS, nextNumber, RUNS } from "./names.js";
import type { Setting } from "./setting.js";

/** What runs try, one after the other: each bends the curves in its own way. */
const CHOICES: readonly Pick<Hyperparameters, "hidden" | "learningRate">[] = [
  { hidden: 16, learningRate: 0.01 },
  { hidden: 32, learningRate: 0.003 },
  { hidden: 8, learningRate: 0.03 },
  { hidden: 16, learningRate: 0.1 },
  { hidden: 24, learningRate: 0.001 },
];
const BATCH_SIZE = 64;
const EPOCHS = 60;

/** The pause before the next of a kind, as a share of a run's time; and its bounds. */
const REST_SHARE = 1 / 30;
const [MIN_REST_MS, MAX_REST_MS] = [200, 10_000];
/** Exports in a run's time; and the bounds of how many readings each waits for. */
const EXPORTS_A_RUN = 4;
const [MIN_EXPORT_ROWS, MAX_EXPORT_ROWS] = [10, 2000];
/** Looks at how many readings have come, in an export's time; and their bounds. */
const LOOKS_AN_EXPORT = 45;
const [MIN_LOOK_MS, MAX_LOOK_MS] = [50, 1000];
/** Saying the last words takes some milliseconds; a server that does not take them is not waited for longer. */
const END_TIMEOUT_MS = 2000;

/** What to do, and where. */
export interface BesideOptions
  extends Pick<Setting, "ensemble" | "rows" | "rowsPath" | "runSeconds">,
    Pick<ExportPlan, "sessionId" | "dataDir"> {
  readonly url: string;
  /** Of the server; "" is none. */
  readonly token: string;
  /** Readings a second of the stream; 0 is as fast as they go. */
  readonly rate: number;
  /** Told what went wrong; it is tried again. */
  readonly warn: (message: string) => void;
}

/** All of it, until it is ended. */
export class Beside {
  /** What goes on; changes as it does. */
  readonly activity: Activity = {};
  readonly #options: BesideOptions;
  readonly #client: TidewireClient;
  readonly #setting: Setting;
  readonly #stop = new AbortController();
  readonly #done: Promise<unknown>;

  /** Begins. */
  constructor(options: BesideOptions) {
    this.#options = options;
    this.#client = new TidewireClient({ baseURL: options.url, token: options.token });
    this.#setting = { ...options, client: this.#client, activity: this.activity };
    this.#done = this.#run();
  }

  /** Ends everything, and has it said. Bounded; idempotent. */
  async end(): Promise<void> {
    this.#stop.abort(new Halt("demo", "the demo was ended"));
    const timeout = new AbortController();
    const late = delay(END_TIMEOUT_MS, undefined, { signal: timeout.signal }).catch(() => undefined);
    await Promise.race([this.#done, late]);
    timeout.abort();
    await this.#client.close();
  }

  async #run(): Promise<void> {
    await this.#try(() => endOrphans(this.#client));
    await Promise.all([this.#train(), this.#export()]);
  }

  async #train(): Promise<void> {
    for (let last: number | undefined; !this.#stop.signal.aborted; ) {
      await this.#try(async () => {
        const number = last === undefined ? await nextNumber(this.#client, RUNS, EXECUTIONS) : last + 1;
        last = number;
        const choice = CHOICES[(number - 1) % CHOICES.length] as (typeof CHOICES)[number];
        const rest = { batchSize: BATCH_SIZE, epochs: EPOCHS, seed: number };
        await new Execution(this.#setting, number, { ...choice, ...rest }).run(this.#stop.signal);
      });
      await this.#try(() => keepNewest(this.#client));
      await this.#rest();
    }
  }

  async #export(): Promise<void> {
    const { rate, runSeconds, sessionId, dataDir } = this.#options;
    const expected = rate === 0 ? MAX_EXPORT_ROWS : (rate * runSeconds) / EXPORTS_A_RUN;
    const rows = Math.round(between(MIN_EXPORT_ROWS, expected, MAX_EXPORT_ROWS));
    const lookMs = between(MIN_LOOK_MS, (runSeconds * 1000) / EXPORTS_A_RUN / LOOKS_AN_EXPORT, MAX_LOOK_MS);
    for (let last: number | undefined; !this.#stop.signal.aborted; ) {
      await this.#try(async () => {
        const number = last === undefined ? await nextNumber(this.#client, EXPORTS) : last + 1;
        last = number;
        await new Export(this.#setting, number, { sessionId, dataDir, rows, lookMs }).run(this.#stop.signal);
      });
      await this.#rest();
    }
  }

  /** Does a piece of the work; one that has failed is no reason to end the others. */
  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Halt)) this.#options.warn((error as Error).message);
    }
  }

  async #rest(): Promise<void> {
    const restMs = between(MIN_REST_MS, this.#options.runSeconds * 1000 * REST_SHARE, MAX_REST_MS);
    await delay(restMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}

function between(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
