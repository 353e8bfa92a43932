// Whether the process can still open files and accept connections. Nobody is told when it cannot accept: libuv takes a
// connection by a descriptor it has kept back and closes it at once, so that those who wait do not spin the loop.
import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";
import type { Logger } from "pino";
import { machineFaultOf } from "../machine-faults.js";

/** How often it is tried: the try takes some 10 µs. */
const INTERVAL_MS = 1_000;
/** How long the log is left alone after it has been told. */
const QUIET_MS = 60_000;

/** Says in the log when descriptors run out, and when there are some again. */
export class DescriptorWatch implements Disposable {
  readonly #log: Logger;
  readonly #nowMs: () => number;
  readonly #timer: NodeJS.Timeout;
  #lacksSince: number | undefined;
  #toldMs = Number.NEGATIVE_INFINITY;

  /** @param nowMs a clock that never goes back */
  constructor(log: Logger, nowMs: () => number) {
    this.#log = log;
    this.#nowMs = nowMs;
    this.#timer = setInterval(() => this.look(), INTERVAL_MS).unref();
  }

  /** Opens a file and closes it; the timer does so every second. */
  look(): void {
    try {
      closeSync(openSync(devNull, "r"));
      this.#found();
    } catch (error) {
      this.#lacks(error);
    }
  }

  #found(): void {
    if (this.#lacksSince === undefined) return;
    this.#log.info({ lasted_ms: Math.round(this.#nowMs() - this.#lacksSince) }, "files can be opened again");
    this.#lacksSince = undefined;
  }

  #lacks(error: unknown): void {
    const nowMs = this.#nowMs();
    this.#lacksSince ??= nowMs;
    if (nowMs < this.#toldMs + QUIET_MS) return;
    this.#toldMs = nowMs;
    const fault = machineFaultOf(error);
    const consequence = "new connections are closed and files cannot be written; what is connected is served";
    this.#log.error(
      { err: error },
      `${fault?.what ?? "no file can be opened"}: ${consequence}. To do: ${fault?.remedy}`,
    );
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
