// What the schema's table cannot say of metrics.
import type { Metrics } from "../../generated/ts/tidewire/v1/events.js";
import { TidewireError } from "../errors.js";

/** Longest name of a metric, in bytes of UTF-8: names stand in every state and every chart. */
const MAX_NAME_BYTES = 256;

/** @throws TidewireError INVALID_MESSAGE naming the field and the bound */
export function checkMetrics({ metrics, metricNames, metricValues }: Metrics): void {
  if (metricNames.length !== metricValues.length)
    throw invalid(
      "metric_values",
      `expected as many as metric_names, ${metricNames.length}, came ${metricValues.length}`,
    );
  const names = Object.keys(metrics);
  if (names.length + metricNames.length === 0) throw invalid("metrics", "expected at least one metric, came none");
  for (const name of names) checkName("metrics", name);
  for (const name of metricNames) checkName("metric_names", name);
}

function checkName(field: string, name: string): void {
  // A UTF-16 unit is at most three bytes.
  if (name.length * 3 <= MAX_NAME_BYTES || Buffer.byteLength(name) <= MAX_NAME_BYTES) return;
  throw invalid(field, `expected names of at most ${MAX_NAME_BYTES} bytes, came one of ${Buffer.byteLength(name)}`);
}

function invalid(field: string, reason: string): TidewireError {
  return new TidewireError("INVALID_MESSAGE", `${field}: ${reason}`, { field });
}
