// Time, chance and sockets that tests move by hand.
import type { Environment, Socket, Timer } from "../src/connection/environment.js";

interface Alarm {
  readonly at: number;
  readonly action: () => void;
}

/** A socket whose other end is the test. */
export class FakeSocket implements Socket {
  binaryType = "blob";
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  onerror: Socket["onerror"] = null;
  readonly sent: (Uint8Array | string)[] = [];
  closedWith: number | undefined;
  is: "connecting" | "open" | "closing" | "closed" = "connecting";

  constructor(
    readonly url: string,
    readonly subprotocol: string,
    readonly token: string | undefined,
  ) {}

  send(message: Uint8Array | string): void {
    this.sent.push(typeof message === "string" ? message : message.slice());
  }

  close(code?: number): void {
    if (this.is === "closed" || this.is === "closing") return;
    this.is = "closing";
    this.closedWith = code;
  }

  /** The server accepts. */
  accept(): void {
    if (this.is !== "connecting") return;
    this.is = "open";
    this.onopen?.(undefined as never);
  }

  /** The server sends a message. */
  deliver(data: ArrayBuffer | string): void {
    if (this.is === "open") this.onmessage?.({ data });
  }

  /** The connection ends, whoever asked for it. */
  end(code: number, reason = ""): void {
    if (this.is === "closed") return;
    this.is = "closed";
    this.onclose?.({ code, reason });
  }
}

/** An environment in which nothing happens by itself. */
export class FakeEnvironment implements Environment {
  readonly sockets: FakeSocket[] = [];
  /** What `random` gives. */
  chance = 0.5;
  /** Thrown by the next `openSocket`. */
  refusal: Error | undefined;
  /** Tokens that an upgrade cannot carry. */
  rejects: RegExp | undefined;
  #time = 0;
  readonly #alarms = new Map<number, Alarm>();
  #lastAlarm = 0;

  openSocket(url: string, subprotocol: string, token?: string): Socket {
    if (this.refusal) throw this.refusal;
    if (token && this.rejects?.test(token)) throw new SyntaxError("characters that a subprotocol must not have");
    const socket = new FakeSocket(url, subprotocol, token);
    this.sockets.push(socket);
    return socket;
  }

  setTimeout(action: () => void, delayMs: number): Timer {
    this.#alarms.set(++this.#lastAlarm, { at: this.#time + delayMs, action });
    return this.#lastAlarm;
  }

  clearTimeout(timer: Timer): void {
    this.#alarms.delete(timer as number);
  }

  now(): number {
    return this.#time;
  }

  random(): number {
    return this.chance;
  }

  get timers(): number {
    return this.#alarms.size;
  }

  /** Milliseconds to the next timer; undefined without one. */
  get next(): number | undefined {
    return this.#alarms.size === 0
      ? undefined
      : Math.min(...[...this.#alarms.values()].map(({ at }) => at)) - this.#time;
  }

  /** The newest socket. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  }

  /** Lets time pass, with the timers that it brings, in their order. */
  advance(ms: number): void {
    const until = this.#time + ms;
    for (;;) {
      const due = [...this.#alarms]
        .filter(([, { at }]) => at <= until)
        .sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
      if (due === undefined) break;
      const [timer, { at, action }] = due;
      this.#alarms.delete(timer);
      this.#time = at;
      action();
    }
    this.#time = until;
  }
}
