// Floods as sides of a comparison, with what they cost the server's process.
import type { FloodOptions, FloodResult } from "../client/flood.js";
import type { Form } from "../client/requests.js";
import type { Program } from "../lib/program.js";
import type { Side } from "../lib/sides.js";
import { median } from "../lib/statistics.js";
import { graphOf, type Tidewire } from "../lib/tidewire.js";

/** One connection with this many in flight: a gateway that forwards a plant. */
export const IN_FLIGHT = 512;

/** What is asked of a server. */
export interface Asked {
  readonly model: string;
  readonly form?: Form;
  readonly includeMetadata?: boolean;
  readonly connections?: number;
  readonly inFlight?: number;
  readonly ms: number;
}

/** Floods of one server; counts what they cost it. */
export class ServerFlood {
  readonly #client: Program;
  readonly #server: Tidewire;
  readonly #asked: Asked;
  readonly #cpuUs: number[] = [];
  #checked = 0;

  constructor(client: Program, server: Tidewire, asked: Asked) {
    this.#client = client;
    this.#server = server;
    this.#asked = asked;
  }

  readonly run: Side = async () => {
    const before = await this.#server.cpuUs();
    const { perSecond, answered, checked } = await this.#client.call<FloodResult>("flood", this.#options);
    this.#cpuUs.push(((await this.#server.cpuUs()) - before) / answered);
    this.#checked += checked;
    return perSecond;
  };

  get #options(): FloodOptions {
    const {
      model,
      form = "binary positional",
      includeMetadata,
      connections = 1,
      inFlight = IN_FLIGHT,
      ms,
    } = this.#asked;
    const server = { port: this.#server.port, model, includeMetadata };
    return { form, server, graph: graphOf(model), connections, inFlight, ms };
  }

  /** Processor time of the server's process, all threads, for one prediction; and how many answers were compared. */
  get details(): Record<string, number> {
    return {
      server_cpu_us_per_prediction: Number(median(this.#cpuUs).toPrecision(3)),
      answers_compared: this.#checked,
    };
  }
}

/** The same frames, to a plain echo. */
export function echoFlood(client: Program, echo: number, signals: number, ms: number): Side {
  const names = Array.from({ length: signals }, (_, i) => `s${i}`);
  const options: FloodOptions = {
    form: "binary positional",
    server: { echo },
    graph: "",
    signals: { boundarySignals: names, signals: names },
    connections: 1,
    inFlight: IN_FLIGHT,
    ms,
  };
  return async () => (await client.call<FloodResult>("flood", options)).perSecond;
}
