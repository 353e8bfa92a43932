// README.md and docs/ are kept true: code is run, commands and links exist, the table of dependencies is complete.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Test, test } from "tap";
import WebSocket from "ws";
import { COMMANDS } from "../../src/cli/commands.js";
import { loadConfig, PACKAGE_ROOT } from "../../src/config/index.js";
import { serve } from "../integration/support/serve.js";

const run = promisify(execFile);
const README = join(PACKAGE_ROOT, "README.md");
const text = readFileSync(README, "utf8");
const manifest = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8"));
const URL_IN_README = "http://127.0.0.1:8000";
const SIGNALS = ["TIT", "TAT", "TEY", "CDP", "CO", "NOX"];

/** The fenced blocks of a language; `title` is the word behind it. */
function blocks(language: string, title = "", source = text): string[] {
  const fence = new RegExp(`^\`\`\`${language}${title === "" ? "" : ` ${title}`}\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...source.matchAll(fence)].map(([, body = ""]) => body);
}

/** The lines of all sh blocks. */
const commands = blocks("sh").flatMap((block) => block.trim().split("\n"));

async function tidewire(words: readonly string[], cwd = PACKAGE_ROOT) {
  const args = [`--import=${join(PACKAGE_ROOT, "tools/typescript.mjs")}`, join(PACKAGE_ROOT, "src/main.ts"), ...words];
  return run(process.execPath, args, { cwd });
}

test("it begins with what it is, runs before line 30, and names the two commands", async (t) => {
  const lines = text.split("\n");
  t.match(lines[0], /^# Tidewire .{20,}/);
  t.ok(lines.indexOf("npm ci && npm test") < 30);
  t.ok(lines.length <= 200);
  t.same(blocks("sh").slice(0, 2), ["npm ci && npm run demo\n", "npm ci && npm test\n"]);
});

test("every command is one: scripts, subcommands and their flags", async (t) => {
  for (const command of commands) {
    for (const [, script = ""] of command.matchAll(/npm (?:run )?(\w+)/g)) {
      t.ok(script === "ci" || script in manifest.scripts, command);
    }
    const [, name, flags = ""] = /^npx tidewire (\w+)(.*)/.exec(command) ?? [];
    if (name === undefined) continue;
    t.ok(
      COMMANDS.some((entry) => entry.name === name),
      command,
    );
    const { stdout } = await tidewire(["help", name]);
    for (const [flag] of flags.matchAll(/--[\w-]+/g)) t.match(stdout, `${flag} `, command);
  }
});

test("the predictions asked for on the command line come", async (t) => {
  const { url } = await serve(t, { models: ["gas_turbine"] });
  const asked = commands.filter((command) => command.startsWith("npx tidewire predict"));
  t.equal(asked.length, 2);
  const folder = t.testdir({ models: { gas_turbine: t.fixture("symlink", join(PACKAGE_ROOT, "models/gas_turbine")) } });
  const outputs = asked.map((command) => tidewire([...command.split(" ").slice(2), "--url", url], folder));
  const [one, csv] = await Promise.all(outputs);
  t.match(one?.stdout, /^TIT +\d+\.\d+\n/);
  t.match(csv?.stderr, /^7158 rows predicted/);
  const [, path = ""] = /^curl (\S+)$/.exec(commands.find((command) => command.startsWith("curl")) ?? "") ?? [];
  const response = await fetch(path.replace(URL_IN_README, url));
  t.match(await response.json(), { ensembles: [{ name: "gas_turbine" }] });
});

test("the TypeScript runs", async (t) => {
  const { url } = await serve(t, { models: ["gas_turbine"] });
  const folder = t.testdir({});
  const outputs: string[] = [];
  for (const [i, code] of blocks("ts").entries()) {
    const script = join(folder, `readme-${i}.ts`);
    writeFileSync(script, code.replace(URL_IN_README, url));
    const { stdout } = await run(process.execPath, ["--import=./tools/typescript.mjs", script], { cwd: PACKAGE_ROOT });
    outputs.push(stdout);
  }
  t.match(outputs[0], /^1\d\d\.\d+ MWh\n$/);
  t.match(outputs[1], /^1\n$/, "the offset of the first event");
});

test("what the Python says is answered as it expects", async (t) => {
  const { url } = await serve(t, { models: ["gas_turbine"] });
  const [code = ""] = blocks("python");
  const [, address = "", subprotocol = ""] = /connect\("([^"]+)", subprotocols=\["([^"]+)"\]\)/.exec(code) ?? [];
  const socket = new WebSocket(address.replace("ws://127.0.0.1:8000", url.replace("http", "ws")), subprotocol);
  t.teardown(() => socket.terminate());
  await once(socket, "open");
  const sent = [...code.matchAll(/ws\.send\('([^']+)'\)\n.*recv\(\)\)(\S+)\)$/gm)];
  t.equal(sent.length, 2);
  const results: unknown[] = [];
  for (const [, message = "", keys = ""] of sent) {
    socket.send(message);
    const reply: unknown = JSON.parse(String((await once(socket, "message"))[0]));
    results.push(
      [...keys.matchAll(/\["(\w+)"\]/g)].reduce((value, [, key = ""]) => Reflect.get(Object(value), key), reply),
    );
  }
  t.match(results, [["AT", "AP", "AH", "AFDP", "GTEP"], SIGNALS.map(() => Number)]);
});

test("the three layouts and the ensemble.json are served", async (t) => {
  const [tree = ""] = blocks("text").filter((block) => block.startsWith("models/"));
  for (const path of ["pump/model.onnx", "fan/3/model.onnx", "turbine/ensemble.json"]) t.match(tree, path);
  const [ensemble = ""] = blocks("json", "ensemble\\.json");
  const file = (path: string) => t.fixture("symlink", join(PACKAGE_ROOT, path));
  const models = t.testdir({
    pump: { "model.onnx": file("test/models/small/model.onnx") },
    fan: { 3: { "model.onnx": file("test/models/small/model.onnx") } },
    turbine: {
      "ensemble.json": ensemble,
      "base.onnx": file("models/gas_turbine/base.onnx"),
      "boost.onnx": file("models/gas_turbine/boost.onnx"),
    },
  });
  const { url } = await serve(t, { models });
  const health = await (await fetch(`${url}/health`)).json();
  t.match(health, { ensembles: ["fan", "pump", "turbine"], broken: {} });
});

test("the settings shown are settings", async (t) => {
  const [file = ""] = blocks("json", "tidewire\\.json", readFileSync(join(PACKAGE_ROOT, "docs/gpu.md"), "utf8"));
  const config = loadConfig({ flags: { config: "tidewire.json" }, env: {}, readFile: () => file });
  t.match(config.modelSettings, { turbine: { executionProvider: "cuda" } });
});

test("a run is reported and seen as shown", async (t) => {
  const { url } = await serve(t, { models: ["small"] });
  const requests = commands.flatMap((command) => {
    const found = /^curl -X (\w+) (\S+) -H 'content-type: application\/json' -d '(.*)'$/.exec(command);
    return found ? [found.slice(1) as [string, string, string]] : [];
  });
  t.equal(requests.length, 2);
  const headers = { "content-type": "application/json" };
  for (const [method, address, body] of requests) {
    const response = await fetch(address.replace(URL_IN_README, url), { method, headers, body });
    t.ok(response.ok, `${method} ${address}: ${response.status}`);
  }
  const [, topic = "", type = "", data = ""] =
    /^npx tidewire publish (\S+) (\S+) '(.*)'$/.exec(commands.find((line) => line.includes(" publish ")) ?? "") ?? [];
  await tidewire(["publish", topic, type, data, "--url", url]);
  const { stdout } = await tidewire(["runs", "--url", url]);
  t.match(stdout, /run_1.*running/);
});

test("the table of dependencies is that of package.json", async (t) => {
  const [, table = ""] = /## Dependencies\n([\s\S]*?)\n## /.exec(text) ?? [];
  const rows = table.split("\n").filter((line) => line.startsWith("| `"));
  const named = rows.flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  t.same(named.sort(), Object.keys(manifest.dependencies).sort());
});

