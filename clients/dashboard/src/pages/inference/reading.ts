// A reading as it is typed: a text for each boundary signal, kept in the address.

/** What a turbine of the demo's kind reads on an ordinary day; other ensembles begin with zeros. */
const ORDINARY: Readonly<Record<string, string>> = { AT: "17.7", AP: "1013.1", AH: "77.9", AFDP: "3.93", GTEP: "25.6" };
const BETWEEN = "~";

/** The texts of a reading, in the order of the signals. */
export function toTexts(written: string, signals: readonly string[]): readonly string[] {
  const given = written === "" ? [] : written.split(BETWEEN);
  return signals.map((signal, i) => given[i] ?? ORDINARY[signal] ?? "0");
}

export function toWritten(texts: readonly string[]): string {
  return texts.map((text) => text.replaceAll(BETWEEN, "")).join(BETWEEN);
}

/** The reading for the server, which judges it: what is empty is left out, what is no number is NaN. */
export function toReading(texts: readonly string[], signals: readonly string[]): Record<string, number> {
  const entries = signals.map((signal, i) => [signal, texts[i]?.trim() ?? ""] as const);
  return Object.fromEntries(
    entries.filter(([, text]) => text !== "").map(([signal, text]) => [signal, Number(text.replace(",", "."))]),
  );
}
