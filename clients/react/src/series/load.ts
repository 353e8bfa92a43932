// Loads what fills buffers: most pages show a bar or a table, and need none.
import { TidewireClientError } from "@tidewire/client";

/** That code. */
export type Recording = typeof import("./recording.js");

let loading: Promise<Recording> | undefined;

/** The same promise for all who ask; one that failed is asked for anew. @throws TidewireClientError CONNECTION_FAILED */
export function loadRecording(): Promise<Recording> {
  loading ??= import("./recording.js").catch((cause: unknown) => {
    loading = undefined;
    throw new TidewireClientError("CONNECTION_FAILED", "cannot load a part of the client", { retryable: true, cause });
  });
  return loading;
}
