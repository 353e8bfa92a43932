import { fileURLToPath } from "node:url";

/** The repository's root, with a slash at the end. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** The server as it is shipped. */
export const MAIN = `${ROOT}dist/src/main.js`;
/** Where a model of that name is, the test models first. */
export const MODEL_FOLDERS = [`${ROOT}test/models`, `${ROOT}models`] as const;
