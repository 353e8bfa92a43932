// Metrics by what their names begin with, as other tools have it: "train/loss" stands with "train/accuracy".

/** Where metrics stand whose names have no beginning. */
const OTHERS = "metrics";

interface Group {
  readonly group: string;
  readonly members: readonly { readonly name: string; readonly title: string }[];
}

/**
 * Groups in the order in which they first appear, the one of names without a beginning among them.
 *
 * @param filter words, each of which a name must contain, whatever its case
 */
export function groupNames(names: readonly string[], filter: string): readonly Group[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map<string, { name: string; title: string }[]>();
  for (const name of names) {
    if (!words.every((word) => name.toLowerCase().includes(word))) continue;
    const cut = name.indexOf("/");
    const group = cut > 0 ? name.slice(0, cut) : OTHERS;
    const members = groups.get(group) ?? [];
    members.push({ name, title: cut > 0 ? name.slice(cut + 1) : name });
    groups.set(group, members);
  }
  return [...groups].map(([group, members]) => ({ group, members }));
}
