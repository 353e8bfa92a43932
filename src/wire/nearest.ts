// Which known names a mistyped one may have meant.

const MOST_NAMES = 9;
/** Longer names are compared by their beginning: the work stays bounded whatever was sent. */
const MOST_LETTERS = 40;

/** The known names, the likest first, at most nine. */
export function nearest(name: string, known: readonly string[]): string[] {
  const letters = name.slice(0, MOST_LETTERS);
  const ranked = known.map((candidate) => ({ candidate, edits: editsBetween(letters, candidate) }));
  return ranked
    .sort((a, b) => a.edits - b.edits)
    .slice(0, MOST_NAMES)
    .map(({ candidate }) => candidate);
}

/** Levenshtein's distance. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] as number) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
