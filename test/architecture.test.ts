import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import t from "tap";

const root = fileURLToPath(new URL("..", import.meta.url));
const MAX_FILE_LINES = 400;
const MAX_README_LINES = 30;

interface Rule {
  /** Folders of src/ that the folder may import besides itself. */
  readonly folders: readonly string[];
  /** npm packages it may import; `?` after a name allows types only. */
  readonly packages?: readonly string[];
  /** Built-in modules of Node; without the list, any. */
  readonly node?: readonly string[];
}

/** Modules of Node that open no file, socket, process or thread. */
const PURE_NODE = ["buffer", "crypto", "events", "perf_hooks", "timers", "util"];
const PROTOBUF = ["@bufbuild/protobuf", "protobufjs"];

/**
 * Who may know whom, top to bottom: dependencies point downwards only. A new folder needs a row here and a README.md.
 * `generated` is generated/ts, `client` the TypeScript client in clients/ts.
 */
const RULES: Readonly<Record<string, Rule>> = {
  "main.ts": {
    folders: ["cli", "backup", "doctor", "config", "server.ts", "errors.ts"],
    packages: ["commander", "close-with-grace", "pino"],
  },
  "server.ts": {
    folders: [
      "data-folder.ts",
      "http",
      "docs",
      "ws",
      "session",
      "jobs",
      "runs",
      "inference",
      "health",
      "metrics",
      "stats",
      "access",
      "events",
      "limits",
      "meters",
      "wire",
      "config",
      "errors.ts",
      "generated",
    ],
    packages: ["fastify", "@fastify/*", "pino", "ws"],
  },
  backup: { folders: ["events", "data-folder.ts"] },
  doctor: { folders: ["inference", "events", "stats", "config", "generated"] },
  cli: {
    folders: ["access", "backup", "doctor", "wire", "config", "errors.ts", "client", "generated"],
    packages: ["commander", "csv-parse", "pino", "pino-pretty"],
  },
  http: {
    folders: [
      "docs",
      "session",
      "jobs",
      "runs",
      "inference",
      "metrics",
      "stats",
      "access",
      "events",
      "limits",
      "meters",
      "wire",
      "config",
      "errors.ts",
      "machine-faults.ts",
      "generated",
    ],
    packages: ["fastify", "@fastify/*", "pino?"],
  },
  docs: { folders: ["events", "wire", "errors.ts", "generated"], node: ["crypto"] },
  health: { folders: ["session", "jobs", "inference", "stats", "events"], packages: [], node: [] },
  metrics: {
    folders: ["session", "jobs", "inference", "stats", "events", "meters"],
    packages: ["prom-client"],
  },
  ws: {
    folders: ["session", "access", "limits", "wire", "errors.ts"],
    packages: ["fastify?", "@fastify/websocket", "ws", "pino?"],
  },
  session: {
    folders: [
      "jobs",
      "runs",
      "inference",
      "access",
      "events",
      "limits",
      "meters",
      "wire",
      "errors.ts",
      "machine-faults.ts",
      "generated",
    ],
    packages: ["pino?"],
    node: PURE_NODE,
  },
  jobs: {
    folders: ["inference", "runs", "events", "wire", "data-folder.ts", "errors.ts", "machine-faults.ts", "generated"],
    packages: ["csv-parse", "pino?"],
  },
  runs: { folders: ["events", "wire", "errors.ts", "generated"], packages: ["pino?"], node: PURE_NODE },
  inference: {
    folders: ["meters", "wire", "data-folder.ts", "errors.ts", "generated"],
    packages: ["onnxruntime-node", "onnxruntime-common", "hyparquet-writer", "pino?"],
  },
  stats: {
    folders: ["events", "meters", "wire", "errors.ts", "machine-faults.ts", "generated"],
    packages: ["systeminformation", "pino?"],
  },
  events: { folders: ["meters", "wire", "errors.ts", "machine-faults.ts", "generated"], packages: ["lmdb", "pino?"] },
  access: { folders: ["events", "errors.ts"], packages: ["jose", "pino?"] },
  // Of `net` only what tells addresses apart.
  limits: { folders: ["errors.ts"], node: [...PURE_NODE, "net"] },
  meters: { folders: ["errors.ts"], node: [] },
  wire: { folders: ["errors.ts", "generated"], packages: PROTOBUF, node: ["buffer", "util"] },
  config: { folders: ["errors.ts"] },
  "data-folder.ts": { folders: ["access"], node: ["fs", "path"] },
  "errors.ts": { folders: [], node: [] },
  "machine-faults.ts": { folders: ["errors.ts"], node: [] },
};

