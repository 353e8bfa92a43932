// A session without a socket: what it says and does is kept, and runs end when the test says so.

import { pino } from "pino";
import type { ServerFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import { DataType } from "../../../generated/ts/tidewire/v1/inference.js";
import type { Authenticator } from "../../../src/access/access.js";
import { EVERYBODY, type Grant } from "../../../src/access/grant.js";
import { Broker } from "../../../src/events/broker.js";
import { MemoryLog } from "../../../src/events/memory-log.js";
import { Ensemble } from "../../../src/inference/ensemble.js";
import { HistoryStore } from "../../../src/inference/history-store.js";
import { PredictionMeter } from "../../../src/inference/meter.js";
import type { ModelRepository } from "../../../src/inference/repository.js";
import { Runs } from "../../../src/runs/runs.js";
import { SessionDirectory } from "../../../src/session/directory.js";
import { Flusher } from "../../../src/session/flusher.js";
import type { SessionLimits, SessionServices } from "../../../src/session/services.js";
import { Session } from "../../../src/session/session.js";
import { Traffic } from "../../../src/session/traffic.js";
import type { Outgoing, Transport } from "../../../src/session/transport.js";
import { TurnClock } from "../../../src/session/turn-clock.js";
import { SharedMessages } from "../../../src/wire/shared-messages.js";
import type { ClientBody, ServerBody } from "../../integration/support/frames.js";
import { decodeReply, type Encoding, encodeRequest } from "../../integration/support/peer.js";
import { OPEN_ACCESS } from "../../support/access.js";
import { IN_TIME } from "../../support/admission.js";
import { FakeExecutor, turn, WIDTH } from "../inference/fake-executor.js";

const silent = pino({ level: "silent" });
const retention = { segmentBytes: 1e6, segmentMaxAgeMs: 1e6, retentionBytes: 1e7, retentionMaxAgeMs: 1e6 };
/** One for all scenes of a file. */
const broker = await Broker.open(new MemoryLog(retention), {
  limits: { maxTopics: 100, maxIdempotencyKeys: 100 },
  log: silent,
  ageMs: Date.now,
  afterDelivery() {},
});
const clock = new TurnClock();
const runs = new Runs({ events: broker, clock, leaseMs: 60_000, log: silent });

/** Name of the one model: signals `key` and `row` in, `p` = 1000 key + row out. */
export const MODEL = "fake";

/** Keeps what a session does. */
export class MemoryTransport implements Transport {
  /** Messages of each write, in order. */
  readonly writes: (Uint8Array | string)[][] = [];
  /** What happened to the connection: `pause`, `resume`, `close 1001`. */
  readonly acts: string[] = [];
  unsentBytes = 0;
  isAlone = true;

  send(messages: readonly Outgoing[]): void {
    this.writes.push(messages.flatMap(toMessages));
  }

  limitMessages(maxBytes: number | undefined): void {
    this.acts.push(`limit ${maxBytes}`);
  }

  pause(): void {
    this.acts.push("pause");
  }

  resume(): void {
    this.acts.push("resume");
  }

  close(code: number): void {
    this.acts.push(`close ${code}`);
  }

  get frames(): ServerFrame[] {
    return this.writes.flat().map(decodeReply);
  }
}

function toMessages(message: Outgoing): (Uint8Array | string)[] {
  if (typeof message === "string" || message instanceof Uint8Array) return [message];
  if (message instanceof SharedMessages) return [...message.messages];
  return Array.from({ length: message.count }, (_, i) => {
    const bytes = new Uint8Array(message.byteLength(i));
    message.write(i, bytes, 0);
    return bytes;
  });
}

/** A session, what is under it, and what is around it. */
export interface Scene {
  readonly executor: FakeExecutor;
  readonly services: SessionServices;
  readonly directory: SessionDirectory;
  open(subprotocol?: string, grant?: Grant): Line;
}

/** One session in memory. */
export class Line {
  readonly transport = new MemoryTransport();
  readonly session: Session;

  constructor(services: SessionServices, subprotocol: string | undefined, grant: Grant) {
    this.session = new Session(services, this.transport, { subprotocol, path: "/ws", grant });
  }

  /** Hands the session a request of that encoding. */
  say(encoding: Encoding, id: number, body: ClientBody): void {
    this.session.receive(encodeRequest(encoding, { id, body }));
  }

  /** All replies so far, by what they are and whom they answer. */
  get told(): string[] {
    return this.transport.frames.map(({ id, body }) => `${id} ${(body as ServerBody).$case}`);
  }
}

export function scene(
  limits: Partial<SessionLimits> & { maxBatchRows?: number } = {},
  access: Authenticator = OPEN_ACCESS,
): Scene {
  const executor = new FakeExecutor();
  const flusher = new Flusher();
  const directory = new SessionDirectory();
  const { maxBatchRows = 64, ...rest } = limits;
  const ensemble = fakeEnsemble(executor, maxBatchRows, () => flusher.flush());
  const services: SessionServices = {
    access,
    models: { get: () => ensemble } as unknown as ModelRepository,
    histories: new HistoryStore({ historyRows: 10, historyBytes: 1e6, closedHistories: 0, closedHistoryMs: 0 }),
    sessions: directory,
    flusher,
    clock,
    broker,
    runs,
    traffic: new Traffic(),
    meter: new PredictionMeter(),
    limits: {
      maxInFlight: 4,
      maxQueuedBytes: 1000,
      maxInvalidFrames: 100,
      maxSubscriptions: 4,
      maxFramesPerSecond: 0,
      maxBytesPerSecond: 0,
      authTimeoutMs: 5000,
      ...rest,
    },
    lateness: IN_TIME,
    log: silent,
  };
  return {
    executor,
    services,
    directory,
    open: (subprotocol, grant = EVERYBODY) => new Line(services, subprotocol, grant),
  };
}

function fakeEnsemble(executor: FakeExecutor, maxBatchRows: number, afterDelivery: () => void): Ensemble {
  const spec = (name: string, width: number) => ({ name, datatype: DataType.DATA_TYPE_FP32, shape: [-1, width] });
  return new Ensemble({
    manifest: {
      name: MODEL,
      version: "1",
      description: undefined,
      basePath: "",
      boostPath: undefined,
      boundarySignals: ["key", "row"],
      signals: ["p"],
      boosted: new Set(),
      quality: {},
      sha256: "",
    },
    specs: { inputs: [spec("in", WIDTH)], outputs: [spec("out", 1)], boost: undefined },
    executor,
    executionProvider: "cpu",
    costUs: 1,
    limits: { maxBatchRows, maxQueuedRows: 100_000, maxQueueDelayUs: 0 },
    maxInferBytes: 1000,
    afterDelivery,
  });
}

/** Turns of the loop until everything that can happen has happened. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await turn();
}
