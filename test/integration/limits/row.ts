// One row of docs/limits.md, and how it is exceeded on a real server.
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import type { Test } from "tap";
import WebSocket from "ws";
import { SETTINGS, type SettingKey } from "../../../src/config/settings.js";
import { ERRORS, type ErrorCode } from "../../../src/errors.js";
import { codeOf, type ServerBody } from "../support/frames.js";
import { Peer } from "../support/peer.js";
import { serve } from "../support/serve.js";

/** What a client sees beyond a limit. */
export interface Seen {
  /** Absent where nothing is refused: then `effect` says what happens instead. */
  readonly code?: ErrorCode | undefined;
  readonly effect?: string;
  /** Status, where it came over HTTP. */
  readonly status?: number | undefined;
  /** Code of the close that followed. */
  readonly closed?: number | undefined;
  /** Whether it was told when to try again. */
  readonly retries?: boolean;
}

/** A limit. */
export interface Row {
  readonly name: string;
  /** The default as people read it. */
  readonly value: string;
  /** "setting", or why it is fixed. */
  readonly where: string;
  /** What is counted. */
  readonly what: string;
  readonly beyond: Seen;
  exceed(t: Test): Promise<Seen>;
}

/** A row of a setting: default and meaning are the setting's. */
export function setting(name: SettingKey, beyond: Seen, exceed: Row["exceed"]): Row {
  const { defaultText, unit, description } = SETTINGS[name];
  const value = unit === "" || unit === "bytes" ? defaultText : `${defaultText} ${unit}`;
  return { name, value, where: "setting", what: description, beyond, exceed };
}

/** A row of a constant. */
export function fixed(
  name: string,
  value: string,
  what: string,
  why: string,
  beyond: Seen,
  exceed: Row["exceed"],
): Row {
  return { name, value, where: why, what, beyond, exceed };
}

/** An error in a frame. */
export const frame = (code: ErrorCode, closed?: number): Seen => ({ code, closed, retries: isTimed(code) });
/** An error over HTTP, with the catalogue's status unless another is named. */
export const http = (code: ErrorCode, status: number = ERRORS[code].httpStatus): Seen => ({
  code,
  status,
  retries: isTimed(code),
});
/** Nothing is refused. */
export const effect = (text: string): Seen => ({ effect: text });
/** Refused for good: to try again changes nothing. */
export const forGood = (seen: Seen): Seen => ({ ...seen, retries: false });

/** Codes that always come with a time to wait, unless a row says that waiting does not help. */
const isTimed = (code: ErrorCode): boolean => ["RATE_LIMITED", "TOO_MANY_REQUESTS", "OVERLOADED"].includes(code);

/** What a reply says. */
export function seenIn(body: ServerBody, closed?: number): Seen {
  const code = codeOf(body);
  if (body.$case !== "error" || code === undefined) throw new Error(`nothing was refused, but ${body.$case} came`);
  return { code, closed, retries: body.value.retryAfterMs !== undefined };
}

/** What an HTTP reply says; its header and its body must agree on when to try again. */
export async function seenBy(reply: Response): Promise<Seen> {
  const body = (await reply.json()) as ErrorReply;
  return toSeen(reply.status, body, reply.headers.get("retry-after") ?? undefined);
}

interface ErrorReply {
  readonly error_code: ErrorCode;
  readonly details: { readonly retry_after_ms?: number };
}

function toSeen(status: number, body: ErrorReply, header: string | undefined): Seen {
  const ms = body.details?.retry_after_ms;
  if (header !== (ms === undefined ? undefined : String(Math.ceil(ms / 1000))))
    throw new Error(`retry-after ${header}, but ${ms} ms`);
  return { code: body.error_code, status, retries: ms !== undefined };
}

/** What an upgrade is refused with. */
export async function upgradeRefused(t: Test, url: string, headers: Record<string, string> = {}): Promise<Seen> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/ws`, "tidewire.v1.json", { headers });
  t.teardown(() => socket.terminate());
  socket.on("error", () => {}); // `unexpected-response` tells
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  const { socket: under } = response;
  const body = (await json(response)) as ErrorReply;
  if (!under.destroyed) await once(under, "close"); // a refused connection is not kept
  return toSeen(response.statusCode ?? 0, body, response.headers["retry-after"]);
}

/** A server that forgets its events with its end, and a connection in JSON. */
export async function talk(t: Test, flags: Readonly<Record<string, unknown>> = {}, models: readonly string[] = []) {
  const { url } = await serve(t, { models, flags: { eventLog: "memory", nvidiaSmi: "off", ...flags } });
  const peer = await Peer.connect(t, url, "json");
  /** Asks in JSON as a person would write it. */
  const say = (type: string, data: unknown = {}): Promise<ServerBody> => {
    const id = peer.nextId();
    return peer.replyTo(id, JSON.stringify({ type, id, data }));
  };
  const post = (path: string, body: string, type = "application/json"): Promise<Response> =>
    fetch(`${url}/api/v1${path}`, { method: "POST", body, headers: { "content-type": type } });
  return { url, peer, say, post, get: (path: string) => fetch(url + path) };
}

/** Publishes a run's beginning, so that a topic takes lines. */
export const birth = (topic: string) => ({ topic, type: "status_changed", data: { status: "queued" } });
export const line = (topic: string, message: string) => ({ topic, type: "log", data: { level: "INFO", message } });
