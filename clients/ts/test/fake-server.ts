// A server's side of a session, played by the test.
import type { ClientFrame, ServerFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import { frameFromJson, frameToJson } from "../../../src/wire/json.js";
import type { FakeEnvironment } from "./clock.js";

/** Lets the event loop turn until the condition holds: for code that is loaded when it is first used. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

export type Body = NonNullable<ServerFrame["body"]>;

/** Answers requests in their order, over whichever socket is the newest. */
export class FakeServer {
  #answered = new Map<unknown, number>();

  constructor(private readonly environment: FakeEnvironment) {}

  frames(): ClientFrame[] {
    return this.environment.sockets
      .flatMap((socket) => socket.sent)
      .map((text) => {
        return frameFromJson("ClientFrame", JSON.parse(String(text)));
      });
  }

  predicts() {
    return this.frames().flatMap(({ body }) => (body?.$case === "predict" ? [body.value] : []));
  }

  acknowledge(maxInFlight: number): void {
    const value = { message: "", sessionId: "s", ensembleInfo: undefined, boundarySignals: ["A"], signals: ["B"] };
    const rest = { maxInFlight, batchSize: 1, executionProvider: "cpu", mode: 1, includeMetadata: true } as const;
    this.reply({ $case: "configAck", value: { ...value, ...rest } });
  }

  answer(values: number[]): void {
    const none = { timestamp: undefined, predictions: undefined, signalsUsedBoost: undefined };
    this.reply({ $case: "prediction", value: { values, ...none } });
  }

  /** To the first request on the newest socket that has no reply; pings ask for none. */
  reply(body: Body): void {
    const { socket } = this.environment;
    const at = this.#answered.get(socket) ?? 0;
    this.#answered.set(socket, at + 1);
    const ids = socket.sent.map((text) => JSON.parse(String(text)).id).filter((id) => id !== undefined);
    socket.deliver(JSON.stringify(frameToJson("ServerFrame", { id: ids[at], body })));
  }
}
