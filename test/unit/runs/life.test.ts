// The rules of life, cell by cell: every family, every status, every event.
import { test } from "tap";
import { TidewireError } from "../../../src/errors.js";
import { emptyState, fold } from "../../../src/events/fold.js";
import { FAMILIES, familyOf, familyOfKnown, kindOf, typeOf } from "../../../src/runs/families.js";
import { statusAfter } from "../../../src/runs/life.js";
import { EVENT_KINDS } from "../../../src/wire/event-bytes.js";
import { CASES, event, FAMILY_NAMES, STATUS_NAMES, statusOf, TOPICS } from "./events.js";

/** What an event comes to, by the status it meets: the status after it, `.` refused, `?` the run does not exist. */
const LETTERS = { ".": "INVALID_TRANSITION", "?": "SESSION_NOT_FOUND" } as const;

const RUN_STATUSES = `
  status_changed queued        Q Q . . . . . .
  status_changed running       R R R R . . . R
  status_changed paused        . . P P . . . P
  status_changed completed     . . C . C . . C
  status_changed failed        . F F F . F . F
  status_changed stopped       . S S S . . S S`;

/** Columns: none queued running paused completed failed stopped lost. */
const TABLES = {
  system: `
  system_stats                 -`,
  training: `${RUN_STATUSES}
  log                          ? Q R P C F S R
  metrics                      ? Q R P C F S R
  progress                     ? Q R P C F S R
  cancel_requested             ? Q R P . . . L`,
  evaluation: `${RUN_STATUSES}
  progress                     ? Q R P . . . R
  cancel_requested             ? Q R P . . . L`,
  task: `
  task_queued                  Q . . . . . .
  task_started                 R R . . . . .
  step_progress                . . R . . . .
  task_completed               . . C . . . .
  task_failed                  . F F . . . .
  task_cancelled               . S S . . . .
  cancel_requested             . Q R P . . .`,
  workflow: `
  workflow_execution_created   Q . . . . . .
  workflow_execution_started   R R . . . . .
  workflow_phase_started       . . R . . . .
  workflow_phase_completed     . . R P . . .
  workflow_execution_paused    . . P . . . .
  workflow_execution_resumed   . . . R . . .
  workflow_execution_completed . . C . . . .
  workflow_execution_failed    . F F F . . .
  cancel_requested             . Q R P . . .`,
  container: `
  container_created            Q . . . . . .
  container_started            R R . . . . .
  container_stopped            . S S . . . .
  container_error              . F F . . . .`,
} as const;

interface Row {
  readonly said: string;
  readonly cells: readonly string[];
}

function rowsOf(table: string): Row[] {
  const lines = table.trim().split("\n");
  return lines.map((line) => {
    const [, said = "", cells = ""] = /^\s*(\S+(?: [a-z]+)?)\s+((?:\S\s?)+)$/.exec(line) ?? [];
    return { said, cells: cells.trim().split(" ") };
  });
}

/** What the rules make of an event, as the tables write it. */
function cellOf(topic: string, status: string, said: string): string {
  const family = familyOf(topic);
  const publish = event(topic, said);
  try {
    const after = statusAfter(family, statusOf(status), topic, kindOf(publish, family));
    return after === undefined ? "-" : (STATUS_NAMES[after]?.[0] ?? "").toUpperCase();
  } catch (error) {
    if (!(error instanceof TidewireError)) throw error;
    return Object.entries(LETTERS).find(([, code]) => code === error.code)?.[0] ?? error.code;
  }
}

for (const name of FAMILY_NAMES) {
  test(`${name}: every event in every status`, async (t) => {
    const rows = rowsOf(TABLES[name]);
    t.same(
      [...new Set(rows.map(({ said }) => said.split(" ")[0]))].sort(),
      FAMILIES[name].cases.map(typeOf).sort(),
      "the table has every event of the family",
    );
    for (const { said, cells } of rows) {
      t.same(
        cells.map((_, i) => cellOf(TOPICS[name], STATUS_NAMES[i] ?? "", said)),
        cells,
        said,
      );
    }
  });

  test(`${name}: events of other families are invalid, whatever the status`, async (t) => {
    const family = familyOf(TOPICS[name]);
    for (const other of CASES.filter((each) => !(family.cases as readonly string[]).includes(each))) {
      const refused = { code: "INVALID_MESSAGE", details: { type: typeOf(other), types: family.cases.map(typeOf) } };
      t.throws(() => kindOf(event(TOPICS[name], typeOf(other)), family), refused, other);
    }
    t.throws(() => kindOf({ topic: TOPICS[name], timestamp: undefined, kind: undefined }, family), {
      code: "INVALID_MESSAGE",
    });
  });

  test(`${name}: the state of a topic follows the rules`, async (t) => {
    for (const { said, cells } of rowsOf(TABLES[name])) {
      cells.forEach((cell, i) => {
        // From lost the server first says running; an illegal event is never folded.
        if (cell in LETTERS || STATUS_NAMES[i] === "lost") return;
        const state = { ...emptyState(), status: statusOf(STATUS_NAMES[i] ?? "") };
        const { kind } = event(TOPICS[name], said);
        if (kind) fold(state, kind, { seconds: 1, nanos: 0 });
        const letter = state.status === undefined ? "-" : STATUS_NAMES[state.status]?.[0]?.toUpperCase();
        t.equal(letter, cell, `${said} in ${STATUS_NAMES[i]}`);
      });
    }
  });
}

