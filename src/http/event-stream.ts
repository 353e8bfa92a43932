// The pushes of topics as Server-Sent Events, for networks that block WebSocket.
import type { OutgoingHttpHeaders } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { LogLevel } from "../../generated/ts/tidewire/v1/events.js";
import type { Subscribe } from "../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../errors.js";
import { parsePattern } from "../events/topic.js";
import type { HttpDependencies } from "./dependencies.js";
import { parseEventId, resumeAt } from "./event-id.js";
import { ASKS_ITSELF } from "./guard.js";
import { readQuery } from "./query.js";
import { SseStreams } from "./sse.js";

/** Topics and patterns of one stream: a page's worth; more belong into a pattern. */
export const MAX_STREAM_TOPICS = 16;

type StreamDependencies = Pick<HttpDependencies, "eventStreams" | "readiness">;

/** GET `/api/v1/events/stream?topic=…&snapshot=&min_level=&types=`; `Last-Event-ID` resumes. */
export function registerEventStream(app: FastifyInstance, { eventStreams, readiness }: StreamDependencies): void {
  const streams = new SseStreams();
  // A stream would hold the server's end up until it is cut.
  app.addHook("preClose", (done) => {
    streams[Symbol.dispose]();
    done();
  });
  // A HEAD would open a stream that nobody reads.
  const options = { exposeHeadRoute: false, config: { ...ASKS_ITSELF.config, isEndless: true } };
  app.get("/api/v1/events/stream", options, async (request, reply) => {
    if (readiness.state() === "draining") throw new TidewireError("SHUTTING_DOWN", "the server is going away");
    const requests = subscriptionsOf(request);
    for (const { topic } of requests) request.grant.require("subscribe", topic);
    const stream = streams.open(reply.raw, reply.getHeaders() as OutgoingHttpHeaders);
    try {
      await eventStreams.open(requests, stream, request.grant);
    } catch (error) {
      if (!stream.isStarted) {
        stream.abandon();
        throw error;
      }
      request.log.error({ err: error, url: request.url }, "an event stream broke as it was opened");
      stream.close();
    }
    reply.hijack();
    stream.start();
  });
}

/** What the query and the header ask for. @throws TidewireError INVALID_TOPIC, INVALID_MESSAGE */
function subscriptionsOf({ query, headers }: FastifyRequest): Subscribe[] {
  const asked = readQuery("StreamEvents", query);
  const topics = [...new Set(asked.topic)];
  if (topics.length === 0 || topics.length > MAX_STREAM_TOPICS) throw wrongCount(topics.length);
  for (const topic of topics) parsePattern(topic);
  const { snapshot = false, minLevel = LogLevel.LOG_LEVEL_UNSPECIFIED, types } = asked;
  const requests = topics.map(
    (topic): Subscribe => ({ topic, snapshot, minLevel, types, after: undefined, positions: {}, topicPositions: [] }),
  );
  const id = headers["last-event-id"];
  return typeof id === "string" && id !== "" ? resumeAt(requests, parseEventId(id, topics)) : requests;
}

function wrongCount(count: number): TidewireError {
  return new TidewireError("INVALID_MESSAGE", `topic: expected 1 to ${MAX_STREAM_TOPICS} topics, came ${count}`, {
    field: "topic",
    limit: MAX_STREAM_TOPICS,
  });
}
