// Folders that a client names: always inside the data directory.
import { mkdir, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { isOwn, makePrivate } from "../data-folder.js";
import { TidewireError } from "../errors.js";

const MAX_TOKENS = 16;
const MAX_TOKEN_BYTES = 128;
const TOKEN = /^(?!\.\.)[\p{L}\p{M}\p{N} ._-]+$/u;

/** A folder inside the data directory. */
export interface ExportFolder {
  /** Its real path, free of links. */
  readonly path: string;
  /** As the client named it, relative to the data directory. */
  readonly name: string;
}

/**
 * The folder a client named, made where it was missing.
 *
 * @param name tokens of letters, digits, spaces, `.`, `_` and `-` joined by `/`; `.` and empty ones say nothing
 * @throws TidewireError INVALID_PATH when it is written otherwise, is no folder, is the server's own, or a link leads there
 *   or out of the data directory
 */
export async function exportFolder(dataDir: string, name: string): Promise<ExportFolder> {
  const tokens = name.split("/").filter((token) => token !== "" && token !== ".");
  const allowed = (token: string) => Buffer.byteLength(token) <= MAX_TOKEN_BYTES && TOKEN.test(token);
  if (name.startsWith("/") || tokens.length > MAX_TOKENS || !tokens.every(allowed)) {
    const rule = `at most ${MAX_TOKENS} names of letters, digits, spaces, ".", "_" and "-", each up to ${MAX_TOKEN_BYTES} bytes long, joined by "/"`;
    throw invalid(name, `output_dir must be relative to the data directory: ${rule}`);
  }
  await makePrivate(dataDir);
  const root = await realpath(resolve(dataDir));
  let path = root;
  // One by one: a link is seen before anything is made behind it.
  for (const token of tokens) path = await enter(root, join(path, token), name);
  return { path, name: tokens.join("/") };
}

async function enter(root: string, path: string, name: string): Promise<string> {
  // Before it is made: a folder in the place of a file that the server is going to need would stop it.
  if (isOwn(root, path)) throw serversOwn(name);
  await mkdir(path).catch(unless("EEXIST"));
  const real = await realpath(path).catch(unless("ENOENT", "ELOOP"));
  if (real === undefined || !isInside(root, real)) throw invalid(name, "output_dir leads out of the data directory");
  if (isOwn(root, real)) throw serversOwn(name);
  if (!(await stat(real)).isDirectory()) throw invalid(name, "output_dir is a file, not a folder");
  return real;
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith(`..${"/"}`) && !way.startsWith("..\\") && !isAbsolute(way);
}

/** Lets only the named errors pass as undefined. */
export function unless(...codes: readonly string[]): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (!codes.includes(error.code ?? "")) throw error;
    return undefined;
  };
}

function serversOwn(name: string): TidewireError {
  return invalid(name, 'output_dir leads into a folder that is the server\'s own: name another, such as "exports"');
}

function invalid(name: string, message: string): TidewireError {
  return new TidewireError("INVALID_PATH", message, { field: "output_dir", output_dir: name.slice(0, 200) });
}
