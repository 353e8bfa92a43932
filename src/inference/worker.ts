// The thread of a worker executor: loads the graphs, says when it is ready, answers runs in order.
import { parentPort, workerData } from "node:worker_threads";
import { warmUp } from "./calibrate.js";
import { Graphs } from "./graphs.js";
import type { WorkerData, WorkerEnd, WorkerReply, WorkerRequest } from "./worker-protocol.js";

if (!parentPort) throw new Error("worker.ts runs as a worker thread only");
const port = parentPort;
const graphs = await Graphs.load(workerData as WorkerData);
await warmUp(graphs);

const say = (reply: WorkerReply): void => port.postMessage(reply);

async function answer(request: WorkerRequest): Promise<WorkerReply> {
  const { id } = request;
  try {
    if (request.is === "tensors") return { is: "tensors", id, tensors: await graphs.runTensors(request.request) };
    return { is: "rows", id, output: await graphs.runRows(() => request) };
  } catch (error) {
    return { is: "failed", id, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Runs are serial: onnxruntime's threads belong to one run at a time. */
let last: Promise<void> = Promise.resolve();
let isClosing = false;
port.on("message", (request: WorkerRequest | WorkerEnd) => {
  if (request.is === "crash") throw new Error("it was told to crash");
  if (request.is === "close") {
    isClosing = true;
    port.close();
    return;
  }
  const run = request;
  last = last.then(async () => {
    if (!isClosing) say(await answer(run));
  });
});
say({ is: "ready" });
