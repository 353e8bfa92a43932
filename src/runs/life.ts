// The rules of life: which event is legal in which status, and what the status is after it. Pure; tables first.
import { RunStatus, type StatusChanged } from "../../generated/ts/tidewire/v1/events.js";
import { type ErrorDetails, TidewireError } from "../errors.js";
import { planOf } from "../wire/plan.js";
import { type Case, type CaseOf, type Family, type FamilyName, type Kind, typeOf } from "./families.js";

const {
  RUN_STATUS_QUEUED: QUEUED,
  RUN_STATUS_RUNNING: RUNNING,
  RUN_STATUS_PAUSED: PAUSED,
  RUN_STATUS_COMPLETED: COMPLETED,
  RUN_STATUS_FAILED: FAILED,
  RUN_STATUS_STOPPED: STOPPED,
  RUN_STATUS_LOST: LOST,
} = RunStatus;

/** Where a life stands; undefined: it has not begun. */
export type Standing = RunStatus | undefined;

/** Where an event is legal, and the status after it; without one it stays. */
interface Rule {
  readonly from: readonly Standing[];
  readonly to?: RunStatus;
}

const UNBORN = undefined;
const ALIVE = [QUEUED, RUNNING, PAUSED] as const;
const BORN = [...ALIVE, COMPLETED, FAILED, STOPPED] as const;

/** `status_changed` of training runs and evaluations: from which status to which. `lost` counts as running. */
const MOVES: ReadonlyMap<Standing, readonly RunStatus[]> = new Map<Standing, readonly RunStatus[]>([
  [UNBORN, [QUEUED, RUNNING]],
  [QUEUED, [RUNNING, FAILED, STOPPED]],
  [RUNNING, [PAUSED, COMPLETED, FAILED, STOPPED]],
  [PAUSED, [RUNNING, FAILED, STOPPED]],
]);

/** All other events. What is legal from running is legal from `lost`. */
const RULES: { readonly [F in FamilyName]: { readonly [C in Exclude<CaseOf<F>, "statusChanged">]: Rule } } = {
  system: { systemStats: { from: [UNBORN] } },
  training: {
    // Late lines and values of a run that has ended are kept: they were on their way.
    log: { from: BORN },
    metrics: { from: BORN },
    progress: { from: BORN },
    cancelRequested: { from: ALIVE },
  },
  evaluation: { progress: { from: ALIVE }, cancelRequested: { from: ALIVE } },
  task: {
    taskQueued: { from: [UNBORN], to: QUEUED },
    taskStarted: { from: [UNBORN, QUEUED], to: RUNNING },
    stepProgress: { from: [RUNNING] },
    taskCompleted: { from: [RUNNING], to: COMPLETED },
    taskFailed: { from: [QUEUED, RUNNING], to: FAILED },
    taskCancelled: { from: [QUEUED, RUNNING], to: STOPPED },
    cancelRequested: { from: ALIVE },
  },
  workflow: {
    workflowExecutionCreated: { from: [UNBORN], to: QUEUED },
    workflowExecutionStarted: { from: [UNBORN, QUEUED], to: RUNNING },
    workflowPhaseStarted: { from: [RUNNING] },
    // The phase that was under way when somebody paused ends nevertheless.
    workflowPhaseCompleted: { from: [RUNNING, PAUSED] },
    workflowExecutionPaused: { from: [RUNNING], to: PAUSED },
    workflowExecutionResumed: { from: [PAUSED], to: RUNNING },
    workflowExecutionCompleted: { from: [RUNNING], to: COMPLETED },
    workflowExecutionFailed: { from: ALIVE, to: FAILED },
    cancelRequested: { from: ALIVE },
  },
  container: {
    containerCreated: { from: [UNBORN], to: QUEUED },
    containerStarted: { from: [UNBORN, QUEUED], to: RUNNING },
    containerStopped: { from: [QUEUED, RUNNING], to: STOPPED },
    containerError: { from: [QUEUED, RUNNING], to: FAILED },
  },
};

/** The statuses that a publisher may set. */
const SETTABLE: readonly RunStatus[] = BORN;

