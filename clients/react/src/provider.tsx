"use client";
// Gives components the server that they are about.
import { TidewireClient, type Token } from "@tidewire/client";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef } from "react";
import { LINGER_MS } from "./store/cell.js";
import { HIDDEN_GRACE_MS, type Store, type StoreOptions, storeOf } from "./store/store.js";

const StoreContext = createContext<Store | undefined>(undefined);

/** A server by its address, or a client that its owner closes. */
export type TidewireProviderProps = StoreOptions & { readonly children?: ReactNode } & (
    | {
        /** `http:` or `https:`, without a path. `baseURL` is the same. */
        readonly url: string;
        readonly baseURL?: undefined;
        readonly client?: undefined;
        readonly token?: Token | undefined;
      }
    | {
        readonly baseURL: string;
        readonly url?: undefined;
        readonly client?: undefined;
        readonly token?: Token | undefined;
      }
    | {
        readonly client: TidewireClient;
        readonly url?: undefined;
        readonly baseURL?: undefined;
        readonly token?: undefined;
      }
  );

/** Everything below it shares one connection, opened with the first hook that needs it. */
export function TidewireProvider({
  url,
  baseURL = url,
  token,
  client,
  hiddenGraceMs = HIDDEN_GRACE_MS,
  children,
}: TidewireProviderProps) {
  const latest = useRef(token);
  // A function is another one with each render: the client keeps asking the latest.
  const given = typeof token === "function" || token;
  const own = useMemo(() => {
    const shown = given === true ? () => (latest.current as () => string)() : given;
    return client === undefined ? new TidewireClient({ baseURL: baseURL as string, token: shown }) : undefined;
  }, [client, baseURL, given]);
  const store = storeOf((client ?? own) as TidewireClient);
  useEffect(() => {
    latest.current = token;
    store.hiddenGraceMs = hiddenGraceMs;
  });
  // A provider that is mounted again at once, as in StrictMode, keeps its connection.
  useEffect(() => {
    clearTimeout(store.closing);
    return () => {
      if (own) store.closing = setTimeout(() => void own.close(), LINGER_MS);
    };
  }, [store, own]);
  return <StoreContext.Provider value={store}>{children}</StoreContext.Provider>;
}

/** @throws Error outside of a provider */
export function useStore(): Store {
  const store = useContext(StoreContext);
  if (store) return store;
  throw new Error("no TidewireProvider above");
}

/** The provider's client, for publishing and for the HTTP routes. @throws Error outside of a provider */
export function useClient(): TidewireClient {
  return useStore().client;
}
