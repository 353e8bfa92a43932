// A whole server in this process, on a free port.
import { join } from "node:path";
import { type Logger, pino } from "pino";
import type { Test } from "tap";
import { type Config, loadConfig, type ModelSettings } from "../../../src/config/index.js";
import { createServer, type TidewireServer } from "../../../src/server.js";
import { modelsFolder } from "./models.js";

/** What a server is started with. */
export interface ServeOptions {
  /** Names of test models and the demo ensemble, or a folder that holds models. */
  readonly models: readonly string[] | string;
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly modelSettings?: Readonly<Record<string, ModelSettings>>;
  readonly log?: Logger;
}

/** The configuration as the command line would make it; small defaults where the machine's size would count. */
export function configure(t: Test, { models, flags = {}, modelSettings = {} }: ServeOptions): Config {
  const folder = typeof models === "string" ? models : modelsFolder(t, models);
  const dataDir = join(t.testdirName, "data");
  return loadConfig({
    // How late a busy machine makes the loop is no matter of most tests.
    flags: { maxLoopDelayMs: "0", port: "0", models: folder, dataDir, intraOpThreads: "1", config: "file", ...flags },
    env: {},
    readFile: () => JSON.stringify({ modelSettings }),
  });
}

/** A server that does not listen yet, closed when the test ends. */
export async function prepare(t: Test, options: ServeOptions): Promise<{ server: TidewireServer }> {
  const log = options.log ?? pino({ level: "silent" });
  let server: TidewireServer | undefined;
  // Asked for before the test's folder is: else tap removes that first, under a server that still writes to it.
  t.teardown(() => server?.close());
  server = await createServer(configure(t, options), { log });
  return { server };
}

/** A listening server, closed when the test ends. */
export async function serve(t: Test, options: ServeOptions): Promise<{ url: string; server: TidewireServer }> {
  const { server } = await prepare(t, options);
  return { url: await server.listen(), server };
}
