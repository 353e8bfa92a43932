// Examples are recordings: requests that a test has made of a real server, with what it replied.
import type { JsonObject, JsonValue } from "../wire/json.js";

/** One request and its reply. */
export interface Recording {
  /** The operation's id. */
  readonly operation: string;
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly type?: string;
  /** What was sent; a text for types that are no JSON. */
  readonly body?: JsonValue;
  readonly status: number;
  /** What came: a JSON value, or the beginning of a text. */
  readonly reply?: JsonValue;
}

/** The code of a recording whose request was refused. */
export function codeOf({ reply, status }: Recording): string | undefined {
  return status >= 400 ? String((reply as JsonObject | undefined)?.error_code ?? "") || undefined : undefined;
}
