// Events in words: one line each, safe for any terminal.
import type { LogLevel, RunStatus, TidewireEvent, TopicGap, TopicSnapshot, TopicState } from "@tidewire/client";
import { count } from "./numbers.js";
import type { Palette } from "./terminal.js";

/** Metrics in one line; a run may have a thousand. */
const MAX_METRICS = 6;
/** Digits of a metric: what the eye compares. */
const DIGITS = 4;
/** Longest JSON of a result or details in a line, in characters. */
const MAX_JSON = 200;
/** What is said of a topic that nothing has happened on: its name may be mistyped. */
export const NO_EVENTS = "no events yet";
/** Fields that every event has, and those that are told first or last. */
const ENVELOPE: ReadonlySet<string> = new Set([
  ...["type", "topic", "position", "timestamp", "family", "experimentId", "evaluationId", "projectId", "taskId"],
  ...["workflowId", "executionId", "containerId", "node", "message", "error"],
]);
/**
 * What would move a terminal's cursor, colour it or turn its text around: texts of publishers are shown, not obeyed.
 * C0 and C1 with DEL, and the bidirectional controls of Unicode.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The text on one line, without a terminal's own characters. */
export function clean(text: string): string {
  return text.replace(/[\s\u0085]+/g, " ").replace(CONTROL, "\ufffd");
}

function cleaned(text: string | undefined): string | undefined {
  return text === undefined ? undefined : clean(text);
}

/** A measured value. */
export function number(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS)));
}

/** "48.2%"; 100 only when all is done. */
export function percent(value: number): string {
  return value === 100 ? "100%" : `${Math.min(value, 99.9).toFixed(1)}%`;
}

/** "482/1000"; "482" where the whole is not known. */
export function ofTotal(value: number | undefined, total: number | undefined): string | undefined {
  if (value === undefined) return undefined;
  return total === undefined ? String(value) : `${value}/${total}`;
}

/** A time in whole seconds, minutes, hours or days; none is negative: clocks differ. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  if (minutes === 0) return `${seconds} s`;
  if (hours === 0) return `${minutes} min ${seconds % 60} s`;
  return days < 2 ? `${hours} h ${minutes % 60} min` : `${days} d ${hours % 24} h`;
}

/** How long ago that was, as a person says it. */
export function age(date: Date | undefined, nowMs: number): string {
  return date === undefined ? "–" : span(nowMs - date.getTime());
}

/** Local time of day. */
export function timeOfDay(date: Date): string {
  return date.toTimeString().slice(0, 8);
}

/** "loss 0.25  val/acc NaN", the first few. */
export function metricsText(metrics: Readonly<Record<string, number>>): string {
  const all = Object.entries(metrics);
  const shown = all.slice(0, MAX_METRICS).map(([name, value]) => `${clean(name)} ${number(value)}`);
  return [...shown, ...(all.length > MAX_METRICS ? [`and ${all.length - MAX_METRICS} more`] : [])].join("  ");
}

/** A status in its colour. */
export function statusText(status: RunStatus | undefined, paint: Palette, width = 0): string {
  const text = (status ?? "").padEnd(width);
  switch (status) {
    case "running":
    case "completed":
      return paint.good(text);
    case "failed":
    case "lost":
      return paint.bad(text);
    case "paused":
    case "stopped":
      return paint.warn(text);
    default:
      return text;
  }
}

/** A level in its colour, all levels equally wide. */
export function levelText(level: LogLevel, paint: Palette): string {
  const text = level.padEnd("CRITICAL".length);
  if (level === "CRITICAL") return paint.bold(paint.bad(text));
  if (level === "ERROR") return paint.bad(text);
  if (level === "WARNING") return paint.warn(text);
  return level === "DEBUG" ? paint.dim(text) : text;
}

/** One line an event. */
export function eventLine(event: TidewireEvent): string {
  return line(event.timestamp, event.topic, event.type, factsOf(event));
}

export function snapshotLine({ topic, state }: TopicSnapshot): string {
  return line(state.updatedAt, topic, "snapshot", state.updatedAt === undefined ? NO_EVENTS : stateText(state));
}

export function gapLine(gap: TopicGap): string {
  return line(undefined, gap.topic, "gap", gapText(gap));
}

/** What was missed, and why. */
export function gapText({ skipped, reason }: TopicGap): string {
  if (reason === "position_lost")
    return "what happened meanwhile is not known: the position is lost, the state follows";
  return `${count(skipped)} event${skipped === 1 ? "" : "s"} skipped: ${reason}`;
}

function line(at: Date | undefined, topic: string, type: string, facts: string): string {
  const when = at === undefined || Number.isNaN(at.getTime()) ? "-" : at.toISOString();
  return `${when} ${topic} ${type}${facts === "" ? "" : ` ${facts}`}`;
}

/** What an event says beside its topic and type. */
export function factsOf(event: TidewireEvent): string {
  switch (event.type) {
    case "log":
      return joined([event.level, logText(event)], " ");
    case "metrics":
      return joined([named("epoch", event.epoch), named("step", event.step), metricsText(event.metrics)]);
    case "progress":
    case "step_progress":
      return progressText(event);
    case "status_changed": {
      const { previousStatus, status = "?", message } = event;
      return joined([previousStatus ? `${previousStatus} → ${status}` : status, cleaned(message)], ": ");
    }
    case "system_stats":
      return loadText(event);
    default:
      return otherText(event);
  }
}

type Progress = Pick<TopicState, "progress" | "step" | "totalSteps" | "stage" | "etaSeconds" | "message">;

/** How far something is. */
export function progressText({ progress, step, totalSteps, stage, etaSeconds, message }: Progress): string {
  return joined([
    progress === undefined ? undefined : percent(progress),
    named("step", ofTotal(step, totalSteps)),
    cleaned(stage),
    etaSeconds === undefined ? undefined : `eta ${span(etaSeconds * 1000)}`,
    cleaned(message),
  ]);
}

/** A log line's own text, and who says it. */
export function logText({ message = "", source }: Extract<TidewireEvent, { type: "log" }>): string {
  return clean(source === undefined ? message : `${message} (${source})`);
}

/** The load of a host. */
export function loadText({ cpu, memory, gpus }: NonNullable<TopicState["systemStats"]>): string {
  return joined([
    share("CPU", cpu?.cpuUtil),
    share("memory", memory?.ramPercent),
    ...(gpus ?? []).map(({ gpuUtil, index }) => share(`GPU ${index}`, gpuUtil)),
  ]);
}

function stateText(state: TopicState): string {
  const { status, epoch, totalEpochs, systemStats, exitCode, error } = state;
  return joined([
    status,
    named("epoch", ofTotal(epoch, totalEpochs)),
    progressText({ ...state, message: error ?? state.message }),
    metricsText(state.metrics),
    named("exit code", exitCode),
    systemStats && loadText(systemStats),
  ]);
}

function otherText(event: TidewireEvent): string {
  const facts = Object.entries(event).filter(([name]) => !ENVELOPE.has(name));
  const { message, error } = event as { readonly message?: string; readonly error?: string };
  return joined([...facts.map(([name, value]) => named(words(name), value)), cleaned(error), cleaned(message)]);
}

/** "totalSteps" → "total steps". */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function named(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === "object" ? (JSON.stringify(value) ?? "").slice(0, MAX_JSON) : String(value);
  return clean(`${name} ${text}`);
}

function share(name: string, value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${name} ${percent(value)}`;
}

/** What there is of the parts; each is clean. */
export function joined(parts: readonly (string | undefined)[], between = "  "): string {
  return parts.filter((part) => part !== undefined && part !== "").join(between);
}
