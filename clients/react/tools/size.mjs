// Prints what a page loads to begin with: one file of everything that it imports statically, minified and compressed.
// Usage: node tools/size.mjs [folder with node_modules]   (default: this package, after its build)
//
// "headless" is a page that uses every hook, and the client; "components" one that uses every component too. React is
// not counted, nor is what is imported by `import()`, when it is first used: HTTP routes, publishing, streams, tensors,
// Server-Sent Events, a topic's past.
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const folder = resolve(process.argv[2] ?? join(import.meta.dirname, ".."));
const HOOKS =
  "useClient useConnection useContainer useEvaluation useEvents useInference useProgress useSource useSystemStats useTask " +
  "useTopics useTraining useWorkflow";
const loadsLater = {
  name: "loads-later",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\./ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    ),
};
const PAGES = {
  client: `export { TidewireClient } from "@tidewire/client";`,
  headless: `export { TidewireProvider, ${HOOKS.split(" ")} } from "@tidewire/react/headless";`,
  components: `export * from "@tidewire/react";`,
};

const sizes = await Promise.all(Object.entries(PAGES).map(async ([name, page]) => [name, await weigh(page)]));
console.log(JSON.stringify(Object.fromEntries(sizes), null, 2));

async function weigh(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder },
    absWorkingDir: folder,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    external: ["react", "react/jsx-runtime"],
    plugins: [loadsLater],
    legalComments: "none",
    logLevel: "silent",
    write: false,
  });
  const { text } = outputFiles[0];
  return { minified: text.length, gzip: gzipSync(text, { level: 9 }).length };
}
