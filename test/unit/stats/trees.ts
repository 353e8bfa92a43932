// A host's files, in a folder where a test may change them.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Test } from "tap";
import { LinuxHost } from "../../../src/stats/linux-host.js";

const FIXTURES = fileURLToPath(new URL("../../fixtures/hosts", import.meta.url));

export type TreeName = "virtual-machine" | "container" | "workstation";

/** What the file systems of a tree have, by mount; others are no folders. */
const SPACES: Readonly<Record<string, number>> = {
  "/": 40,
  "/home": 75,
  "/srv/data": 75,
  "/data/my models": 10,
  "/mnt/nas": 99,
};

export class Tree {
  readonly root: string;
  /** Mounts that do not answer. */
  readonly silent = new Set<string>();
  /** Called when one of these is asked. */
  asked: () => void = () => undefined;

  constructor(t: Test, name: TreeName) {
    this.root = t.testdir({});
    cpSync(join(FIXTURES, name), this.root, { recursive: true });
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  replace(path: string, found: string | RegExp, by: string): void {
    this.write(path, this.read(path).replace(found, by));
  }

  remove(path: string): void {
    rmSync(join(this.root, path), { recursive: true });
  }

  /** A sampler of it, whose slow figures are known. */
  async open(t: Test): Promise<LinuxHost> {
    const host = new LinuxHost(this.root, (path) => this.#spaceOf(path.slice(this.root.length)));
    t.teardown(() => host[Symbol.dispose]());
    await host.refresh();
    return host;
  }

  async #spaceOf(mount: string) {
    if (this.silent.has(mount)) {
      this.asked();
      return new Promise<undefined>(() => undefined);
    }
    const usedPercent = SPACES[mount];
    return usedPercent === undefined ? undefined : { totalBytes: 1000, usedBytes: 10 * usedPercent, usedPercent };
  }
}
