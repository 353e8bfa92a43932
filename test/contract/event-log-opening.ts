// How the suites of the event log open one, and what they put into it.
import type { Test } from "tap";
import type { EventLog, NewEntry } from "../../src/events/event-log.js";
import type { RetentionLimits } from "../../src/events/segment-limits.js";

/** How to open a log; one that survives has the folder's events again. */
export interface EventLogFactory {
  readonly survivesRestart: boolean;
  open(folder: string, limits: RetentionLimits, nowMs: () => number): Promise<EventLog>;
}

/** Limits that nothing reaches. */
export const ROOMY: RetentionLimits = {
  segmentBytes: 64 * 1024 * 1024,
  segmentMaxAgeMs: 86_400_000,
  retentionBytes: 1024 ** 4,
  retentionMaxAgeMs: 86_400_000,
};
/** Limits of a read that it does not reach. */
export const ALL = { events: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };

/** An event of a topic, with a text or with so many bytes. */
export function entry(topic: string, content: string | number = "an event", key?: string): NewEntry {
  return { topic, bytes: typeof content === "string" ? Buffer.from(content) : Buffer.alloc(content, topic), key };
}

/** Everything a log has of a topic. */
export async function readAll(log: EventLog, topic: string, generation: number): Promise<string[]> {
  const events = await log.readAfter(topic, { generation, offset: (log.oldest(topic) ?? 1) - 1 }, ALL);
  return events.map(({ bytes }) => Buffer.from(bytes).toString());
}

/** Opens logs of a factory; they are closed when the test ends. */
export class Opener {
  constructor(private readonly factory: EventLogFactory) {}

  /** An empty log. */
  open(t: Test, limits = ROOMY, nowMs: () => number = Date.now): Promise<EventLog> {
    return this.#open(t, t.testdir(), limits, nowMs);
  }

  /** The same log after a restart; only for those that survive one. */
  async reopen(t: Test, log: EventLog, limits = ROOMY, nowMs: () => number = Date.now): Promise<EventLog> {
    await log[Symbol.asyncDispose]();
    return this.#open(t, t.testdirName, limits, nowMs);
  }

  async #open(t: Test, folder: string, limits: RetentionLimits, nowMs: () => number): Promise<EventLog> {
    const log = await this.factory.open(folder, limits, nowMs);
    t.teardown(() => log[Symbol.asyncDispose]());
    return log;
  }
}
