// A server in a process of its own, which can be killed and come back at the same address with the same data.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Test } from "tap";
import { PACKAGE_ROOT } from "../../../src/config/index.js";

/** Folder of the demo ensemble. */
const MODELS = join(PACKAGE_ROOT, "models");

/** What a server is started with. */
export interface ServerOptions {
  /** Folder that holds models; the demo ensemble's unless said. */
  readonly models?: string;
  readonly flags?: readonly string[];
  /** What {@link PageServer.call} shows. */
  readonly token?: string;
}

/** A running server; killed, and its data removed, when the test ends. */
export class PageServer {
  readonly dataDir = mkdtempSync(join(tmpdir(), "tidewire-page-"));
  readonly #options: ServerOptions;
  #child: ChildProcess | undefined;
  #url = "";

  private constructor(options: ServerOptions) {
    this.#options = options;
  }

  static async start(t: Pick<Test, "teardown">, options: ServerOptions = {}): Promise<PageServer> {
    const server = new PageServer(options);
    t.teardown(async () => {
      await server.kill();
      rmSync(server.dataDir, { recursive: true, force: true });
    });
    await server.restart();
    return server;
  }

  /** Its address, the same after each restart. */
  get url(): string {
    return this.#url;
  }

  /** Comes back, or starts. Resolves once it listens. */
  async restart(): Promise<void> {
    const { models = MODELS, flags = [] } = this.#options;
    const settings = { port: new URL(this.#url || "http://x:0").port || "0", models, "data-dir": this.dataDir };
    const named = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    const args = [
      "--import=./tools/typescript.mjs",
      "src/main.ts",
      "serve",
      "--log-level",
      "error",
      ...named,
      ...flags,
    ];
    const child = spawn(process.execPath, args, {
      cwd: PACKAGE_ROOT,
      env: { PATH: process.env.PATH },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    if (value === undefined) throw new Error("the server has ended before it listened");
    this.#url = (JSON.parse(value) as { url: string }).url;
  }

  /** Ends it without a word, as a crash does. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Asks the REST interface, `path` below /api/v1; a body makes it a POST unless said. @throws Error for any error */
  async call<Reply = unknown>(
    path: string,
    body?: unknown,
    method = body === undefined ? "GET" : "POST",
  ): Promise<Reply> {
    const { token } = this.#options;
    const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const init =
      body === undefined
        ? { headers: authorization }
        : { body: JSON.stringify(body), headers: { "content-type": "application/json", ...authorization } };
    const reply = await fetch(`${this.#url}/api/v1${path}`, { method, ...init });
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
    return (await reply.json()) as Reply;
  }
}
