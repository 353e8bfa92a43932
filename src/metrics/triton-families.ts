// Names and meanings as NVIDIA Triton documents them, so that dashboards made for it work. Durations are sums over
// requests, in µs; in OpenMetrics, which would rename these counters, their type is unknown.
import type { Ensemble } from "../inference/ensemble.js";
import type { Failure, RequestMeter } from "../inference/request-meter.js";
import type { Family, Sample } from "./family.js";
import type { Measured } from "./measured.js";

const LABELS = ["model", "version"];
const US = 1e6;

/** Triton's words for why a request failed. */
const REASONS: Readonly<Record<Failure, string>> = {
  PREDICTION_ERROR: "BACKEND",
  DEADLINE_EXCEEDED: "REJECTED",
  OVERLOADED: "REJECTED",
};

function byModel(read: (ensemble: Ensemble) => number): Family["read"] {
  return ({ models }) =>
    Array.from(models.served, (ensemble) => ({
      labels: [ensemble.name, ensemble.manifest.version],
      value: read(ensemble),
    }));
}

/** A figure of all ways by which requests have come. */
function sumOf({ meters }: Ensemble, read: (meter: RequestMeter) => number): number {
  let sum = 0;
  for (const meter of meters.values()) sum += read(meter);
  return sum;
}

const bySum = (read: (meter: RequestMeter) => number): Family["read"] => byModel((ensemble) => sumOf(ensemble, read));

function* failures({ models }: Measured): Generator<Sample> {
  for (const ensemble of models.served) {
    const counts = new Map<string, number>(Object.values(REASONS).map((reason) => [reason, 0]));
    for (const meter of ensemble.meters.values())
      for (const [code, count] of meter.failures.entries())
        counts.set(REASONS[code], (counts.get(REASONS[code]) ?? 0) + count);
    for (const [reason, value] of counts) yield { labels: [ensemble.name, ensemble.manifest.version, reason], value };
  }
}

const runsOf = (ensemble: Ensemble): number =>
  ensemble.scheduler.meter.rows.count + sumOf(ensemble, ({ tensorRuns }) => tensorRuns);

export const TRITON_FAMILIES: readonly Family[] = [
  {
    name: "nv_inference_request_success",
    type: "counter",
    help: "Triton: requests that were answered, all batch sizes.",
    labels: LABELS,
    read: bySum(({ durations }) => durations.count),
  },
  {
    name: "nv_inference_request_failure",
    type: "counter",
    help: "Triton: requests that failed, all batch sizes.",
    labels: [...LABELS, "reason"],
    read: failures,
  },
  {
    name: "nv_inference_count",
    type: "counter",
    help: "Triton: readings predicted.",
    labels: LABELS,
    read: bySum(({ readings }) => readings),
  },
  {
    name: "nv_inference_exec_count",
    type: "counter",
    help: "Triton: runs of the model.",
    labels: LABELS,
    read: byModel(runsOf),
  },
  {
    name: "nv_inference_request_duration_us",
    type: "counter",
    help: "Triton: time from arrival to reply, summed over requests.",
    labels: LABELS,
    read: bySum(({ durations }) => durations.sum * US),
  },
  {
    name: "nv_inference_queue_duration_us",
    type: "counter",
    help: "Triton: time until a run took the rows, summed over requests.",
    labels: LABELS,
    read: bySum(({ queued }) => queued.sum * US),
  },
  {
    name: "nv_inference_compute_input_duration_us",
    type: "counter",
    help: "Triton: time to prepare inputs. Always 0: rows are written where the run reads them, as they arrive.",
    labels: LABELS,
    read: byModel(() => 0),
  },
  {
    name: "nv_inference_compute_infer_duration_us",
    type: "counter",
    help: "Triton: time of the run, summed over requests.",
    labels: LABELS,
    read: bySum(({ computed }) => computed.sum * US),
  },
  {
    name: "nv_inference_compute_output_duration_us",
    type: "counter",
    help: "Triton: time to give out the answers of a run, summed over requests.",
    labels: LABELS,
    read: byModel(({ scheduler }) => scheduler.meter.outputSeconds * US),
  },
  {
    name: "nv_inference_pending_request_count",
    type: "gauge",
    help: "Triton: requests that wait for a run.",
    labels: LABELS,
    read: byModel(({ scheduler }) => scheduler.queuedRequests),
  },
];
