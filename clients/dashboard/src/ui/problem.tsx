// What went wrong with a request, as the reader can do something about it.
import { TidewireClientError } from "@tidewire/client";
import { Notice } from "./notice.js";

interface ProblemProps {
  readonly error: Error;
  /** Before the error's own words: "These figures are old". */
  readonly before?: string | undefined;
}

/** A token without a scope is no failure: it says which one is missing. */
export function Problem({ error, before }: ProblemProps) {
  if (error instanceof TidewireClientError && error.code === "PERMISSION_DENIED") {
    return (
      <Notice tone="warn">
        Your token may not do this: it lacks the scope <code>{String(error.details.needs ?? "for it")}</code>. Sign out,
        and in again with one that has it.
      </Notice>
    );
  }
  return <Notice tone="bad">{before ? `${before}: ${error.message}` : error.message}</Notice>;
}
