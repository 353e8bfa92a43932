// What a measurement gives, and whether that is enough.
import { rounded } from "./statistics.js";

/** One line of the table of figures. */
export interface Figure {
  /** Tidewire's figure. */
  readonly measured: number;
  /** The peer's or the physical limit's, from the same run; null where there is none. */
  readonly peer: number | null;
  /** measured ÷ peer: the median over rounds of the rounds' own ratios. */
  readonly ratio: number | null;
  readonly unit: string;
  /** Which of the two the bounds are about. */
  readonly judged: "ratio" | "measured";
  readonly better: "higher" | "lower";
  /** Bound that must be kept; null where the figure is shown only. */
  readonly must: number | null;
  readonly aim: number | null;
  /** Whether the bound is kept; null without one. */
  readonly pass: boolean | null;
  readonly method: string;
  /** Figures beside the main one. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Bounds that a figure is judged by. */
export type Bounds = Pick<Figure, "judged" | "better" | "must" | "aim">;

/** Shown, not judged. */
export const SHOWN = { judged: "measured", better: "higher", must: null, aim: null } as const satisfies Bounds;

interface Values {
  readonly measured: number;
  readonly peer?: number;
  readonly ratio?: number;
  readonly unit: string;
  readonly method: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A figure with its verdict; numbers rounded to four digits. */
export function toFigure(values: Values, bounds: Bounds): Figure {
  const { measured, peer, unit, method, details = {} } = values;
  const ratio = values.ratio ?? (peer === undefined ? undefined : measured / peer);
  const judged = bounds.judged === "ratio" ? ratio : measured;
  return {
    measured: rounded(measured),
    peer: peer === undefined ? null : rounded(peer),
    ratio: ratio === undefined ? null : rounded(ratio, 3),
    unit,
    ...bounds,
    pass: bounds.must === null || judged === undefined ? null : keeps(judged, bounds.must, bounds.better),
    method,
    details,
  };
}

function keeps(value: number, bound: number, better: Bounds["better"]): boolean {
  return better === "higher" ? value >= bound : value <= bound;
}