test("all events of the schema belong to a family", async (t) => {
  t.same([...CASES].sort(), [...EVENT_KINDS.keys()].sort());
});

test("a status that no publisher may set is an invalid message", async (t) => {
  for (const name of ["training", "evaluation"] as const) {
    for (const status of STATUS_NAMES) {
      const cells = ["status_changed lost", "status_changed none", "status_changed"].map((said) =>
        cellOf(TOPICS[name], status, said),
      );
      t.same(cells, Array(3).fill("INVALID_MESSAGE"), `${name} ${status}`);
    }
  }
});

test("a refusal says where it stands and what is legal", async (t) => {
  const refusal = (topic: string, status: string, said: string): unknown => {
    const family = familyOf(topic);
    try {
      return statusAfter(family, statusOf(status), topic, kindOf(event(topic, said), family));
    } catch (error) {
      return error;
    }
  };
  t.match(refusal("task.p.t", "queued", "step_progress"), {
    code: "INVALID_TRANSITION",
    message:
      "task.p.t is queued and takes no step_progress: it takes task_started, task_failed, task_cancelled, cancel_requested now",
    details: { topic: "task.p.t", status: "queued", type: "step_progress" },
  });
  t.match(refusal("container.p.c", "stopped", "container_started"), {
    message: "container.p.c is stopped and takes no container_started: it takes nothing more",
    details: { legal: [] },
  });
  t.match(refusal("training.exp", "queued", "status_changed paused"), {
    message: "training.exp is queued and cannot become paused: it may become running, failed, stopped",
    details: { status: "queued", type: "status_changed", legal: ["running", "failed", "stopped"] },
  });
  t.match(refusal("training.exp", "lost", "status_changed queued"), {
    message: /training.exp is lost and cannot become queued/,
  });
  t.match(refusal("training.exp", "failed", "status_changed running"), { message: /it has ended/ });
  t.match(refusal("training.exp", "none", "status_changed paused"), {
    message: "training.exp does not exist yet and cannot become paused: it may become queued, running",
    details: { status: null },
  });
  t.match(refusal("training.exp", "none", "log"), {
    code: "SESSION_NOT_FOUND",
    message: /POST \/api\/v1\/training\/logs\/session.*status_changed with status queued or running to training\.exp/,
  });
  t.match(refusal("evaluation.ev", "none", "progress"), { message: /status_changed .* to evaluation\.ev/ });
});

test("topics of no family, or with another count of tokens, are told how they should look", async (t) => {
  const FORMS: readonly (readonly [string, RegExp])[] = [
    ["weather.paris", /system\.<node>, training\.<experiment_id>, .*container\.<project_id>\.<container_id>/],
    ["constructor.x", /of no family/],
    ["Training.x", /of no family/],
    ["training", /not of the form training\.<experiment_id>/],
    ["training.a.b", /not of the form training\.<experiment_id>/],
    ["task.p", /not of the form task\.<project_id>\.<task_id>/],
    ["workflow.w.e.x", /not of the form workflow\.<workflow_id>\.<execution_id>/],
    ["container.c", /not of the form container/],
    ["system.a.b", /not of the form system\.<node>/],
    ["training.*", /is none/],
    ["training.a b", /is none/],
    ["training.", /is none/],
    ["", /is none/],
  ];
  for (const [topic, message] of FORMS) t.throws(() => familyOf(topic), { code: "INVALID_TOPIC", message }, topic);
  for (const name of FAMILY_NAMES) {
    t.equal(familyOf(TOPICS[name]).name, name);
    t.equal(familyOfKnown(TOPICS[name]), familyOf(TOPICS[name]));
  }
});
