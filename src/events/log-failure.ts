// Why the log cannot be written: for the server's operator, and for whoever publishes.
import type { Logger } from "pino";
import { TidewireError } from "../errors.js";
import { type FaultCode, machineFaultOf } from "../machine-faults.js";
import type { EventLog } from "./event-log.js";

/** Why writes fail. `WRITE_FAILED` is any reason that is none of the machine's usual ones. */
export type LogFailureCode = FaultCode | "WRITE_FAILED";

/** A log cannot be opened; the message says why and what to do. */
export class CannotOpenError extends Error {
  override readonly name = "CannotOpenError";
}

/** A failure that has not ended yet. */
export interface LogFailure {
  readonly code: LogFailureCode;
  /** What is wrong, where, and what to do; for the operator, as it names the folder. */
  readonly message: string;
  /** When it began, in ms since 1970. */
  readonly sinceMs: number;
}

/** How long a publisher is asked to wait: the log tries as often whether it can be written again. */
export const RETRY_AFTER_MS = 1_000;

/** What a failed write means. @param folder where it was written */
export function toLogFailure(error: unknown, folder: string, sinceMs: number): LogFailure {
  const fault = machineFaultOf(error);
  const text = error instanceof Error ? error.message : String(error);
  const code = fault?.code ?? "WRITE_FAILED";
  const why = fault ? `${fault.what}: ${fault.remedy}` : text;
  return { code, message: `events cannot be kept in ${folder}: ${why}`, sinceMs };
}

/** What a publisher is told: it may try again, and the operator knows more. */
export function refusal(code: LogFailureCode, cause: unknown): TidewireError {
  const what = machineFaultOf(cause)?.what ?? "the write failed";
  const message = `the event could not be kept, ${what}; try again later; the server's log says where`;
  return new TidewireError("OVERLOADED", message, { reason: code }, { retryAfterMs: RETRY_AFTER_MS, cause });
}

/** Most topics of a loss that are named in the server's log. */
const MAX_NAMED = 100;

/** Writes into the server's log what has become of the event log. */
export class FailureWatch {
  readonly #events: Pick<EventLog, "failure" | "losses">;
  readonly #log: Logger;
  #told: LogFailure | undefined;

  constructor(events: Pick<EventLog, "failure" | "losses">, log: Logger) {
    this.#events = events;
    this.#log = log;
  }

  /** Tells what could not be read when the event log was opened. */
  tellLosses(): void {
    const { segments, topics } = this.#events.losses;
    for (const { number, reason, keptAt } of segments)
      this.#log.error({ segment: number, kept_at: keptAt }, `a part of the event log is lost: ${reason}`);
    for (const { topic, from, to } of topics.slice(0, MAX_NAMED)) {
      const text = to === undefined ? "events from an offset on may be lost" : "events up to an offset are lost";
      this.#log.error({ topic, from, to }, text);
    }
    if (segments.length > 0)
      this.#log.error({ topics: topics.length }, "what else is whole is served; restore a backup for the rest");
  }

  /** Tells when the log begins to fail, fails otherwise, and works again: once each. @returns whether the event log fails */
  look(): boolean {
    const failure = this.#events.failure();
    if (failure && failure.message !== this.#told?.message) this.#log.error({ code: failure.code }, failure.message);
    if (!failure && this.#told) this.#log.info({ code: this.#told.code }, "events are kept again");
    this.#told = failure;
    return failure !== undefined;
  }
}
