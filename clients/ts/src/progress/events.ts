// Events as users see them: one flat object each, told apart by `type`.
import type { Event as EventMessage } from "../../../../generated/ts/tidewire/v1/events.js";
import type {
  Position as PositionMessage,
  Snapshot,
  TopicState as StateMessage,
} from "../../../../generated/ts/tidewire/v1/topics.js";
import type { ConnectedEvent, ConnectionErrorEvent, DisconnectedEvent, HeartbeatEvent } from "../connection/events.js";
import { TidewireClientError } from "../errors.js";
import { type Field, type Message, planOf } from "../wire/plan.js";
import { present, presentMessage, toDate } from "../wire/present.js";
import type { Given, Presented, RunStatus, Simplify, SnakeCase } from "./types.js";

/** A place in a topic's log: offsets rise within a generation. */
export type Position = Readonly<PositionMessage>;

/** What a topic names, by its family. */
export interface TopicIds {
  task: { readonly family: "task"; readonly projectId: string; readonly taskId: string };
  workflow: { readonly family: "workflow"; readonly workflowId: string; readonly executionId: string };
  container: { readonly family: "container"; readonly projectId: string; readonly containerId: string };
  training: { readonly family: "training"; readonly experimentId: string };
  evaluation: { readonly family: "evaluation"; readonly evaluationId: string };
  system: { readonly family: "system"; readonly node: string };
}

/** First token of a topic. */
export type Family = keyof TopicIds;

/** The names of the tokens behind the family. */
const FAMILIES: Readonly<Record<Family, string>> = {
  task: "projectId taskId",
  workflow: "workflowId executionId",
  container: "projectId containerId",
  training: "experimentId",
  evaluation: "evaluationId",
  system: "node",
};

type Kind = NonNullable<EventMessage["kind"]>;
/** The schema's second form of metrics, for clients without maps. */
type Twins = "metricNames" | "metricValues";

/** The families on whose topics an event of the type is found. */
type FamilyOf<Type> = Type extends "step_progress" | `task_${string}`
  ? "task"
  : Type extends `workflow_${string}`
    ? "workflow"
    : Type extends `container_${string}`
      ? "container"
      : Type extends "system_stats"
        ? "system"
        : Type extends "cancel_requested"
          ? "task" | "workflow" | "training" | "evaluation"
          : Type extends "log" | "metrics"
            ? "training"
            : "training" | "evaluation";

interface Envelope<Type> {
  readonly type: Type;
  readonly topic: string;
  readonly position: Position;
  /** When it happened, as its publisher says, else when it arrived; to the millisecond. */
  readonly timestamp: Date;
}

type EventOf<K> = K extends { readonly $case: infer Case extends string; readonly value: infer Body }
  ? Simplify<Envelope<SnakeCase<Case>> & TopicIds[FamilyOf<SnakeCase<Case>>] & Presented<Omit<Body, Twins>>>
  : never;

type GivenEvent<K> = K extends { readonly $case: infer Case extends string; readonly value: infer Body }
  ? Simplify<{ readonly type: SnakeCase<Case> } & Given<Presented<Omit<Body, Twins>>>>
  : never;

/** Every event of a topic, told apart by `type`, and by `family` where a type is found in several. */
export type TidewireEvent = EventOf<Kind>;
/** The type of an event. */
export type EventType = TidewireEvent["type"];
/** An event to publish: its type, and what there is to say. */
export type EventInput = GivenEvent<Kind>;

export type TaskEvent = Extract<TidewireEvent, { readonly family: "task" }>;
export type WorkflowEvent = Extract<TidewireEvent, { readonly family: "workflow" }>;
export type ContainerEvent = Extract<TidewireEvent, { readonly family: "container" }>;
export type TrainingEvent = Extract<TidewireEvent, { readonly family: "training" }>;
export type EvaluationEvent = Extract<TidewireEvent, { readonly family: "evaluation" }>;
export type SystemEvent = Extract<TidewireEvent, { readonly family: "system" }>;
/** How far something is: a run, an evaluation or a task. */
export type ProgressEvent = Extract<TidewireEvent, { readonly type: "progress" | "step_progress" }>;
/** What a connection tells of itself. */
export type ConnectionEvent = ConnectedEvent | DisconnectedEvent | ConnectionErrorEvent | HeartbeatEvent;
/** Everything that has a `type`. */
export type AnyEvent = TidewireEvent | ConnectionEvent;

/** What a topic's events add up to. */
export type TopicState = Presented<StateMessage>;

