// Pings a server at a steady rate: what the delay of its event loop looks like from outside.
import { ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { percentile } from "../lib/statistics.js";
import { LeanSocket, STREAM_PATH } from "./lean-socket.js";
import { encodePing } from "./requests.js";

/** Pings until told to stop. */
export interface PingOptions {
  readonly port: number;
  readonly everyMs: number;
  readonly ms: number;
}

/** Times of all pings, in ms. */
export interface PingResult {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly count: number;
}

const PATIENCE_MS = 10_000;

/** Open loop: a late pong delays no later ping. @throws Error when a pong is missing or something else comes */
export async function pings({ port, everyMs, ms }: PingOptions): Promise<PingResult> {
  const socket = await LeanSocket.open({ port, path: STREAM_PATH, subprotocol: "tidewire.v1.proto" });
  const sentMs: number[] = [];
  const times: number[] = [];
  let failure: Error | undefined;
  socket.onFrame = (bytes, start, end) => {
    const atMs = performance.now();
    const { id, body } = ServerFrame.decode(bytes.subarray(start, end));
    if (body?.$case !== "pong" || times[id - 1] !== undefined) failure = new Error(`no pong: ${JSON.stringify(body)}`);
    times[id - 1] = atMs - (sentMs[id - 1] ?? Number.NaN);
  };
  socket.onClose = () => {
    failure = new Error("the connection was closed");
  };
  const startMs = performance.now();
  const frames = Array.from({ length: Math.ceil(ms / everyMs) }, (_, i) => encodePing(i + 1));
  while (sentMs.length < frames.length && !failure) {
    const waitMs = startMs + sentMs.length * everyMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    sentMs.push(performance.now());
    socket.write(frames[sentMs.length - 1] as Buffer);
  }
  const untilMs = performance.now() + PATIENCE_MS;
  const answered = (): number => times.reduce((count, time) => count + (Number.isNaN(time) ? 0 : 1), 0);
  while (answered() < sentMs.length && !failure && performance.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  socket.destroy();
  if (failure) throw failure;
  if (answered() < sentMs.length) throw new Error(`${sentMs.length - answered()} pings without a pong`);
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), max: percentile(times, 1), count: times.length };
}
