// What a backup says about itself: written last, so that a folder without it is none.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Version of a backup's layout. */
const FORMAT = 1;
const NAME = "backup.json";

/** A backup or a restore cannot go on; the message says what to do. */
export class BackupError extends Error {
  override readonly name = "BackupError";
}

/** A backup's record. */
export interface Manifest {
  readonly format: number;
  /** Version of Tidewire that made it. */
  readonly version: string;
  /** When it began, RFC 3339: everything that was acknowledged before is in it. */
  readonly began_at: string;
  readonly segments: number;
  readonly evaluation_files: number;
  readonly bytes: number;
}

/** The text of a manifest. */
export function manifestText(manifest: Omit<Manifest, "format">): string {
  return `${JSON.stringify({ format: FORMAT, ...manifest }, undefined, 2)}\n`;
}

export function manifestPath(folder: string): string {
  return join(folder, NAME);
}

/** @throws BackupError that says what to do when a folder holds no backup, or one of another version */
export async function readManifest(folder: string): Promise<Manifest> {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(await readFile(manifestPath(folder), "utf8")) as Manifest;
  } catch (cause) {
    const message = `${folder} holds no whole backup, ${NAME} is missing or damaged: name the folder that tidewire backup made`;
    throw new BackupError(message, { cause });
  }
  if (manifest.format === FORMAT) return manifest;
  throw new BackupError(
    `the backup in ${folder} has format ${manifest.format}: restore it with Tidewire ${manifest.version}`,
  );
}
