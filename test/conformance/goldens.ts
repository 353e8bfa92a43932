// The golden frames: bytes and JSON side by side, for every client language to replay.
import { readdirSync, readFileSync } from "node:fs";
import type { FrameType } from "../../src/wire/json.js";

/** One frame in both encodings. */
export interface Golden {
  readonly name: string;
  /** The file that holds it. */
  readonly file: string;
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
    .flatMap((file) =>
      (JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Golden[]).map((golden) => ({ ...golden, file })),
    );
}
