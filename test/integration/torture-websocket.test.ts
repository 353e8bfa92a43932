// RFC 6455 case by case; `npm run torture -- --only websocket` has the large ones, too.
import { test } from "tap";
import { quietly } from "../torture/lib/quietly.js";
import { runCases } from "../torture/websocket/index.js";

test("RFC 6455 case by case", async (t) => {
  const { findings, results } = await runCases(quietly(1, "websocket"), false);
  t.same(findings, []);
  t.ok(results.length > 500, `${results.length} cases`);
  const deviations = new Set(results.flatMap(({ deviation }) => deviation ?? []));
  t.equal(deviations.size, 6, "deviations from the RFC, each with its reason");
});
