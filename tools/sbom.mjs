// Writes the software bill of materials, as CycloneDX, to stdout: every package that runs, from the lockfile.
// npm's own `--omit dev` also leaves out packages that something in development needs as well, such as @bufbuild/protobuf.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { root } from "./execute.mjs";

const MAX_BYTES = 64 * 1024 * 1024;

const read = (name) => JSON.parse(readFileSync(resolve(root, name), "utf8"));
const words = ["sbom", "--package-lock-only", "--sbom-format", "cyclonedx"];
const options = { cwd: root, maxBuffer: MAX_BYTES, stdio: ["ignore", "pipe", "ignore"] };
const all = JSON.parse(execFileSync("npm", words, options));
const runs = new Set(
  Object.entries(read("package-lock.json").packages)
    .filter(([, { dev, link }]) => !dev && !link)
    .map(([path, { name, version }]) => `${name ?? path.replace(/^.*node_modules\//, "")}@${version}`),
);
const components = all.components
  .filter((component) => runs.has(component["bom-ref"]))
  .map(({ properties, ...component }) => component); // They say "development" of what is needed for both.
const dependencies = all.dependencies
  .filter(({ ref }) => runs.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => runs.has(each)) }));
// npm calls the whole by its folder.
const metadata = { ...all.metadata, component: { ...all.metadata.component, name: read("package.json").name } };
process.stdout.write(`${JSON.stringify({ ...all, metadata, components, dependencies }, undefined, 2)}\n`);
