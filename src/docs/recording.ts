// Examples are recordings: requests that a test has made of a real server, with what it replied; and frames that both
// encodings of every client are tested with. Tests write their files, one JSON object a line.
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

/** A frame. */
export interface ShownFrame {
  readonly frame: "ClientFrame" | "ServerFrame";
  readonly name: string;
  readonly json: JsonObject;
}

/** The objects of a file's lines. */
export function parseLines<T extends Recording | ShownFrame>(lines: string): readonly T[] {
  return lines
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}

/** The text of a file of lines: a module that exports them by a name. */
export function linesModule(name: string, comment: string, objects: readonly (Recording | ShownFrame)[]): string {
  // Nothing in the lines may end the template that they stand in, or begin an expression.
  const lines = objects.map((each) => JSON.stringify(each).replace(/[\\`]|\$\{/g, "\\$&"));
  return `${comment}\nexport const ${name} = \`\n${lines.join("\n")}\n\`;\n`;
}

/** The code of a recording whose request was refused. */
export function codeOf({ reply, status }: Recording): string | undefined {
  return status >= 400 ? String((reply as JsonObject | undefined)?.error_code ?? "") || undefined : undefined;
}
