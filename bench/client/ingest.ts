// As many log lines as the server keeps, over one connection.
import { Publisher } from "./publisher.js";

/** Lines of a run, or of several in turn. */
export interface IngestOptions {
  readonly port: number;
  readonly topics: readonly string[];
  /** Lines not acknowledged. */
  readonly inFlight: number;
  /** How long, or how many lines. */
  readonly until: { readonly ms: number } | { readonly lines: number };
}

/** What was kept. */
export interface IngestResult {
  readonly perSecond: number;
  readonly lines: number;
}

/** Without an acknowledgement for so long something is wrong. */
const PATIENCE_MS = 20_000;

/** Publishes. @throws Error when a line is not accepted at its place */
export async function ingest({ port, topics, inFlight, until }: IngestOptions): Promise<IngestResult> {
  const publisher = await Publisher.open(port, topics);
  const startMs = performance.now();
  let endMs = startMs;
  const wanted = (): number => {
    if ("lines" in until) return Math.min(inFlight - publisher.inFlight, until.lines - publisher.sent);
    return endMs - startMs < until.ms ? inFlight - publisher.inFlight : 0;
  };
  await new Promise<void>((resolve, reject) => {
    let isScheduled = false;
    const stalled = (): void => reject(new Error(`${publisher.inFlight} lines not acknowledged`));
    const timer = setTimeout(stalled, PATIENCE_MS);
    const step = (): void => {
      isScheduled = false;
      timer.refresh();
      const count = wanted();
      if (count > 0) publisher.publish(count);
      if (publisher.inFlight > 0) return;
      clearTimeout(timer);
      resolve();
    };
    publisher.onFailure = reject;
    // Once for all reads of a turn: a write for each acknowledgement would make small reads for the server.
    publisher.onAccepted = () => {
      endMs = performance.now();
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(step);
    };
    step();
  });
  publisher.close();
  return { perSecond: (publisher.accepted * 1000) / (endMs - startMs), lines: publisher.accepted };
}
