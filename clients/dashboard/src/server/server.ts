// The server that has served this page.
import { TidewireClient, type TidewireClientError } from "@tidewire/client";
import { currentToken, refused } from "../access/token.js";

/** How often the server is asked whether it is there: so old may "live" be at most. */
const HEARTBEAT_MS = 10_000;
/** Longest wait before the next attempt: a page that is looked at should be live soon after its server is back. */
const MAX_RECONNECT_DELAY_MS = 5_000;

/** One for the whole page: all subscriptions share its connection. */
export const client = new TidewireClient({ baseURL: location.origin, token: currentToken });

const progress = client.getProgress({
  heartbeatInterval: HEARTBEAT_MS,
  maxReconnectDelay: MAX_RECONNECT_DELAY_MS,
  // A page that stays open over a weekend is still wanted on Monday.
  maxReconnectAttempts: Number.POSITIVE_INFINITY,
});

let heardMs: number | undefined;
const ended = ({ error, willReconnect }: { readonly error: TidewireClientError; readonly willReconnect: boolean }) => {
  if (!willReconnect && error.code === "UNAUTHENTICATED") refused(error);
};
progress.connection
  .on("frame", () => {
    heardMs = Date.now();
  })
  .on("disconnected", ended)
  .on("connection_error", ended);

/** When the server said something last, in milliseconds since 1970; undefined when it has not yet. */
export function lastHeardMs(): number | undefined {
  return heardMs;
}