/** A topic's present state. */
export type TopicSnapshot = Simplify<
  {
    readonly type: "snapshot";
    readonly topic: string;
    readonly position: Position;
    readonly state: TopicState;
  } & TopicIds[Family]
>;

/** How the life of a topic has ended, told by its last event or learnt from a snapshot. */
export interface TopicEnd {
  /** Of the event that ended it. */
  readonly type: EventType | "snapshot";
  readonly topic: string;
  readonly family: Family;
  readonly position: Position;
  readonly timestamp?: Date | undefined;
  readonly status: "completed" | "failed" | "stopped";
  readonly message?: string | undefined;
  /** Why it failed. */
  readonly error?: string | undefined;
  /** Why it was stopped. */
  readonly reason?: string | undefined;
  /** What it gave. */
  readonly result?: Readonly<Record<string, unknown>> | undefined;
  /** Of a container. */
  readonly exitCode?: number | undefined;
  readonly projectId?: string | undefined;
  readonly taskId?: string | undefined;
  readonly workflowId?: string | undefined;
  readonly executionId?: string | undefined;
  readonly containerId?: string | undefined;
  readonly experimentId?: string | undefined;
  readonly evaluationId?: string | undefined;
}

export function isTaskEvent(event: AnyEvent): event is TaskEvent {
  return isOf(event, "task");
}

export function isWorkflowEvent(event: AnyEvent): event is WorkflowEvent {
  return isOf(event, "workflow");
}

export function isContainerEvent(event: AnyEvent): event is ContainerEvent {
  return isOf(event, "container");
}

export function isTrainingEvent(event: AnyEvent): event is TrainingEvent {
  return isOf(event, "training");
}

export function isProgressEvent(event: AnyEvent): event is ProgressEvent {
  return PROGRESS.includes(event.type);
}

function isOf(event: AnyEvent, family: Family): boolean {
  return (event as Partial<TidewireEvent>).family === family;
}

/** Types of {@link ProgressEvent}. */
export const PROGRESS: readonly string[] = ["progress", "step_progress"];

/** Events that end a topic's life, and how; `status_changed` says it itself. */
export const ENDS: Readonly<Record<string, RunStatus>> = {
  task_completed: "completed",
  task_failed: "failed",
  task_cancelled: "stopped",
  workflow_execution_completed: "completed",
  workflow_execution_failed: "failed",
  container_stopped: "stopped",
  container_error: "failed",
};

/** The topic, or the pattern with `*` for each name that is not given. @throws TidewireClientError INVALID_TOPIC */
export function topicOf(family: Family, names: Readonly<Record<string, unknown>>): string {
  const tokens = FAMILIES[family].split(" ").map((name) => {
    const token = String(names[name] ?? "*");
    // A dot would make two tokens of one: another topic, and no error anywhere.
    if (/^[\w*-]+$/.test(token)) return token;
    throw new TidewireClientError("INVALID_TOPIC", `${name}: ${token} is no name in a topic`);
  });
  return [family, ...tokens].join(".");
}

/** The event as users see it; undefined for one of a kind that this version does not know. */
export function toEvent({ topic, timestamp, generation, offset, kind }: EventMessage): TidewireEvent | undefined {
  if (kind === undefined) return undefined;
  const { name, plan } = planOf("Event").byCase.get(kind.$case) as Field;
  const { metricNames, metricValues, ...body } = presentMessage(plan, kind.value as unknown as Message);
  return {
    type: name,
    topic,
    position: { generation, offset },
    timestamp: toDate(timestamp ?? { seconds: 0, nanos: 0 }),
    ...idsOf(topic),
    ...body,
    ...(metricNames
      ? { metrics: { ...listed(metricNames as string[], metricValues as number[]), ...(body.metrics as object) } }
      : {}),
  } as unknown as TidewireEvent;
}

/** The snapshot as users see it. */
export function toSnapshot({ topic, generation, offset, state }: Snapshot): TopicSnapshot {
  const shown = state ? present("TopicState", state) : {};
  return {
    type: "snapshot",
    topic,
    position: { generation, offset },
    state: shown,
    ...idsOf(topic),
  } as unknown as TopicSnapshot;
}

function idsOf(topic: string): Message {
  const [family = "", ...tokens] = topic.split(".");
  const names = FAMILIES[family as Family]?.split(" ") ?? [];
  return { family, ...listed(names, tokens) };
}

function listed(names: readonly string[], values: readonly unknown[]): Message {
  return Object.fromEntries(names.map((name, i) => [name, values[i]]));
}
