// Which of a run's metrics say most in little room.

/** How many there is room for. */
const SHOWN = 2;
/** The likeliest to be asked for first: what is held out, then losses, then measures of quality. */
const WANTED = [
  /(^|[/_])(val|valid|validation|eval|test)([/_]|$).*(loss|rmse|mae)/i,
  /loss/i,
  /acc|f1|auc|map|r2|rmse|mae/i,
];

/** The most telling metrics, with their values; of equal ones the first by name. */
export function chooseMetrics(metrics: Readonly<Record<string, number>>): readonly (readonly [string, number])[] {
  const rank = (name: string) => {
    const found = WANTED.findIndex((pattern) => pattern.test(name));
    return found < 0 ? WANTED.length : found;
  };
  return Object.entries(metrics)
    .map(([name, value]) => ({ name, value, rank: rank(name) }))
    .sort((a, b) => a.rank - b.rank || a.name.length - b.name.length || (a.name < b.name ? -1 : 1))
    .slice(0, SHOWN)
    .map(({ name, value }) => [name, value]);
}
