// The address and the port: free, or whose; and who could reach them.
import { once } from "node:events";
import { createServer } from "node:net";
import { type Config, isLoopback } from "../config/index.js";
import { type Check, type Finding, fault, note, ok, warning } from "./finding.js";

/** A server that is there answers at once. */
const ANSWER_TIMEOUT_MS = 2_000;

/** Why an address cannot be listened on, and what to do. */
const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  EACCES: ["there is no right to listen there", "choose a port above 1023 with --port"],
  EADDRNOTAVAIL: ["that is no address of this machine", "choose another with --host"],
  ENOTFOUND: ["that name has no address", "choose another with --host"],
};

export const examineNetwork: Check = async (config) => [await port(config), reach(config)];

async function port({ host, port }: Config): Promise<Finding> {
  const where = `${host}:${port}`;
  const error = await listenError(host, port);
  if (error === undefined) return ok("port", port === 0 ? "a free one is found at start" : `${where} is free`);
  if (error.code === "EADDRINUSE") return inUse(where);
  const [reason, remedy] = REASONS[error.code ?? ""] ?? [error.message, "choose others with --host and --port"];
  return fault("port", `${where}: ${reason}`, remedy);
}

async function listenError(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  const server = createServer();
  try {
    server.listen({ host, port });
    await once(server, "listening");
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  } finally {
    server.close();
  }
}

async function inUse(where: string): Promise<Finding> {
  const version = await answering(where);
  if (version !== undefined) return note("port", `${where} is in use: a Tidewire ${version} answers there`);
  const remedy = "stop what uses it, choose another with --port, or let --port 0 find one";
  return fault("port", `${where} is in use by another program`, remedy);
}

/** The version of the Tidewire that answers at an address; undefined where something else, or nothing, does. */
async function answering(where: string): Promise<string | undefined> {
  try {
    const reply = await fetch(`http://${where}/health`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    const { version } = (await reply.json()) as { readonly version?: unknown };
    return typeof version === "string" ? version : undefined;
  } catch {
    return undefined; // No HTTP, no JSON, no answer: something else.
  }
}

function reach({ host, insecure }: Config): Finding {
  if (isLoopback(host)) return ok("access", `${host} is reached from this machine only`);
  if (!insecure) return ok("access", `${host} is reached by others, who need a token`);
  const text = `everybody who reaches ${host} may use the server: --insecure is set`;
  return warning("access", text, "set a token (docs/security.md), and leave out --insecure");
}
