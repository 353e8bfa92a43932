// The state that a page adds up is the server's own, event by event, for every kind of life.
import { fileURLToPath } from "node:url";
import { type EventInput, TidewireClient, type TidewireEvent, type TopicSnapshot } from "@tidewire/client";
import t from "tap";
import { serve } from "../../../test/integration/support/serve.js";
import { type Draft, fold, toDraft } from "../src/store/fold.js";

const models = fileURLToPath(new URL("../../../models", import.meta.url));

const LIVES: Readonly<Record<string, readonly EventInput[]>> = {
  "task.p.done": [
    { type: "task_queued", name: "n", message: "waits" },
    { type: "task_started", worker: "w", totalSteps: 4 },
    {
      type: "step_progress",
      progress: 40,
      step: 2,
      stage: "read",
      message: "m",
      etaSeconds: 9,
      details: { completed: 2 },
    },
    { type: "step_progress", progress: 60 },
    { type: "cancel_requested", reason: "enough" },
    { type: "task_completed", result: { rows: 3 }, durationSeconds: 2 },
  ],
  "task.p.failed": [
    { type: "task_started", message: "go" },
    { type: "task_failed", message: "alas" },
  ],
  "task.p.cancelled": [{ type: "task_started" }, { type: "task_cancelled", reason: "asked" }],
  "workflow.w.x": [
    { type: "workflow_execution_created", totalPhases: 2, message: "made" },
    { type: "workflow_execution_started" },
    { type: "workflow_phase_started", phase: "a", phaseNumber: 1, totalPhases: 2, message: "begins" },
    { type: "workflow_phase_completed", phase: "a", phaseNumber: 1, durationSeconds: 2 },
    { type: "workflow_execution_paused", reason: "night" },
    { type: "workflow_execution_resumed", message: "day" },
    { type: "workflow_phase_started", phase: "b", phaseNumber: 2 },
    { type: "workflow_execution_failed", phase: "b", error: "no" },
  ],
  "workflow.w.y": [
    { type: "workflow_execution_created" },
    { type: "workflow_execution_started" },
    { type: "workflow_execution_completed", result: { ok: true } },
  ],
  "container.p.c": [
    { type: "container_created", image: "i" },
    { type: "container_started", message: "up" },
    { type: "container_stopped", exitCode: 3 },
  ],
  "container.p.d": [{ type: "container_created" }, { type: "container_error", error: "oom", exitCode: 137 }],
  "training.e": [
    { type: "status_changed", status: "queued", config: { lr: 0.1 }, totalEpochs: 3 },
    { type: "status_changed", status: "running", message: "go" },
    { type: "metrics", metrics: { loss: 0.5, "val/acc": Number.NaN }, epoch: 1, step: 10 },
    { type: "log", level: "INFO", message: "one", source: "s" },
    { type: "log", level: "ERROR", message: "two" },
    { type: "progress", progress: 30, etaSeconds: 12, stage: "fit" },
    { type: "metrics", metrics: { loss: 0.4 }, step: 20 },
    { type: "status_changed", status: "paused" },
    { type: "status_changed", status: "running" },
    { type: "status_changed", status: "failed", message: "diverged" },
    { type: "log", level: "DEBUG", message: "late" },
  ],
  "evaluation.v": [
    { type: "status_changed", status: "running" },
    { type: "progress", progress: 99, step: 5, totalSteps: 6, message: "rows" },
    { type: "status_changed", status: "completed" },
  ],
};

t.test("after each event of each kind of life", async (t) => {
  t.testdir({});
  const { url } = await serve(t, { models });
  const client = new TidewireClient({ baseURL: url });
  t.teardown(() => client.close());
  for (const [topic, events] of Object.entries(LIVES)) {
    const state: Draft = toDraft({ metrics: {}, counts: {}, cancelRequested: false });
    for (const [i, event] of events.entries()) {
      await client.getProgress().publish(topic, event, { timestamp: new Date(1e12 + i * 1000) });
      fold(state, await newest(client, topic, i));
      t.same(state, (await client.topics.get(topic)).state satisfies TopicSnapshot["state"], `${topic}: ${event.type}`);
    }
  }
});

async function newest(client: TidewireClient, topic: string, after: number): Promise<TidewireEvent> {
  const { entries } = await client.topics.events(topic, { after });
  return entries[0] as TidewireEvent;
}
