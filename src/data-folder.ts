// The data folder: what of it is the server's own, and who may look into it.
import { chmod, lstat, mkdir, realpath, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { ACCESS_FOLDER } from "./access/folder.js";

/** Below the data folder: the event log. */
export const EVENTS_FOLDER = "events";
/** Below the data folder: evaluations, their uploads and results. */
export const EVALUATIONS_FOLDER = "evaluations";

/** Folders below the data folder in which only the server makes, reads and removes files. */
const OWN_FOLDERS: readonly string[] = [ACCESS_FOLDER, EVENTS_FOLDER, EVALUATIONS_FOLDER];

/** For the user of the server alone. */
export const PRIVATE = 0o700;
/** What others than that user may do. */
const OTHERS = 0o077;

/**
 * Whether a path is one of the server's own folders, or lies in one. `events.part` and `events.before-…`, which a restore
 * leaves, belong to `events`.
 *
 * @param root the data folder
 * @param path below it, both free of links
 */
export function isOwn(root: string, path: string): boolean {
  const [top = ""] = relative(root, path).split(sep);
  const name = folded(top);
  return OWN_FOLDERS.some((own) => name === own || name.startsWith(`${own}.`));
}

/** A name as the most forgiving file system takes it: some ignore case, forms of letters, marks of direction, or the end. */
function folded(name: string): string {
  const plain = name.normalize("NFKC").toLowerCase();
  return plain.replaceAll(/\p{Default_Ignorable_Code_Point}/gu, "").replace(/[. ]+$/, "");
}

/**
 * Makes a folder of the server's own, and what is missing above it, whatever the umask is. One that is there stays as it is.
 *
 * @param path of the folder
 */
export async function makePrivate(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: PRIVATE });
}

/** What others than the server's user may look into. */
export interface Openness {
  /** The data folder. It may be shared on purpose, so that it is left as it is; the mode is the one it has. */
  readonly dataFolder: number | undefined;
  /** The server's own folders that could not be closed, and why. */
  readonly own: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Closes the server's own folders to other users, and tells what stays open to them. Where the system knows no such rights,
 * nothing is.
 *
 * @param dataDir need not be there
 */
export async function closeOwnFolders(dataDir: string): Promise<Openness> {
  const root = await realpath(resolve(dataDir)).catch(ifMissing);
  if (root === undefined || process.platform === "win32") return { dataFolder: undefined, own: [] };
  const own: { path: string; reason: string }[] = [];
  for (const name of OWN_FOLDERS) {
    const path = join(root, name);
    const reason = await close(path);
    if (reason !== undefined) own.push({ path, reason });
  }
  const { mode } = await stat(root);
  return { dataFolder: (mode & OTHERS) === 0 ? undefined : mode & 0o777, own };
}

/** @returns why it could not be closed */
async function close(path: string): Promise<string | undefined> {
  // Somebody's link leads to somebody's folder, whose rights are theirs to choose.
  const found = await lstat(path).catch(ifMissing);
  if (!found?.isDirectory() || (found.mode & OTHERS) === 0) return undefined;
  return chmod(path, PRIVATE).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
