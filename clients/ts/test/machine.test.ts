// The connection's state machine under any order of events: what must hold whatever happens.
import fc from "fast-check";
import t from "tap";
import type { ConnectionEvents, ConnectionState } from "../src/connection/events.js";
import { WebSocketManager } from "../src/index.js";
import { FakeEnvironment } from "./clock.js";

/** Which states may follow which. */
const FOLLOWING: Readonly<Record<ConnectionState, readonly ConnectionState[]>> = {
  disconnected: ["connecting", "reconnecting"],
  connecting: ["connected", "reconnecting", "disconnecting", "disconnected"],
  connected: ["reconnecting", "disconnecting", "disconnected"],
  reconnecting: ["connected", "disconnecting", "disconnected"],
  disconnecting: ["disconnected"],
};
const ATTEMPTS = 3;

type Step =
  | { readonly do: "connect" | "disconnect" | "reconnect" | "accept" | "drop" | "garbage" | "pong" }
  | { readonly do: "end"; readonly code: number; readonly socket: number }
  | { readonly do: "wait"; readonly ms: number };

const simple = fc.constantFrom("connect", "disconnect", "reconnect", "accept", "drop", "garbage", "pong", "accept");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: simple.map((name) => ({ do: name }) as Step) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("end" as const),
      code: fc.constantFrom(1000, 1001, 1006, 1009, 4000, 4008, 4399, 4400, 4404, 4999),
      socket: fc.nat(2),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 400, 1000, 5000, 60_000) }),
  },
);

t.test("whatever happens, in any order", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.boolean(), async (steps, reconnect) => {
      const run = new Run(reconnect);
      for (const each of steps) run.take(each);
      await run.finish();
    }),
    { numRuns: 2000 },
  );
  t.pass("2000 lives");
});

/** One connection's life, checked after each step. */
class Run {
  readonly #environment = new FakeEnvironment();
  readonly #manager: WebSocketManager;
  /** Promises of connect, reconnect and disconnect that have not settled. */
  #pending = 0;
  #state: ConnectionState = "disconnected";
  /** Whether the last word of the owner was to close. */
  #closed = true;
  #lastEnd: (ConnectionEvents["disconnected"] | ConnectionEvents["connection_error"]) | undefined;

  constructor(reconnect: boolean) {
    const options = { url: "ws://host", encoding: "json", reconnect, maxReconnectAttempts: ATTEMPTS } as const;
    this.#manager = new WebSocketManager(
      { ...options, heartbeatInterval: 1500, connectionTimeout: 3000 },
      this.#environment,
    );
    this.#manager.onConnectionState((state) => this.#changed(state));
    this.#manager.on("error", () => {});
    for (const type of ["disconnected", "connection_error"] as const) {
      this.#manager.on(type, (event) => {
        this.#lastEnd = event;
      });
    }
  }

  take(step: Step): void {
    const { sockets } = this.#environment;
    const opened = sockets.length;
    this.#act(step);
    const { length } = sockets;
    if (this.#closed && length > opened && step.do !== "connect" && step.do !== "reconnect")
      throw new Error("came back");
    this.#check();
  }

  /** Everything ends when the owner closes. */
  async finish(): Promise<void> {
    this.#act({ do: "disconnect" });
    this.#environment.advance(2000);
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#pending > 0) throw new Error(`${this.#pending} promises are left`);
    if (this.#environment.timers > 0) throw new Error(`${this.#environment.timers} timers are left`);
    if (this.#manager.getState() !== "disconnected") throw new Error(`ends as ${this.#manager.getState()}`);
  }

  #act(step: Step): void {
    const socket = this.#environment.sockets.at(-1);
    if (step.do === "wait") this.#environment.advance(step.ms);
    else if (step.do === "end") this.#environment.sockets.at(-1 - step.socket)?.end(step.code);
    else if (step.do === "accept") socket?.accept();
    else if (step.do === "garbage") socket?.deliver("{");
    else if (step.do === "pong") socket?.deliver('{"type":"pong"}');
    else if (step.do === "drop") this.#manager.drop("dropped");
    else this.#ask(step.do);
  }

  #ask(what: "connect" | "disconnect" | "reconnect"): void {
    this.#closed = what === "disconnect";
    this.#pending++;
    const settled = () => {
      this.#pending--;
    };
    this.#manager[what]().then(settled, settled);
  }

  #changed(state: ConnectionState): void {
    if (!FOLLOWING[this.#state].includes(state)) throw new Error(`${this.#state} → ${state}`);
    this.#state = state;
  }

  #check(): void {
    const state = this.#manager.getState();
    if (state !== this.#state) throw new Error(`is ${state}, told ${this.#state}`);
    if (this.#manager.isConnected() !== (state === "connected")) throw new Error("isConnected disagrees");
    const next = this.#environment.next;
    if (state === "disconnected" && next !== undefined) throw new Error("a timer while disconnected");
    if (state !== "disconnected" && next === undefined) throw new Error(`no timer while ${state}: it may hang`);
    if (this.#closed && !["disconnected", "disconnecting"].includes(state)) throw new Error("not closed");
    if (state === "disconnected" && this.#lastEnd?.willReconnect) throw new Error("told that it comes back");
  }
}
