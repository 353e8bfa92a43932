// A client without manners: it sends as fast as its socket takes bytes, whatever the server announced, and reads what
// comes back without a look at it.
import { getPriority, setPriority } from "node:os";
import { ClientFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { type FrameBlock, toFrame, toFrameBlock } from "./frames.js";
import { LeanSocket } from "./lean-socket.js";
import { encodeBirth, encodePublish, encodeSubscribe } from "./lines.js";
import { encodePredict, encodeRequests, openConfigured, type Signals } from "./requests.js";

/** What is poured. */
export const FLOODS = ["readings", "batches", "lines", "subscribes", "pings", "json"] as const;
export type Flood = (typeof FLOODS)[number];

/** What was poured. */
export interface PourResult {
  /** Frames that the socket took a second. */
  readonly framesPerSecond: number;
  readonly repliedMiBPerSecond: number;
}

/** A flood until it is stopped. An echo is sent the same frames. */
export interface PourOptions {
  readonly flood: Flood;
  readonly server: { readonly port: number; readonly model: string } | { readonly echo: number };
}

const ECHO_SIGNALS: Signals = {
  boundarySignals: Array.from({ length: 20 }, (_, i) => `s${i}`),
  signals: Array.from({ length: 20 }, (_, i) => `s${i}`),
};
/** Rows of a batch: the server's limit. */
const ROWS = 4096;
/** Rows of a JSON batch: 1.8 MiB with 20 names a row. */
const JSON_ROWS = 4096;
const PATH = "/api/v1/ws";
const SUBPROTOCOLS = { json: "tidewire.v1.json", proto: "tidewire.v1.proto" } as const;
/** A topic of the flood's own. */
const TOPIC = "training.flood";

interface Pouring {
  readonly socket: LeanSocket;
  isPouring: boolean;
  frames: number;
  repliedBytes: number;
  readonly startMs: number;
}

let pouring: Pouring | undefined;

/** Starts to pour. */
export async function pour(options: PourOptions): Promise<void> {
  const { socket, signals } = await open(options);
  const block = blockOf(options.flood, signals);
  const one: Pouring = { socket, isPouring: true, frames: 0, repliedBytes: 0, startMs: performance.now() };
  pouring = one;
  socket.onFrame = (_, start, end) => {
    one.repliedBytes += end - start;
  };
  socket.onClose = () => {
    // A server may throw it out: who asks for more than it reads is told to come back.
    one.isPouring = false;
  };
  const step = (): void => {
    if (!one.isPouring) return;
    one.frames += block.offsets.length - 1;
    // By turns of its own loop: a server that takes everything would never let it hear that it is to stop.
    if (socket.write(block.bytes)) setImmediate(step);
  };
  socket.onDrain = step;
  step();
}

/** Stops it. */
export async function stopPouring(): Promise<PourResult> {
  const one = pouring;
  if (!one) throw new Error("nothing is poured");
  pouring = undefined;
  one.isPouring = false;
  const seconds = (performance.now() - one.startMs) / 1000;
  one.socket.destroy();
  return { framesPerSecond: one.frames / seconds, repliedMiBPerSecond: one.repliedBytes / seconds / 2 ** 20 };
}

async function open({ flood, server }: PourOptions): Promise<{ socket: LeanSocket; signals: Signals }> {
  const encoding = flood === "json" ? "json" : "proto";
  if ("echo" in server) {
    const target = { port: server.echo, path: PATH, subprotocol: SUBPROTOCOLS[encoding] };
    return { socket: await LeanSocket.open(target), signals: ECHO_SIGNALS };
  }
  const form = flood === "json" ? "json named" : "binary positional";
  const { socket, ...signals } = await openConfigured({ ...server, form });
  if (flood === "lines") {
    const born = socket.next();
    socket.write(toFrame(encodeBirth(1, TOPIC)));
    await born;
  }
  return { socket, signals };
}

/** What is sent again and again. */
function blockOf(flood: Flood, signals: Signals): FrameBlock {
  const { boundarySignals } = signals;
  switch (flood) {
    case "readings":
      return encodeRequests("binary positional", signals);
    case "batches":
      return toFrameBlock([encodeBatch(boundarySignals.length)]);
    case "lines":
      return toFrameBlock(Array.from({ length: 4096 }, (_, i) => encodePublish(128 + i, TOPIC, i)));
    case "subscribes":
      return toFrameBlock(
        Array.from({ length: 1024 }, (_, i) => encodeSubscribe(128 + i, { topic: "training.*", snapshot: true })),
      );
    case "pings":
      return toFrameBlock(
        Array.from({ length: 4096 }, (_, i) =>
          ClientFrame.encode({ id: 128 + i, body: { $case: "ping", value: {} } }).finish(),
        ),
      );
    case "json":
      return toFrameBlock([encodeJson(boundarySignals)]);
  }
}

function encodeBatch(width: number): Uint8Array {
  const floats = new Float32Array(ROWS * width).map((_, i) => Math.sin(i + 1));
  const value = { batch: [], matrix: new Uint8Array(floats.buffer), timestamps: [], timeoutMs: undefined };
  return ClientFrame.encode({ id: 1, body: { $case: "predictBatch", value } }).finish();
}

function encodeJson(names: readonly string[]): string {
  const row = JSON.parse(encodePredict("json named", 1, 1, names) as string).data.boundary_signals;
  return JSON.stringify({
    type: "predict_batch",
    id: 1,
    data: { batch: Array.from({ length: JSON_ROWS }, () => row) },
  });
}

/** Lets the programs of the benchmark have a core first. */
export async function lowerPriority(niceness: number): Promise<void> {
  setPriority(getPriority() + niceness);
}
