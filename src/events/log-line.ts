// A log line that came as bytes and is kept as bytes: nobody needs to know what it says before it is read.
import type { Timestamp } from "../../generated/ts/google/protobuf/timestamp.js";
import type { Log } from "../../generated/ts/tidewire/v1/events.js";
import { decodeEvent } from "../wire/event-bytes.js";
import type { NewEntry } from "./event-log.js";

/** What a line says. */
export interface SaidLine {
  readonly log: Log;
  readonly timestamp: Timestamp | undefined;
}

/** A line to be appended. */
export class LogLine implements NewEntry {
  readonly topic: string;
  readonly bytes: Uint8Array;
  /** Lines with an idempotency key come another way. */
  readonly key = undefined;

  /** @param bytes an `Event` with a topic, a timestamp and a `log`, as {@link NewEntry} has them */
  constructor(topic: string, bytes: Uint8Array) {
    this.topic = topic;
    this.bytes = bytes;
  }

  read(): SaidLine {
    const { kind, timestamp } = decodeEvent({ generation: 0, offset: 0, bytes: this.bytes });
    if (kind?.$case !== "log") throw new TypeError("a log line that is none");
    return { log: kind.value, timestamp };
  }
}
