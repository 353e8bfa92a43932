"use client";
// A share of something: a figure in words, a bar, and its course.
import type { CSSProperties } from "react";
import type { MetricStore } from "../series/metric-store.js";
import { formatPercent } from "./format.js";
import { Sparkline } from "./sparkline.js";

/** From here on a share is high, and from there on critical, in percent. */
const [HIGH, CRITICAL] = [80, 95];

interface MeterProps {
  readonly label: string;
  /** 0 to 100. Absent is not zero: without it there is no meter. */
  readonly percent: number | undefined;
  /** "3.2 of 16 GiB" */
  readonly detail?: string | undefined;
  readonly series?: MetricStore | undefined;
  /** The figure's name in the series. */
  readonly name?: string | undefined;
}

/** `role=meter` with its figure as text. */
export function Meter({ label, percent, detail, series, name }: MeterProps) {
  if (percent === undefined) return null;
  const level = percent >= CRITICAL ? "critical" : percent >= HIGH ? "high" : "normal";
  const text = detail ? `${formatPercent(percent)}, ${detail}` : formatPercent(percent);
  return (
    <div className="tidewire-meter" data-level={level}>
      <span className="tidewire-meter__label">{label}</span>
      <span className="tidewire-meter__value">
        {formatPercent(percent)}
        {level !== "normal" && <span className="tidewire-meter__level">{level}</span>}
      </span>
      {/* biome-ignore lint/a11y/useSemanticElements: what a <meter> looks like is each browser's own affair */}
      <div
        className="tidewire-meter__track"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(percent)}
        aria-valuetext={text}
      >
        <div className="tidewire-meter__fill" style={{ "--tw-done": Math.min(1, percent / 100) } as CSSProperties} />
      </div>
      {detail && <span className="tidewire-faint tidewire-meter__detail">{detail}</span>}
      {series && name && <Sparkline store={series} name={name} min={0} max={100} />}
    </div>
  );
}
