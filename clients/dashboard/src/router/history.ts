// The address of the page, as React sees it.
import { useCallback, useMemo, useSyncExternalStore } from "react";
import { readView, type ViewOf, type ViewSchema, writeView } from "./url-state.js";

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}

/** How to go to an address. */
export interface NavigateOptions {
  /** Whether the present address is given up: "back" then leads to the one before it. Default: false. */
  readonly replace?: boolean | undefined;
}

/** Goes to a path of this page, with its query: "/runs?status=running". */
export function navigate(to: string, { replace = false }: NavigateOptions = {}): void {
  if (to === location.pathname + location.search) return;
  if (replace) history.replaceState(history.state, "", to);
  else history.pushState(null, "", to);
  for (const listener of [...listeners]) listener();
}

/** The present path, without the query. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

/** The present query, "" or "?…". */
export function useSearch(): string {
  return useSyncExternalStore(subscribe, () => location.search);
}

/** Changes parts of a view. Typing and sliding replace the address; `push` makes a step that "back" undoes. */
export type SetView<Schema> = (changes: Partial<ViewOf<Schema>>, options?: { readonly push?: boolean }) => void;

/** The view that the address holds, by a schema that stays the same. */
export function useView<Schema extends ViewSchema>(schema: Schema): readonly [ViewOf<Schema>, SetView<Schema>] {
  const search = useSearch();
  const view = useMemo(() => readView(schema, search), [schema, search]);
  const setView = useCallback<SetView<Schema>>(
    (changes, { push = false } = {}) => {
      navigate(location.pathname + writeView(schema, location.search, changes), { replace: !push });
    },
    [schema],
  );
  return [view, setView];
}
