// When a segment is full, and which segments go: one rule for all adapters.

/** How much is kept. Names and defaults are the configuration's. */
export interface RetentionLimits {
  /** Size at which a segment is followed by a new one. */
  readonly segmentBytes: number;
  /** Age at which a segment is followed by a new one. */
  readonly segmentMaxAgeMs: number;
  /** Size of all segments beyond which the oldest goes. */
  readonly retentionBytes: number;
  /** Age of its newest event at which a segment goes. */
  readonly retentionMaxAgeMs: number;
}

/** A segment as retention sees it. */
export interface SegmentExtent {
  readonly bytes: number;
  readonly createdMs: number;
  /** Whether it has no event yet: then it is never full. */
  readonly isEmpty: boolean;
}

/** What segments take together. */
export function extentOf(segments: readonly SegmentExtent[]): { readonly segments: number; readonly bytes: number } {
  return { segments: segments.length, bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** A segment that began so long after the present did so by a clock that was wrong. */
const CLOCK_SLACK_MS = 60 * 60 * 1000;

/** Whether the newest segment takes no further events: one whose age cannot be told takes none either. */
export function isFull(newest: SegmentExtent, limits: RetentionLimits, nowMs: number): boolean {
  if (newest.isEmpty) return false;
  if (newest.createdMs > nowMs + CLOCK_SLACK_MS) return true;
  return newest.bytes >= limits.segmentBytes || newest.createdMs + limits.segmentMaxAgeMs <= nowMs;
}

/** How many of the oldest segments go: never the newest one. `segments` run from the oldest to the newest. */
export function countToDrop(segments: readonly SegmentExtent[], limits: RetentionLimits, nowMs: number): number {
  let { bytes } = extentOf(segments);
  let count = 0;
  const beganMs = beginnings(segments);
  for (const [i, segment] of segments.entries()) {
    const nextMs = beganMs[i + 1];
    // What follows a segment began when its last event was there already.
    if (nextMs === undefined || (bytes <= limits.retentionBytes && nextMs + limits.retentionMaxAgeMs > nowMs)) break;
    bytes -= segment.bytes;
    count += 1;
  }
  return count;
}

/** When segments began: none after one that follows it, whatever the clock showed. */
function beginnings(segments: readonly SegmentExtent[]): number[] {
  let earliestMs = Number.POSITIVE_INFINITY;
  const beganMs = segments.toReversed().map(({ createdMs }) => {
    earliestMs = Math.min(earliestMs, createdMs);
    return earliestMs;
  });
  return beganMs.reverse();
}
