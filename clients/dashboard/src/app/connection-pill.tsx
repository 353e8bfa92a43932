// Whether what the page shows is what is, and since when it may not be.
import { type LinkState, useConnection } from "@tidewire/react";
import { useSyncExternalStore } from "react";
import { formatAgo } from "../format/time.js";
import { navigate } from "../router/history.js";
import { lastHeardMs } from "../server/server.js";
import { Icon, type IconName } from "../ui/icon.js";
import { useNowMs } from "../ui/time.js";

type Shown = Exclude<LinkState, "ended"> | "offline" | "refused";

const LOOKS: Readonly<Record<Shown, { readonly word: string; readonly icon: IconName; readonly tone: string }>> = {
  idle: { word: "Idle", icon: "pause", tone: "idle" },
  connecting: { word: "Connecting", icon: "clock", tone: "idle" },
  live: { word: "Live", icon: "live", tone: "good" },
  reconnecting: { word: "Reconnecting", icon: "clock", tone: "warn" },
  stale: { word: "Stale", icon: "warning", tone: "bad" },
  refused: { word: "Signed out", icon: "pause", tone: "idle" },
  offline: { word: "Offline", icon: "cross", tone: "bad" },
};

/** A press connects at once; of a connection that is live it leads to all of them. */
export function ConnectionPill() {
  const { connection, attempts, roundTripMs, error, refusal, reconnect } = useConnection();
  const isOnline = useOnline();
  const now = useNowMs();
  const heardMs = lastHeardMs();
  const isRefused = refusal === "UNAUTHENTICATED";
  const shown: Shown = isRefused ? "refused" : connection !== "live" && !isOnline ? "offline" : connection;
  const { word, icon, tone } = LOOKS[shown];
  const ago = heardMs === undefined ? "nothing heard yet" : `heard ${formatAgo(now - heardMs)}`;
  const facts = [
    `${word}: ${ago}`,
    roundTripMs === undefined ? "" : `round trip ${roundTripMs.toFixed(1)} ms`,
    attempts > 0 ? `${attempts} failed ${attempts === 1 ? "attempt" : "attempts"}` : "",
    error ? error.message : "",
    shown === "live" ? "Press for all connections." : "Press to connect now.",
  ];
  return (
    <>
      <button
        type="button"
        className="connection"
        data-tone={tone}
        data-state={shown}
        title={facts.filter(Boolean).join("\n")}
        onClick={shown === "live" ? () => navigate("/connections") : reconnect}
      >
        <Icon name={icon} size={12} />
        {word}
        <span className="connection-ago">{ago}</span>
      </button>
      <span className="visually-hidden" role="status">
        {shown === "live" || shown === "connecting" ? "" : `Connection: ${word}`}
      </span>
    </>
  );
}

function subscribe(listener: () => void): () => void {
  addEventListener("online", listener);
  addEventListener("offline", listener);
  return () => {
    removeEventListener("online", listener);
    removeEventListener("offline", listener);
  };
}

function useOnline(): boolean {
  return useSyncExternalStore(subscribe, () => navigator.onLine);
}
