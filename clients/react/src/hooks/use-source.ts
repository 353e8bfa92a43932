"use client";
// A buffer's changes in a component.
import { useSyncExternalStore } from "react";
import type { Source } from "../series/source.js";

/** Renders the component again when the buffer has changed, at most once a frame. @returns its version */
export function useSource(source: Source<unknown>): number {
  return useSyncExternalStore(source.subscribe, source.getVersion, source.getVersion);
}
