// One figure with its name.
import type { ReactNode } from "react";

interface StatProps {
  readonly label: string;
  /** Undefined where the figure is not known: that is no zero. */
  readonly value: ReactNode | undefined;
  readonly unit?: string | undefined;
  /** A second line, smaller. */
  readonly hint?: ReactNode;
}

/** To be used inside of {@link Stats}. */
export function Stat({ label, value, unit, hint }: StatProps) {
  return (
    <div className="stat">
      <dt>{label}</dt>
      <dd>
        <span className="stat-value">{value ?? "–"}</span>
        {unit && value !== undefined && <span className="stat-unit">{unit}</span>}
        {hint && <span className="stat-hint">{hint}</span>}
      </dd>
    </div>
  );
}

/** A row of figures. */
export function Stats({ children }: { readonly children: ReactNode }) {
  return <dl className="stats">{children}</dl>;
}

interface MeterProps {
  /** 0 to 100; undefined where it is not known. */
  readonly percent: number | undefined;
  /** Of what. */
  readonly label: string;
}

/** A share as a bar; beyond 90 % it says so by a mark too. */
export function Meter({ percent, label }: MeterProps) {
  const value = percent === undefined ? undefined : Math.min(100, Math.max(0, percent));
  return (
    // biome-ignore lint/a11y/useSemanticElements: browsers draw <meter> each in a way of their own
    <span
      className="meter"
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value === undefined ? 0 : Math.round(value)}
      aria-valuetext={value === undefined ? "not known" : `${Math.round(value)} %`}
      data-high={value !== undefined && value > 90 ? "" : undefined}
    >
      <span className="meter-fill" style={{ width: `${value ?? 0}%` }} />
    </span>
  );
}
