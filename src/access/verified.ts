// Tokens whose signatures have been checked lately: checking one takes 50 to 200 µs, finding it here 2 µs.
import { digestOf } from "./digest.js";
import type { Grant } from "./grant.js";

/** Tokens remembered, some 500 bytes each; the one that was used longest ago makes room. */
const MAX_VERIFIED = 4096;
/** How long a signature counts as checked: a key that an issuer withdraws opens nothing for longer. */
const KEPT_MS = 60_000;

interface Verified {
  readonly grant: Grant;
  readonly untilMs: number;
}

/** Remembers what tokens grant, by their hashes: never the tokens themselves. */
export class VerifiedTokens {
  /** In the order they were used. */
  readonly #byDigest = new Map<string, Verified>();

  /** What a token grants that was verified lately; undefined where it must be verified. */
  get(token: string, nowMs: number): Grant | undefined {
    const key = keyOf(token);
    const found = this.#byDigest.get(key);
    if (!found) return undefined;
    this.#byDigest.delete(key);
    if (found.untilMs <= nowMs || found.grant.endedAt(nowMs)) return undefined;
    this.#byDigest.set(key, found);
    return found.grant;
  }

  add(token: string, grant: Grant, nowMs: number): void {
    const [oldest] = this.#byDigest.keys();
    if (this.#byDigest.size >= MAX_VERIFIED && oldest !== undefined) this.#byDigest.delete(oldest);
    this.#byDigest.set(keyOf(token), { grant, untilMs: nowMs + KEPT_MS });
  }
}

function keyOf(token: string): string {
  return digestOf(token).toString("latin1");
}
