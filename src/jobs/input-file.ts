// Files that a client names: regular ones inside the data directory.
import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep, win32 } from "node:path";
import { isOwn } from "../data-folder.js";
import { TidewireError } from "../errors.js";
import { unless } from "../inference/history-folder.js";

/** A regular file. */
export interface InputFile {
  /** Its real path, free of links. */
  readonly path: string;
  readonly bytes: number;
}

/**
 * The file that a client named.
 *
 * @param name relative to the data directory
 * @throws TidewireError INVALID_PATH when it is absolute, goes up, leads out by a link, is the server's own, or is no
 *   regular file
 */
export async function inputFile(dataDir: string, name: string): Promise<InputFile> {
  const tokens = name.split(/[\\/]/);
  if (name === "" || name.includes("\0") || isAbsolute(name) || win32.isAbsolute(name) || tokens.includes("..")) {
    throw invalid(name, "path must name a file by its way from the data directory, without ..");
  }
  const root = await realpath(resolve(dataDir)).catch(unless("ENOENT"));
  const path = root && (await realpath(join(root, name)).catch(unless("ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG")));
  if (!root || !path) throw invalid(name, "path names a file that is not there");
  const way = relative(root, path);
  if (way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way)) {
    throw invalid(name, "path leads out of the data directory");
  }
  // Keys lie there, results that not everybody may read, and the log: to close a file of it would take its locks away.
  if (isOwn(root, path)) {
    const message = 'path leads into a folder that is the server\'s own: put the file into another, such as "inputs"';
    throw invalid(name, message);
  }
  const found = await stat(path);
  if (!found.isFile()) throw invalid(name, "path names no regular file");
  return { path, bytes: found.size };
}

function invalid(name: string, message: string): TidewireError {
  return new TidewireError("INVALID_PATH", message, { field: "path", path: name.slice(0, 200) });
}
