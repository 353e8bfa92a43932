// Metrics that the schema's table alone would let through.
import { test } from "tap";
import type { Metrics } from "../../../generated/ts/tidewire/v1/events.js";
import { checkMetrics } from "../../../src/runs/metrics.js";

const metrics = (value: Partial<Metrics>): Metrics => ({ metrics: {}, metricNames: [], metricValues: [], ...value });

test("metrics and their twins are taken", async (t) => {
  for (const value of [
    { metrics: { loss: 1, "a/b(c)-d.e:f": Number.NaN } },
    { metricNames: ["loss"], metricValues: [1] },
    { metrics: { ["x".repeat(256)]: 1 } },
    { metrics: { ["ü".repeat(128)]: 1 } },
  ])
    t.doesNotThrow(() => checkMetrics(metrics(value)));
});

test("what is no set of metrics is refused, with the field and the bound", async (t) => {
  const refused: [Partial<Metrics>, RegExp][] = [
    [{}, /^metrics: expected at least one metric, came none/],
    [{ metricNames: ["a", "b"], metricValues: [1] }, /^metric_values: expected as many as metric_names, 2, came 1/],
    [{ metricNames: [], metricValues: [1] }, /^metric_values/],
    [{ metrics: { ["x".repeat(257)]: 1 } }, /^metrics: expected names of at most 256 bytes, came one of 257/],
    [{ metricNames: ["ü".repeat(129)], metricValues: [1] }, /^metric_names: .* came one of 258/],
  ];
  for (const [value, message] of refused)
    t.throws(() => checkMetrics(metrics(value)), { code: "INVALID_MESSAGE", message });
});
