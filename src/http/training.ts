// Training runs: begin, list, describe, change and remove them. What they say of themselves is in training-entries.ts.
import type { FastifyInstance } from "fastify";
import type { RunStatus } from "../../generated/ts/tidewire/v1/events.js";
import type { TrainingSession } from "../../generated/ts/tidewire/v1/http.js";
import { TidewireError } from "../errors.js";
import type { EventReader, TopicView } from "../events/types.js";
import { readMessage } from "../wire/json.js";
import type { HttpDependencies } from "./dependencies.js";
import { ASKS_ITSELF, needs } from "./guard.js";
import { topicOf } from "./names.js";
import { DEFAULT_LIMIT } from "./pages.js";
import { readQuery } from "./query.js";
import { send } from "./reply.js";
import { visibleTopics } from "./visible.js";

/** Path of everything about training runs. */
export const LOGS = "/api/v1/training/logs";

/** Parameters of the paths of one run. */
export interface RunPath {
  Params: { id: string };
}

const FAMILY = "training";
/** Names that paths use themselves: a run of such a name could not be read or removed. */
const RESERVED: ReadonlySet<string> = new Set(["session", "sessions"]);

const topicOfRun = ({ id }: RunPath["Params"]): string => topicOf(FAMILY, id);

/** Options of a route that reads a run. */
export const SEES_RUN = needs("subscribe", topicOfRun);
/** Options of a route that adds to a run, or changes or removes it. */
export const CHANGES_RUN = needs("publish", topicOfRun);

type TrainingDependencies = Pick<HttpDependencies, "training" | "events">;

/** POST `…/session`, GET `…/sessions`, GET `…/{id}/info`, PUT `…/{id}/status` and DELETE `…/{id}`. */
export function registerTraining(app: FastifyInstance, { training, events }: TrainingDependencies): void {
  app.post(`${LOGS}/session`, ASKS_ITSELF, async (request, reply) => {
    const wanted = readMessage("CreateTrainingSession", request.body);
    const id = wanted.experimentId ?? "";
    request.grant.require("publish", topicOf(FAMILY, id));
    refuseReserved(id);
    await training.create(wanted);
    return send(reply.code(201), "TrainingSession", describe(viewOf(events, id)));
  });

  app.get(`${LOGS}/sessions`, ASKS_ITSELF, async (request, reply) => {
    const { after = "", limit = DEFAULT_LIMIT } = readQuery("ListTrainingSessions", request.query);
    // One more than is told: it says whether there are more.
    const asked = { pattern: `${FAMILY}.*`, after: after === "" ? "" : `${FAMILY}.${after}`, limit: limit + 1 };
    const found = await visibleTopics(events, request.grant, asked);
    const sessions = found.slice(0, limit).map(summarize);
    return send(reply, "TrainingSessionList", {
      sessions,
      next: found.length > limit ? sessions.at(-1)?.experimentId : undefined,
    });
  });

  app.get<RunPath>(`${LOGS}/:id/info`, SEES_RUN, (request, reply) =>
    send(reply, "TrainingSession", describe(viewOf(events, request.params.id))),
  );

  app.put<RunPath>(`${LOGS}/:id/status`, CHANGES_RUN, async (request, reply) => {
    const { id } = request.params;
    viewOf(events, id);
    const { status, message } = readMessage("SetTrainingStatus", request.body);
    await training.setStatus(id, status as RunStatus, message);
    return send(reply, "TrainingSession", describe(viewOf(events, id)));
  });

  app.delete<RunPath>(
    `${LOGS}/:id`,
    { config: { ...CHANGES_RUN.config, bodyOptional: true } },
    async (request, reply) => {
      const { id } = request.params;
      viewOf(events, id);
      await training.remove(id);
      return send(reply, "TrainingSessionRemoved", { experimentId: id });
    },
  );
}

/** The present state of a run. @throws TidewireError INVALID_TOPIC, SESSION_NOT_FOUND */
export function viewOf(events: EventReader, id: string): TopicView {
  const view = events.view(topicOf(FAMILY, id));
  if (view) return view;
  throw new TidewireError("SESSION_NOT_FOUND", `no training run "${id}"`, { experiment_id: id });
}

function refuseReserved(id: string): void {
  if (!RESERVED.has(id)) return;
  const expected = "a name that is no part of a path, as session and sessions are";
  throw new TidewireError("INVALID_MESSAGE", `experiment_id: expected ${expected}, came "${id}"`, {
    field: "experiment_id",
  });
}

function describe(view: TopicView): TrainingSession {
  const { config, metrics, counts, lastLog } = view.state;
  return { ...summarize(view), config, metrics, counts, lastLog };
}

function summarize({ topic, generation, offset, state }: TopicView): TrainingSession {
  return {
    experimentId: topic.slice(FAMILY.length + 1),
    status: state.status,
    progress: state.progress,
    epoch: state.epoch,
    totalEpochs: state.totalEpochs,
    message: state.message,
    etaSeconds: state.etaSeconds,
    cancelRequested: state.cancelRequested,
    createdAt: state.createdAt,
    startedAt: state.startedAt,
    finishedAt: state.finishedAt,
    updatedAt: state.updatedAt,
    generation,
    offset,
    config: undefined,
    metrics: {},
    counts: {},
    lastLog: undefined,
  };
}
