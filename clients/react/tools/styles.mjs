// Puts the stylesheet beside the modules that it is for.
// Usage: node tools/styles.mjs [folder]   (after tsc; the folder is dist/ unless said)
import { copyFileSync } from "node:fs";
import { join, resolve } from "node:path";

const dist = resolve(process.argv[2] ?? join(import.meta.dirname, "../dist"));
copyFileSync(join(import.meta.dirname, "../src/styles.css"), join(dist, "styles.css"));
