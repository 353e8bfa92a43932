// Families as text: Prometheus' format 0.0.4, and OpenMetrics 1.0.
import type { Histogram } from "../meters/histogram.js";
import type { Family, Sample } from "./family.js";
import type { Measured } from "./measured.js";
import type { ReadFamily } from "./process-families.js";

/** A text format. */
export type Format = "prometheus" | "openmetrics";

/** Media types of the formats. */
export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** Units that OpenMetrics knows, where a name ends in one. */
const UNIT = /_(seconds|bytes)$/;
const TOTAL = /_total$/;

/** Writes one scrape. */
export class Exposition {
  readonly #format: Format;
  readonly #lines: string[] = [];

  constructor(format: Format) {
    this.#format = format;
  }

  /** Adds a family with its series as they are now. */
  add(family: Family, server: Measured): void {
    this.#head(family);
    for (const sample of family.read(server)) this.#sample(family, sample);
  }

  /** Adds a family that has been read. */
  addRead(family: ReadFamily): void {
    this.#head(family);
    for (const { name, labels, value } of family.series) {
      const pairs = Object.entries(labels).map(([label, text]) =>
        pair(label, label === "le" && typeof text === "number" ? this.#bound(text) : String(text)),
      );
      this.#line(name, pairs, value);
    }
  }

  /** The whole text. */
  end(): string {
    if (this.#format === "openmetrics") this.#lines.push("# EOF");
    return `${this.#lines.join("\n")}\n`;
  }

  #head({ name, type, help }: Pick<Family, "name" | "type" | "help">): void {
    const isOpen = this.#format === "openmetrics";
    // OpenMetrics names a counter's family without the suffix of its series, which it must have.
    const isUnknown = isOpen && type === "counter" && !TOTAL.test(name);
    const family = isOpen && type === "counter" ? name.replace(TOTAL, "") : name;
    this.#lines.push(`# HELP ${family} ${help.replace(/\\/g, "\\\\").replace(/\n/g, "\\n")}`);
    this.#lines.push(`# TYPE ${family} ${isUnknown ? "unknown" : type}`);
    const unit = UNIT.exec(family)?.[1];
    if (isOpen && unit) this.#lines.push(`# UNIT ${family} ${unit}`);
  }

  #sample({ name, labels: names }: Family, { labels, value }: Sample): void {
    const pairs = names.map((label, i) => pair(label, labels[i] as string));
    if (typeof value === "number") this.#line(name, pairs, value);
    else this.#histogram(name, pairs, value);
  }

  /** Buckets are cumulative in the text. */
  #histogram(name: string, pairs: readonly string[], { counts, scale, sum }: Histogram): void {
    let count = 0;
    for (const [i, inBucket] of counts.entries()) {
      count += inBucket;
      this.#line(`${name}_bucket`, [...pairs, pair("le", this.#bound(scale.bounds[i]))], count);
    }
    this.#line(`${name}_sum`, pairs, sum);
    this.#line(`${name}_count`, pairs, count);
  }

  /** OpenMetrics writes bounds as floats. */
  #bound(bound: number | undefined): string {
    if (bound === undefined) return "+Inf";
    return this.#format === "openmetrics" && Number.isInteger(bound) ? `${bound}.0` : String(bound);
  }

  #line(name: string, pairs: readonly string[], value: number): void {
    this.#lines.push(`${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${numberText(value)}`);
  }
}

function pair(label: string, text: string): string {
  return `${label}="${text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`;
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

/** The format that an `Accept` header prefers; Prometheus' own where it has no preference. */
export function formatOf(accept: string | undefined): Format {
  let best: { format: Format; quality: number } = { format: "prometheus", quality: 0 };
  for (const range of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const quality = Number(parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? 1);
    const format = formatOfType(type, parameters);
    if (format && quality > best.quality) best = { format, quality };
  }
  return best.format;
}

function formatOfType(type: string, parameters: readonly string[]): Format | undefined {
  const version = parameters.find((parameter) => parameter.startsWith("version="))?.slice("version=".length);
  if (type === "application/openmetrics-text")
    return version === undefined || version === "1.0.0" || version === "0.0.1" ? "openmetrics" : undefined;
  return type === "text/plain" || type === "text/*" || type === "*/*" ? "prometheus" : undefined;
}
