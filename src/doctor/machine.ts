// The machine under the server: processors, memory, open files, the kernel's queue of new connections.
import { readFile } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import type { Config } from "../config/index.js";
import { type Limits, readLimits } from "../stats/cgroup.js";
import { type Check, type Finding, note, ok, warning } from "./finding.js";
import { sizeText } from "./sizes.js";

/** Files of a server besides its connections: segments, models, threads, uploads and room to breathe. */
const OTHER_FILES = 512;
/** What the server itself takes, models aside: it is 120 to 250 MiB under load. */
const BASE_BYTES = 256 * 1024 ** 2;
/** An idle connection. */
const CONNECTION_BYTES = 10 * 1024;
/** Connections that may wait to be accepted: what the server asks the kernel for. */
const WANTED_BACKLOG = 4096;

export const examineMachine: Check = async (config) => {
  const limits = await readLimits("");
  const [files, backlog] = await Promise.all(["/proc/self/limits", "/proc/sys/net/core/somaxconn"].map(textOf));
  const memory = limits.memory?.bytes ?? totalmem();
  return [processors(limits), memoryFor(config, memory), openFiles(config, files ?? ""), ...queue(backlog ?? "")];
};

/** What the kernel tells; empty on systems that do not have the file. */
async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

function processors({ cpu }: Limits): Finding {
  const cores = Math.min(availableParallelism(), cpu?.cores ?? Number.POSITIVE_INFINITY);
  if (cores >= 2) return ok("processors", `${cores}`);
  const text = `${cores}: the event loop and models that take long share it`;
  return warning("processors", text, "give it two or more, or serve only models that run on the event loop");
}

/** @param available bytes this process may use */
export function memoryFor(config: Pick<Config, "historyBytes" | "maxConnections">, available: number): Finding {
  const needed = BASE_BYTES + config.historyBytes + config.maxConnections * CONNECTION_BYTES;
  const text = `${sizeText(available)}; at its limits the server needs ${sizeText(needed)}, and the models beside it`;
  if (available >= needed) return ok("memory", text);
  return warning("memory", text, "give it more, or lower historyBytes or maxConnections");
}

/** @param limits /proc/self/limits; empty where the system has none */
export function openFiles({ maxConnections }: Pick<Config, "maxConnections">, limits: string): Finding {
  const allowed = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
  if (allowed === undefined) return note("open files", "this system does not tell how many are allowed");
  const needed = maxConnections + OTHER_FILES;
  const text = `${allowed} allowed, ${needed} needed for maxConnections ${maxConnections}`;
  if (allowed === "unlimited" || Number(allowed) >= needed) return ok("open files", text);
  const room = Math.max(1, Number(allowed) - OTHER_FILES);
  const remedy = `raise it (systemd: LimitNOFILE=${needed}; Docker: --ulimit nofile=${needed}; a shell: ulimit -n ${needed}), or set maxConnections to ${room}`;
  return warning("open files", text, remedy);
}

/** @param somaxconn the kernel's bound; empty where the system has none */
export function queue(somaxconn: string): readonly Finding[] {
  const allowed = Number.parseInt(somaxconn, 10);
  if (Number.isNaN(allowed)) return [];
  if (allowed >= WANTED_BACKLOG) return [ok("new connections", `${allowed} may wait to be accepted`)];
  const text = `${allowed} may wait to be accepted: when more clients than that come back at once, some are turned away and try again`;
  return [warning("new connections", text, `sysctl -w net.core.somaxconn=${WANTED_BACKLOG}`)];
}
