// How many readings are predicted, and how long requests take: a few additions for each group of answers, whatever its
// size, and a table of fixed size.

/** Buckets of an octave of time: a latency is told to within 6 %. */
const STEPS = 8;
const STEP_BITS = 3;
/** Octaves of µs above the first `STEPS`: up to 36 minutes. */
const OCTAVES = 28;
const MAX_US = 2 ** (STEP_BITS + OCTAVES) - 1;

/** Counts since the start of the server; they only rise. */
export class PredictionMeter {
  /** Readings predicted. */
  readings = 0;
  /** Requests by latency. */
  readonly latencies = new Float64Array(STEPS * (OCTAVES + 1));

  /**
   * Counts answers that were given together.
   *
   * @param latencyMs of the oldest: the others count as it, so that no latency is told as shorter than it was
   */
  answered(requests: number, readings: number, latencyMs: number): void {
    this.readings += readings;
    const bucket = bucketOf(latencyMs);
    this.latencies[bucket] = (this.latencies[bucket] as number) + requests;
  }

  /** Middle of a bucket, in ms. */
  bucketMs(bucket: number): number {
    if (bucket < STEPS) return (bucket + 0.5) / 1000;
    const octave = Math.floor(bucket / STEPS) - 1;
    return ((STEPS + (bucket % STEPS) + 0.5) * 2 ** octave) / 1000;
  }
}

function bucketOf(latencyMs: number): number {
  const us = Math.min(MAX_US, Math.max(0, latencyMs * 1000)) | 0;
  if (us < STEPS) return us;
  const octave = 31 - Math.clz32(us) - STEP_BITS;
  return (octave + 1) * STEPS + ((us >> octave) & (STEPS - 1));
}
