// A task that somebody works on and somebody else watches.
// Usage: node --import=tsx task.ts [http://127.0.0.1:8000]
import { TidewireClient } from "@tidewire/client";

const client = new TidewireClient({ baseURL: process.argv[2] ?? "http://127.0.0.1:8000" });
const taskId = `import-${Date.now()}`;
const topic = `task.demo.${taskId}`;

// The watcher: events in order, each once, also across a cut; then the end.
const ended = new Promise<string>((resolve, reject) => {
  client.subscribeToTask(
    "demo",
    taskId,
    (event) => {
      if (event.type === "step_progress")
        console.log(JSON.stringify({ progress: event.progress, message: event.message }));
      if (event.type === "cancel_requested") console.log(JSON.stringify({ asked: event.reason }));
    },
    ({ status }) => resolve(status),
    ({ error, status }) => reject(new Error(error ?? status)),
  );
});

// The worker: each publish resolves once the server has the event for good.
const worker = client.getProgress();
await worker.publish(topic, { type: "task_started", totalSteps: 4 });
for (let step = 1; step <= 4; step++) {
  const progress = { progress: step * 25, step, totalSteps: 4, message: `part ${step}` };
  await worker.publish(topic, { type: "step_progress", ...progress });
}
const { offset } = await worker.publish(topic, { type: "task_completed", result: { rows: 1200 } });

console.log(JSON.stringify({ status: await ended, offset }));
await client.close();
