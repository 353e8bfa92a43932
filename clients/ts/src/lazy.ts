// Code that is loaded when it is first used.
import { TidewireClientError } from "./errors.js";

/** The same promise for all who ask; one that failed is asked for anew. @throws TidewireClientError CONNECTION_FAILED */
export function lazy<Loaded>(load: () => Promise<Loaded>): () => Promise<Loaded> {
  let loading: Promise<Loaded> | undefined;
  const failed = (cause: unknown) => {
    loading = undefined;
    throw new TidewireClientError("CONNECTION_FAILED", "cannot load a part of the client", { retryable: true, cause });
  };
  return () => {
    loading ??= load().catch(failed);
    return loading;
  };
}
