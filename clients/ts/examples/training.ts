// A training run over plain HTTP calls, and a watcher that wants warnings and metrics only.
// Usage: node --import=tsx training.ts [http://127.0.0.1:8000]
import { TidewireClient } from "@tidewire/client";

await using client = new TidewireClient({ baseURL: process.argv[2] ?? "http://127.0.0.1:8000" });
const experimentId = `run-${Date.now()}`;
await client.training.createSession({ experimentId, config: { lr: 0.01 }, totalEpochs: 3 });

const seen: string[] = [];
let ended: Promise<unknown> | undefined;
// The present state is told first: from then on nothing is missed.
await new Promise<void>((watching) => {
  ended = new Promise((resolve) => {
    client.getProgress().subscribeToTraining({
      experimentId,
      minLevel: "WARNING",
      types: ["log", "metrics"],
      onSnapshot: () => watching(),
      onEvent: (event) => seen.push(event.type === "log" ? `${event.level}: ${event.message}` : event.type),
      onComplete: resolve,
    });
  });
});

await client.training.setStatus(experimentId, "running");
for (let epoch = 1; epoch <= 3; epoch++) {
  await client.training.metrics(experimentId, { epoch, metrics: { loss: 1 / epoch, "val/rmse": 2 / epoch } });
  await client.training.log(experimentId, [
    { level: "INFO", message: `epoch ${epoch} done` },
    { level: "WARNING", message: "no improvement on NOX" },
  ]);
}
await client.training.setStatus(experimentId, "completed");
await ended;

const { entries } = await client.training.getMetrics(experimentId, { name: "loss" });
console.log(JSON.stringify({ seen, losses: entries.map(({ metrics }) => metrics.loss) }));
await client.training.remove(experimentId);
