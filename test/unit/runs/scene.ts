// Runs over a log in memory, with a clock that stands still until it is told to go.
import { pino } from "pino";
import type { Position, Publish } from "../../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../../../src/errors.js";
import { type Clock, Runs } from "../../../src/runs/runs.js";
import { event, STATUS_NAMES } from "./events.js";
import { MemoryLog } from "./memory-log.js";

export const LEASE_MS = 60_000;
/** What the clock of the day shows at first: 2025-12-15T10:30:00.250Z. */
export const START_MS = 1_765_794_600_250;

export class FakeClock implements Clock {
  elapsedMs = 0;
  now = (): number => this.elapsedMs;
  date = (): number => START_MS + this.elapsedMs;
}

export interface Scene extends Disposable {
  readonly log: MemoryLog;
  readonly clock: FakeClock;
  readonly runs: Runs;
  /** Publishes and makes it durable. @returns the offset, or the code of the refusal */
  say(topic: string, said: string, more?: Partial<Publish>): Promise<number | string>;
  /** Status by the topic's state. */
  status(topic: string): string | undefined;
}

export function scene(leaseMs = LEASE_MS): Scene {
  const log = new MemoryLog();
  const clock = new FakeClock();
  const runs = new Runs({ events: log, clock, leaseMs, log: pino({ level: "silent" }) });
  return {
    log,
    clock,
    runs,
    say: async (topic, said, more) => {
      const published = outcome(runs.publish([event(topic, said, more)]));
      log.settle();
      return published;
    },
    status: (topic) => STATUS_NAMES[log.view(topic)?.state.status ?? 0],
    [Symbol.dispose]: () => runs[Symbol.dispose](),
  };
}

/** Offset of the last position, or the code of the refusal. */
export async function outcome(published: Promise<readonly Position[] | Position>): Promise<number | string> {
  try {
    return [await published].flat().at(-1)?.offset ?? 0;
  } catch (error) {
    if (error instanceof TidewireError) return error.code;
    if (error instanceof Error) return error.message;
    throw error;
  }
}
