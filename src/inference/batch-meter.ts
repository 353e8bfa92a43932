// The runs of one model: how large they are, and what set them off.
import { Histogram, ROWS } from "../meters/histogram.js";
import { Tally } from "../meters/tally.js";

/**
 * What set a run off. `turn`: the model was free, so the end of the turn in which the rows came. `full`: a batch that was
 * held for more rows had as many as a run may have. `delay`: it had been held for as long as it may be. `executor_free`:
 * the run before it ended. `retry`: it is a part of a batch that failed, run again to find the request at fault.
 */
export const RELEASES = ["turn", "full", "delay", "executor_free", "retry"] as const;

/** One of {@link RELEASES}. */
export type Release = (typeof RELEASES)[number];

/** Counts since the start of the server; they only rise. */
export class BatchMeter {
  /** Runs by rows; those whose rows nobody wanted any more are none. */
  readonly rows = new Histogram(ROWS);
  readonly releases = new Tally(RELEASES);
  /** Time that requests have spent while the answers of their run were given out, in seconds. */
  outputSeconds = 0;

  /** A run takes so many rows. */
  released(release: Release, rows: number): void {
    if (rows === 0) return;
    this.rows.observe(rows);
    this.releases.add(release);
  }

  /** Its answers have been given out. */
  delivered(requests: number, tookMs: number): void {
    this.outputSeconds += (requests * tookMs) / 1000;
  }
}
