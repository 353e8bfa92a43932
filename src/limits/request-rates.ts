// Requests a second of each address. An address that has been quiet for as long as a bucket takes to fill is forgotten,
// which changes nothing: its bucket would be full.
import { TokenBucket } from "./token-bucket.js";

/** A burst is what is allowed in that time: all connections that an address may have can come back at once. */
const BURST_S = 3;
/** Addresses of one generation, some 200 bytes each; more of them than that in 3 s are forgotten sooner, to their good. */
const MAX_ADDRESSES = 65_536;

/** Counts the requests of all addresses, in two generations: what is asked for moves to the newer one. */
export class RequestRates {
  readonly #perSecond: number;
  #recent = new Map<string, TokenBucket>();
  #older = new Map<string, TokenBucket>();
  #turnedMs = 0;

  /** @param perSecond  0 for no bound */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Counts a request of an address. @returns 0, or for how many ms it may ask for nothing */
  take(address: string, nowMs: number): number {
    if (this.#perSecond === 0) return 0;
    this.#turn(nowMs);
    const bucket = this.#bucketOf(address, nowMs);
    if (!bucket.hasToken(nowMs)) return bucket.msUntil(1);
    bucket.take(1);
    return 0;
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#recent.size + this.#older.size;
  }

  #bucketOf(address: string, nowMs: number): TokenBucket {
    const known = this.#recent.get(address);
    if (known) return known;
    const bucket = this.#older.get(address) ?? new TokenBucket(this.#perSecond, this.#perSecond * BURST_S, nowMs);
    this.#older.delete(address);
    this.#recent.set(address, bucket);
    return bucket;
  }

  #turn(nowMs: number): void {
    if (nowMs - this.#turnedMs < BURST_S * 1000 && this.#recent.size < MAX_ADDRESSES) return;
    this.#older = this.#recent;
    this.#recent = new Map();
    this.#turnedMs = nowMs;
  }
}
