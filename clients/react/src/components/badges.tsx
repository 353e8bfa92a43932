"use client";
// Small signs: by words and shape first, by colour last.
import type { RunStatus } from "@tidewire/client";
import { useConnection } from "../hooks/use-connection.js";
import type { LinkState } from "../store/link.js";
import { formatMs } from "./format.js";
import { statusText } from "./progress-text.js";

const SHAPES: Readonly<Record<RunStatus, string>> = {
  queued: "M4 8a4 4 0 1 1 8 0 4 4 0 0 1-8 0m4-2v2l1.5 1",
  running: "M6 4.5 11.5 8 6 11.5z",
  paused: "M6 5v6M10 5v6",
  completed: "m4.5 8.5 2.5 2.5 4.5-5.5",
  failed: "m5.5 5.5 5 5m0-5-5 5",
  stopped: "M5.5 5.5h5v5h-5z",
  lost: "M8 4.5v4.2M8 11.3v.2",
};

/** A status, as a sign and a word. */
export function StatusPill({ status }: { readonly status: RunStatus | undefined }) {
  return (
    <span className="tidewire-pill" data-state={status ?? "none"}>
      {status && (
        <svg className="tidewire-pill__sign" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
          <path d={SHAPES[status]} />
        </svg>
      )}
      {statusText(status)}
    </span>
  );
}

const LINKS: Readonly<Record<LinkState, string>> = {
  idle: "Not connected",
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  stale: "Stale",
  ended: "Ended",
};

/** How far what is shown can be trusted. */
export function LinkBadge({ state, title }: { readonly state: LinkState; readonly title?: string | undefined }) {
  return (
    <span className="tidewire-link" data-state={state} title={title}>
      <span className="tidewire-link__dot" aria-hidden="true" />
      {LINKS[state]}
    </span>
  );
}

/** The provider's connection: its state, its round trip, and while there is none the attempts at one. */
export function ConnectionBadge() {
  const { connection, attempts, roundTripMs, error, reconnect } = useConnection();
  const isAway = connection === "reconnecting" || connection === "stale";
  return (
    <span className="tidewire-connection">
      <LinkBadge state={connection} title={error?.message} />
      {roundTripMs !== undefined && <span className="tidewire-faint">{formatMs(roundTripMs)}</span>}
      {isAway && attempts > 0 && <span className="tidewire-faint">attempt {attempts + 1}</span>}
      {isAway && (
        <button type="button" className="tidewire-button" onClick={reconnect}>
          Try now
        </button>
      )}
    </span>
  );
}
