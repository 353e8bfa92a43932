// What the store needs of its surroundings. Nothing here is touched when the module is loaded: it may run on a server.

/** A timer that has not fired. */
export type Timer = ReturnType<typeof setTimeout>;

/** Whether there is a page: without one nothing is followed and no timer is set. */
export const hasPage = (): boolean => typeof document !== "undefined";

/** Where there is no page, it is never hidden. @returns what stops calling */
export function onVisibility(listener: () => void): () => void {
  const page = globalThis.document as Document | undefined;
  page?.addEventListener("visibilitychange", listener);
  return () => page?.removeEventListener("visibilitychange", listener);
}
