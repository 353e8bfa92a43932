// Charts that show the same place: where the cursor is in one, it is in all.

/** A chart of a group. */
export interface Follower {
  showAt(x: number | undefined): void;
}

/** Tells a place to all others. */
export class CursorGroup {
  readonly #followers = new Set<Follower>();

  constructor(private readonly empty: () => void) {}

  add(follower: Follower): void {
    this.#followers.add(follower);
  }

  delete(follower: Follower): void {
    this.#followers.delete(follower);
    if (this.#followers.size === 0) this.empty();
  }

  move(from: Follower, x: number | undefined): void {
    for (const follower of this.#followers) if (follower !== from) follower.showAt(x);
  }
}

const groups = new Map<string, CursorGroup>();

/** The group with the name; it is forgotten with its last chart. */
export function groupOf(name: string): CursorGroup {
  const group = groups.get(name) ?? new CursorGroup(() => groups.delete(name));
  groups.set(name, group);
  return group;
}
