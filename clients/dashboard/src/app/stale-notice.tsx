// What stands above every page when nobody knows whether it is still true.
import { useConnection } from "@tidewire/react";
import { formatAgo, formatClock } from "../format/time.js";
import { lastHeardMs } from "../server/server.js";
import { Button } from "../ui/button.js";
import { Notice } from "../ui/notice.js";
import { useNowMs } from "../ui/time.js";

export function StaleNotice() {
  const { connection, reconnect } = useConnection(({ connection, reconnect }) => ({ connection, reconnect }));
  if (connection !== "stale") return null;
  return (
    <div className="stale">
      <Notice tone="warn">
        <b>The server does not answer.</b> <Since /> It is tried again by itself.{" "}
        <Button onClick={reconnect}>Try now</Button>
      </Notice>
    </div>
  );
}

function Since() {
  const now = useNowMs();
  const heardMs = lastHeardMs();
  if (heardMs === undefined) return <>Nothing has been heard of it yet.</>;
  return (
    <>
      What is shown was so at {formatClock(new Date(heardMs)).slice(0, 8)}
      {/* Seen, and not said anew each second. */}
      <span aria-hidden="true">, {formatAgo(now - heardMs)}</span>.
    </>
  );
}
