"use client";
// An ensemble on one card: type a reading, see what it predicts, and how fast.
import type { InferenceOptions, NamedReading } from "@tidewire/client";
import { type FormEvent, useId, useRef } from "react";
import { useInference } from "../hooks/use-inference.js";
import type { InferenceView } from "../store/inference-cell.js";
import { Card, Notices } from "./card.js";
import { formatMs, formatNumber } from "./format.js";
import { Sparkline } from "./sparkline.js";

/** Which ensemble, and what of it. */
export interface PredictionMonitorProps {
  readonly ensembleName: string;
  /** Those of `useInference`: with the same, they share one session. */
  readonly options?: InferenceOptions | undefined;
  /** Default: the ensemble's name. */
  readonly label?: string | undefined;
  /** Signals that are shown. Default: all. */
  readonly signals?: readonly string[] | undefined;
  /** Whether a reading can be typed. Default: true. */
  readonly hasForm?: boolean | undefined;
  /** What the form begins with. */
  readonly reading?: NamedReading | undefined;
}

/** The newest prediction of every signal with its course, the latency, and a form for a reading. */
export function PredictionMonitor(props: PredictionMonitorProps) {
  const { ensembleName, options, label = ensembleName, hasForm = true, reading } = props;
  const session = useInference(ensembleName, options);
  const { connection, error, info, count, latencyMs, roundTripMs } = session;
  const signals = props.signals ?? info?.signals ?? Object.keys(session.prediction?.predictions ?? {});
  return (
    <Card kind="prediction" label={label} connection={connection}>
      <p className="tidewire-facts">
        <span>{count === 1 ? "1 prediction" : `${count} predictions`}</span>
        {latencyMs !== undefined && <span>{formatMs(latencyMs)} in the server</span>}
        {roundTripMs !== undefined && <span>{formatMs(roundTripMs)} round trip</span>}
        {info?.version && <span>version {info.version}</span>}
      </p>
      {hasForm && info && (
        <ReadingForm key={info.modelSha256} session={session} names={info.boundarySignals} reading={reading} />
      )}
      {signals.length > 0 && <Signals session={session} signals={signals} />}
      <Notices gap={undefined} error={error} />
    </Card>
  );
}

function Signals({ session, signals }: { readonly session: InferenceView; readonly signals: readonly string[] }) {
  const { prediction, series } = session;
  const boosted = prediction?.signalsUsedBoost;
  return (
    <dl className="tidewire-tiles">
      {signals.map((name) => {
        const value = prediction?.predictions[name];
        return (
          <div key={name} className="tidewire-tile">
            <dt>
              {name}
              {boosted?.includes(name) && <span className="tidewire-tag">boost</span>}
            </dt>
            <dd>
              {value === undefined ? "–" : formatNumber(value)}
              <Sparkline store={series} name={name} />
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

interface ReadingFormProps {
  readonly session: InferenceView;
  readonly names: readonly string[];
  readonly reading: NamedReading | undefined;
}

function ReadingForm({ session, names, reading = {} }: ReadingFormProps) {
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const predict = (event: FormEvent) => {
    event.preventDefault();
    const fields = new FormData(form.current as HTMLFormElement);
    const typed = Object.fromEntries(names.map((name) => [name, Number(fields.get(name))]));
    // What goes wrong is shown: the session's view tells it.
    session.predict(typed).catch(() => undefined);
  };
  return (
    <form ref={form} className="tidewire-form" onSubmit={predict} aria-label="Reading">
      {names.map((name) => (
        <label key={name} htmlFor={`${id}-${name}`}>
          {name}
          <input
            id={`${id}-${name}`}
            name={name}
            type="number"
            step="any"
            required
            defaultValue={reading[name]}
            autoComplete="off"
          />
        </label>
      ))}
      <button type="submit" className="tidewire-button" data-kind="primary">
        Predict
      </button>
    </form>
  );
}
