// Light or dark: the system's choice, unless the reader has made one.
import { useSyncExternalStore } from "react";

const KEY = "tidewire.theme";
const THEMES = ["system", "light", "dark"] as const;

/** What the reader has chosen. */
export type Theme = (typeof THEMES)[number];

const listeners = new Set<() => void>();
const system = matchMedia("(prefers-color-scheme: dark)");
system.addEventListener("change", tell);

function tell(): void {
  for (const listener of [...listeners]) listener();
}

/** Calls the listener whenever colours have changed. @returns what removes it */
export function onColours(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function getTheme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  return THEMES.find((theme) => theme === chosen) ?? "system";
}

/** Chooses, and remembers the choice in this browser where it has a memory. */
export function setTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  remember(theme);
  tell();
}

/** The theme after this one, for a button that goes around. */
export function nextTheme(theme: Theme): Theme {
  return THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] as Theme;
}

export function useTheme(): Theme {
  return useSyncExternalStore(onColours, getTheme);
}

/** A number that changes with the colours; whoever draws on a canvas draws again. */
export function useColourVersion(): string {
  return useSyncExternalStore(onColours, () => `${getTheme()} ${system.matches}`);
}

function remember(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage is off: the choice lasts as long as the page.
  }
}
