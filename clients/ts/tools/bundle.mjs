// Makes dist/tidewire.min.js, the whole client in one file for plain pages.
// Usage: node tools/bundle.mjs [--size]   (--size: writes nothing, prints what the file weighs, by part)
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The bundle of the client's source, minified; esbuild's result with its metafile. */
export async function bundle(write = false) {
  return build({
    absWorkingDir: root,
    entryPoints: ["src/index.ts"],
    outfile: "dist/tidewire.min.js",
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    legalComments: "none",
    metafile: true,
    write,
  });
}

/** Bytes of the bundle: minified, compressed, and minified by folder of the sources. */
export async function measure() {
  const { outputFiles, metafile } = await bundle();
  const [{ contents }] = outputFiles;
  const parts = {};
  for (const [path, { bytesInOutput }] of Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs),
  )) {
    const part = path.replace(/^(\.\.\/)+/, "").replace(/\/[^/]*$/, "");
    parts[part] = (parts[part] ?? 0) + bytesInOutput;
  }
  return { minified: contents.length, gzip: gzipSync(contents, { level: 9 }).length, parts };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--size")) console.log(JSON.stringify(await measure(), null, 2));
  else await bundle(true);
}
