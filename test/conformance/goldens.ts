// The golden frames: bytes and JSON side by side, for every client language to replay.
import { readdirSync, readFileSync } from "node:fs";
import type { FrameType } from "../../src/wire/json.js";

/** One frame in both encodings. */
export interface Golden {
  readonly name: string;
  readonly type: FrameType;
  /** What is to be noticed. */
  readonly note?: string;
  readonly hex: string;
  readonly json: { readonly type: string };
}

/** All of them, from golden/*.json. */
export function readGoldens(): Golden[] {
  const folder = new URL("golden/", import.meta.url);
  return readdirSync(folder)
    .sort()
    .flatMap((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Golden[]);
}
