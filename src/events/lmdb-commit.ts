// When a transaction is committed, and when it is flushed.
//
// LMDB makes a transaction visible first and flushes it then, but lmdb-js tells both at once, after the flush. So that a
// slow disk delays no subscriber, visibility is asked for while the flush is under way; on a fast disk the flush is first.

/** How often a transaction that is not flushed yet is asked for. Node's timers know nothing shorter. */
const VISIBLE_POLL_MS = 1;

/** A promise of lmdb-js with `separateFlushed`. */
export interface BatchPromise extends Promise<boolean> {
  /** Never settles when the batch fails. */
  readonly flushed?: Promise<unknown>;
}

/** A transaction that is under way. Both promises reject with the system's reason. */
export interface Commit {
  /** It survives the death of the process. */
  readonly committed: Promise<void>;
  /** It survives the loss of power. */
  readonly flushed: Promise<void>;
}

/**
 * @param isVisible whether readers see the transaction; not asked any more once `signal` is aborted
 */
export function watch(batch: BatchPromise, isVisible: () => boolean, signal: AbortSignal): Commit {
  const flushed = batch.then(
    async () => {
      await batch.flushed;
    },
    async (failure: unknown) => {
      throw await causeOf(failure);
    },
  );
  const committed = new Promise<void>((resolve, reject) => {
    let timer = setTimeout(ask, VISIBLE_POLL_MS);
    function ask(): void {
      if (signal.aborted) return;
      if (isVisible()) resolve();
      else timer = setTimeout(ask, VISIBLE_POLL_MS);
    }
    function end(): void {
      clearTimeout(timer);
    }
    flushed.then(end, end);
    batch.then(() => resolve(), end);
    flushed.catch(reject);
  });
  return { committed, flushed };
}

/** lmdb-js rejects with "see commitError", which is a promise of the reason. */
async function causeOf(failure: unknown): Promise<unknown> {
  const { commitError } = failure as { commitError?: Promise<never> };
  return commitError === undefined ? failure : commitError.catch((cause: unknown) => cause);
}
