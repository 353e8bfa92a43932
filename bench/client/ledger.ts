// Keeps account of requests: each id is answered exactly once, and a sample of the answers is right.
import { InferenceSession, Tensor } from "onnxruntime-node";
import {
  encodePredict,
  FIRST_ID,
  type Form,
  IDS,
  isJson,
  ROWS,
  readingValue,
  readPrediction,
  type Signals,
} from "./requests.js";

/** One answer in this many is kept and compared. */
const SAMPLE_EVERY = 251;
const MAX_SAMPLES = 2_000;
/** Runs of other batch sizes add up in another order. */
const TOLERANCE = 1e-4;

const ID_TAG = 0x08;
const PREDICTION_TAG = 0x1a; // of a prediction; an echoed predict has the same
const QUOTE = 0x22;
const ZERO = 0x30;

interface Sample {
  /** Number of the request. */
  readonly index: number;
  readonly payload: Buffer;
}

/** The requests of one connection. */
export class Ledger {
  readonly #isJson: boolean;
  readonly #outstanding = new Uint8Array(IDS);
  readonly samples: Sample[] = [];
  answered = 0;
  inFlight = 0;

  constructor(form: Form) {
    this.#isJson = isJson(form);
  }

  /** Request number `index` has been sent. */
  sent(index: number): void {
    this.#outstanding[index] = (this.#outstanding[index] as number) + 1;
    this.inFlight += 1;
  }

  /** Takes a reply. @returns the number of its request; throws where nobody waits for it */
  take(bytes: Buffer, start: number, end: number): number {
    const index = (this.#isJson ? jsonId(bytes, start, end) : binaryId(bytes, start)) - FIRST_ID;
    if (this.#outstanding[index] !== 1)
      throw new Error(`unexpected reply: ${describe(bytes, start, end, this.#isJson)}`);
    this.#outstanding[index] = 0;
    this.inFlight -= 1;
    this.answered += 1;
    if (this.answered % SAMPLE_EVERY === 1 && this.samples.length < MAX_SAMPLES) {
      this.samples.push({ index, payload: Buffer.from(bytes.subarray(start, end)) });
    }
    return index;
  }
}

function binaryId(bytes: Buffer, at: number): number {
  if (bytes[at] !== ID_TAG || bytes[at + 3] !== PREDICTION_TAG) return -1;
  return ((bytes[at + 1] as number) & 0x7f) | ((bytes[at + 2] as number) << 7);
}

/** The number behind the first `"id":`. */
function jsonId(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (
    at < end &&
    !(bytes[at] === QUOTE && bytes[at + 1] === 0x69 && bytes[at + 2] === 0x64 && bytes[at + 3] === QUOTE)
  )
    at += 1;
  let id = 0;
  for (at += 5; at < end; at += 1) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
    id = id * 10 + digit;
  }
  return id;
}

function describe(bytes: Buffer, start: number, end: number, isText: boolean): string {
  return bytes.toString(isText ? "utf8" : "hex", start, Math.min(end, start + 200));
}

/** Compares samples with a bare run of the same rows. @throws Error at the first that differs */
export async function checkPredictions(
  graph: string,
  form: Form,
  signals: Signals,
  samples: readonly Sample[],
): Promise<number> {
  const expected = await bareRun(graph, signals.boundarySignals.length);
  const width = signals.signals.length;
  for (const { index, payload } of samples) {
    const row = index % ROWS;
    const values = readPrediction(form, payload, signals);
    const right = values.length === width && values.every((value, i) => isClose(value, expected[row * width + i]));
    if (!right) throw new Error(`wrong prediction of row ${row}: ${values}`);
  }
  return samples.length;
}

/** Compares samples with what was sent. @throws Error at the first that differs */
export function checkEchoes(form: Form, { boundarySignals }: Signals, samples: readonly Sample[]): number {
  for (const { index, payload } of samples) {
    const sent = Buffer.from(encodePredict(form, FIRST_ID + index, index % ROWS, boundarySignals) as Uint8Array);
    if (!payload.equals(sent)) throw new Error(`wrong echo of request ${index}`);
  }
  return samples.length;
}

function isClose(value: number, expected = Number.NaN): boolean {
  return Math.abs(value - expected) <= TOLERANCE * Math.max(1, Math.abs(expected));
}

const bareRuns = new Map<string, Promise<Float32Array>>();

/** float32 [ROWS, signals]: what the graph gives for all readings. */
function bareRun(graph: string, width: number): Promise<Float32Array> {
  const run = bareRuns.get(graph) ?? runOnce(graph, width);
  bareRuns.set(graph, run);
  return run;
}

async function runOnce(graph: string, width: number): Promise<Float32Array> {
  const session = await InferenceSession.create(graph, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const values = Float32Array.from({ length: ROWS * width }, (_, i) => readingValue((i / width) | 0, width, i % width));
  const results = await session.run({
    [session.inputNames[0] as string]: new Tensor("float32", values, [ROWS, width]),
  });
  const output = (results[session.outputNames[0] as string] as Tensor).data as Float32Array;
  await session.release();
  return output;
}
