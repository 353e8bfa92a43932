// Rolling restarts by SIGTERM, as a deployment does them; without and with a token.
import { type Context, type Findings, lengthMs, type Part } from "../lib/part.js";
import { type RollingOptions, roll } from "./rolling.js";

/** From one SIGTERM to the next. */
const EVERY_MS = 10_000;
/** What `npm run torture` can spare, and what proves it. */
const LENGTH = { seconds: 30, longSeconds: 300 };
const TOKEN_LENGTH = { seconds: 10, longSeconds: 60 };

/** Five hundred clients: a fifth publish, most follow, some predict, a few keep a slow model at work. */
const FIVE_HUNDRED = {
  processes: 4,
  publishers: 100,
  followers: 290,
  watchers: 6,
  predictors: 100,
  slowPredictors: 4,
  linesPerSecond: 500,
  predictionsPerSecond: 1000,
  slowPerSecond: 4,
} as const;

/** As long as a token must be at least, and longer. */
const TOKEN = "torture-0123456789abcdef0123456789abcdef";

export const rolling: Part = {
  name: "rolling",
  description: "SIGTERM and a new start every 10 s under 500 clients",
  run: (context) => restart(context, LENGTH, {}),
};

export const rollingWithToken: Part = {
  name: "rolling-token",
  description: "the same with a token that everybody must show",
  run: (context) => restart(context, TOKEN_LENGTH, { token: TOKEN, env: { TIDEWIRE_TOKEN: TOKEN } }),
};

function restart(
  context: Context,
  length: typeof LENGTH,
  access: Pick<RollingOptions, "token" | "env">,
): Promise<Findings> {
  const rounds = Math.max(1, Math.round(lengthMs(context, length) / EVERY_MS));
  return roll({ ...FIVE_HUNDRED, ...access, rounds, everyMs: EVERY_MS, signal: "SIGTERM", isAtRandom: false }, context);
}
