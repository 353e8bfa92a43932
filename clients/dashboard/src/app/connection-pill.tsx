// Whether what the page shows is what is.
import { useSyncExternalStore } from "react";
import { client } from "../server/server.js";

const progress = client.getProgress();

export function ConnectionPill() {
  const state = useSyncExternalStore(
    (listener) => progress.onConnectionState(listener),
    () => progress.getConnectionState(),
  );
  return (
    <span className="connection" data-state={state}>
      <span className="connection-dot" />
      {state}
    </span>
  );
}
