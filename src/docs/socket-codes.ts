// What a close code tells a client of the socket.
import { ERRORS, type ErrorCode, type ErrorRow } from "../errors.js";
import { partComment } from "./comments.js";

/** A code that the server closes a socket with. */
export interface CloseCode {
  readonly code: number;
  readonly meaning: string;
  /** The error that was told before, where one is. */
  readonly errors: readonly ErrorCode[];
  /** Whether a client comes back by itself, with a growing pause. */
  readonly isReturnWelcome: boolean;
}

/** Codes without an error of ours: RFC 6455's own, and the end of a silent connection. */
const OTHERS: Readonly<Record<number, string>> = {
  1002: "The bytes break RFC 6455.",
  1007: "A text message is no UTF-8.",
  1011: "The server failed; its log has the cause.",
  4000: "The client was silent for `idleTimeoutMs`.",
};
/** Codes after which the same client would do the same again. */
const FAULTS: ReadonlySet<number> = new Set([1002, 1007, 1009]);

/** All of them, by number. */
export function closeCodes(): CloseCode[] {
  const byCode = new Map<number, ErrorCode[]>(Object.keys(OTHERS).map((code) => [Number(code), []]));
  const rows: [string, ErrorRow][] = Object.entries(ERRORS);
  for (const [name, { closeCode }] of rows)
    if (closeCode !== undefined) byCode.set(closeCode, [...(byCode.get(closeCode) ?? []), name as ErrorCode]);
  const codes = [...byCode].map(([code, errors]): CloseCode => {
    const meaning = OTHERS[code] ?? errors.map((name) => partComment("ErrorCode", name)).join(" ");
    return { code, meaning, errors, isReturnWelcome: code < 4400 && !FAULTS.has(code) };
  });
  return codes.sort((a, b) => a.code - b.code);
}
