// Both executors keep the one contract.
import { Graphs } from "../../src/inference/graphs.js";
import { InlineExecutor } from "../../src/inference/inline-executor.js";
import { WorkerExecutor } from "../../src/inference/worker-executor.js";
import { describeExecutor } from "./executors.js";

const FREE = { fixedUs: 0, rowUs: 0 };
const noWorker = (): never => {
  throw new Error("no worker is to be started");
};

describeExecutor("inline, plain", async (options) => new InlineExecutor(await Graphs.load(options), FREE, noWorker));

describeExecutor("inline, late feeds", async (options) => {
  const graphs = await Graphs.load(options);
  if (graphs.takesRows) await graphs.chooseRunner();
  return new InlineExecutor(graphs, FREE, noWorker);
});

describeExecutor("worker", async (options) => {
  const died = (reason: string): never => {
    throw new Error(`the worker died: ${reason}`);
  };
  return new WorkerExecutor(options, { died });
});
