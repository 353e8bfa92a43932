// Generates everything under generated/ from proto/.
// Usage: node tools/generate.mjs [--check]   (--check: writes nothing, fails when generated/ is not what proto/ says)
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { execute, root } from "./execute.mjs";

/** Writes the generated tree into `folder`/generated; `folder` is the repository root or an empty folder. */
export function generate(folder = root) {
  execute("buf", ["generate", "--output", folder]);
  // ts-proto writes a module for every import; nothing of ours uses the 190 KB of descriptor.proto at run time.
  rmSync(join(folder, "generated/ts/google/protobuf/descriptor.ts"), { force: true });
}

/** Paths below generated/ whose content differs from a fresh generation, missing and superfluous files included. */
export function staleFiles() {
  const folder = mkdtempSync(join(tmpdir(), "tidewire-generated-"));
  try {
    generate(folder);
    const fresh = readTree(join(folder, "generated"));
    const committed = readTree(join(root, "generated"));
    const paths = new Set([...fresh.keys(), ...committed.keys()]);
    return [...paths].filter((path) => fresh.get(path) !== committed.get(path)).sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readTree(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [relative(folder, path), readFileSync(path, "utf8")]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--check")) {
    const stale = staleFiles();
    if (stale.length > 0) {
      console.error(`generated/ is stale; run "npm run generate" and commit:\n  ${stale.join("\n  ")}`);
      process.exitCode = 1;
    }
  } else {
    generate();
  }
}
