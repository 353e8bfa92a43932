// Quiet clients: a reading and a log line now and then, each timed. What a flood does to everybody else is seen here.
import { ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { toFrame } from "./frames.js";
import { LeanSocket, STREAM_PATH } from "./lean-socket.js";
import { encodeBirth, encodePublish } from "./lines.js";
import { encodePredict, openConfigured } from "./requests.js";

/** Quiet clients of a server, or of an echo, which is sent the same frames. */
export interface QuietOptions {
  readonly server: { readonly port: number; readonly model: string } | { readonly echo: number };
  readonly clients: number;
  /** Each client sends a reading so often, and a line halfway between. */
  readonly everyMs: number;
  readonly ms: number;
}

/** Times from the write of each request to its answer, in ms; how late each write was against its plan is told beside. */
export interface QuietResult {
  readonly readings: readonly number[];
  readonly lines: readonly number[];
  readonly lateness: readonly number[];
}

const FORM = "binary positional";
const SUBPROTOCOL = "tidewire.v1.proto";
const ECHO_SIGNALS = Array.from({ length: 20 }, (_, i) => `s${i}`);
const PATIENCE_MS = 20_000;
const FIRST_ID = 1000;
let runs = 0;

/** One client: what it has on its way, by id. */
class QuietClient {
  readonly readings: number[] = [];
  readonly lines: number[] = [];
  failure: Error | undefined;
  readonly #socket: LeanSocket;
  readonly #names: readonly string[];
  readonly #topic: string;
  readonly #sentMs = new Map<number, number>();
  #nextId = FIRST_ID;

  constructor(socket: LeanSocket, names: readonly string[], topic: string) {
    this.#socket = socket;
    this.#names = names;
    this.#topic = topic;
    socket.onClose = () => {
      this.failure ??= new Error("a quiet client was closed");
    };
  }

  static async open({ server }: QuietOptions, topic: string): Promise<QuietClient> {
    if ("echo" in server) {
      const target = { port: server.echo, path: STREAM_PATH, subprotocol: SUBPROTOCOL };
      return new QuietClient(await LeanSocket.open(target), ECHO_SIGNALS, topic).#listen(true);
    }
    const { socket, boundarySignals } = await openConfigured({ ...server, form: FORM });
    const born = socket.next();
    socket.write(toFrame(encodeBirth(1, topic)));
    if (ServerFrame.decode(await born).body?.$case !== "published") throw new Error(`${topic} was not begun`);
    return new QuietClient(socket, boundarySignals, topic).#listen(false);
  }

  #listen(isEcho: boolean): this {
    this.#socket.onFrame = (bytes, start, end) => {
      const atMs = performance.now();
      const { id, body } = isEcho ? readEcho(bytes, start) : ServerFrame.decode(bytes.subarray(start, end));
      const sentMs = this.#sentMs.get(id);
      const isRight = isEcho || body?.$case === (id % 2 === 0 ? "prediction" : "published");
      if (sentMs === undefined || !isRight) this.failure ??= new Error(`no answer to ${id}: ${JSON.stringify(body)}`);
      else (id % 2 === 0 ? this.readings : this.lines).push(atMs - sentMs);
      this.#sentMs.delete(id);
    };
    return this;
  }

  get inFlight(): number {
    return this.#sentMs.size;
  }

  /** Even ids are readings, odd ones lines. */
  send(): void {
    const id = this.#nextId++;
    const message = id % 2 === 0 ? encodePredict(FORM, id, id % 64, this.#names) : encodePublish(id, this.#topic, id);
    const frame = toFrame(message);
    this.#sentMs.set(id, performance.now());
    this.#socket.write(frame);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** An echo's answer is the request: its id is the first field. */
function readEcho(bytes: Buffer, start: number): { id: number; body: undefined } {
  return { id: ((bytes[start + 1] as number) & 0x7f) | ((bytes[start + 2] as number) << 7), body: undefined };
}

/** Open loop: a late answer delays no later request. @throws Error when an answer is wrong or missing */
export async function quiet(options: QuietOptions): Promise<QuietResult> {
  const { clients, everyMs, ms } = options;
  runs += 1;
  const opened = await Promise.all(
    Array.from({ length: clients }, (_, i) => QuietClient.open(options, `training.quiet-${process.pid}-${runs}-${i}`)),
  );
  const gapMs = everyMs / 2 / clients;
  const lateness: number[] = [];
  const startMs = performance.now();
  for (let sent = 0; sent < ms / gapMs; sent += 1) {
    const dueMs = startMs + sent * gapMs;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    lateness.push(performance.now() - dueMs);
    opened[sent % clients]?.send();
  }
  const untilMs = performance.now() + PATIENCE_MS;
  const isWaiting = (): boolean => opened.some((one) => one.inFlight > 0 && !one.failure);
  while (isWaiting() && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 5));
  for (const one of opened) one.destroy();
  const failure = opened.find((one) => one.failure)?.failure;
  if (failure) throw failure;
  if (opened.some((one) => one.inFlight > 0)) throw new Error("quiet clients were not answered");
  return { readings: opened.flatMap((one) => one.readings), lines: opened.flatMap((one) => one.lines), lateness };
}
