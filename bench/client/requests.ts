// What the client sends, encoded before anything is timed, and what it makes of a reply.
import { ClientFrame, ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { OutputFormat, StreamMode } from "../../generated/ts/tidewire/v1/inference.js";
import { type FrameBlock, toFrame, toFrameBlock } from "./frames.js";
import { LeanSocket, STREAM_PATH } from "./lean-socket.js";

/** How readings are written. */
export type Form = "binary positional" | "binary named" | "json positional" | "json named";

/** Ids from here on take two bytes as varints, up to {@link IDS} of them: all frames of a form are of one length. */
export const FIRST_ID = 128;
/** Count of different ids, and of frames encoded; more than may be in flight. */
export const IDS = 4096;
/** Different readings; request i has reading i % ROWS. */
export const ROWS = 64;

/** What is known of the configured model. */
export interface Signals {
  readonly boundarySignals: readonly string[];
  readonly signals: readonly string[];
}

export const isJson = (form: Form): boolean => form.startsWith("json");
export const subprotocolOf = (form: Form): string => (isJson(form) ? "tidewire.v1.json" : "tidewire.v1.proto");

/** Value of a reading; within ±3 and never 0. */
export function readingValue(row: number, width: number, column: number): number {
  return Math.fround(3 * Math.sin(row * width + column + 1));
}

/** All requests of a form as frames. */
export function encodeRequests(form: Form, { boundarySignals }: Signals): FrameBlock {
  return toFrameBlock(
    Array.from({ length: IDS }, (_, i) => encodePredict(form, FIRST_ID + i, i % ROWS, boundarySignals)),
  );
}

/** Request `id` for a reading, as the message alone. */
export function encodePredict(form: Form, id: number, row: number, names: readonly string[]): Uint8Array | string {
  const values = names.map((_, column) => readingValue(row, names.length, column));
  const byName = Object.fromEntries(names.map((name, column) => [name, values[column] as number]));
  const isNamed = form.endsWith("named");
  if (isJson(form)) {
    return JSON.stringify({ type: "predict", id, data: isNamed ? { boundary_signals: byName } : { values } });
  }
  const value = {
    values: isNamed ? [] : values,
    boundarySignals: isNamed ? byName : {},
    timestamp: undefined,
    timeoutMs: undefined,
  };
  return ClientFrame.encode({ id, body: { $case: "predict", value } }).finish();
}

/** A ping of the binary encoding. */
export function encodePing(id: number): Buffer {
  return toFrame(ClientFrame.encode({ id, body: { $case: "ping", value: {} } }).finish());
}

/** What a connection is configured with. */
export interface Configuration {
  readonly port: number;
  readonly model: string;
  readonly form: Form;
  /** Absent: the server's default, which is to send it. */
  readonly includeMetadata?: boolean | undefined;
}

/** A connection with its model configured. */
export async function openConfigured(to: Configuration, readBytes?: number): Promise<{ socket: LeanSocket } & Signals> {
  const target = { port: to.port, path: STREAM_PATH, subprotocol: subprotocolOf(to.form) };
  const socket = await LeanSocket.open(target, readBytes);
  const reply = socket.next();
  socket.write(toFrame(encodeConfig(to)));
  return { socket, ...readConfigAck(to.form, await reply) };
}

function encodeConfig({ model, form, includeMetadata }: Configuration): Uint8Array | string {
  if (isJson(form)) {
    return JSON.stringify({ type: "config", id: 1, data: { ensemble_name: model, include_metadata: includeMetadata } });
  }
  const value = {
    ensembleName: model,
    manualBoostSignals: {},
    mode: StreamMode.STREAM_MODE_UNSPECIFIED,
    batchSize: undefined,
    includeMetadata,
    outputFormat: OutputFormat.OUTPUT_FORMAT_UNSPECIFIED,
  };
  return ClientFrame.encode({ id: 1, body: { $case: "config", value } }).finish();
}

function readConfigAck(form: Form, reply: Buffer): Signals {
  if (isJson(form)) {
    const ack = JSON.parse(reply.toString());
    if (ack.type !== "config_ack") throw new Error(`no config_ack: ${reply}`);
    return { boundarySignals: ack.boundary_signals, signals: ack.signals };
  }
  const { body } = ServerFrame.decode(reply);
  if (body?.$case !== "configAck") throw new Error(`no config_ack: ${JSON.stringify(body)}`);
  return body.value;
}

/** The predicted values of a reply, in the order of signals. @throws Error when it is no prediction */
export function readPrediction(form: Form, reply: Uint8Array, { signals }: Signals): number[] {
  if (isJson(form)) {
    const { type, data } = JSON.parse(Buffer.from(reply).toString());
    if (type !== "prediction") throw new Error(`no prediction: ${Buffer.from(reply)}`);
    return data.values ?? signals.map((name) => data.predictions[name]);
  }
  const { body } = ServerFrame.decode(reply);
  if (body?.$case !== "prediction") throw new Error(`no prediction: ${JSON.stringify(body)}`);
  const { values, predictions } = body.value;
  return predictions ? signals.map((name) => predictions.values[name] as number) : values;
}
