// Small stand-ins for what the routes are given, and an app over them.

import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import type { Test } from "tap";
import { type Event, RunStatus } from "../../../generated/ts/tidewire/v1/events.js";
import type { CreateTrainingSession, WsStats } from "../../../generated/ts/tidewire/v1/http.js";
import type { Position, Publish, Subscribe, TopicState } from "../../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../../../src/errors.js";
import { matches, parsePattern, parseTopic } from "../../../src/events/topic.js";
import type { EventPage, EventPublisher, EventReader, TopicView } from "../../../src/events/types.js";
import { createApp, registerRoutes } from "../../../src/http/app.js";
import type { EventStreams, HttpDependencies, SseSink, TrainingRuns } from "../../../src/http/dependencies.js";
import { readMessage } from "../../../src/wire/json.js";
import { UNBOUNDED, WELCOME } from "../../support/admission.js";

interface MemoryTopic {
  readonly generation: number;
  readonly events: Event[];
  readonly state: TopicState;
}

/** Topics in memory, with just enough rules to see that errors get through. */
export class MemoryTopics implements EventReader, EventPublisher, TrainingRuns {
  readonly topics = new Map<string, MemoryTopic>();
  /** Events that a read hands out, whatever limit it is given. */
  pageSize = Number.POSITIVE_INFINITY;
  readonly reads: number[] = [];
  #generation = 1;

  view(topic: string): TopicView | undefined {
    const found = this.topics.get(topic);
    if (!found) return undefined;
    const { generation, events, state } = found;
    return { topic, generation, offset: events.length, state, status: state.status };
  }

  list(pattern: string, after: string, limit: number): readonly TopicView[] {
    const tokens = parsePattern(pattern);
    const names = [...this.topics.keys()].filter((name) => name > after && matches(tokens, parseTopic(name)));
    return names
      .sort()
      .slice(0, limit)
      .map((name) => this.view(name) as TopicView);
  }

  async read(topic: string, after: number, limit: number): Promise<EventPage> {
    const found = this.topics.get(topic);
    if (!found) throw new TidewireError("TOPIC_NOT_FOUND", "no such topic");
    if (after > found.events.length) throw new TidewireError("POSITION_LOST", "beyond the head");
    const end = Math.min(after + Math.min(limit, this.pageSize), found.events.length);
    this.reads.push(end - after);
    const next = end < found.events.length ? end : undefined;
    return { generation: found.generation, events: found.events.slice(after, end), next };
  }

  async publish(events: readonly Publish[]): Promise<readonly Position[]> {
    const bad = events.findIndex(({ kind }) => kind?.$case === "cancelRequested");
    if (bad >= 0) throw new TidewireError("INVALID_TRANSITION", "not now", { index: bad, topic: events[bad]?.topic });
    return events.map((event) => this.#append(event));
  }

  async create({ experimentId = "", config, totalEpochs }: CreateTrainingSession): Promise<void> {
    const topic = `training.${experimentId}`;
    if (parseTopic(topic).length !== 2) throw new TidewireError("INVALID_TOPIC", "no such name");
    if (this.topics.has(topic)) throw new TidewireError("SESSION_EXISTS", "it exists");
    const status = RunStatus.RUN_STATUS_QUEUED;
    this.#append({
      topic,
      timestamp: undefined,
      kind: { $case: "statusChanged", value: { status, config, totalEpochs } },
    });
    Object.assign(this.topics.get(topic)?.state ?? {}, { status, config, totalEpochs });
  }

  async setStatus(experimentId: string, status: RunStatus, message: string | undefined): Promise<void> {
    const { state } = this.topics.get(`training.${experimentId}`) as MemoryTopic;
    if (status === RunStatus.RUN_STATUS_FAILED) throw new TidewireError("INVALID_TRANSITION", "not from here");
    Object.assign(state, { status, message });
  }

  async remove(experimentId: string): Promise<void> {
    this.topics.delete(`training.${experimentId}`);
    this.#generation += 1;
  }

  #append({ topic, timestamp = { seconds: 1_765_794_600, nanos: 0 }, kind }: Publish): Position {
    const generation = this.#generation;
    const found = this.topics.get(topic) ?? { generation, events: [], state: readMessage("TopicState", {}) };
    this.topics.set(topic, found);
    const offset = found.events.length + 1;
    found.events.push({ topic, timestamp, generation: found.generation, offset, kind });
    Object.assign(found.state, { updatedAt: timestamp });
    return { generation: found.generation, offset };
  }
}

/** Keeps the streams that are opened. */
export class MemoryStreams implements EventStreams {
  readonly opened: { readonly requests: readonly Subscribe[]; readonly sink: SseSink }[] = [];
  refusal: Error | undefined;

  open(requests: readonly Subscribe[], sink: SseSink): void {
    if (this.refusal) throw this.refusal;
    this.opened.push({ requests, sink });
  }
}

export const WS_STATS: WsStats = {
  activeConnections: 2,
  connectionsByPath: { "/api/v1/ws": 2 },
  connectionsByEncoding: { json: 1, proto: 1 },
  subscribers: { "training.*": 1 },
  framesIn: 3,
  framesOut: 4,
  bytesIn: 5,
  bytesOut: 6,
  droppedFrames: 0,
  slowConsumerCloses: 1,
};

/** All that the routes take, in memory. */
export function inMemory(topics = new MemoryTopics(), eventStreams = new MemoryStreams()): HttpDependencies {
  return {
    version: "1.2.3",
    protoFolder: "proto",
    readiness: { state: () => "ready" },
    ensembles: { list: () => [], describe: () => unused() },
    streams: { stats: () => unused() },
    tokens: { mint: () => unused() },
    histories: { save: () => unused() },
    connections: { stats: () => WS_STATS },
    health: { checks: () => [] },
    metrics: { write: async (format) => `# ${format}\n` },
    cancellation: {
      async cancel(topic) {
        if (topic.includes("unknown")) throw new TidewireError("TASK_NOT_FOUND", "no such task");
        if (topic.includes("done")) throw new TidewireError("TASK_FINISHED", "it has ended");
      },
    },
    events: topics,
    publisher: topics,
    training: topics,
    eventStreams,
  };
}

/** An app over them, closed when the test ends. */
export function serveRoutes(t: Test, dependencies: HttpDependencies, maxBodyBytes = 16 * 1024 * 1024): FastifyInstance {
  const app = createApp({ ...UNBOUNDED, maxBodyBytes }, pino({ level: "silent" }), WELCOME);
  registerRoutes(app, dependencies);
  t.teardown(() => app.close());
  return app;
}

function unused(): never {
  throw new Error("not part of these tests");
}
