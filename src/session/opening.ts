// How a connection begins, as its request says it.
import type { Grant } from "../access/grant.js";
import { ERRORS, TidewireError } from "../errors.js";
import type { Broker } from "../events/broker.js";
import { toTidewireError } from "../machine-faults.js";
import { cut } from "../wire/refuse.js";
import type { Session } from "./session.js";
import { timestampNow } from "./timestamps.js";

/** What a path subscribes its connections to, and what the URL said of the client. */
export interface Greeting {
  readonly topic: string;
  readonly clientId: string | undefined;
  /** The run that must be there; the path is of no run where it is undefined. */
  readonly run?: string;
}

/** How a connection was made. */
export interface Opening {
  /** The encoding agreed on; without one, the first message decides. */
  readonly subprotocol: string | undefined;
  /** The path it came by, for the statistics. */
  readonly path: string;
  /** What the token of its request allows; {@link NOBODY} must show one first. */
  readonly grant: Grant;
  /** Whom the connection counts for while it has shown no token: its address, as `clientOf` has it. */
  readonly client?: string;
  readonly greeting?: Greeting;
}

/** Most of a client's own text that an error repeats, in characters. */
const MAX_SHOWN = 200;

/** What an error without a close code of its own closes with: such a path is no good. */
const { closeCode: NO_SUCH_PATH } = ERRORS.SESSION_NOT_FOUND;

/** Begins a connection that its path subscribes, or ends it with the reason why not. */
export function greet(session: Session, broker: Broker, greeting: Greeting, listen: (topic: string) => void): void {
  const { topic, clientId, run } = greeting;
  try {
    session.grant.require("subscribe", topic);
    if (run !== undefined && !broker.view(topic)) throw noSuchRun(run);
    const value = { clientId, topic, sessionId: session.id, timestamp: timestampNow() };
    session.reply(0, { $case: "connected", value });
    listen(topic);
  } catch (error) {
    session.refuse(0, error);
    const { row, code } = toTidewireError(error);
    session.end(row.closeCode ?? NO_SUCH_PATH, code);
  }
}

function noSuchRun(run: string): TidewireError {
  const shown = cut(run, MAX_SHOWN);
  return new TidewireError("SESSION_NOT_FOUND", `no training run "${shown}"`, { experiment_id: shown });
}
