// Why the log cannot be written: for the server's operator, and for whoever publishes.
import type { Logger } from "pino";
import { TidewireError } from "../errors.js";
import { type FaultCode, machineFaultOf } from "../machine-faults.js";

/** Why writes fail. `WRITE_FAILED` is any reason that is none of the machine's usual ones. */
export type LogFailureCode = FaultCode | "WRITE_FAILED";

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
  const message = `the event could not be kept, ${what}; try again later. The server's log and /health/detailed say where`;
  return new TidewireError("OVERLOADED", message, { reason: code }, { retryAfterMs: RETRY_AFTER_MS, cause });
}

/** Writes into the server's log when the event log begins to fail, fails otherwise, and works again: once each. */
export class FailureWatch {
  readonly #events: { failure(): LogFailure | undefined };
  readonly #log: Logger;
  #told: LogFailure | undefined;

  constructor(events: { failure(): LogFailure | undefined }, log: Logger) {
    this.#events = events;
    this.#log = log;
  }

  /** Tells what has changed since the last look. @returns whether the event log fails */
  look(): boolean {
    const failure = this.#events.failure();
    if (failure && failure.message !== this.#told?.message) this.#log.error({ code: failure.code }, failure.message);
    if (!failure && this.#told) this.#log.info({ code: this.#told.code }, "events are kept again");
    this.#told = failure;
    return failure !== undefined;
  }
}
