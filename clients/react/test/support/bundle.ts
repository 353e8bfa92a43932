// Bundles a page of the tests from source, so that no build is needed, with one React or another.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const folder = fileURLToPath(new URL("../..", import.meta.url));
/** The package's own React, and the test runner's: the newest and the oldest major that the package supports. */
export const REACTS = { 19: `${folder}node_modules/`, 18: `${root}node_modules/` } as const;
export type ReactVersion = keyof typeof REACTS;

/** One module of an entry of `test/page/` with all that it imports. @param platform "node" renders to text */
export async function bundlePage(
  entry: string,
  platform: "browser" | "node" = "browser",
  version: ReactVersion = 19,
): Promise<string> {
  const modules = REACTS[version];
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: [`test/page/${entry}`],
    bundle: true,
    format: "esm",
    platform,
    target: "es2022",
    jsx: "automatic",
    alias: {
      "@tidewire/client": `${root}clients/ts/src/index.ts`,
      react: `${modules}react`,
      "react-dom": `${modules}react-dom`,
    },
    // React's packages are CommonJS and require Node's own.
    banner: platform === "node" ? { js: REQUIRE } : {},
    define: { "process.env.NODE_ENV": '"development"' },
    loader: { ".css": "text" },
    logLevel: "silent",
    write: false,
  });
  const [file] = outputFiles ?? [];
  if (!file) throw new Error(`${entry} has become no file`);
  return file.text;
}

const REQUIRE = `import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);`;
