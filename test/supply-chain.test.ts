// What is installed is what was looked at: pinned by hash, under known licences, without scripts; and one command lists it.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { test } from "tap";
import { PACKAGE_ROOT } from "../src/config/index.js";

/** Licences of packages that run: they may be passed on under Apache-2.0. */
const LICENCES = new Set([
  "MIT",
  "ISC",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "0BSD",
  "(MIT OR CC0-1.0)",
  "(Apache-2.0 AND BSD-3-Clause)",
]);

/** Packages that have an install script; none is run (docs/decisions/0006). A new one is a decision. */
const WITH_SCRIPTS = ["@bufbuild/buf", "esbuild", "lmdb", "msgpackr-extract", "onnxruntime-node"];

interface LockedPackage {
  readonly version?: string;
  readonly link?: true;
  readonly dev?: true;
  readonly integrity?: string;
  readonly license?: string;
  readonly deprecated?: string;
  readonly hasInstallScript?: true;
}

interface Bill {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly name: string } };
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly hashes?: readonly unknown[];
  }[];
}

const read = (name: string) => JSON.parse(readFileSync(join(PACKAGE_ROOT, name), "utf8"));
const lock: Record<string, LockedPackage> = read("package-lock.json").packages;
const installed = Object.entries(lock).filter(([path, { link }]) => path.includes("node_modules/") && !link);
const nameOf = (path: string) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
const where = (holds: (locked: LockedPackage) => boolean) =>
  installed.filter(([, locked]) => holds(locked)).map(([path]) => path);

test("every package is pinned by its hash, and none is deprecated", async (t) => {
  t.ok(installed.length > 100);
  t.same(
    where(({ integrity }) => !integrity?.startsWith("sha512-")),
    [],
  );
  t.same(
    where(({ deprecated }) => deprecated !== undefined),
    [],
  );
});

test("packages that run have licences that may be passed on", async (t) => {
  t.same(
    where(({ dev, license }) => !dev && !LICENCES.has(license ?? "")),
    [],
  );
});

test("packages with install scripts are the known ones", async (t) => {
  const found = new Set(where(({ hasInstallScript }) => hasInstallScript === true).map(nameOf));
  t.same([...found].sort(), WITH_SCRIPTS);
});

test("one command lists every package that runs", async (t) => {
  const maxBuffer = 64 * 1024 ** 2;
  const { stdout } = await promisify(execFile)("npm", ["run", "--silent", "sbom"], { cwd: PACKAGE_ROOT, maxBuffer });
  const { bomFormat, metadata, components }: Bill = JSON.parse(stdout);
  t.same([bomFormat, metadata.component.name], ["CycloneDX", "tidewire"]);
  const listed = new Set(components.map(({ purl }) => decodeURIComponent(purl).replace(/^pkg:npm\/(.+)@.*$/, "$1")));
  const { dependencies, devDependencies } = read("package.json");
  for (const name of Object.keys(dependencies)) t.ok(listed.has(name), name);
  for (const name of ["tap", "typescript", "playwright-core"])
    t.notOk(!(name in devDependencies) || listed.has(name), name);
  const fromRegistry = components.filter(({ hashes }) => hashes?.length);
  const locked = installed.filter(([, { dev }]) => !dev).map(([path, { version }]) => `${nameOf(path)}@${version}`);
  t.same(new Set(fromRegistry.map(({ name, version }) => `${name}@${version}`)), new Set(locked));
});
