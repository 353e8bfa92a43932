// A strict reader of what Prometheus scrapes, written from the formats' own documents and not from our writer: the text
// format 0.0.4 and OpenMetrics 1.0. It throws at whatever a scraper would refuse or misread.

/** One line. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The lines of one family. */
export interface ScrapedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly series: Series[];
}

/** One that is being read. */
interface OpenFamily {
  readonly name: string;
  type?: string;
  help?: string;
  readonly series: Series[];
}

export type Format = "prometheus" | "openmetrics";

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const HEAD = /^# (HELP|TYPE|UNIT) (\S+) (.*)$/;
const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]Inf|NaN)$/;
const TYPES: Readonly<Record<Format, readonly string[]>> = {
  prometheus: ["counter", "gauge", "histogram", "summary", "untyped"],
  openmetrics: ["counter", "gauge", "histogram", "summary", "info", "stateset", "gaugehistogram", "unknown"],
};

/** A scrape by the names of its families. @throws Error naming the line */
export class Scrape {
  readonly families = new Map<string, ScrapedFamily>();
  readonly #format: Format;
  readonly #seen = new Set<string>();
  #open: OpenFamily | undefined;

  constructor(text: string, format: Format) {
    this.#format = format;
    if (!text.endsWith("\n")) throw new Error("the last line has no end");
    const lines = text.slice(0, -1).split("\n");
    if (format === "openmetrics" && lines.pop() !== "# EOF") throw new Error("OpenMetrics ends with # EOF");
    for (const [i, line] of lines.entries()) {
      try {
        this.#take(line);
      } catch (error) {
        throw new Error(`line ${i + 1}: ${(error as Error).message}: ${line}`);
      }
    }
    this.#close();
  }

  /** All lines of a name, such as `x_bucket`, with these labels at least. */
  series(name: string, labels: Readonly<Record<string, string>> = {}): Series[] {
    const wanted = Object.entries(labels);
    return [...this.families.values()]
      .flatMap(({ series }) => series)
      .filter((one) => one.name === name && wanted.every(([label, value]) => one.labels[label] === value));
  }

  /** Their sum; 0 without any. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.series(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  #take(line: string): void {
    const head = HEAD.exec(line);
    if (head) return this.#takeHead(head[1] as string, head[2] as string, head[3] as string);
    if (line.startsWith("#")) throw new Error("a comment that says nothing");
    const match = LINE.exec(line);
    if (!match) throw new Error("no line of a series");
    const [, name = "", labels = "", value = ""] = match;
    if (!NUMBER.test(value)) throw new Error("no number");
    this.#takeSeries({ name, labels: readLabels(labels), value: toNumber(value) });
  }

  #takeHead(kind: string, name: string, text: string): void {
    if (!NAME.test(name)) throw new Error("no name");
    if (kind === "HELP" || this.#open?.name !== name) {
      this.#close();
      if (this.families.has(name)) throw new Error("a family in two parts");
      this.#open = { name, series: [] };
    }
    const open = this.#open as OpenFamily;
    if (open.series.length > 0) throw new Error("a head after series");
    if (kind === "HELP") open.help = text;
    if (kind === "UNIT" && (this.#format !== "openmetrics" || !name.endsWith(`_${text}`)))
      throw new Error("wrong unit");
    if (kind !== "TYPE") return;
    if (!TYPES[this.#format].includes(text)) throw new Error("no type of this format");
    open.type = text;
  }

  #takeSeries(series: Series): void {
    const open = this.#open;
    if (!open?.type || !open.help) throw new Error("a series without a head");
    if (!this.#namesOf(open.name, open.type).includes(series.name)) throw new Error(`no series of ${open.name}`);
    const identity = `${series.name} ${JSON.stringify(Object.entries(series.labels).sort())}`;
    if (this.#seen.has(identity)) throw new Error("a series twice");
    this.#seen.add(identity);
    if (open.type === "counter" && !(series.value >= 0)) throw new Error("a counter below 0");
    open.series.push(series);
  }

  #namesOf(family: string, type: string): readonly string[] {
    if (type === "histogram") return [`${family}_bucket`, `${family}_sum`, `${family}_count`];
    if (type === "counter" && this.#format === "openmetrics") return [`${family}_total`];
    return [family];
  }

  #close(): void {
    const open = this.#open;
    if (!open) return;
    if (!open.type || !open.help) throw new Error(`${open.name} has no type, or no help`);
    if (open.type === "histogram") checkHistograms(open.name, open.series, this.#format);
    this.families.set(open.name, { name: open.name, type: open.type, help: open.help, series: open.series });
    this.#open = undefined;
  }
}

/** Bounds ascend, buckets are cumulative, the last is +Inf and equals the count; each series has all of it. */
function checkHistograms(name: string, series: readonly Series[], format: Format): void {
  const groups = new Map<string, Series[]>();
  for (const one of series) {
    const { le: _, ...labels } = one.labels;
    const key = JSON.stringify(Object.entries(labels).sort());
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  for (const [key, group] of groups) {
    const buckets = group.filter((one) => one.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => toNumber(labels.le ?? ""));
    const ascends = (values: readonly number[], isStrict: boolean) =>
      values.every(
        (value, i) => i === 0 || value > (values[i - 1] as number) || (!isStrict && value === values[i - 1]),
      );
    const count = group.find((one) => one.name === `${name}_count`)?.value;
    const sum = group.find((one) => one.name === `${name}_sum`)?.value;
    if (!ascends(bounds, true) || bounds.at(-1) !== Number.POSITIVE_INFINITY)
      throw new Error(`${key}: bounds of ${name}`);
    if (
      !ascends(
        buckets.map(({ value }) => value),
        false,
      )
    )
      throw new Error(`${key}: ${name} is not cumulative`);
    if (count === undefined || buckets.at(-1)?.value !== count) throw new Error(`${key}: count of ${name}`);
    if (sum === undefined || !(sum >= 0) || (count === 0 && sum !== 0)) throw new Error(`${key}: sum of ${name}`);
    const isFloat = buckets.every(({ labels }) => /[.e]|Inf/.test(labels.le ?? ""));
    if (format === "openmetrics" && !isFloat) throw new Error(`${key}: OpenMetrics writes bounds as floats`);
  }
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (!match) throw new Error("no label");
    const [, name = "", value = ""] = match;
    if (name in labels) throw new Error("a label twice");
    labels[name] = value.replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
  }
  return labels;
}

function toNumber(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
}

/** One scrape of a server, read. */
export async function scrape(url: string, format: Format = "prometheus"): Promise<Scrape> {
  const accept = format === "openmetrics" ? "application/openmetrics-text; version=1.0.0" : "text/plain";
  const reply = await fetch(`${url}/metrics`, { headers: { accept } });
  const type = reply.headers.get("content-type") ?? "";
  const expected =
    format === "openmetrics" ? "application/openmetrics-text; version=1.0.0" : "text/plain; version=0.0.4";
  if (reply.status !== 200 || !type.startsWith(expected)) throw new Error(`${reply.status} ${type}`);
  return new Scrape(await reply.text(), format);
}
