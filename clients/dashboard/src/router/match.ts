// Paths and the patterns that they match: "/runs/:experimentId".

/** The names that a pattern gives to segments of a path, with what stands there. */
export type Params = Readonly<Record<string, string>>;

/** What a path's segments say, decoded; undefined where the pattern does not fit. A slash at the end counts for nothing. */
export function matchPath(pattern: string, path: string): Params | undefined {
  const wanted = segmentsOf(pattern);
  const given = segmentsOf(path);
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const text = decode(given[index] as string);
    if (text === undefined) return undefined;
    if (segment.startsWith(":")) params[segment.slice(1)] = text;
    else if (segment !== text) return undefined;
  }
  return params;
}

/** The path of a pattern with its names filled in, encoded. */
export function toPath(pattern: string, params: Params): string {
  const filled = segmentsOf(pattern).map((segment) =>
    segment.startsWith(":") ? encodeURIComponent(params[segment.slice(1)] ?? "") : segment,
  );
  return `/${filled.join("/")}`;
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}

/** Undefined for what is no encoded text, such as "%zz". */
function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
