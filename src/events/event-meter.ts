// The way of events through the log and to those who listen: measured a turn at once, whatever it holds.
import { Histogram } from "../meters/histogram.js";
import { Tally } from "../meters/tally.js";
import type { EventBatch } from "./delivered.js";

/** What is measured of a turn of publishes. */
interface MeasuredTurn {
  /** When its first event was accepted, in ms of `performance.now()`. */
  readonly beganMs: number;
  readonly bytes: number;
  readonly entries: { readonly length: number };
}

/** Counts since the start of the server; they only rise. Times are in seconds, from the acceptance of a turn's first event. */
export class EventMeter {
  /** Events that were appended, and their bytes as the log has them. */
  events = 0;
  bytes = 0;
  /** Events whose publishers were told that they could not be kept, by what failed. */
  readonly failures = new Tally(["append", "flush"]);
  /** Until a turn's events survive the death of the process; a turn counts once. */
  readonly commits = new Histogram();
  /** Until they survive the loss of power. */
  readonly flushes = new Histogram();
  /** Until they have been handed to the sockets of all who listen live; each event that anybody may want counts. */
  readonly fanOuts = new Histogram();

  /** A turn's events are visible. */
  committed({ beganMs, bytes, entries }: MeasuredTurn): void {
    this.events += entries.length;
    this.bytes += bytes;
    this.commits.observe(secondsSince(beganMs));
  }

  /** Those of the turn's events that somebody may want have been handed to whoever listens. */
  fannedOut({ beganMs }: MeasuredTurn, batches: readonly EventBatch[]): void {
    if (batches.length === 0) return;
    const events = batches.reduce((sum, batch) => sum + batch.events.length, 0);
    this.fanOuts.observe(secondsSince(beganMs), events);
  }

  /** A turn's events become durable, or cannot be made so. */
  settles({ beganMs, entries }: MeasuredTurn, flushed: Promise<void>): void {
    flushed.then(
      () => this.flushes.observe(secondsSince(beganMs)),
      () => this.failures.add("flush", entries.length),
    );
  }
}

const secondsSince = (ms: number): number => (performance.now() - ms) / 1000;
