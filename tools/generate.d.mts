/** Writes the generated tree into `folder`/generated; `folder` is the repository root or an empty folder. */
export function generate(folder?: string): void;

/** Paths below generated/ whose content differs from a fresh generation, missing and superfluous files included. */
export function staleFiles(): string[];
