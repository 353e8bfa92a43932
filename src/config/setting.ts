// Kinds of settings: what each accepts from a JSON file, and from the text of a flag or a variable.

/** One setting, whole: what it means, what it accepts, and why it stands where it stands. */
export interface Setting<T> {
  /** Value where no source names one. */
  readonly default: T;
  /** The default as people read it. */
  readonly defaultText: string;
  /** What is accepted, as the end of "must be …". */
  readonly allowed: string;
  /** Stands for the value in `--help`; empty for a switch. */
  readonly placeholder: string;
  /** Unit of the value, where it has one. */
  readonly unit: string;
  /** What it does, in one line. */
  readonly description: string;
  /** Why this default, and what happens at the limit. */
  readonly reason: string;
  /** Whether its value is never shown. Default: false. */
  readonly secret?: boolean;
  /** The value of raw input, `fromText` when it comes from a flag or variable; undefined when it is not allowed. */
  read(raw: unknown, fromText: boolean): T | undefined;
}

/** The two lines for people that every setting has. */
interface Words {
  readonly description: string;
  readonly reason: string;
}

/** Bounds of a number, both inclusive. */
interface Bounds {
  readonly min: number;
  readonly max: number;
}

const INTEGER = /^-?\d{1,15}$/;
const SIZE = /^(\d{1,15})\s*(KiB|MiB|GiB)?$/i;
const UNITS: Readonly<Record<string, number>> = { kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 };
const SWITCH: Readonly<Record<string, boolean>> = { true: true, false: false, "1": true, "0": false };

/** A whole number with a unit. */
export function integer(
  words: Words & Bounds & { readonly default: number; readonly defaultText?: string; readonly unit: string },
): Setting<number> {
  return {
    ...words,
    defaultText: words.defaultText ?? String(words.default),
    allowed: `an integer, ${words.min} to ${words.max}`,
    placeholder: words.unit === "" ? "<n>" : `<${words.unit}>`,
    read(raw, fromText) {
      const value = fromText && typeof raw === "string" && INTEGER.test(raw.trim()) ? Number(raw) : raw;
      return within(words, value) ? value : undefined;
    },
  };
}

/** A number of bytes; also written with KiB, MiB or GiB. */
export function bytes(words: Words & Bounds & { readonly default: number }): Setting<number> {
  return {
    ...words,
    unit: "bytes",
    defaultText: sizeText(words.default),
    allowed: `a number of bytes such as 65536 or "16MiB", ${sizeText(words.min)} to ${sizeText(words.max)}`,
    placeholder: "<bytes>",
    read(raw) {
      const value = typeof raw === "string" ? sizeOf(raw.trim()) : raw;
      return within(words, value) ? value : undefined;
    },
  };
}

/** A text that matches a pattern. */
export function text(
  words: Words & {
    readonly default: string;
    readonly defaultText?: string;
    readonly placeholder: string;
    readonly pattern: RegExp;
    readonly allowed: string;
    readonly secret?: boolean;
  },
): Setting<string> {
  return {
    ...words,
    unit: "",
    defaultText: words.defaultText ?? (words.default === "" ? "none" : words.default),
    read: (raw) => (typeof raw === "string" && words.pattern.test(raw) ? raw : undefined),
  };
}

/** Several texts: with commas between them as a flag or variable, a list or one text in a file. */
export function list(
  words: Words & {
    readonly default: readonly string[];
    readonly placeholder: string;
    readonly pattern: RegExp;
    readonly allowed: string;
  },
): Setting<readonly string[]> {
  return {
    ...words,
    unit: "",
    defaultText: words.default.join(", ") || "none",
    read(raw) {
      const parts: unknown = typeof raw === "string" ? raw.split(",").map((part) => part.trim()) : raw;
      const isList =
        Array.isArray(parts) && parts.every((part) => typeof part === "string" && words.pattern.test(part));
      return isList ? (parts as string[]) : undefined;
    },
  };
}

/** One of a few words. */
export function choice<const C extends string>(
  words: Words & { readonly default: C; readonly choices: readonly C[] },
): Setting<C> {
  return {
    ...words,
    unit: "",
    defaultText: words.default,
    allowed: `one of ${words.choices.join(", ")}`,
    placeholder: "<word>",
    read: (raw) => words.choices.find((word) => word === raw),
  };
}

/** Off unless it is set. */
export function toggle(words: Words): Setting<boolean> {
  return {
    ...words,
    default: false,
    unit: "",
    defaultText: "false",
    allowed: "true or false",
    placeholder: "",
    read(raw, fromText) {
      if (typeof raw === "boolean") return raw;
      return fromText && typeof raw === "string" && Object.hasOwn(SWITCH, raw) ? SWITCH[raw] : undefined;
    },
  };
}

function within(bounds: Bounds, value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= bounds.min && (value as number) <= bounds.max;
}

function sizeOf(written: string): number | undefined {
  const match = SIZE.exec(written);
  if (!match) return undefined;
  return Number(match[1]) * (UNITS[(match[2] ?? "").toLowerCase()] ?? 1);
}

/** 16777216 → "16 MiB"; a number that is no whole KiB stays as it is. */
export function sizeText(size: number): string {
  for (const [name, unit] of [
    ["GiB", 1024 ** 3],
    ["MiB", 1024 ** 2],
    ["KiB", 1024],
  ] as const) {
    if (size >= unit && size % unit === 0) return `${size / unit} ${name}`;
  }
  return String(size);
}
