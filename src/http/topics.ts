// Topics: which there are, where they stand, and what has happened.
import type { FastifyInstance } from "fastify";
import { type Event, LogLevel } from "../../generated/ts/tidewire/v1/events.js";
import type { ReadEvents, TopicSummary } from "../../generated/ts/tidewire/v1/http.js";
import { TidewireError } from "../errors.js";
import { parsePattern, parseTopic } from "../events/topic.js";
import type { EventReader, TopicView } from "../events/types.js";
import { planOf } from "../wire/plan.js";
import type { HttpDependencies } from "./dependencies.js";
import { ASKS_ITSELF, needs } from "./guard.js";
import { DEFAULT_LIMIT, readPage } from "./pages.js";
import { readQuery } from "./query.js";
import { send } from "./reply.js";
import { visibleTopics } from "./visible.js";

const TOPICS = "/api/v1/topics";
const ALL = ">";
/** Most of a client's own text that an error repeats, in characters. */
const MAX_SHOWN = 64;

interface TopicPath {
  Params: { topic: string };
}

/** GET `/api/v1/topics`, `/api/v1/topics/{topic}` and `/api/v1/topics/{topic}/events`. */
export function registerTopics(app: FastifyInstance, { events }: Pick<HttpDependencies, "events">): void {
  app.get(TOPICS, ASKS_ITSELF, async (request, reply) => {
    const { pattern = ALL, after = "", limit = DEFAULT_LIMIT } = readQuery("ListTopics", request.query);
    parsePattern(pattern);
    // One more than is told: it says whether there are more.
    const found = await visibleTopics(events, request.grant, { pattern, after, limit: limit + 1 });
    const topics = found.slice(0, limit).map(summarize);
    return send(reply, "TopicList", { topics, next: found.length > limit ? topics.at(-1)?.topic : undefined });
  });

  const sees = needs("subscribe", ({ topic }: TopicPath["Params"]) => topic);
  app.get<TopicPath>(`${TOPICS}/:topic`, sees, (request, reply) => {
    const { topic, generation, offset, state } = viewOf(events, request.params.topic);
    return send(reply, "Snapshot", { topic, generation, offset, state });
  });

  app.get<TopicPath>(`${TOPICS}/:topic/events`, sees, async (request, reply) => {
    const { topic } = viewOf(events, request.params.topic);
    const asked = readQuery("ReadEvents", request.query);
    const isWanted = filterOf(asked);
    const pick = (event: Event) => (isWanted(event) ? event : undefined);
    return send(reply, "EventPage", await readPage(events, topic, asked, pick));
  });
}

/** @throws TidewireError INVALID_TOPIC, TOPIC_NOT_FOUND */
function viewOf(events: EventReader, topic: string): TopicView {
  parseTopic(topic);
  const view = events.view(topic);
  if (view) return view;
  throw new TidewireError("TOPIC_NOT_FOUND", `topic ${topic} has no events`, { topic });
}

/** Which events are wanted. @throws TidewireError INVALID_MESSAGE for an unknown type */
function filterOf({ types, minLevel }: ReadEvents): (event: Event) => boolean {
  const { cases } = planOf("Event");
  const unknown = types.find((type) => !cases.has(type));
  if (unknown !== undefined) throw unknownType(unknown, [...cases.keys()]);
  const wanted = new Set(types.map((type) => cases.get(type)?.field.key));
  const least = minLevel ?? LogLevel.LOG_LEVEL_UNSPECIFIED;
  return ({ kind }) => {
    if (kind === undefined || (wanted.size > 0 && !wanted.has(kind.$case))) return false;
    return kind.$case !== "log" || (kind.value.level ?? LogLevel.LOG_LEVEL_UNSPECIFIED) >= least;
  };
}

function unknownType(type: string, known: readonly string[]): TidewireError {
  const shown = JSON.stringify(type.slice(0, MAX_SHOWN));
  return new TidewireError(
    "INVALID_MESSAGE",
    `types: expected event types, came ${shown}; known are ${known.join(", ")}`,
    {
      field: "types",
    },
  );
}

function summarize({ topic, generation, offset, state }: TopicView): TopicSummary {
  const { status, progress, updatedAt } = state;
  return { topic, generation, offset, status, progress, updatedAt };
}
