// The conversations of a document: blocks of frames, sent (→) and answered (←), with their binary twins as hex.
//
//   → {"type":"ping","id":1}
//     08015200
//   ← {"type":"pong","id":1,"timestamp":…}
//     0801…
//
// A frame may go on over indented lines; indented lines of hex digits alone are its binary twin. As many answers as are
// shown must come, in their order. In an answer `…` stands for any value, `"session_…"` for any text that begins so,
// `[1, …]` for any further elements, `{"a":1, …}` for any further fields; in a request `"name":…` is the value that came
// last under this name. A frame that is no JSON is sent as it stands.
//
//   ⇄ /api/v1/ws/training/run_1        another connection, for the rest of the block
//   ← {"type":"connected", …}          what the server says on it by itself
//   ← close 4404                       the server ends it

/** One frame as the document shows it. */
export interface ShownFrame {
  readonly text: string;
  /** Lines of hex digits, joined; the word `hex` stands for digits still to be filled in. */
  readonly hex: string | undefined;
  /** Where the hex lines stand in the document: first line, count. */
  readonly hexLines: readonly [number, number];
}

/** A connection of the document. */
export interface ShownConnection {
  /** Line of its ⇄; 0 for the one that all blocks without a ⇄ share. */
  readonly line: number;
  readonly path: string;
}

/** What is sent, and what is answered. */
export interface Exchange {
  readonly line: number;
  readonly connection: ShownConnection;
  /** Undefined where the connection is opened and the server speaks first. */
  readonly sent: ShownFrame | undefined;
  readonly answers: readonly ShownFrame[];
}

const HEX_LINE = /^ {2}(?:hex|[0-9a-f]{2,})$/;
/** Digits in a line that is written. */
const HEX_WIDTH = 96;
/** Relative difference of two numbers that counts as none: float32, and another processor's rounding. */
const TOLERANCE = 1e-4;

/** All exchanges of a document's fenced blocks, in order; `path` is that of the shared connection. */
export function exchangesOf(markdown: string, path: string): Exchange[] {
  const shared = { line: 0, path };
  const exchanges: (Exchange & { answers: ShownFrame[] })[] = [];
  let [block, connection]: [number, ShownConnection] = [0, shared];
  for (const frame of framesOf(markdown.split("\n"))) {
    const { mark, line, text } = frame;
    if (frame.block !== block) [block, connection] = [frame.block, shared];
    if (mark === "⇄") connection = { line, path: text };
    if (mark !== "←") exchanges.push({ line, connection, sent: mark === "→" ? frame : undefined, answers: [] });
    else exchanges.at(-1)?.answers.push(frame);
  }
  const silent = exchanges.find(({ answers }) => answers.length === 0);
  if (silent) throw new Error(`line ${silent.line}: no ← follows`);
  return exchanges;
}

interface MarkedFrame extends ShownFrame {
  readonly mark: string;
  readonly line: number;
  /** Line of its block's fence. */
  readonly block: number;
}

function framesOf(lines: readonly string[]): MarkedFrame[] {
  const frames: MarkedFrame[] = [];
  let block = 0;
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i] as string;
    if (line.startsWith("```")) block = block === 0 ? i + 1 : 0;
    if (block === 0 || !/^[→←⇄] /.test(line)) continue;
    const more = takeWhile(lines, i + 1, (text) => text.startsWith("  ") && !HEX_LINE.test(text));
    const hexAt = i + 1 + more.length;
    const hex = takeWhile(lines, hexAt, (text) => HEX_LINE.test(text));
    frames.push({
      mark: line[0] as string,
      line: i + 1,
      block,
      text: [line.slice(2), ...more.map((text) => text.trim())].join(" "),
      hex: hex.length === 0 ? undefined : hex.map((text) => text.trim()).join(""),
      hexLines: [hexAt, hex.length],
    });
  }
  return frames;
}

