// Loaded into a server under test that was started with --expose-gc: at SIGWINCH, which nothing else uses where there is no
// terminal, it collects and says what is still in use, as a line of its log.
import { writeSync } from "node:fs";

process.on("SIGWINCH", () => {
  globalThis.gc();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  writeSync(1, `${JSON.stringify({ level: 10, msg: "collected", heapUsed, external, arrayBuffers })}\n`);
});
