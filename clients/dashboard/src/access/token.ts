// The token of this page: kept by the browser, never in an address.
import { useSyncExternalStore } from "react";

const KEY = "tidewire.token";

/** Where a page stands with its server. */
export interface Access {
  readonly isSignedIn: boolean;
  /** Why the server lets nobody in, as long as it does not. */
  readonly refusal: Error | undefined;
}

let token = read();
let access: Access = { isSignedIn: token !== "", refusal: undefined };
const listeners = new Set<() => void>();

/** The token of this moment; "" is none. */
export function currentToken(): string {
  return token;
}

/** @param isKept on this device, until somebody signs out; else for as long as this tab is open */
export function keepToken(given: string, isKept: boolean): void {
  forget();
  try {
    (isKept ? localStorage : sessionStorage).setItem(KEY, given);
  } catch {
    // No storage: it is known until the page is loaded again.
  }
  token = given;
  tell({ isSignedIn: true, refusal: undefined });
}

/** Forgets the token, and all that was shown with it: the page begins anew. */
export function signOut(): void {
  forget();
  location.reload();
}

/** The server wants a token, or another one. */
export function refused(refusal: Error): void {
  if (!access.refusal) tell({ ...access, refusal });
}

export function useAccess(): Access {
  return useSyncExternalStore(subscribe, () => access);
}

function tell(next: Access): void {
  access = next;
  for (const listener of [...listeners]) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function read(): string {
  try {
    return sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

function forget(): void {
  try {
    sessionStorage.removeItem(KEY);
    localStorage.removeItem(KEY);
  } catch {
    // Nothing is kept where there is no storage.
  }
}
