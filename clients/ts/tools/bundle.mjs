// Makes browser/, the client for pages without a build, from what is published in dist/: tidewire.min.js, the parts that
// it loads when they are first used, and further modules that a page may name. All of them stand in one folder.
// Usage: node tools/bundle.mjs [folder] [--size]   (after pack.mjs; --size: writes nothing, prints what each file weighs)
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

/** Where the published package keeps the messages that a page loads later. */
const LATER = ["clients/ts/src/wire/seldom-schema.js", "clients/ts/src/rest/schema.js"];
const flag = "--size";
const [folder = join(import.meta.dirname, "../dist")] = process.argv.slice(2).filter((word) => word !== flag);
const dist = resolve(folder);
const INDEX = join(dist, "clients/ts/src/index.js");
/** Modules beside it that pages name. */
const OTHERS = [join(dist, "clients/ts/src/progress-bar.js")];
const MAIN = "tidewire.min.js";
const minified = (path) => basename(path).replace(/\.js$/, ".min.js");

const options = {
  absWorkingDir: dist,
  outdir: join(dist, "browser"),
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  legalComments: "none",
  metafile: true,
  write: false,
};

const IMPORTS = /^(?:im|ex)port \{([^}]*)\} from "(\.[^"]+)"/gm;
const NAMES = { entryNames: "[name].min", chunkNames: "[name]-[hash].min" };
/** Properties that never leave the client: their names are shortened, in all files alike. */
const INTERNAL =
  "plain byNumber byCase cases inlined initial wire entry plan isStale isPattern isAsked isNew settle resends large " +
  "rejectLargest abandon release wasConnected sincePing heard prove subprotocol refusal restarted wasOpen " +
  "openSocket gaveUp isSent intervalMs received opened ended stopped changed refused flush members isOpen report matches receive";
const mangling = { mangleProps: new RegExp(`^(${INTERNAL.replaceAll(" ", "|")})$`) };

await refuseFields(INTERNAL.split(" "));
const files = await bundle();
if (process.argv.includes(flag)) console.log(JSON.stringify(weigh(files), null, 2));
else write(files);

/** Every file's text by name. */
async function bundle() {
  const parts = new Set();
  const core = inputsOf(await build({ ...options, entryPoints: [INDEX], plugins: [loadsLater(parts)] }));
  const rest = { ...options, entryPoints: [...parts, ...OTHERS], ...NAMES, splitting: true };
  const others = inputsOf(await build({ ...rest, plugins: [takesFrom(core)] }));
  const borrowed = borrowedNames(others, core);
  const main = await build({
    ...options,
    ...mangling,
    mangleCache: {},
    stdin: entry(borrowed),
    plugins: [loadsLater(parts)],
  });
  const { mangleCache } = main;
  const { outputFiles } = await build({ ...rest, ...mangling, mangleCache, plugins: [takesFrom(core, borrowed)] });
  const texts = [[MAIN, main.outputFiles[0].text], ...outputFiles.map(({ path, text }) => [basename(path), text])];
  return Promise.all(texts.map(async ([name, text]) => [name, await minifyAgain(text)]));
}

/** A name that a message has is read by that name from its schema, and must not be shortened. */
async function refuseFields(names) {
  const tables = ["generated/ts/schema.js", ...LATER].map((path) => import(join(dist, path)));
  const messages = (await Promise.all(tables)).flatMap(({ MESSAGES }) => Object.values(MESSAGES));
  const fields = messages.flatMap(({ fields }) =>
    fields.map(({ name }) => name.replace(/_./g, (at) => at[1].toUpperCase())),
  );
  const found = names.filter((name) => fields.includes(name));
  if (found.length > 0) throw new Error(`fields of messages are not internal: ${found}`);
}

function inputsOf({ metafile }) {
  return new Set(Object.keys(metafile.inputs).map((path) => resolve(dist, path)));
}

/** Leaves dynamic imports out; they become files of their own. */
function loadsLater(parts) {
  const setup = ({ onResolve }) =>
    onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      if (kind !== "dynamic-import") return undefined;
      parts.add(resolve(resolveDir, path));
      return { path: `./${minified(path)}`, external: true };
    });
  return { name: "loads-later", setup };
}

/** Takes what is borrowed from the file that holds the core, by the names that it has there: a class must not exist twice. */
function takesFrom(core, borrowed = new Map()) {
  const isCore = (from, importer) => core.has(resolve(dirname(importer), from));
  const setup = ({ onResolve, onLoad }) => {
    onResolve({ filter: /^\./ }, ({ path, importer }) =>
      isCore(path, importer) ? { path, external: true } : undefined,
    );
    onResolve({ filter: new RegExp(`^${MAIN}$`) }, () => ({ path: `./${MAIN}`, external: true }));
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      const contents = readFileSync(path, "utf8").replace(IMPORTS, (line, names, from) => {
        const own = borrowed.get(resolve(dirname(path), from));
        return own ? line.replace(names, renamed(names, own)).replace(from, MAIN) : line;
      });
      return { contents };
    });
  };
  return { name: "takes-from-core", setup };
}

/** What an import or export clause says, with what it names renamed. */
function renamed(names, own) {
  const clauses = namesOf(names).map(([name, local]) => `${own.get(name)} as ${local}`);
  return clauses.join(", ");
}

/** Each name of an import or export clause, and what it is called there. */
function namesOf(names) {
  const clauses = names.split(",").map((each) => each.trim().split(" as "));
  return clauses.filter(([name]) => name).map(([name, local = name]) => [name, local]);
}

/** Names by module of the core that modules outside of it import, each with the name that the main file gives it. */
function borrowedNames(borrowers, core) {
  const borrowed = new Map();
  let count = 0;
  for (const path of borrowers) {
    if (core.has(path)) continue;
    for (const [, names, from] of readFileSync(path, "utf8").matchAll(IMPORTS)) {
      const module = resolve(dirname(path), from);
      if (!core.has(module)) continue;
      const own = borrowed.get(module) ?? new Map();
      for (const [name] of namesOf(names)) if (!own.has(name)) own.set(name, `$${(count++).toString(36)}`);
      borrowed.set(module, own);
    }
  }
  return borrowed;
}

/** What the main file exports: the package, and what the other files borrow of it. */
function entry(borrowed) {
  const path = (module) => JSON.stringify(`./${relative(dist, module)}`);
  const lines = [...borrowed].map(([module, names]) => {
    return `export { ${[...names].map((pair) => pair.join(" as ")).join()} } from ${path(module)};`;
  });
  return { contents: [`export * from ${path(INDEX)};`, ...lines].join("\n"), resolveDir: dist };
}

/** esbuild chooses shorter names for what it has made itself. */
async function minifyAgain(text) {
  const { code } = await transform(text, { minify: true, format: "esm", target: "es2022" });
  return code;
}

/** Bytes, minified and compressed. */
function weigh(files) {
  const weights = files.map(([name, text]) => {
    const gzip = gzipSync(text, { level: 9 }).length;
    return [name, { minified: Buffer.byteLength(text), gzip }];
  });
  return Object.fromEntries(weights);
}

function write(files) {
  rmSync(options.outdir, { recursive: true, force: true });
  mkdirSync(options.outdir);
  for (const [name, text] of files) writeFileSync(join(options.outdir, name), text);
}
