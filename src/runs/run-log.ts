// What runs need of the broker.
import type { Position, Publish } from "../../generated/ts/tidewire/v1/topics.js";
import type { LogLine } from "../events/log-line.js";
import type { AppendAsker } from "../events/turn.js";
import type { EventReader } from "../events/types.js";

/**
 * Where events go. Views show an event once it is committed, which is before its asker is told; those of one topic
 * become visible in the order of the calls.
 */
export interface RunLog extends EventReader {
  /**
   * Appends events, all of them or none; the order of the calls is the order in the log. They are legal and have a
   * timestamp.
   *
   * @throws TidewireError OVERLOADED, FRAME_TOO_LARGE; the asker is not told then
   */
  append(events: readonly Publish[], asker: AppendAsker): void;
  /** As {@link append} for a line of a topic that is known. @throws TidewireError OVERLOADED */
  appendLine(line: LogLine, asker: AppendAsker): void;
  /** Tells an event that is kept nowhere. @throws TidewireError OVERLOADED */
  tell(event: Publish): Position;
  /** Position of the publish that first had an idempotency key: a promise until it is durable. */
  seen(topic: string, key: string): Position | Promise<Position> | undefined;
  /** Forgets a topic with what was appended before. */
  remove(topic: string): Promise<void>;
}
