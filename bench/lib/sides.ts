// Runs what is compared in turns, so that both sides meet the same noise; and again while repeats disagree.
import { median, spread } from "./statistics.js";

/** One run of one side; its figure. */
export type Side = () => Promise<number>;

/** How often sides are run. */
export interface Rounds {
  readonly least: number;
  /** While a side's repeats disagree by more than `tolerance`, further rounds up to here. */
  readonly most: number;
  /** Of {@link spread}. */
  readonly tolerance: number;
}

/** Runs all sides once a round, in reverse order every other round. Figures by side, one a round. */
export async function interleave<Name extends string>(
  sides: Readonly<Record<Name, Side>>,
  rounds: Rounds,
  say: (line: string) => void,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(sides) as Name[];
  const figures = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds.most; round += 1) {
    const agree = names.every((name) => spread(figures[name]) <= rounds.tolerance);
    if (round >= rounds.least && agree) break;
    for (const name of round % 2 === 0 ? names : names.toReversed()) figures[name].push(await sides[name]());
    say(`round ${round + 1}: ${names.map((name) => `${name} ${show(figures[name].at(-1))}`).join(", ")}`);
  }
  return figures;
}

function show(value = Number.NaN): string {
  return value >= 1000 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}

/** Medians and spreads of all sides, for a figure's details. */
export function summary(figures: Readonly<Record<string, readonly number[]>>): Record<string, unknown> {
  const sides = Object.entries(figures).map(([name, values]) => [
    name,
    {
      median: Number(median(values).toPrecision(4)),
      spread: Number(spread(values).toPrecision(2)),
      rounds: values.length,
    },
  ]);
  return Object.fromEntries(sides);
}
