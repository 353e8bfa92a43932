"use client";
// A cell's value in a component, or what a component reads of it.
import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { Readable } from "../store/cell.js";

/** What a component reads of a view; it renders again when that changes, field by field where it is an object. */
export type Select<View, Selected> = (view: View) => Selected;

/** @param select may be another function with each render */
export function useView<View, Selected = View>(cell: Readable<View>, select?: Select<View, Selected>): Selected {
  const committed = useRef<{ readonly selected: Selected } | undefined>(undefined);
  const [read, readOnServer] = useMemo(() => {
    const pick = (select ?? ((view: View) => view)) as Select<View, Selected>;
    let last: { readonly view: View; readonly selected: Selected } | undefined;
    const of = (view: View): Selected => {
      if (last?.view === view) return last.selected;
      const before = last ?? committed.current;
      const now = pick(view);
      const selected = before && isSame(before.selected, now) ? before.selected : now;
      last = { view, selected };
      return selected;
    };
    return [() => of(cell.getSnapshot()), () => of(cell.getServerSnapshot())];
  }, [cell, select]);
  const selected = useSyncExternalStore(cell.subscribe, read, readOnServer);
  useEffect(() => {
    committed.current = { selected };
  }, [selected]);
  return selected;
}

/** Whether two values are one, or plain objects or lists of the same. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isPlain(a) || !isPlain(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.is(a[name], b[name]));
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  const kind: unknown = value?.constructor;
  return kind === Object || kind === Array;
}