/** Globals that only the named places may touch: everything else is handed what it needs. */
const GLOBALS = [
  { pattern: /\bprocess\.(env|argv|exit)\b/, name: "process.env, process.argv and process.exit", allowed: ["main.ts"] },
];

/** wire/ is pure and synchronous: it waits for nothing and asks no clock. */
const IMPURE =
  /\b(setTimeout|setInterval|setImmediate|queueMicrotask|await|Date\.now|performance\.now|Math\.random)\b|new Date\(\)/;

const COMMENT = /\/\/.*|\/\*[\s\S]*?\*\//;
const STRING = /`(?:\\[\s\S]|[^`\\])*`|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/;

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

interface SourceFile {
  /** Path below the repository root, as messages show it. */
  readonly path: string;
  /** Top-level name in src/: a folder, or a file such as `main.ts`. */
  readonly place: string;
  readonly text: string;
}

t.test("imports point downwards and stay inside each folder's allow-list", async (t) => {
  const faults = sourceFiles().flatMap((file) =>
    importsOf(file.text).flatMap((found) => {
      const reason = forbidden(file, found);
      return reason ? [`${file.path} imports ${found.specifier}: ${reason}`] : [];
    }),
  );
  t.same(faults, []);
});

t.test("process is read in main.ts only, and wire/ is pure", async (t) => {
  const faults: string[] = [];
  for (const file of sourceFiles()) {
    const code = codeOf(file.text);
    for (const rule of GLOBALS) {
      if (!rule.allowed.includes(file.place) && rule.pattern.test(code)) faults.push(`${file.path} uses ${rule.name}`);
    }
    if (file.place === "wire" && IMPURE.test(code)) faults.push(`${file.path} uses ${IMPURE.exec(code)?.[0]}`);
  }
  t.same(faults, []);
});

t.test(`files have at most ${MAX_FILE_LINES} lines`, async (t) => {
  const long = sourceFiles().filter((file) => lineCount(file.text) > MAX_FILE_LINES);
  t.same(
    long.map((file) => `${file.path}: ${lineCount(file.text)} lines`),
    [],
  );
});

t.test(
  `every folder of src/ is in the allow-list and has a README.md of at most ${MAX_README_LINES} lines`,
  async (t) => {
    const faults: string[] = [];
    for (const entry of readdirSync(join(root, "src"), { withFileTypes: true })) {
      if (!Object.hasOwn(RULES, entry.name)) faults.push(`src/${entry.name} has no rule in this test`);
      if (!entry.isDirectory()) continue;
      const readme = join(root, "src", entry.name, "README.md");
      if (!existsSync(readme)) faults.push(`src/${entry.name}/README.md is missing`);
      else if (lineCount(readFileSync(readme, "utf8")) > MAX_README_LINES) faults.push(`${readme} is too long`);
    }
    t.same(faults, []);
  },
);

t.test("the reader of imports sees every form, and no import in comments and strings", async (t) => {
  const text = `
    import fs from "a"; import type { B } from "b"; import { type C } from "c"; import { type D, e } from "d";
    export * from "e"; export type { F } from "f"; import "g"; const h = await import("h"); import\n{ x,\n y }\nfrom 'i';
    type J = import("j").J; const k = require("k"); // import "no1"
    /* import "no2" */ const s = 'import "no3"'; const u = \`import("no4")\`; const r = /import "no5"/;
  `;
  // `import { type C } from "c"` counts as a value: under verbatimModuleSyntax it still loads the module.
  const found = importsOf(text).map(({ specifier, typeOnly }) => (typeOnly ? `${specifier}?` : specifier));
  t.same(found.sort(), ["a", "b?", "c", "d", "e", "f?", "g", "h", "i", "j?", "k"]);
});

t.test("the allow-list refuses what it should", async (t) => {
  const refused = [
    ["wire/codec.ts", "node:fs"],
    ["wire/codec.ts", "../session/session.js"],
    ["session/session.ts", "onnxruntime-node"],
    ["inference/engine.ts", "../session/session.js"],
    ["http/routes.ts", "lmdb"],
    ["errors.ts", "./config/config.js"],
    ["session/session.ts", "../../test/fixture.js"],
    ["session/session.ts", "fastify"],
  ];
  for (const [path = "", specifier = ""] of refused) {
    t.ok(forbidden(sourceFile(path, ""), { specifier, typeOnly: false }), `${path} may not import ${specifier}`);
  }
  t.notOk(forbidden(sourceFile("ws/plugin.ts", ""), { specifier: "fastify", typeOnly: true }));
  t.ok(forbidden(sourceFile("ws/plugin.ts", ""), { specifier: "fastify", typeOnly: false }));
});

