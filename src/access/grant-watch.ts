// Looks after the grants of what stays open: connections and event streams. One timer for all of them, which compares with
// the clock each time: an expiry years ahead overflows nothing, and a clock that is set is noticed.
import type { TidewireError } from "../errors.js";
import type { Grant } from "./grant.js";

/** Time between two looks: how much longer than its token a connection may live. Ten thousand cost 0.1 ms a look. */
const LOOK_MS = 500;

interface Watched {
  readonly grant: Grant;
  readonly ended: (reason: TidewireError) => void;
}

/** All grants that are in use by something that stays. */
export class GrantWatch {
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  /** Calls `ended` once, when the grant has come to its end. @returns what stops that; idempotent */
  watch(grant: Grant, ended: (reason: TidewireError) => void): () => void {
    if (!grant.canEnd) return () => undefined;
    const watched: Watched = { grant, ended };
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => this.look(Date.now()), LOOK_MS).unref();
    return () => this.#remove(watched);
  }

  /** Tells those whose grant has ended by then. */
  look(nowMs: number): void {
    for (const watched of [...this.#watched]) {
      const reason = watched.grant.endedAt(nowMs);
      if (!reason || !this.#watched.has(watched)) continue;
      this.#remove(watched);
      watched.ended(reason);
    }
  }

  #remove(watched: Watched): void {
    this.#watched.delete(watched);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
