// What shows the server who one is.
import { TidewireClientError } from "../errors.js";
import type { Token } from "./settings.js";

/** The token of this moment; "" is none. @throws TidewireClientError its own, or CONNECTION_FAILED around what the function threw */
export async function askFor(token: Token = ""): Promise<string> {
  if (typeof token === "string") return token;
  try {
    return await token();
  } catch (cause) {
    if (cause instanceof TidewireClientError) throw cause;
    const message = `there is no token: ${cause instanceof Error ? cause.message : cause}`;
    throw new TidewireClientError("CONNECTION_FAILED", message, { retryable: true, cause });
  }
}
