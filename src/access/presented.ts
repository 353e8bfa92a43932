// Where a request carries its token. Never in the URL: URLs stand in logs, histories and referrers.
import type { IncomingHttpHeaders } from "node:http";
import { unauthenticated } from "./grant.js";

/** Before a token among the subprotocols that a WebSocket client offers; browsers can set no header there. */
export const BEARER_PROTOCOL = "tidewire.bearer.";
/** Longest token that is looked at, in characters; all headers of a request together may have 16 KiB. */
export const MAX_TOKEN_LENGTH = 8192;

const BEARER = /^Bearer +(\S+) *$/i;

/** The token that a request shows; undefined where it shows none. @throws TidewireError UNAUTHENTICATED for one that is none */
export function presentedToken(headers: IncomingHttpHeaders): string | undefined {
  const { authorization, "sec-websocket-protocol": offered } = headers;
  if (authorization === undefined) return offered === undefined ? undefined : tokenAmong(offered);
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) throw unauthenticated('the header Authorization must be "Bearer <token>"');
  return token;
}

function tokenAmong(offered: string): string | undefined {
  const protocols = offered.split(",").map((name) => name.trim());
  return protocols.find((name) => name.startsWith(BEARER_PROTOCOL))?.slice(BEARER_PROTOCOL.length);
}
