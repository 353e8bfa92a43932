// Loaded into the server under test: SIGWINCH, which nothing else uses where there is no terminal, has one of its worker
// threads die, what it owes unanswered. By the worker's own message: terminate() in the midst of a run makes onnxruntime
// abort the whole process, which is what kill -9 stands for.
import { syncBuiltinESMExports } from "node:module";
import workerThreads from "node:worker_threads";

const workers = new Set();

workerThreads.Worker = class extends workerThreads.Worker {
  constructor(...args) {
    super(...args);
    workers.add(this);
    this.once("exit", () => workers.delete(this));
  }
};
syncBuiltinESMExports();

process.on("SIGWINCH", () => {
  const [worker] = workers;
  worker?.postMessage({ is: "crash" });
});
