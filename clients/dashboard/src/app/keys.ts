// Keyboard shortcuts: who answers to which keys, and what the help says of them.
import { useEffect, useRef, useSyncExternalStore } from "react";

/** A sequence of at most two keys: "?", "/", "g r". */
export interface Shortcut {
  readonly keys: string;
  readonly label: string;
  readonly run: () => void;
}

/** Time for the second key of a sequence. */
const SEQUENCE_MS = 1_200;
const OFF = "tidewire.shortcuts";

let shortcuts: readonly Shortcut[] = [];
const listeners = new Set<() => void>();
let isOn = recall() !== "off";
let first: { readonly key: string; readonly atMs: number } | undefined;

/** Answers to the keys as long as the component is shown; of two that want the same keys, the later one has them. */
export function useShortcut(keys: string, label: string, run: () => void): void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    const shortcut = { keys, label, run: () => latest.current() };
    set([...shortcuts, shortcut]);
    return () => set(shortcuts.filter((each) => each !== shortcut));
  }, [keys, label]);
}

/** All shortcuts in force. */
export function useShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore(subscribe, () => shortcuts);
}

/** Whether single keys do something; a reader who dictates wants them off (WCAG 2.1.4). "?" always does. */
export function useShortcutsOn(): boolean {
  return useSyncExternalStore(subscribe, () => isOn);
}

export function setShortcutsOn(on: boolean): void {
  isOn = on;
  try {
    localStorage.setItem(OFF, on ? "on" : "off");
  } catch {
    // Storage is off: the choice lasts as long as the page.
  }
  tell();
}

/** Listens to the page's keys. @returns what ends it */
export function listenToKeys(): () => void {
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target instanceof Element && takesText(event.target)) return;
  if (document.querySelector("dialog[open]") || (!isOn && event.key !== "?")) return;
  const started = first && event.timeStamp - first.atMs < SEQUENCE_MS ? `${first.key} ` : "";
  const found = answering(started + event.key) ?? answering(event.key);
  first = found ? undefined : { key: event.key, atMs: event.timeStamp };
  if (!found) return;
  event.preventDefault();
  found.run();
}

function answering(keys: string): Shortcut | undefined {
  return shortcuts.findLast((shortcut) => shortcut.keys === keys);
}

function takesText(element: Element): boolean {
  return element.matches("input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]");
}

function set(next: readonly Shortcut[]): void {
  shortcuts = next;
  tell();
}

function tell(): void {
  for (const listener of [...listeners]) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function recall(): string | null {
  try {
    return localStorage.getItem(OFF);
  } catch {
    return null;
  }
}
