// kill -9 of the server at random moments, while its workers die and clients end badly.
import { fileURLToPath } from "node:url";
import { type Context, type Findings, lengthMs, type Part } from "../lib/part.js";
import { roll } from "../rolling/rolling.js";
import { brute } from "./brutes.js";

/** From one kill to the next, on average. */
const EVERY_MS = 5000;
const LENGTH = { seconds: 30, longSeconds: 1800 };
/** Between two clients that end badly, and between two deaths of a worker. */
const BRUTE_EVERY_MS = 50;
const WORKER_EVERY_MS = 1500;

const CLIENTS = {
  processes: 2,
  publishers: 40,
  followers: 120,
  watchers: 4,
  predictors: 30,
  slowPredictors: 6,
  linesPerSecond: 600,
  predictionsPerSecond: 300,
  slowPerSecond: 6,
} as const;

const WORKER_KILLER = fileURLToPath(new URL("./worker-killer.mjs", import.meta.url));

export const kills: Part = {
  name: "kills",
  description: "kill -9 of the server, deaths of its workers and of clients, at random moments under 200 clients",
  run: (context: Context): Promise<Findings> => {
    const rounds = Math.max(1, Math.round(lengthMs(context, LENGTH) / EVERY_MS));
    return roll(
      {
        ...CLIENTS,
        ...{ rounds, everyMs: EVERY_MS, signal: "SIGKILL", isAtRandom: true },
        node: [`--import=${WORKER_KILLER}`],
        expectedErrors: ["worker died"],
        disturb: (server) => {
          const random = context.random.fork("brutes");
          const timers = [
            setInterval(() => void brute(server.port, random), BRUTE_EVERY_MS),
            setInterval(() => server.signal("SIGWINCH"), WORKER_EVERY_MS),
          ];
          return () => timers.forEach(clearInterval);
        },
      },
      context,
    );
  },
};
