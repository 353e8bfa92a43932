// Every event of every family, published by a script, arrives typed in the client's callbacks; what has ended is told once,
// also when the server is started again in between.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Encoding,
  type EventInput,
  ProgressClient,
  type Subscription,
  type SubscriptionCallbacks,
  type TidewireEvent,
} from "@tidewire/client";
import { pino } from "pino";
import { type Test, test } from "tap";
import { createServer, type TidewireServer } from "../../src/server.js";
import { EVENT_KINDS } from "../../src/wire/event-bytes.js";
import { configure } from "./support/serve.js";

/** A life: its topic, its events in order, and how it ends. */
interface Life {
  readonly topic: string;
  readonly events: readonly EventInput[];
  readonly end: "onComplete" | "onFailed" | "onCancelled" | undefined;
  subscribe(client: ProgressClient, callbacks: SubscriptionCallbacks): Subscription;
}

const task = (taskId: string, events: readonly EventInput[], end: Life["end"]): Life => ({
  topic: `task.p.${taskId}`,
  events,
  end,
  subscribe: (client, callbacks) => client.subscribeToTask({ projectId: "p", taskId, ...callbacks }),
});

const workflow = (executionId: string, events: readonly EventInput[], end: Life["end"]): Life => ({
  topic: `workflow.w.${executionId}`,
  events,
  end,
  subscribe: (client, callbacks) => client.subscribeToWorkflow({ workflowId: "w", executionId, ...callbacks }),
});

const container = (containerId: string, events: readonly EventInput[], end: Life["end"]): Life => ({
  topic: `container.p.${containerId}`,
  events,
  end,
  subscribe: (client, callbacks) => client.subscribeToContainer({ projectId: "p", containerId, ...callbacks }),
});

const LIVES: readonly Life[] = [
  task(
    "good",
    [
      { type: "task_queued", name: "fit" },
      { type: "task_started", worker: "w1", totalSteps: 5 },
      { type: "step_progress", progress: 40, step: 2, totalSteps: 5, message: "fitting" },
      { type: "task_completed", result: { model: "m.onnx" } },
    ],
    "onComplete",
  ),
  task(
    "bad",
    [{ type: "task_started" }, { type: "step_progress", progress: 5 }, { type: "task_failed", error: "out of memory" }],
    "onFailed",
  ),
  task(
    "stopped",
    [{ type: "task_started" }, { type: "cancel_requested", reason: "enough" }, { type: "task_cancelled" }],
    "onCancelled",
  ),
  workflow(
    "good",
    [
      { type: "workflow_execution_created", totalPhases: 1 },
      { type: "workflow_execution_started" },
      { type: "workflow_phase_started", phase: "train", phaseNumber: 1 },
      { type: "workflow_execution_paused" },
      { type: "workflow_execution_resumed" },
      { type: "workflow_phase_completed", phase: "train", phaseNumber: 1 },
      { type: "workflow_execution_completed" },
    ],
    "onComplete",
  ),
  workflow(
    "bad",
    [{ type: "workflow_execution_started" }, { type: "workflow_execution_failed", error: "no data" }],
    "onFailed",
  ),
  container(
    "good",
    [{ type: "container_created" }, { type: "container_started" }, { type: "container_stopped", exitCode: 0 }],
    "onComplete",
  ),
  container(
    "bad",
    [{ type: "container_started" }, { type: "container_error", error: "killed", exitCode: 137 }],
    "onFailed",
  ),
  {
    topic: "training.t",
    events: [
      { type: "status_changed", status: "queued", totalEpochs: 3 },
      { type: "status_changed", status: "running" },
      { type: "log", level: "INFO", message: "begin" },
      { type: "metrics", epoch: 1, step: 10, metrics: { loss: 0.5, "val/acc": Number.NaN } },
      { type: "progress", progress: 33.5, stage: "epoch 1" },
      { type: "status_changed", status: "completed" },
    ],
    end: "onComplete",
    subscribe: (client, callbacks) => client.subscribeToTraining({ experimentId: "t", ...callbacks }),
  },
  {
    topic: "evaluation.e",
    events: [
      { type: "status_changed", status: "running" },
      { type: "progress", progress: 10, details: { completed: 1, total: 10 } },
      { type: "status_changed", status: "failed", message: "no file" },
    ],
    end: "onFailed",
    subscribe: (client, callbacks) => client.subscribeToEvaluation({ evaluationId: "e", ...callbacks }),
  },
];

