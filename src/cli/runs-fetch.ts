// Training runs from a server: the newest with all that is known of them, and the end of a log.
import { type LogEntry, type TidewireClient, TidewireClientError, type TrainingSession } from "@tidewire/client";
import { writeMessage } from "../wire/json.js";
import { type FieldPlan, type Message, type MessagePlan, planOf } from "../wire/plan.js";

/** Runs of one request for a list: the most that the server gives. */
const PAGE = 1000;
/** Requests on their way at a time, for what a list leaves out. */
const AT_ONCE = 8;
/** Events before the head among which the last log lines are looked for, at first and at most. */
const FIRST_WINDOW = 256;
const LAST_WINDOW = 16_384;

/** The runs that were updated last, whole; and how many there are. @throws TidewireClientError */
export async function fetchRuns(
  client: TidewireClient,
  limit: number,
): Promise<{ readonly shown: readonly TrainingSession[]; readonly total: number }> {
  let newest: TrainingSession[] = [];
  let total = 0;
  for (let after: string | undefined; ; ) {
    const page = await client.training.list({ after, limit: PAGE });
    total += page.sessions.length;
    newest = [...newest, ...page.sessions].sort((a, b) => timeOf(b) - timeOf(a)).slice(0, limit);
    after = page.next;
    if (after === undefined) break;
  }
  const shown: TrainingSession[] = [];
  for (let i = 0; i < newest.length; i += AT_ONCE) {
    const some = newest.slice(i, i + AT_ONCE);
    shown.push(...(await Promise.all(some.map((run) => fetchWhole(client, run)))));
  }
  return { shown, total };
}

/** A run of the list, whole; one that was removed meanwhile, as the list had it. */
async function fetchWhole(client: TidewireClient, run: TrainingSession): Promise<TrainingSession> {
  try {
    return await fetchRun(client, run.experimentId);
  } catch (error) {
    if (error instanceof TidewireClientError && error.code === "SESSION_NOT_FOUND") return run;
    throw error;
  }
}

/** One run, whole. @throws TidewireClientError SESSION_NOT_FOUND */
export function fetchRun(client: TidewireClient, id: string): Promise<TrainingSession> {
  return client.training.getInfo(id);
}

/** The last lines of a run's log. Pages begin at their oldest line, so they are looked for from the head backwards. */
export async function lastLines(
  client: TidewireClient,
  { experimentId, offset, counts }: TrainingSession,
  most: number,
): Promise<readonly LogEntry[]> {
  const wanted = Math.min(most, counts.log ?? 0);
  let lines: LogEntry[] = [];
  for (let window = FIRST_WINDOW; lines.length < wanted && window <= LAST_WINDOW; window *= 4) {
    lines = [];
    for (let after: number | undefined = Math.max(0, offset - window); after !== undefined; ) {
      const page = await client.training.getLogs(experimentId, { after, limit: PAGE });
      lines = [...lines, ...page.entries].slice(-most);
      after = page.next;
    }
    if (window >= offset) break;
  }
  return lines;
}

function timeOf({ updatedAt }: TrainingSession): number {
  return updatedAt?.getTime() ?? 0;
}

/** A run as the server's HTTP has it. */
export function toJson(run: TrainingSession): string {
  const message = toMessage(planOf("TrainingSession"), run as unknown as Message);
  return JSON.stringify(
    writeMessage("TrainingSession", message as unknown as Parameters<typeof writeMessage<"TrainingSession">>[1]),
  );
}

/** The schema's message of one that the client presents: enums by number, instants with seconds. */
function toMessage({ plain }: MessagePlan, shown: Message): Message {
  return Object.fromEntries(plain.map((field) => [field.key, toValue(field, shown[field.key])]));
}

function toValue({ kind, names, plan, cardinality }: FieldPlan, value: unknown): unknown {
  if (value === undefined || cardinality !== "one") return value;
  if (kind === "message") return toMessage(plan, value as Message);
  if (kind === "enum") return names.indexOf(value as string);
  if (kind !== "timestamp") return value;
  const ms = (value as Date).getTime();
  return { seconds: Math.floor(ms / 1000), nanos: Math.round((ms % 1000) * 1e6) };
}
