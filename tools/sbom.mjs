// Writes the software bill of materials, as CycloneDX, to stdout: every package that runs, from the lockfile.
// npm's own `--omit dev` also leaves out packages that something in development needs as well, such as @bufbuild/protobuf.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { root } from "./execute.mjs";

const MAX_BYTES = 64 * 1024 * 1024;

const words = ["sbom", "--package-lock-only", "--sbom-format", "cyclonedx"];
const all = JSON.parse(
  execFileSync("npm", words, { cwd: root, maxBuffer: MAX_BYTES, stdio: ["ignore", "pipe", "ignore"] }),
);
const { name } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8"));
const components = all.components.filter((component) => !isForDevelopment(component));
const listed = new Set([all.metadata.component["bom-ref"], ...components.map((component) => component["bom-ref"])]);
const dependencies = all.dependencies
  .filter(({ ref }) => listed.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => listed.has(each)) }));
// npm calls the whole by its folder.
const metadata = { ...all.metadata, component: { ...all.metadata.component, name } };
process.stdout.write(`${JSON.stringify({ ...all, metadata, components, dependencies }, undefined, 2)}\n`);

function isForDevelopment({ properties = [] }) {
  return properties.some((property) => property.name === "cdx:npm:package:development" && property.value === "true");
}
