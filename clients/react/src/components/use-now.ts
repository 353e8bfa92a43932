"use client";
// A clock for what passes on the screen.
import { useSyncExternalStore } from "react";

const SECOND = 1000;

/** Milliseconds since 1970, renewed each second while it runs; undefined where a page is made on a server. */
export function useNow(isRunning: boolean): number | undefined {
  return useSyncExternalStore(isRunning ? everySecond : never, seconds, () => undefined);
}

const seconds = () => Math.floor(Date.now() / SECOND) * SECOND;
const never = () => () => {};

function everySecond(listener: () => void): () => void {
  const timer = setInterval(listener, SECOND);
  return () => clearInterval(timer);
}
