// Phases and events of a workflow, as the page shows them.
import type { TidewireEvent } from "@tidewire/client";
import t from "tap";
import { textOf, wordsOf } from "../src/pages/tasks/event-text.js";
import { toPhases } from "../src/pages/tasks/phases.js";

let offset = 0;
const event = (seconds: number, type: string, body: object = {}) => {
  const position = { generation: 1, offset: ++offset };
  const head = { type, topic: "workflow.w.e", family: "workflow", position, timestamp: new Date(seconds * 1000) };
  return { ...head, ...body } as unknown as TidewireEvent;
};

const EVENTS = [
  event(0, "workflow_execution_started"),
  event(1, "workflow_phase_started", { phase: "load" }),
  event(4, "workflow_phase_completed", { phase: "load" }),
  event(4, "workflow_phase_started", { phase: "train" }),
];

const told = (phases: ReturnType<typeof toPhases>) => {
  return phases.map(({ name, status, durationMs }) => [name, status, durationMs]);
};

t.test("phases are told by their events; those to come by their count", async (t) => {
  t.same(told(toPhases(EVENTS, "running", 4)), [
    ["load", "completed", 3000],
    ["train", "running", undefined],
    ["Phase 3", undefined, undefined],
    ["Phase 4", undefined, undefined],
  ]);
});

t.test("a phase ends with its workflow, and nothing comes after that", async (t) => {
  t.same(told(toPhases(EVENTS, "failed", 4)), [
    ["load", "completed", 3000],
    ["train", "failed", undefined],
  ]);
});

t.test("what the owner says of the duration counts, and a phase may begin again", async (t) => {
  const more = [...EVENTS, event(9, "workflow_phase_completed", { phase: "train", durationSeconds: 4.5 })];
  t.same(told(toPhases(more, "running", undefined))[1], ["train", "completed", 4500]);
  t.same(told(toPhases([...more, event(10, "workflow_phase_started", { phase: "train" })], "running", 2))[1], [
    "train",
    "running",
    undefined,
  ]);
});

t.test("a phase without a name has its number", async (t) => {
  t.equal(toPhases([event(1, "workflow_phase_started", { phaseNumber: 2 })], "running", undefined)[0]?.name, "Phase 2");
});

t.test("events in words", async (t) => {
  t.equal(wordsOf("workflow_execution_started"), "started");
  t.equal(wordsOf("workflow_phase_completed"), "phase completed");
  t.equal(wordsOf("cancel_requested"), "cancel requested");
  t.equal(
    textOf(event(1, "step_progress", { progress: 40, step: 2, totalSteps: 5, message: "reading" })),
    "40 % · step 2 of 5 · reading",
  );
  t.equal(textOf(event(1, "container_stopped", { exitCode: 137 })), "exit code 137");
  t.equal(textOf(event(1, "workflow_execution_started")), "");
});