/** What one subscription has told. */
class Told {
  readonly events: TidewireEvent[] = [];
  readonly ends: string[] = [];
  readonly problems: unknown[] = [];
  readonly #life: Life;
  #wake: () => void = () => {};

  constructor(client: ProgressClient, life: Life) {
    this.#life = life;
    const end = (name: string) => (): void => {
      this.ends.push(name);
      this.#wake();
    };
    life.subscribe(client, {
      onEvent: (event) => {
        this.events.push(event);
        this.#wake();
      },
      onComplete: end("onComplete"),
      onFailed: end("onFailed"),
      onCancelled: end("onCancelled"),
      onGap: (gap) => this.problems.push(gap),
      onError: (error) => this.problems.push(error),
    });
  }

  async reached(count: number): Promise<void> {
    while (this.events.length < count || (count === this.#life.events.length && this.ends.length === 0))
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }
}

async function startServer(t: Test, dataDir: string, port: number): Promise<{ server: TidewireServer; url: string }> {
  const config = { ...configure(t, { models: ["small"] }), dataDir, port };
  const server = await createServer(config, { log: pino({ level: "silent" }) });
  return { server, url: await server.listen() };
}

for (const encoding of ["proto", "json"] as const satisfies readonly Encoding[]) {
  test(`every event of every family arrives typed across a restart, as ${encoding}`, async (t) => {
    const dataDir = mkdtempSync(join(tmpdir(), "tidewire-topics-"));
    t.teardown(() => rmSync(dataDir, { recursive: true, force: true }));
    const first = await startServer(t, dataDir, 0);
    const connect = (): ProgressClient => {
      const client = new ProgressClient({ url: first.url, encoding, reconnectDelay: 20, maxReconnectDelay: 100 });
      t.teardown(() => client.disconnect());
      return client;
    };
    const [watcher, script] = [connect(), connect()];
    const told = LIVES.map((life) => new Told(watcher, life));
    await watcher.connect();

    const half = (life: Life): number => Math.ceil(life.events.length / 2);
    for (const life of LIVES)
      for (const event of life.events.slice(0, half(life))) await script.publish(life.topic, event);
    await Promise.all(told.map((one, i) => one.reached(half(LIVES[i] as Life))));

    // Published while nobody listens: kept by the client, and sent when the server is there again.
    await first.server.close();
    const rest = LIVES.flatMap((life) =>
      life.events.slice(half(life)).map((event) => script.publish(life.topic, event)),
    );
    const second = await startServer(t, dataDir, Number(new URL(first.url).port));
    t.teardown(() => second.server.close());
    await Promise.all(rest);
    await Promise.all(told.map((one, i) => one.reached((LIVES[i] as Life).events.length)));

    for (const [i, { events, ends, problems }] of told.entries()) {
      const life = LIVES[i] as Life;
      t.same(problems, [], life.topic);
      t.same(ends, [life.end], `${life.topic} has ended once`);
      t.match(events, life.events as object, `${life.topic} as it was published`);
      t.same(
        events.map(({ topic, position }) => [topic, position.offset]),
        life.events.map((_, at) => [life.topic, at + 1]),
      );
    }
    const types = new Set(told.flatMap(({ events }) => events.map(({ type }) => type as string)));
    const known = [...EVENT_KINDS.values()].map(({ type }) => type).filter((type) => type !== "system_stats");
    t.same([...types].sort(), known.sort(), "every type was among them");
    await Promise.all([watcher.disconnect(), script.disconnect()]);
  });
}
