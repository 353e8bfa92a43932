import type { Form } from "../client/requests.js";
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, SHOWN, toFigure } from "../lib/figure.js";
import { interleave, type Side } from "../lib/sides.js";
import { median, pairedRatio } from "../lib/statistics.js";
import { Tidewire } from "../lib/tidewire.js";
import { type Asked, ServerFlood } from "./floods.js";

const MODEL = "small";

interface Variant {
  readonly what: string;
  readonly asked?: Pick<Asked, "includeMetadata"> & { readonly form?: Form };
  readonly isWithoutHistory?: boolean;
}

/** Each beside the first. */
const VARIANTS: Readonly<Record<string, Variant>> = {
  cost_base: { what: "binary positional, with history and metadata" },
  cost_without_history: { what: "the same, the history of one row only", isWithoutHistory: true },
  cost_without_metadata: { what: "the same, include_metadata false", asked: { includeMetadata: false } },
  cost_without_both: {
    what: "neither history nor metadata",
    asked: { includeMetadata: false },
    isWithoutHistory: true,
  },
  cost_binary_named: { what: "binary, by name", asked: { form: "binary named" } },
  cost_json_positional: { what: "JSON, by position", asked: { form: "json positional" } },
  cost_json_named: { what: "JSON, by name", asked: { form: "json named" } },
};

/** What comfort costs on the hot path. */
export const cost: Measurement = {
  name: "cost",
  title: "what history, metadata, names and JSON cost: the pipelined run with and without each",
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const full = await Tidewire.start({ models: [MODEL] });
  const bare = await Tidewire.start({ models: [MODEL], flags: ["--history-rows", "1"] });
  try {
    const client = await bench.client;
    const floods = Object.entries(VARIANTS).map(([name, { asked, isWithoutHistory }]): [string, ServerFlood] => {
      const server = isWithoutHistory ? bare : full;
      return [name, new ServerFlood(client, server, { model: MODEL, ms: bench.scale.runMs / 2, ...asked })];
    });
    const sides: Record<string, Side> = Object.fromEntries(floods.map(([name, flood]) => [name, flood.run]));
    for (const side of Object.values(sides)) await side(); // warm
    const rates = await interleave(sides, bench.scale.rounds, bench.say);
    return Object.fromEntries(floods.map(([name, flood]) => [name, toCost(name, rates, flood)]));
  } finally {
    for (const server of [full, bare]) await server[Symbol.asyncDispose]();
  }
}

function toCost(name: string, rates: Record<string, number[]>, flood: ServerFlood): Figure {
  const [ours, base] = [rates[name] ?? [], rates.cost_base ?? []];
  const method = `one connection, 512 in flight; ${VARIANTS[name]?.what}; peer: cost_base`;
  return toFigure(
    {
      measured: median(ours),
      peer: median(base),
      ratio: pairedRatio(ours, base),
      unit: "predictions/s",
      method,
      details: flood.details,
    },
    SHOWN,
  );
}