function takeWhile(lines: readonly string[], from: number, fits: (line: string) => boolean): string[] {
  const rest = lines.slice(from);
  const end = rest.findIndex((line) => !fits(line));
  return end < 0 ? rest : rest.slice(0, end);
}

/** The document with other hex lines; `hexOf` gives those of a frame. */
export function withHex(markdown: string, hexOf: ReadonlyMap<ShownFrame, string>): string {
  const lines = markdown.split("\n");
  const places = [...hexOf].sort(([a], [b]) => b.hexLines[0] - a.hexLines[0]);
  for (const [{ hexLines }, hex] of places) {
    const written = hex.match(new RegExp(`.{1,${HEX_WIDTH}}`, "g")) ?? [];
    lines.splice(...hexLines, ...written.map((line) => `  ${line}`));
  }
  return lines.join("\n");
}

/** What came last under each name. */
export class LastValues {
  readonly #values = new Map<string, unknown>();

  /** Takes up every value of a frame, those of the objects in it too. */
  note(frame: unknown): void {
    if (Array.isArray(frame)) for (const one of frame) this.note(one);
    if (!isObject(frame)) return;
    for (const [name, value] of Object.entries(frame)) {
      this.#values.set(name, value);
      this.note(value);
    }
  }

  /** A request with the values in place of its …. */
  fill(text: string): string {
    return text.replace(/"(\w+)":…/g, (_, name: string) => `"${name}":${JSON.stringify(this.#values.get(name))}`);
  }
}

/** An answer as the document shows it; each … as a string "…" or, for further fields, a field "…". */
export function parsePattern(text: string): unknown {
  let before = "";
  const open: string[] = [];
  const json = text.replace(/"(?:\\.|[^"\\])*"|[^\s]/g, (token) => {
    const written = token === "…" ? (open.at(-1) === "{" && before !== ":" ? '"…":"…"' : '"…"') : token;
    if (token === "{" || token === "[") open.push(token);
    if (token === "}" || token === "]") open.pop();
    before = token;
    return written;
  });
  return JSON.parse(json);
}

/** Where an answer differs from what the document shows; empty where it does not. */
export function differences(shown: unknown, actual: unknown, path = ""): string[] {
  if (shown === "…" && actual !== undefined) return [];
  if (typeof shown === "string" && typeof actual === "string" && shown.includes("…")) {
    const [start = "", end = ""] = shown.split("…");
    return actual.startsWith(start) && actual.endsWith(end) ? [] : [differ(path, shown, actual)];
  }
  if (typeof shown === "number" && typeof actual === "number") {
    const isNear = Math.abs(shown - actual) <= TOLERANCE * Math.max(1, Math.abs(shown));
    return isNear ? [] : [differ(path, shown, actual)];
  }
  if (Array.isArray(shown) && Array.isArray(actual)) return listDifferences(shown, actual, path);
  if (isObject(shown) && isObject(actual)) return objectDifferences(shown, actual, path);
  return Object.is(shown, actual) ? [] : [differ(path, shown, actual)];
}

function listDifferences(shown: readonly unknown[], actual: readonly unknown[], path: string): string[] {
  const isOpen = shown.at(-1) === "…";
  const count = isOpen ? shown.length - 1 : Math.max(shown.length, actual.length);
  return Array.from({ length: count }, (_, i) => differences(shown[i], actual[i], `${path}[${i}]`)).flat();
}

function objectDifferences(shown: Readonly<Record<string, unknown>>, actual: object, path: string): string[] {
  const isOpen = Object.hasOwn(shown, "…");
  const names = new Set([...Object.keys(shown), ...(isOpen ? [] : Object.keys(actual))]);
  names.delete("…");
  return [...names].flatMap((name) => differences(shown[name], Reflect.get(actual, name), `${path}.${name}`));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function differ(path: string, shown: unknown, actual: unknown): string {
  return `${path || "the frame"}: shown ${JSON.stringify(shown)}, came ${JSON.stringify(actual)}`;
}
