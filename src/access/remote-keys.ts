// The public keys of an issuer, fetched from its URL (RFC 7517). Keys that were fetched are used on while the issuer cannot
// be reached; nobody's tokens can make the server ask more often than the times below.
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import type { Logger } from "pino";
import { TidewireError } from "../errors.js";

/** Age at which keys are fetched again before they are used: one may have been withdrawn. Where that fails they are used on. */
const FRESH_MS = 5 * 60_000;
/** Age beyond which keys that cannot be fetched again are no longer trusted: one may have been withdrawn. */
const STALE_MS = 24 * 3_600_000;
/** Time between two fetches, whatever asks for them: an unknown key, or a failure. */
const PAUSE_MS = 10_000;
const TIMEOUT_MS = 5_000;
/** Longest list of keys, in bytes. */
const MAX_BYTES = 256 * 1024;

type FindKey = ReturnType<typeof createLocalJWKSet>;

/** The keys at one URL. */
export class RemoteKeys {
  readonly #url: string;
  readonly #log: Logger;
  readonly #nowMs: () => number;
  #find: FindKey | undefined;
  #fetchedMs = Number.NEGATIVE_INFINITY;
  #askedMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  /** @param nowMs a clock that never goes back */
  constructor(url: string, log: Logger, nowMs: () => number = () => performance.now()) {
    this.#url = url;
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** The key that a token names. @throws TidewireError OVERLOADED while there are no keys to be had; JOSEError without such a key */
  readonly get: JWTVerifyGetKey = async (header, token) => {
    if (this.#nowMs() - this.#fetchedMs > FRESH_MS) await this.#refresh();
    if (!this.#find || !this.#isUsable) throw unreachable();
    try {
      return await this.#find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#refresh(); // the issuer may have a new one
      return this.#find(header, token);
    }
  };

  get #isUsable(): boolean {
    return this.#nowMs() - this.#fetchedMs < STALE_MS;
  }

  /** Fetches unless that was done just now. Never rejects: what went wrong is logged. */
  #refresh(): Promise<void> {
    if (this.#fetching) return this.#fetching;
    if (this.#nowMs() - this.#askedMs < PAUSE_MS) return Promise.resolve();
    this.#askedMs = this.#nowMs();
    this.#fetching = this.#fetch().then(
      () => {
        this.#fetching = undefined;
      },
      (error: unknown) => {
        this.#fetching = undefined;
        this.#log.error({ err: error, url: this.#url }, "the keys of JSON Web Tokens cannot be fetched");
      },
    );
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    // A redirect could lead away from https.
    const reply = await fetch(this.#url, {
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { accept: "application/json" },
    });
    if (!reply.ok) throw new Error(`the reply has status ${reply.status}`);
    this.#find = createLocalJWKSet(JSON.parse(await textOf(reply)) as JSONWebKeySet);
    this.#fetchedMs = this.#nowMs();
  }
}

async function textOf(reply: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of reply.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`the reply has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function unreachable(): TidewireError {
  const message = "the keys that tokens are checked with cannot be fetched now: try again";
  return new TidewireError("OVERLOADED", message, undefined, { retryAfterMs: PAUSE_MS });
}
