// A second opinion on the rules of life: a life is a word, one letter an event, and the legal lives are a language.
import type { FamilyName } from "../../../src/runs/families.js";

/** Letters of the events; those of a status are capital. */
const LETTERS: Readonly<Record<string, string>> = {
  "status_changed queued": "Q",
  "status_changed running": "R",
  "status_changed paused": "P",
  "status_changed completed": "C",
  "status_changed failed": "F",
  "status_changed stopped": "S",
  log: "o",
  metrics: "o",
  progress: "o",
  cancel_requested: "r",
  task_queued: "q",
  task_started: "s",
  step_progress: "p",
  task_completed: "c",
  task_failed: "f",
  task_cancelled: "x",
  workflow_execution_created: "q",
  workflow_execution_started: "s",
  workflow_phase_started: "b",
  workflow_phase_completed: "e",
  workflow_execution_paused: "z",
  workflow_execution_resumed: "w",
  workflow_execution_completed: "c",
  workflow_execution_failed: "f",
  container_created: "q",
  container_started: "s",
  container_stopped: "x",
  container_error: "f",
  "status_changed lost": "L", // said by the server only
};

const RUN = /^(?:(?=[QR])(?:Q[or]*)?(?:R[or]*(?:(?:P[or]*|Lr*)R[or]*)*(?:P[or]*|Lr*)?)?(?:[CFS]o*)?)?$/;
const NO_RUN = /[QP][or]*C|L[or]*[CFS]/;

/** Every beginning of a legal life. */
const isLegal: Readonly<Record<FamilyName, (life: string) => boolean>> = {
  system: () => true,
  training: (life) => RUN.test(life) && !NO_RUN.test(life),
  evaluation: (life) => RUN.test(life) && !NO_RUN.test(life) && !/[CFS]./.test(life),
  task: (life) => /^(?:qr*[fx]?|(?:qr*)?s[pr]*[cfx]?)?$/.test(life),
  workflow: (life) => /^(?:qr*f?|(?:qr*)?s[ber]*(?:z[er]*w[ber]*)*(?:z[er]*f?|[cf])?)?$/.test(life),
  container: (life) => /^(?:q[xf]?|q?s[xf]?)?$/.test(life),
};

export function letterOf(said: string): string {
  return LETTERS[said] ?? "?";
}

/** The life after an event; undefined when that is not legal. */
export function lived(family: FamilyName, life: string, said: string): string | undefined {
  const letter = letterOf(said);
  if (letter === "L") return undefined;
  const status = /[A-Z](?=[a-z]*$)/.exec(life)?.[0];
  if (letter === status) return life;
  const back = status === "L" && letter !== "r" && letter !== "R" ? "R" : "";
  const next = life + back + letter;
  return isLegal[family](next) ? next : undefined;
}

/** Whether nothing follows that changes the life. */
export function hasEnded(life: string): boolean {
  return /[CFS]o*$|[cfx]$/.test(life);
}
