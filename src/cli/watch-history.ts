// What has happened on a topic before now, page by page.
import type { EventType, LogLevel, Position, TidewireClient, TidewireEvent } from "@tidewire/client";
import { TidewireClientError } from "@tidewire/client";
import type { JsonObject } from "../wire/json.js";
import { headersOf, type Target } from "./target.js";

/** Events of one request: the most that the server gives. */
const PAGE = 1000;

/** A stretch of a topic's events; with `next`, there are more after it. */
export interface HistoryPage<Entry> {
  readonly generation: number;
  readonly entries: readonly Entry[];
  readonly next?: number | undefined;
}

/** What of a history is wanted. */
export interface HistoryFilter {
  readonly types?: readonly EventType[] | undefined;
  readonly minLevel?: LogLevel | undefined;
}

/** Reads histories, in the form that its reader shows events in. */
export interface History<Entry> {
  /** Events after an offset. @throws TidewireClientError TOPIC_NOT_FOUND, POSITION_LOST */
  page(topic: string, after: number, filter: HistoryFilter, limit?: number): Promise<HistoryPage<Entry>>;
  positionOf(entry: Entry, generation: number): Position;
}

/** Events as the client presents them. */
export function eventHistory({ topics }: TidewireClient, signal: AbortSignal): History<TidewireEvent> {
  return {
    page: (topic, after, filter, limit = PAGE) => topics.events(topic, { after, limit, signal, ...filter }),
    positionOf: ({ position }) => position,
  };
}

/** Events as the server writes them: the client's form would lose digits of a time. */
export function frameHistory(target: Target, signal: AbortSignal): History<JsonObject> {
  return {
    page: async (topic, after, { types = [], minLevel = "" }, limit = PAGE) => {
      const query = new URLSearchParams({ after: String(after), limit: String(limit), types: types.join(",") });
      query.set("min_level", minLevel);
      const path = `${target.url}/api/v1/topics/${encodeURIComponent(topic)}/events?${query}`;
      const response = await fetch(path, { headers: headersOf(target), signal });
      const body = (await response.json()) as HistoryPage<JsonObject> & ErrorBody;
      if (response.ok) return body;
      const code = body.error_code ?? "UNEXPECTED_REPLY";
      throw new TidewireClientError(code, body.message ?? `HTTP ${response.status}`);
    },
    positionOf: ({ offset }, generation) => ({ generation, offset: Number(offset) }),
  };
}

interface ErrorBody {
  readonly error_code?: string;
  readonly message?: string;
}
