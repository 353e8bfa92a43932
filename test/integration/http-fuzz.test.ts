// No request brings a reply that the OpenAPI document does not have. TIDEWIRE_FUZZ_CASES and TIDEWIRE_FUZZ_SEED try more
// and others; `npm run torture -- --only openapi` tries them on the built server.
import { test } from "tap";
import { fuzzHttp } from "../support/http-fuzz.js";
import { serve } from "./support/serve.js";

const CASES = Number(process.env.TIDEWIRE_FUZZ_CASES ?? 2000);
const SEED = Number(process.env.TIDEWIRE_FUZZ_SEED ?? 20_251_215);
/** Everybody is let in at any rate: what is refused for that is no reply of a route. */
const FLAGS = { eventLog: "memory", maxRequestsPerSecond: "0", maxLoopDelayMs: "0" };

test(`every reply to ${CASES} requests, seed ${SEED}, is documented`, async (t) => {
  const { url } = await serve(t, { models: ["gas_turbine"], flags: FLAGS });
  const { cases, byStatus, succeeded, operations, faults } = await fuzzHttp({ url, seed: SEED, cases: CASES });
  t.same(faults, []);
  t.equal(cases, CASES);
  t.comment(JSON.stringify(byStatus));
  t.ok(succeeded.size > operations * 0.6, `${succeeded.size} of ${operations} operations were done`);
  for (const status of [200, 201, 400, 404, 405, 409, 415]) t.ok(byStatus[status], `there were ${status}s`);
});
