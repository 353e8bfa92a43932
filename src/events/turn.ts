// What is published in one turn of the loop: one append, and who is to be told of what became of it.
import type { Position, Publish } from "../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../errors.js";
import { encodeEvent } from "../wire/event-bytes.js";
import type { NewEntry } from "./event-log.js";
import type { LogLine } from "./log-line.js";

/** Largest event: a reader's budget holds several. */
const MAX_EVENT_BYTES = 1024 * 1024;

/**
 * Whoever published: told exactly once of each event, in the order of all publishes. Of calls of one turn that nobody
 * else's came between, an asker is told together.
 */
export interface AppendAsker {
  /** The events are durable. */
  accepted(positions: readonly Position[]): void;
  /** So many of them could not be kept. */
  refused(error: unknown, count: number): void;
}

/** An event that is to be kept, and what it says. */
export interface EventEntry extends NewEntry {
  readonly kind: NonNullable<Publish["kind"]>;
  readonly timestamp: Publish["timestamp"];
}

/** Something that is to be kept. */
export type TurnEntry = EventEntry | LogLine;

/** An asker's part of the entries. */
interface Part {
  readonly asker: AppendAsker;
  readonly first: number;
  count: number;
}

/** Publishes of one turn, in their order. */
export class Turn {
  readonly entries: TurnEntry[] = [];
  readonly #parts: Part[] = [];
  bytes = 0;
  /** When its first entry came, in ms of `performance.now()`. */
  beganMs = 0;

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  /** Makes room for entries. @returns where they are to be put at once */
  take(asker: AppendAsker, count: number, bytes: number): TurnEntry[] {
    if (this.#parts.length === 0) this.beganMs = performance.now();
    const last = this.#parts.at(-1);
    if (last?.asker === asker) last.count += count;
    else this.#parts.push({ asker, first: this.entries.length, count });
    this.bytes += bytes;
    return this.entries;
  }

  /** @param guard is given each call, for a fault of one asker must not reach the others */
  accepted(positions: readonly Position[], guard: (tell: () => void) => void): void {
    for (const { asker, first, count } of this.#parts) {
      const own = count === positions.length ? positions : positions.slice(first, first + count);
      guard(() => asker.accepted(own));
    }
  }

  refused(error: unknown, guard: (tell: () => void) => void): void {
    for (const { asker, count } of this.#parts) guard(() => asker.refused(error, count));
  }
}

/**
 * A publish as an entry. It must have a kind.
 *
 * @param index of so many of the call, for errors
 * @throws TidewireError FRAME_TOO_LARGE
 */
export function toEntry(publish: Publish, index: number, count: number): EventEntry {
  const { topic, kind, timestamp, idempotencyKey: key } = publish;
  if (!kind) throw new TypeError("an event without a kind");
  const bytes = encodeEvent(publish);
  if (bytes.length <= MAX_EVENT_BYTES) return { topic, bytes, key, kind, timestamp };
  const message = `an event of ${bytes.length} bytes, at most ${MAX_EVENT_BYTES} are kept`;
  const place = count > 1 ? { index } : {};
  throw new TidewireError("FRAME_TOO_LARGE", message, { bytes: bytes.length, limit: MAX_EVENT_BYTES, ...place });
}