test("every link of README.md and docs/ leads somewhere", async (t) => {
  const documents = [
    README,
    ...readdirSync(join(PACKAGE_ROOT, "docs")).map((name) => join(PACKAGE_ROOT, "docs", name)),
  ];
  for (const document of documents.filter((path) => path.endsWith(".md"))) checkLinks(t, document);
});

test("docs/architecture.md names every folder of src/", async (t) => {
  const architecture = readFileSync(join(PACKAGE_ROOT, "docs/architecture.md"), "utf8");
  const folders = readdirSync(join(PACKAGE_ROOT, "src"), { withFileTypes: true });
  for (const entry of folders) t.match(architecture, entry.isDirectory() ? `  ${entry.name}/` : `  ${entry.name}`);
});

function checkLinks(t: Test, document: string): void {
  const source = readFileSync(document, "utf8").replace(/^```[\s\S]*?^```$/gm, "");
  for (const [, target = ""] of source.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target)) continue;
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? document : join(dirname(document), path);
    t.ok(existsSync(file), `${document}: ${target}`);
    if (anchor === undefined) continue;
    const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
      anchorOf(heading),
    );
    t.ok(headings.includes(anchor), `${document}: ${target}`);
  }
}

/** As GitHub makes them: "Limits and the credit window" → limits-and-the-credit-window. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}
