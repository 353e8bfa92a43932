// Models: what is asked of them, how long it takes, and how batches form.
import type { Ensemble } from "../inference/ensemble.js";
import type { RequestMeter } from "../inference/request-meter.js";
import type { Family, Sample } from "./family.js";
import type { Measured } from "./measured.js";

/** A series for each model. */
function byModel(read: (ensemble: Ensemble) => Sample["value"]): Family["read"] {
  return ({ models }) => Array.from(models.served, (ensemble) => ({ labels: [ensemble.name], value: read(ensemble) }));
}

/** A series for each model and way by which requests have come. */
function byTransport(read: (meter: RequestMeter) => Sample["value"]): Family["read"] {
  return function* ({ models }): Generator<Sample> {
    for (const { name, meters } of models.served)
      for (const [transport, meter] of meters) yield { labels: [name, transport], value: read(meter) };
  };
}

function* failures({ models }: Measured): Generator<Sample> {
  for (const { name, meters } of models.served)
    for (const [transport, meter] of meters)
      for (const [code, value] of meter.failures.entries()) yield { labels: [name, transport, code], value };
}

function* releases({ models }: Measured): Generator<Sample> {
  for (const { name, scheduler } of models.served)
    for (const [reason, value] of scheduler.meter.releases.entries()) yield { labels: [name, reason], value };
}

function* descriptions({ models }: Measured): Generator<Sample> {
  for (const { name, manifest, executor, executionProvider } of models.served)
    yield { labels: [name, manifest.version, executor, executionProvider], value: 1 };
}

const TRANSPORT = ["model", "transport"];

export const INFERENCE_FAMILIES: readonly Family[] = [
  {
    name: "tidewire_request_duration_seconds",
    type: "histogram",
    help: "Time from the arrival of a request for predictions to its reply, of those that were answered.",
    labels: TRANSPORT,
    read: byTransport(({ durations }) => durations),
  },
  {
    name: "tidewire_request_queue_seconds",
    type: "histogram",
    help: "Time from the arrival of a request for predictions until a run took its rows.",
    labels: TRANSPORT,
    read: byTransport(({ queued }) => queued),
  },
  {
    name: "tidewire_request_compute_seconds",
    type: "histogram",
    help: "Time of the run that answered a request for predictions; a run counts once for each request in it.",
    labels: TRANSPORT,
    read: byTransport(({ computed }) => computed),
  },
  {
    name: "tidewire_request_failures_total",
    type: "counter",
    help: "Requests for predictions that the model was to answer and did not.",
    labels: [...TRANSPORT, "code"],
    read: failures,
  },
  {
    name: "tidewire_predictions_total",
    type: "counter",
    help: "Readings predicted; a request on named tensors counts as one.",
    labels: TRANSPORT,
    read: byTransport(({ readings }) => readings),
  },
  {
    name: "tidewire_batch_rows",
    type: "histogram",
    help: "Rows of one run.",
    labels: ["model"],
    read: byModel(({ scheduler }) => scheduler.meter.rows),
  },
  {
    name: "tidewire_batch_releases_total",
    type: "counter",
    help: "Runs by what set them off: turn, full, delay, executor_free or retry.",
    labels: ["model", "reason"],
    read: releases,
  },
  {
    name: "tidewire_queued_rows",
    type: "gauge",
    help: "Rows that wait for a run.",
    labels: ["model"],
    read: byModel(({ scheduler }) => scheduler.queuedRows),
  },
  {
    name: "tidewire_queued_rows_limit",
    type: "gauge",
    help: "Rows that may wait for a run; beyond it OVERLOADED.",
    labels: ["model"],
    read: byModel(({ scheduler }) => scheduler.maxQueuedRows),
  },
  {
    name: "tidewire_models",
    type: "gauge",
    help: "Directories of models by whether they are served: ready or broken.",
    labels: ["state"],
    read: ({ models }) => [
      { labels: ["ready"], value: [...models.served].length },
      { labels: ["broken"], value: models.brokenCount },
    ],
  },
  {
    name: "tidewire_model_info",
    type: "gauge",
    help: "Always 1; the labels tell a model's version and where it runs.",
    labels: ["model", "version", "executor", "provider"],
    read: descriptions,
  },
];
