// Makes tidewire.min.js, the whole client in one file for plain pages, from what is published in dist/.
// Usage: node tools/bundle.mjs [folder] [--size]   (after pack.mjs; --size: prints what it weighs, by part)
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const flag = "--size";
const [folder = join(import.meta.dirname, "../dist")] = process.argv.slice(2).filter((word) => word !== flag);
const dist = resolve(folder);

const { metafile, outputFiles } = await build({
  absWorkingDir: dist,
  entryPoints: ["clients/ts/src/index.js"],
  outfile: "tidewire.min.js",
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  legalComments: "none",
  metafile: true,
  write: !process.argv.includes(flag),
});
if (outputFiles) console.log(JSON.stringify(weigh(outputFiles[0].contents, Object.values(metafile.outputs)), null, 2));

/** Bytes: minified, compressed, and minified by folder. */
function weigh(contents, outputs) {
  const parts = {};
  for (const [path, { bytesInOutput }] of outputs.flatMap(({ inputs }) => Object.entries(inputs))) {
    const part = path.replace(/^\.\.\//, "").replace(/\/[^/]*$/, "");
    parts[part] = (parts[part] ?? 0) + bytesInOutput;
  }
  return { minified: contents.length, gzip: gzipSync(contents, { level: 9 }).length, parts };
}
