// Puts the built dashboard where the server serves it from.
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** What compresses; pictures and fonts are compressed already. */
const TEXT = /\.(html|js|css|svg|json|txt)$/;
/** Below this a header costs more than compressing saves. */
const MIN_BYTES = 512;

/** Copies the folder, each text beside its compressed forms. The old one is there until the new one is whole. */
export function installDashboard(from, to) {
  const [next, old] = [`${to}.next`, `${to}.old`];
  for (const folder of [next, old]) rmSync(folder, { recursive: true, force: true });
  cpSync(from, next, { recursive: true });
  rmSync(join(next, ".vite"), { recursive: true, force: true });
  for (const name of readdirSync(next, { recursive: true, encoding: "utf8" })) {
    if (TEXT.test(name)) compress(join(next, name));
  }
  if (existsSync(to)) renameSync(to, old);
  renameSync(next, to);
  rmSync(old, { recursive: true, force: true });
}

function compress(path) {
  const text = readFileSync(path);
  if (text.length < MIN_BYTES) return;
  writeFileSync(`${path}.br`, brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  writeFileSync(`${path}.gz`, gzipSync(text, { level: 9 }));
}
