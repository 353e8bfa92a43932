// As much of PromQL as dashboards and alerts use: which series a query names, by which labels it picks and groups them.

/** One selector of series. */
export interface Selector {
  readonly name: string;
  /** Labels of its matchers. */
  readonly labels: readonly string[];
}

/** What a query needs of the series there are. */
export interface Query {
  readonly selectors: readonly Selector[];
  /** Labels after by, without, on, ignoring and the like. */
  readonly grouping: readonly string[];
}

const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)\)/g;
const WORDS = new Set(["and", "or", "unless", "bool", "offset", "Inf", "NaN"]);
const MATCHERS = /^\{([^{}]*)\}/;
const MATCHER = /([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"/g;

/** Reads a query. @throws Error where brackets do not match */
export function readQuery(text: string): Query {
  const grouping: string[] = [];
  const rest = text.replace(GROUPING, (_, names: string) => {
    grouping.push(
      ...names
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== ""),
    );
    return " ";
  });
  checkBrackets(text);
  const selectors: Selector[] = [];
  for (const match of withoutValues(rest).matchAll(/(?<![\w$.])[a-zA-Z_:][\w:]*/g)) {
    const [name] = match;
    const after = withoutValues(rest)
      .slice(match.index + name.length)
      .trimStart();
    if (after.startsWith("(") || WORDS.has(name) || isInBraces(withoutValues(rest), match.index)) continue;
    const braces = MATCHERS.exec(after)?.[1] ?? "";
    selectors.push({ name, labels: Array.from(braces.matchAll(MATCHER), ([, label = ""]) => label) });
  }
  return { selectors, grouping };
}

/** The text without durations and without what stands in quotes, of which nothing is a name; every place keeps its index. */
function withoutValues(text: string): string {
  const blank = (found: string): string => " ".repeat(found.length);
  return text.replace(/"(?:[^"\\]|\\.)*"/g, (found) => `"${blank(found.slice(2))}"`).replace(/\[[^\]]*\]/g, blank);
}

function isInBraces(text: string, index: number): boolean {
  return text.lastIndexOf("{", index) > text.lastIndexOf("}", index);
}

function checkBrackets(text: string): void {
  const open: string[] = [];
  for (const [found] of withoutValues(text).matchAll(/[(){}]/g)) {
    if (found === "(" || found === "{") open.push(found);
    else if (open.pop() !== (found === ")" ? "(" : "{")) throw new Error(`brackets do not match: ${text}`);
  }
  if (open.length > 0) throw new Error(`brackets do not match: ${text}`);
}
