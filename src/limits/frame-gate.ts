// What one connection may send a second.
import { TokenBucket } from "./token-bucket.js";

/** Bounds of a connection; 0 is none. Names and defaults are the configuration's. */
export interface FrameRates {
  readonly maxFramesPerSecond: number;
  readonly maxBytesPerSecond: number;
}

/** A burst is what is allowed in that time: a client that sends once a second may send everything at once. */
const BURST_S = 1;
/** Share of a second's worth that must be there before it goes on: a flood is answered so often a second, not each frame. */
const PAUSE_S = 0.1;

/** Counts the frames of one connection. */
export class FrameGate {
  readonly #buckets: readonly { readonly bucket: TokenBucket; readonly perSecond: number; readonly ofBytes: boolean }[];

  private constructor({ maxFramesPerSecond, maxBytesPerSecond }: FrameRates, nowMs: number) {
    const bounds = [
      { perSecond: maxFramesPerSecond, ofBytes: false },
      { perSecond: maxBytesPerSecond, ofBytes: true },
    ];
    this.#buckets = bounds
      .filter(({ perSecond }) => perSecond > 0)
      .map((bound) => ({ ...bound, bucket: new TokenBucket(bound.perSecond, bound.perSecond * BURST_S, nowMs) }));
  }

  /** A gate, or undefined where nothing is bounded: then a frame costs a comparison. */
  static of(rates: FrameRates, nowMs: number): FrameGate | undefined {
    return rates.maxFramesPerSecond > 0 || rates.maxBytesPerSecond > 0 ? new FrameGate(rates, nowMs) : undefined;
  }

  /** Lets a frame of so many bytes pass. @returns 0, or for how many ms none may follow */
  pass(bytes: number, nowMs: number): number {
    let waitMs = 0;
    for (const { bucket, perSecond } of this.#buckets)
      if (!bucket.hasToken(nowMs)) waitMs = Math.max(waitMs, bucket.msUntil(perSecond * PAUSE_S));
    if (waitMs > 0) return waitMs;
    for (const { bucket, ofBytes } of this.#buckets) bucket.take(ofBytes ? bytes : 1);
    return 0;
  }
}
