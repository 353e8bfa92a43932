// What was measured and where: a figure without these is none.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { cpus, loadavg, platform, release } from "node:os";
import { join } from "node:path";
import { ROOT } from "./paths.js";

/** Facts that stand beside the figures. */
export function hostFacts(): Record<string, unknown> {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    commit: git("rev-parse", "--short=12", "HEAD"),
    uncommitted_changes: git("status", "--porcelain", "--", "src", "generated", "bench") !== "",
    cores: processors.length,
    cpu: processors[0]?.model.trim(),
    os: `${platform()} ${release()}`,
    load_1m_before: Number(loadavg()[0]?.toFixed(2)),
    node: process.versions.node,
    v8: process.versions.v8,
    ...Object.fromEntries(["ws", "onnxruntime-node", "fastify"].map((name) => [name, versionOf(name)])),
  };
}

function git(...args: string[]): string {
  try {
    return execFileSync("git", args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown";
  }
}

function versionOf(name: string): string {
  return JSON.parse(readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8")).version;
}

/** Sources that the built server does not have, or has older; nothing may be measured then. */
export function staleSources(): string[] {
  return ["src", "generated/ts"].flatMap((folder) => sourcesIn(folder).filter(isStale));
}

function sourcesIn(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".ts")).map((name) => join(folder, name));
}

function isStale(source: string): boolean {
  const built = join(ROOT, "dist", source.replace(/\.ts$/, ".js"));
  return !existsSync(built) || statSync(built).mtimeMs < statSync(join(ROOT, source)).mtimeMs;
}

const LOOK_MS = 500;

/** Cores that something else keeps busy: looked at while nothing of ours runs. */
export async function foreignLoad(): Promise<number> {
  const before = cpus();
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  const busy = cpus().map(({ times }, i) => {
    const earlier = before[i]?.times ?? times;
    const total = sum(times) - sum(earlier);
    return total === 0 ? 0 : 1 - (times.idle - earlier.idle) / total;
  });
  return Number(busy.reduce((all, share) => all + share, 0).toFixed(2));
}

function sum(times: Readonly<Record<string, number>>): number {
  return Object.values(times).reduce((all, ms) => all + ms, 0);
}
