// What of a view stands in the address: typed parameters, each with a default that is not written.

/** How one parameter is read and written. */
export interface Parameter<Value> {
  readonly fallback: Value;
  /** Undefined where the text is none of its values; then the default holds. */
  parse(text: string): Value | undefined;
  print(value: Value): string;
}

/** Parameters by the names that they have in the address. */
export type ViewSchema = Readonly<Record<string, Parameter<never> | Parameter<unknown>>>;

/** The values of a schema's parameters. */
export type ViewOf<Schema> = { readonly [Name in keyof Schema]: Schema[Name] extends Parameter<infer V> ? V : never };

/** Any text. */
export function text(fallback = ""): Parameter<string> {
  return { fallback, parse: (said) => said, print: (value) => value };
}

/** Yes or no. */
export function flag(fallback = false): Parameter<boolean> {
  const values = new Map([
    ["1", true],
    ["0", false],
  ]);
  return { fallback, parse: (said) => values.get(said), print: (value) => (value ? "1" : "0") };
}

/** A finite number; what lies outside of the bounds is moved to the nearer one. */
export function number(fallback: number, min: number, max: number): Parameter<number> {
  return {
    fallback,
    parse: (said) => {
      const value = said.trim() === "" ? Number.NaN : Number(said);
      return Number.isFinite(value) ? Math.min(max, Math.max(min, value)) : undefined;
    },
    print: String,
  };
}

/** One of some words. */
export function choice<const Word extends string>(words: readonly Word[], fallback: Word): Parameter<Word> {
  return { fallback, parse: (said) => words.find((word) => word === said), print: (value) => value };
}

/** Any of some words, in the order of the schema; none is the default. */
export function choices<const Word extends string>(words: readonly Word[]): Parameter<readonly Word[]> {
  return {
    fallback: [],
    parse: (said) => {
      const given = said.split(".");
      return words.filter((word) => given.includes(word));
    },
    print: (values) => words.filter((word) => values.includes(word)).join("."),
  };
}

/** Two numbers in rising order, such as a window of time; undefined where there is none. */
export function span(): Parameter<readonly [number, number] | undefined> {
  return {
    fallback: undefined,
    parse: (said) => {
      const [from, to, ...more] = said.split("~").map((part) => (part === "" ? Number.NaN : Number(part)));
      if (from === undefined || to === undefined || more.length > 0 || !(from < to)) return undefined;
      return Number.isFinite(from) && Number.isFinite(to) ? [from, to] : undefined;
    },
    print: (value) => (value ? value.join("~") : ""),
  };
}

/** The view that a query string stands for. Never throws: what it does not understand is the default. */
export function readView<Schema extends ViewSchema>(schema: Schema, search: string): ViewOf<Schema> {
  const query = new URLSearchParams(search);
  const view = Object.entries(schema).map(([name, parameter]) => {
    const said = query.get(name);
    return [name, (said === null ? undefined : parameter.parse(said)) ?? parameter.fallback];
  });
  return Object.fromEntries(view) as ViewOf<Schema>;
}

/**
 * The query string with some parameters changed. Defaults are left out; parameters that the schema does not name stay.
 *
 * @returns "" or "?…"
 */
export function writeView<Schema extends ViewSchema>(
  schema: Schema,
  search: string,
  changes: Partial<ViewOf<Schema>>,
): string {
  const query = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changes)) {
    const parameter = schema[name] as Parameter<unknown> | undefined;
    if (!parameter) continue;
    const said = parameter.print(value ?? parameter.fallback);
    if (said === parameter.print(parameter.fallback)) query.delete(name);
    else query.set(name, said);
  }
  const written = query.toString();
  return written === "" ? "" : `?${written}`;
}
