// A side under V8's sampling profiler.
import type { Bench } from "./bench.js";
import { type Figure, SHOWN, toFigure } from "./figure.js";
import { type CpuProfile, selfTimes } from "./self-times.js";
import type { Side } from "./sides.js";
import type { Tidewire } from "./tidewire.js";

const SHOWN_FUNCTIONS = 25;

/** Runs a side without the profiler and with it; says where the server's thread spends its time. */
export async function profiled(bench: Bench, server: Tidewire, side: Side, unit: string): Promise<Figure> {
  const peer = await side();
  await server.startProfile();
  const measured = await side();
  const functions = selfTimes(await server.stopProfile<CpuProfile>()).slice(0, SHOWN_FUNCTIONS);
  for (const { share, name, where } of functions)
    bench.say(`${(share * 100).toFixed(1).padStart(5)} %  ${name}  ${where}`);
  const method = "under V8's sampling profiler, 200 µs; peer: the same without it";
  return toFigure({ measured, peer, unit, method, details: { functions } }, SHOWN);
}
