// Pages of a topic's events: filtered, and bounded in what one request may cost.
import { setImmediate as nextTurn } from "node:timers/promises";
import { Event } from "../../generated/ts/tidewire/v1/events.js";
import { TidewireError } from "../errors.js";
import type { EventReader } from "../events/types.js";

/** Entries of a page, and names of a list, that ask for no other limit. */
export const DEFAULT_LIMIT = 100;
/** Events read at a time: a turn of the event loop lasts no longer than decoding these. */
const CHUNK = 250;
/** Events that one request looks at, however few of them it wants: some 10 ms of work, in turns of 1 ms. */
export const MAX_SCANNED = 10_000;
/** Size of the events of a page, in bytes as they are kept: a thousand log lines of 64 KiB would be 64 MiB. */
export const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** What of a topic is asked for. */
export interface PageRequest {
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
}

/** A stretch of a topic's events, as a route wants them. */
export interface Page<T> {
  readonly generation: number;
  readonly entries: T[];
  /** Offset to go on after: of the last event looked at. Undefined at the head. */
  readonly next: number | undefined;
}

/**
 * Reads the events after an offset, as far as a request may, and keeps those that `pick` makes something of.
 *
 * @throws TidewireError TOPIC_NOT_FOUND; POSITION_LOST when the offset is beyond the head, or the topic began anew meanwhile
 */
export async function readPage<T>(
  events: EventReader,
  topic: string,
  { after = 0, limit = DEFAULT_LIMIT }: PageRequest,
  pick: (event: Event) => T | undefined,
): Promise<Page<T>> {
  const filling = new Filling(pick, limit);
  let generation: number | undefined;
  for (let scanned = 0, from = after; ; ) {
    const chunk = await events.read(topic, from, CHUNK);
    generation ??= chunk.generation;
    if (chunk.generation !== generation) throw beganAnew(topic);
    const stopped = filling.add(chunk.events);
    scanned += Math.max(1, chunk.events.length);
    const { entries } = filling;
    if (stopped !== undefined) {
      const atHead = chunk.next === undefined && stopped === chunk.events.at(-1)?.offset;
      return { generation, entries, next: atHead ? undefined : stopped };
    }
    if (chunk.next === undefined || scanned >= MAX_SCANNED) return { generation, entries, next: chunk.next };
    from = chunk.next;
    await nextTurn();
  }
}

/** A page that fills up. */
class Filling<T> {
  readonly entries: T[] = [];
  readonly #pick: (event: Event) => T | undefined;
  readonly #limit: number;
  #bytes = 0;

  constructor(pick: (event: Event) => T | undefined, limit: number) {
    this.#pick = pick;
    this.#limit = limit;
  }

  /** @returns offset of the event that filled the page; undefined while there is room */
  add(events: readonly Event[]): number | undefined {
    for (const event of events) {
      const entry = this.#pick(event);
      if (entry === undefined) continue;
      this.entries.push(entry);
      this.#bytes += Event.encode(event).finish().length;
      if (this.entries.length >= this.#limit || this.#bytes >= MAX_PAGE_BYTES) return event.offset;
    }
    return undefined;
  }
}

function beganAnew(topic: string): TidewireError {
  return new TidewireError(
    "POSITION_LOST",
    `topic ${topic} was removed and began anew while it was read; read it again`,
    {
      topic,
    },
  );
}
