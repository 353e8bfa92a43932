#!/usr/bin/env node
// The command line's process: the only place that reads arguments, environment and signals, and the only that exits.
import { setFlagsFromString } from "node:v8";
import closeWithGrace from "close-with-grace";
import type { CommandContext, ShutdownOptions } from "./cli/context.js";
import { run } from "./cli/program.js";

// V8 guesses from a site's first objects how long later ones live, and a thousand connections that open at once teach it
// that messages live for ever: it then made them in the old space, which tripled the collector's pauses (decision 0011).
setFlagsFromString("--no-allocation-site-pretenuring");

const context: CommandContext = {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  createServer: async (config, deps) => (await import("./server.js")).createServer(config, deps),
  examine: async (config, examiner) => (await import("./doctor/examine.js")).examine(config, examiner),
  backUp: async (options) => (await import("./backup/backup.js")).backUp(options),
  restore: async (options) => (await import("./backup/restore.js")).restore(options),
  onShutdown,
};

/** Signals of a fault in native code: no JavaScript may run after one, and the core dump is what tells why. */
const FAULTS: closeWithGrace.AllEvents[] = ["SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGSEGV"];

/** No `process.exit`: it waits for the worker threads, and onnxruntime aborts the process when one of them is in a run. */
function endNow(): void {
  process.kill(process.pid, "SIGKILL");
}

function onShutdown({ log, timeoutMs, close }: ShutdownOptions): void {
  const options = { delay: timeoutMs, logger: log, skip: FAULTS, onSecondSignal: endNow, onTimeout: endNow };
  closeWithGrace(options, async ({ err, signal }) => {
    if (err) log.fatal({ err }, "uncaught error: the server stops");
    else log.info({ signal }, "stopping");
    await close();
    log.info("stopped");
  });
}

const status = await run(process.argv.slice(2), context);
if (status !== undefined) process.exit(status);
