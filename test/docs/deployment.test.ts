// docs/deployment.md is kept true: the unit's and the container's commands start a server, and nothing is missing in either.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { test } from "tap";
import { type Config, loadConfig, PACKAGE_ROOT } from "../../src/config/index.js";
import { openFiles } from "../../src/doctor/machine.js";

const run = promisify(execFile);
const text = readFileSync(join(PACKAGE_ROOT, "docs/deployment.md"), "utf8");

function block(title: string): string {
  const [, body = ""] = new RegExp(`^\`\`\`\\w+ ${title}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(text) ?? [];
  return body;
}

/** The configuration that the words of a `serve` command make, with a token as both documents want one. */
function configOf(words: readonly string[]): Config {
  const flags: Record<string, string> = {};
  for (let i = 0; i < words.length; i += 2)
    flags[(words[i] ?? "").slice(2).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())] =
      words[i + 1] ?? "";
  const env = { TIDEWIRE_TOKEN: "a-token-that-is-long-enough-to-be-one" };
  return loadConfig({ flags, env, readFile: () => "{}" });
}

test("the unit's command is one, and its limits fit the server's", async (t) => {
  const unit = block("tidewire.service");
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1] ?? "";
  const [node, main, command, ...words] = value("ExecStart").split(" ");
  t.same([node, main, command], ["/usr/bin/node", "/opt/tidewire/dist/src/main.js", "serve"]);
  const config = configOf(words);
  t.match(config.dataDir, `/var/lib/${value("StateDirectory")}`);
  t.ok(Number(value("TimeoutStopSec")) * 1000 > config.drainTimeoutMs + 2000);
  t.equal(openFiles(config, `Max open files  ${value("LimitNOFILE")}  ${value("LimitNOFILE")} files\n`).state, "ok");
});

test("systemd finds nothing wrong with the unit", async (t) => {
  const systemd = await run("systemd-analyze", ["--version"]).catch(() => undefined);
  if (!systemd) return t.pass("this machine has no systemd-analyze: the unit's command is still checked above");
  const file = join(t.testdir({}), "tidewire.service");
  writeFileSync(file, block("tidewire.service").replace("/usr/bin/node", process.execPath));
  const { stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", "--recursive-errors=no", file]);
  t.notMatch(`${stdout}${stderr}`, "tidewire.service:");
});

test("the container's folder has all that its commands need", async (t) => {
  const folder = t.testdir({});
  const lines = block("Containerfile").split("\n");
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith("FROM")));
  for (const line of last) copy(/^COPY --from=build \/build\/(\S+) \.\/(\S*)$/.exec(line), folder);
  const json = (instruction: string): string[] =>
    JSON.parse((last.find((line) => line.startsWith(`${instruction} [`)) ?? "").slice(instruction.length) || "[]");
  const [node, main = "", ...rest] = json("ENTRYPOINT");
  const [command, ...words] = json("CMD");
  t.same([node, rest, command], ["node", [], "serve"]);
  t.equal(configOf(words).port, Number(last.find((line) => line.startsWith("EXPOSE"))?.slice("EXPOSE ".length)));
  // Both load everything that a command may need: native modules and models here, the client there.
  const tidewire = (...args: string[]) =>
    run(process.execPath, ["--preserve-symlinks", "--preserve-symlinks-main", main, ...args], { cwd: folder });
  const { stdout } = await tidewire("doctor", "--json", "--port", "0", "--nvidia-smi", "off");
  t.match(JSON.parse(stdout), { ok: true });
  t.match((await tidewire("watch", "--help")).stdout, "Usage: tidewire watch");
});

/** Puts what a COPY line names where it says; as a link, for the checkout's node_modules are large. */
function copy(found: RegExpExecArray | null, folder: string): void {
  if (!found) return;
  const [, from = "", to = ""] = found;
  const target = join(folder, to === "" || to.endsWith("/") ? join(to, basename(from)) : to);
  mkdirSync(dirname(target), { recursive: true });
  if (!existsSync(join(PACKAGE_ROOT, from))) throw new Error(`the Containerfile copies ${from}, which is not there`);
  symlinkSync(join(PACKAGE_ROOT, from), target);
}

test("the image's Node is new enough", async (t) => {
  const { engines } = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8"));
  const oldest = Number(/(\d+)/.exec(engines.node)?.[1]);
  for (const [, major] of block("Containerfile").matchAll(/^FROM node:(\d+)/gm)) t.ok(Number(major) >= oldest);
});