/** Why `file` may not have the import; undefined when it may. */
function forbidden(file: SourceFile, { specifier, typeOnly }: Import): string | undefined {
  const rule = RULES[file.place];
  if (!rule) return `src/${file.place} has no rule`;
  const target = targetOf(file, specifier);
  if (target.kind === "node") {
    return !rule.node || rule.node.includes(target.name)
      ? undefined
      : `${file.place} may not use Node's ${target.name}`;
  }
  if (target.kind === "folder") {
    const known = target.name === file.place || rule.folders.includes(target.name);
    return known ? undefined : `${file.place} may know ${rule.folders.join(", ") || "nothing"}`;
  }
  const allowed = (rule.packages ?? []).some((entry) => {
    const name = entry.replace(/\?$/, "");
    if (entry.endsWith("?") && !typeOnly) return false;
    return name.endsWith("/*") ? target.name.startsWith(name.slice(0, -1)) : target.name === name;
  });
  return allowed ? undefined : `the package ${target.name} is not for ${file.place}`;
}

function targetOf(file: SourceFile, specifier: string): { kind: "node" | "folder" | "package"; name: string } {
  if (specifier.startsWith(".")) {
    const path = relative(root, resolve(root, dirname(file.path), specifier));
    if (path.startsWith("generated/ts/")) return { kind: "folder", name: "generated" };
    if (path.startsWith("clients/ts/")) return { kind: "folder", name: "client" };
    if (!path.startsWith("src/")) return { kind: "folder", name: path };
    return { kind: "folder", name: placeOf(path.slice("src/".length)) };
  }
  if (specifier === "@tidewire/client" || specifier.startsWith("@tidewire/client/")) {
    return { kind: "folder", name: "client" };
  }
  const bare = specifier.replace(/^node:/, "");
  if (specifier.startsWith("node:") || builtinModules.includes(bare)) {
    return { kind: "node", name: bare.split("/")[0] ?? bare };
  }
  return { kind: "package", name: specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/") };
}

/** Reads imports with esbuild's parser: comments, strings, templates and regular expressions cannot deceive it. */
function importsOf(text: string): Import[] {
  const values = new Set(parsedImports(text));
  // esbuild drops type imports, so a second reading sees them as ordinary ones; `import("x").Y` in a type is left to us.
  const untyped = text.replace(/\b(import|export)\s+type\b(?=\s*[{*]|\s+\w+\s+from\b)/g, "$1");
  const typeQueries = [...codeOf(text, false).matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g)].map(
    (match) => match[1] ?? "",
  );
  const all = new Set([...values, ...parsedImports(untyped), ...typeQueries]);
  return [...all].map((specifier) => ({ specifier, typeOnly: !values.has(specifier) }));
}

function parsedImports(text: string): string[] {
  const { metafile } = buildSync({
    stdin: { contents: text, loader: "ts", resolveDir: root },
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    bundle: true,
    format: "esm",
    external: ["*"],
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  return Object.values(metafile.inputs).flatMap((input) => input.imports.map((found) => found.path));
}

/**
 * The text without its comments and, unless `blankStrings` is false, with empty strings; templates with
 * substitutions stay, for they hold code.
 */
function codeOf(text: string, blankStrings = true): string {
  return text.replace(new RegExp(`${COMMENT.source}|${STRING.source}`, "g"), (token) => {
    if (token.startsWith("/")) return " ";
    if (token.startsWith("`")) return token.includes("${") ? token : '""';
    return blankStrings ? '""' : token;
  });
}

function sourceFiles(): SourceFile[] {
  const names = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => /\.[cm]?tsx?$/.test(name))
    .map((name) => sourceFile(name, readFileSync(join(root, "src", name), "utf8")));
}

function sourceFile(name: string, text: string): SourceFile {
  return { path: `src/${name}`, place: placeOf(name), text };
}

/** `wire/codec.ts` → `wire`; `errors.js`, as imports write it → `errors.ts`. */
function placeOf(name: string): string {
  const [first = ""] = name.split("/");
  return first.replace(/\.js$/, ".ts");
}

function lineCount(text: string): number {
  return text.replace(/\n$/, "").split("\n").length;
}
