// The part that asks what the OpenAPI document allows, and nearly allows: no reply is one that the document does not have.
import { fuzzHttp } from "../../support/http-fuzz.js";
import { type Context, Findbook, type Findings, lengthMs, type Part } from "../lib/part.js";
import { ServerUnderTest } from "../lib/server.js";

const USUAL = { seconds: 20, longSeconds: 1200 };
/** Requests of a round, each with a seed of its own. */
const ROUND = 2000;
/** What is refused for a rate or a busy machine is no reply of a route. */
const FLAGS = ["--log-level", "warn", "--max-loop-delay-ms", "0", "--max-requests-per-second", "0"];

export const openapi: Part = {
  name: "openapi",
  description: "requests made from the OpenAPI document, right and nearly right: every reply is documented",
  run: runOpenapi,
};

async function runOpenapi(context: Context): Promise<Findings> {
  const findbook = new Findbook();
  await using server = await ServerUnderTest.start({ models: ["gas_turbine"], flags: FLAGS });
  const statuses = new Map<string, number>();
  const [startedMs, limitMs] = [Date.now(), lengthMs(context, USUAL)];
  let requests = 0;
  while (Date.now() - startedMs < limitMs && !context.signal.aborted && findbook.isEmpty) {
    const seed = context.random.integer(0, 2 ** 31 - 1);
    const outcome = await fuzzHttp({ url: server.url, seed, cases: ROUND, signal: context.signal });
    requests += outcome.cases;
    for (const [status, count] of Object.entries(outcome.byStatus))
      statuses.set(status, (statuses.get(status) ?? 0) + count);
    for (const fault of outcome.faults) findbook.found("every reply is documented", `seed ${seed}: ${fault}`);
    context.progress((Date.now() - startedMs) / limitMs, `${requests} requests`);
  }
  for (const fault of server.faults) findbook.found("the server logs no error", fault);
  return {
    findings: findbook.findings,
    figures: { requests, ...Object.fromEntries([...statuses].map(([status, count]) => [`status_${status}`, count])) },
  };
}