/**
 * The status after an event. The family must take the event. The same status again is legal and changes nothing.
 *
 * @throws TidewireError INVALID_TRANSITION naming the status and what is legal in it; SESSION_NOT_FOUND for an event of a
 *   run that has not begun; INVALID_MESSAGE for a status that is not the publisher's to set
 */
export function statusAfter(family: Family, standing: Standing, topic: string, kind: Kind): Standing {
  if (kind.$case === "statusChanged") return moved(standing, topic, kind.value);
  const from = asRunning(standing);
  const rule = ruleOf(family, kind.$case);
  if (!rule?.from.includes(from)) throw illegalEvent(family, standing, topic, kind.$case);
  // Whoever asks for a stop is not the publisher: a run that is lost stays so.
  if (kind.$case === "cancelRequested") return standing;
  return rule.to ?? from;
}

/** Whether a log line is legal in a status, which stays as it is. */
export function takesLog(family: Family, standing: RunStatus): boolean {
  const rule = ruleOf(family, "log");
  return rule !== undefined && rule.to === undefined && rule.from.includes(standing);
}

/** How a status is written in JSON. */
export function statusName(status: Standing): string {
  return (status && planOf("StatusChanged").byName.get("status")?.names[status]) || "unspecified";
}

/** There is no such run. */
export function sessionNotFound(family: Family, topic: string): TidewireError {
  const publish = `publish status_changed with status queued or running to ${topic}`;
  const how = family.name === "training" ? `POST /api/v1/training/logs/session, or ${publish}` : publish;
  return new TidewireError("SESSION_NOT_FOUND", `${topic} does not exist; to create it: ${how}`, { topic });
}

function moved(standing: Standing, topic: string, { status }: StatusChanged): RunStatus {
  if (status === undefined || !SETTABLE.includes(status)) throw unsettable(topic, status);
  const from = asRunning(standing);
  if (status === from || MOVES.get(from)?.includes(status)) return status;
  const legal = (MOVES.get(from) ?? []).map(statusName);
  const may = legal.length > 0 ? `it may become ${legal.join(", ")}` : "it has ended";
  throw illegal(standing, topic, `cannot become ${statusName(status)}: ${may}`, {
    type: typeOf("statusChanged"),
    legal,
  });
}

function asRunning(standing: Standing): Standing {
  return standing === LOST ? RUNNING : standing;
}

function ruleOf(family: Family, name: Case): Rule | undefined {
  return (RULES[family.name] as Partial<Record<Case, Rule>>)[name];
}

function unsettable(topic: string, status: Standing): TidewireError {
  const why = status === LOST ? "only the server says lost" : "a status must be said";
  const message = `data.status is ${statusName(status)}: ${why}; it may be ${SETTABLE.map(statusName).join(", ")}`;
  return new TidewireError("INVALID_MESSAGE", message, { topic, field: "data.status" });
}

function illegalEvent(family: Family, standing: Standing, topic: string, name: Case): TidewireError {
  const isRun = (family.cases as readonly Case[]).includes("statusChanged");
  if (isRun && standing === UNBORN) return sessionNotFound(family, topic);
  const legal = family.cases.filter((each) => isLegal(family, asRunning(standing), each)).map(typeOf);
  const takes = legal.length > 0 ? `it takes ${legal.join(", ")} now` : "it takes nothing more";
  return illegal(standing, topic, `takes no ${typeOf(name)}: ${takes}`, { type: typeOf(name), legal });
}

function isLegal(family: Family, from: Standing, name: Case): boolean {
  return name === "statusChanged" ? MOVES.has(from) : ruleOf(family, name)?.from.includes(from) === true;
}

function illegal(standing: Standing, topic: string, refusal: string, details: ErrorDetails): TidewireError {
  const where = standing === UNBORN ? "does not exist yet" : `is ${statusName(standing)}`;
  const status = standing === UNBORN ? null : statusName(standing);
  return new TidewireError("INVALID_TRANSITION", `${topic} ${where} and ${refusal}`, { topic, status, ...details });
}
