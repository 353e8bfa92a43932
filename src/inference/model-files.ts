// The bytes of a model's files: known by their hash from the first look on, so that nothing else is ever run in their place.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

/** A model's files are others, or are gone, since the server first read them. */
export class ModelChangedError extends Error {
  override readonly name = "ModelChangedError";
}

/** SHA-256 of files one after the other, in hexadecimal. External data beside a graph is not part of it. */
export async function hashFiles(paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(await readFile(path));
  return hash.digest("hex");
}

/**
 * Loads something from files that must be the ones that were hashed.
 *
 * @throws ModelChangedError when they are not, also where that made the loading fail
 */
export async function loadUnchanged<T extends AsyncDisposable>(
  paths: readonly string[],
  sha256: string,
  load: () => Promise<T>,
): Promise<T> {
  let loaded: T;
  try {
    loaded = await load();
  } catch (error) {
    await check(paths, sha256);
    throw error;
  }
  try {
    await check(paths, sha256); // afterwards: they may have been replaced meanwhile
    return loaded;
  } catch (error) {
    await loaded[Symbol.asyncDispose]();
    throw error;
  }
}

async function check(paths: readonly string[], sha256: string): Promise<void> {
  const found = await hashFiles(paths).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found === sha256) return;
  const state = found === undefined ? "are not there any more" : `have the SHA-256 ${found.slice(0, 12)}…`;
  throw new ModelChangedError(
    `the model's files ${state}, the server has read ${sha256.slice(0, 12)}…: put those back, or restart the server to serve the present ones`,
  );
}
