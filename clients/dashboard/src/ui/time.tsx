// Times that go on by themselves: one clock for the whole page.
import { useSyncExternalStore } from "react";
import { formatAgo, formatDateTime, formatDuration } from "../format/time.js";

const TICK_MS = 1_000;

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let nowMs = Date.now();

function tick(): void {
  nowMs = Date.now();
  for (const listener of [...listeners]) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    nowMs = Date.now();
    timer = setInterval(tick, TICK_MS);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time, each second. */
export function useNowMs(): number {
  return useSyncExternalStore(subscribe, () => nowMs);
}

/** How long ago; the exact time on hovering. */
export function Ago({ at }: { readonly at: Date | undefined }) {
  const now = useNowMs();
  if (!at) return <span className="quiet">–</span>;
  return (
    <time dateTime={at.toISOString()} title={formatDateTime(at)}>
      {formatAgo(now - at.getTime())}
    </time>
  );
}

/** From a time until another one; until now where there is none. */
export function Elapsed({ from, to }: { readonly from: Date | undefined; readonly to: Date | undefined }) {
  const now = useNowMs();
  if (!from) return <span className="quiet">–</span>;
  return <>{formatDuration((to?.getTime() ?? Math.max(now, from.getTime())) - from.getTime())}</>;
}
