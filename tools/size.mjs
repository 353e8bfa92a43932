// Prints what pages load, minified and compressed by gzip, and fails where that is more than it may be. Build first.
// Usage: node tools/size.mjs
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "./execute.mjs";

/** Bytes at most. A page on a phone's network has the dashboard within a second and its client within a blink. */
const MOST = { client: 15_000, react: 20_000, dashboard: 150_000 };

const client = sizesOf("clients/ts", "tools/bundle.mjs", "--size");
const react = sizesOf("clients/react", "tools/size.mjs");
const dashboard = firstLoad(resolve(root, "clients/dashboard"));

const sizes = [
  { name: "client, both encodings", bytes: client["tidewire.min.js"].gzip, most: MOST.client },
  { name: "client and React hooks", bytes: react.headless.gzip, most: MOST.react },
  { name: "dashboard, first load", bytes: dashboard, most: MOST.dashboard },
];
for (const { name, bytes, most } of sizes) {
  const [is, may] = [bytes, most].map((count) => count.toLocaleString("en").padStart(7));
  console.log(`${name.padEnd(24)} ${is} bytes of ${may}${bytes > most ? "  TOO LARGE" : ""}`);
}
if (sizes.some(({ bytes, most }) => bytes > most)) process.exitCode = 1;

/** What a package's own tool says of it. */
function sizesOf(folder, ...words) {
  return JSON.parse(execFileSync(process.execPath, words, { cwd: resolve(root, folder), encoding: "utf8" }));
}

/** All that is loaded before the overview is shown: the page, its entry, the overview, what both import, their styles. */
function firstLoad(folder) {
  const dist = join(folder, "dist");
  const manifest = JSON.parse(readFileSync(join(dist, ".vite/manifest.json"), "utf8"));
  const names = closure(manifest, ["index.html", "src/pages/overview/page.tsx"]);
  const files = names.flatMap((name) => [manifest[name].file, ...(manifest[name].css ?? [])]);
  return [...new Set(["index.html", "theme.js", ...files])].reduce((sum, file) => sum + weigh(join(dist, file)), 0);
}

function closure(manifest, entries) {
  const found = new Set(entries);
  for (const name of found) for (const imported of manifest[name].imports ?? []) found.add(imported);
  return [...found];
}

function weigh(path) {
  return gzipSync(readFileSync(path), { level: 9 }).length;
}
