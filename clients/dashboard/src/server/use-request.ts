// Answers of HTTP routes, for what no topic tells.
import { TidewireClientError } from "@tidewire/client";
import { useCallback, useEffect, useRef, useState } from "react";
import { refused } from "../access/token.js";

/** How an answer is kept up to date. */
export interface RequestOptions {
  /**
   * Asks again this long after an answer; never while one is under way, never in a hidden tab, and not after one that the
   * token is refused. Default: once.
   */
  readonly everyMs?: number | undefined;
}

/** Where a request stands. An answer stays while the next one is fetched, or has failed: then there are both. */
export interface Answer<Value> {
  readonly value: Value | undefined;
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  /** Asks again, now. */
  readonly again: () => void;
}

/**
 * Asks when shown, and anew whenever `key` changes.
 *
 * @param ask  is given a signal that ends with the component
 */
export function useRequest<Value>(
  key: string,
  ask: (signal: AbortSignal) => Promise<Value>,
  { everyMs }: RequestOptions = {},
): Answer<Value> {
  const [state, setState] = useState<{ readonly key: string; readonly value?: Value; readonly error?: Error }>();
  const [count, setCount] = useState(0);
  const latest = useRef(ask);
  useEffect(() => {
    latest.current = ask;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a higher count is the wish to ask again
  useEffect(() => {
    const abort = new AbortController();
    let isRefused = false;
    const round = async () => {
      if (document.hidden && everyMs !== undefined) return;
      try {
        const value = await latest.current(abort.signal);
        setState({ key, value });
      } catch (cause) {
        if (abort.signal.aborted) return;
        const error = cause instanceof Error ? cause : new Error(String(cause));
        const code = error instanceof TidewireClientError ? error.code : "";
        isRefused = code === "UNAUTHENTICATED" || code === "PERMISSION_DENIED";
        if (code === "UNAUTHENTICATED") refused(error);
        setState((before) => ({ ...(before?.key === key ? before : {}), key, error }));
      }
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const rounds = async () => {
      await round();
      if (everyMs !== undefined && !abort.signal.aborted && !isRefused) timer = setTimeout(rounds, everyMs);
    };
    void rounds();
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, everyMs, count]);
  const own = state?.key === key ? state : undefined;
  const again = useCallback(() => setCount((before) => before + 1), []);
  return { value: own?.value, error: own?.error, isLoading: own === undefined, again };
}
