"use client";
// A bar.
import type { RunStatus } from "@tidewire/client";
import { type CSSProperties, type ReactNode, useId } from "react";
import { useProgress } from "../hooks/use-topic.js";
import type { LinkState } from "../store/link.js";
import { formatPercent } from "./format.js";
import { percentOf, progressText, statusText } from "./progress-text.js";

/** What a bar shows: a topic's progress, or what it is told. */
export interface ProgressBarProps {
  /** Every bar has a name, also where it is not to be seen. */
  readonly label: string;
  readonly hidesLabel?: boolean | undefined;
  /** The topic whose progress it shows; needs a provider. */
  readonly topic?: string | undefined;
  /** Without a topic: 0 to 100; undefined is under way, nobody knows how far. */
  readonly value?: number | undefined;
  /** Without a topic. */
  readonly status?: RunStatus | undefined;
  /** Without a topic: what is read aloud for the value. Default: the percentage. */
  readonly valueText?: string | undefined;
  /** Without a topic. */
  readonly connection?: LinkState | undefined;
}

/** A progress bar: `role=progressbar` with a name and a text, and without a number where there is none. */
export function ProgressBar({ topic, ...told }: ProgressBarProps) {
  return topic === undefined ? <Bar {...told} /> : <TopicBar {...told} topic={topic} />;
}

function TopicBar({ topic, label, hidesLabel }: ProgressBarProps & { readonly topic: string }) {
  const view = useProgress(topic);
  const { status, connection } = view;
  return (
    <Bar
      label={label}
      hidesLabel={hidesLabel}
      value={percentOf(view)}
      status={status}
      valueText={progressText(view)}
      connection={connection}
    />
  );
}

function Bar({ label, hidesLabel, value, status = "running", valueText, connection }: ProgressBarProps): ReactNode {
  const id = useId();
  const shown = value === undefined ? undefined : Math.min(100, Math.max(0, value));
  const text = valueText ?? (shown === undefined ? statusText(status).toLowerCase() : formatPercent(shown));
  // Rounded: a reader is told a number that it can say.
  const now = shown === undefined ? {} : { "aria-valuenow": Math.round(shown) };
  return (
    <div className="tidewire-progress" data-state={status} data-connection={connection}>
      <div className="tidewire-progress__head" hidden={hidesLabel}>
        <span id={id} className="tidewire-progress__label">
          {label}
        </span>
        {!hidesLabel && (
          <span className="tidewire-progress__value" aria-hidden="true">
            {shown === undefined ? statusText(status) : formatPercent(shown)}
          </span>
        )}
      </div>
      <div
        className="tidewire-progress__track"
        role="progressbar"
        aria-labelledby={id}
        aria-valuemin={0}
        aria-valuemax={100}
        {...now}
        aria-valuetext={text}
        data-indeterminate={shown === undefined && status === "running" ? "" : undefined}
      >
        <div className="tidewire-progress__fill" style={{ "--tw-done": (shown ?? 0) / 100 } as CSSProperties} />
      </div>
    </div>
  );
}
