// The packages as a stranger gets them: packed, checked as the registry's readers check them, installed into an app, which
// is type-checked, built and driven in a browser.
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import t from "tap";
import { violations } from "../../../test/browser/support/accessibility.js";
import { pageTests } from "../../../test/browser/support/pages.js";
import { OVER_A_REPLY } from "./support/stage.js";

/** Every hook and the client, minified and compressed, React not counted. */
const MAX_HEADLESS_BYTES = 20_000;
/** The same with every component. */
const MAX_BYTES = 27_000;
const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = fileURLToPath(new URL("..", import.meta.url));
const client = join(root, "clients/ts");
const run = promisify(execFile);
const tool = (name: string) => join(root, "node_modules/.bin", name);

/** A process without tap's own loaders, which tap puts into NODE_OPTIONS of every process that a test starts. */
function execute(command: string, args: readonly string[], cwd: string) {
  return run("env", ["-u", "NODE_OPTIONS", command, ...args], { cwd });
}

const project = t.testdir({ node_modules: { "@tidewire": {} }, stage: { client: {}, react: {} } });
const tarball = await install();

t.test("what is packed: modules, their types, the styles, and nothing else", async (t) => {
  const { stdout } = await execute("tar", ["-tzf", tarball], project);
  const files = stdout.trim().split("\n");
  for (const name of ["package.json", "README.md", "dist/index.js", "dist/headless.d.ts", "dist/styles.css"])
    t.ok(files.includes(`package/${name}`), name);
  t.same(
    files.filter((name) => !/^package\/(package\.json|README\.md|dist\/.*\.(js|d\.ts|css))$/.test(name)),
    [],
  );
  const hooks = join(project, "node_modules/@tidewire/react/dist");
  for (const name of ["index", "headless", "provider", "hooks/use-view", "components/progress-bar"])
    t.match(readFileSync(join(hooks, `${name}.js`), "utf8"), /^"use client";\n/, name);
});

t.test("publint and arethetypeswrong have nothing to say", async (t) => {
  const { stdout } = await execute(tool("publint"), ["run", tarball, "--strict"], project);
  t.match(stdout, /All good!/);
  // Without CommonJS, as the profile says; a stylesheet has no types.
  const words = ["--profile", "esm-only", "--exclude-entrypoints", "./styles.css"];
  await t.resolves(execute(tool("attw"), [tarball, ...words], project), "it exits with 1 for any problem");
});

t.test("what a page loads", async (t) => {
  const { stdout } = await execute(process.execPath, [join(folder, "tools/size.mjs"), project], project);
  const { headless, components } = JSON.parse(stdout);
  t.ok(headless.gzip <= MAX_HEADLESS_BYTES, `hooks and client: ${headless.gzip} bytes of ${MAX_HEADLESS_BYTES}`);
  t.ok(components.gzip <= MAX_BYTES, `with all components: ${components.gzip} bytes of ${MAX_BYTES}`);
});

t.test("the example, and the README's code: type-checked; the example is built", async (t) => {
  const text = readFileSync(join(folder, "README.md"), "utf8");
  const blocks = [...text.matchAll(/```tsx\n([\s\S]*?)```/g)].map(([, block]) => block as string);
  t.ok(blocks.length >= 3 && text.split("\n").indexOf("```tsx") < 10 && text.split("\n").length <= 131);
  for (const [i, block] of blocks.entries()) writeFileSync(join(project, `readme-${i}.tsx`), block);
  await t.resolves(execute(tool("tsc"), ["-p", "tsconfig.json"], project));
  await execute(tool("vite"), ["build", "--base", "/app/", "--logLevel", "warn"], project);
  t.ok(existsSync(join(project, "dist/index.html")));
});

const test = await pageTests(t);

await test(
  "the example: in a browser, at a real server",
  async (t, { page, server }) => {
    await openApp(page);
    await page.getByText("No run has begun yet.").waitFor();
    await server.call("/training/logs/session", { experiment_id: "first", total_epochs: 2 });
    await server.call("/training/logs/first/status", { status: "running" }, "PUT");
    const values = Array.from({ length: 300 }, (_, i) => ({ step: i, epoch: 1, metrics: { loss: 1 / (i + 1) } }));
    await server.call("/training/logs/first/metrics", values);
    await page.getByRole("button", { name: "first: running" }).click();
    await page.locator('canvas[data-points="300"]').waitFor();
    await page.getByRole("article", { name: "first" }).getByText("epoch 1 of 2").waitFor();
    await page.getByRole("meter", { name: "Memory" }).waitFor();
    t.same(await violations(page), []);
    await server.call("/training/logs/first/metrics", { metrics: { loss: 0.001 } });
    await page.locator('canvas[data-points="301"]').waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "first: stopped" }).waitFor();
  },
  OVER_A_REPLY,
);

/** The built page, below the server's own address. */
async function openApp(page: Page): Promise<void> {
  const types: Readonly<Record<string, string>> = { js: "text/javascript", css: "text/css" };
  await page.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }));
  await page.route("**/app/**", (route) => {
    const name = basename(new URL(route.request().url()).pathname);
    const contentType = types[name.split(".").at(-1) ?? ""] ?? "";
    return route.fulfill({ contentType, body: readFileSync(join(project, "dist/assets", name)) });
  });
  await page.goto("/health/live");
  const html = readFileSync(join(project, "dist/index.html"), "utf8");
  // Scripts that are written this way do not run.
  await page.evaluate((text) => {
    document.documentElement.innerHTML = text;
    document.documentElement.lang = "en";
  }, html);
  const [, entry = ""] = /<script[^>]* src="([^"]*)"/.exec(html) ?? [];
  await page.addScriptTag({ url: entry, type: "module" });
}

/** Builds and packs both packages, and installs them beside the example. @returns the React package's tarball */
async function install(): Promise<string> {
  const modules = join(project, "node_modules");
  const stages = { client: join(project, "stage/client"), react: join(project, "stage/react") };
  cpSync(join(folder, "examples/app"), project, { recursive: true });
  for (const name of ["react", "react-dom", "scheduler"])
    symlinkSync(join(folder, "node_modules", name), join(modules, name));
  for (const name of ["@types", "ws", "csstype", "vite"])
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  for (const name of ["package.json", "platform", "README.md"])
    cpSync(join(client, name), join(stages.client, name), { recursive: true });
  const built = (stage: string) => join(stage, "dist");
  await execute(tool("tsc"), ["-p", "tsconfig.build.json", "--outDir", built(stages.client)], client);
  await execute(process.execPath, ["tools/pack.mjs", built(stages.client)], client);
  await execute(process.execPath, ["tools/bundle.mjs", built(stages.client)], client);
  await pack(stages.client, join(modules, "@tidewire/client"));

  for (const name of ["package.json", "README.md"]) cpSync(join(folder, name), join(stages.react, name));
  await execute(tool("tsc"), ["-p", "tsconfig.build.json", "--outDir", built(stages.react)], folder);
  await execute(process.execPath, ["tools/styles.mjs", built(stages.react)], folder);
  return pack(stages.react, join(modules, "@tidewire/react"));
}

/** @returns the tarball */
async function pack(stage: string, place: string): Promise<string> {
  const { stdout } = await execute("npm", ["pack", "--ignore-scripts", "--json"], stage);
  const [{ filename }] = JSON.parse(stdout);
  await execute("tar", ["-xzf", filename], stage);
  mkdirSync(join(place, ".."), { recursive: true });
  renameSync(join(stage, "package"), place);
  return join(stage, filename);
}
