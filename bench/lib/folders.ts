// Folders of measurements that look at what a server leaves on disk.
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A fresh folder, deleted when it is disposed of, or when this process ends. */
export class TemporaryFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "tidewire-bench-data-"));
  readonly #remove = (): void => rmSync(this.path, { recursive: true, force: true });

  constructor() {
    process.once("exit", this.#remove);
  }

  /** What its files take on the disk, in bytes: of sparse files the blocks that are there. */
  get bytesOnDisk(): number {
    const names = readdirSync(this.path, { recursive: true, encoding: "utf8" });
    return names.reduce((sum, name) => sum + this.#blocksOf(name), 0);
  }

  #blocksOf(name: string): number {
    const found = statSync(join(this.path, name), { throwIfNoEntry: false }); // a segment may just have gone
    return found?.isFile() ? found.blocks * 512 : 0;
  }

  [Symbol.dispose](): void {
    process.off("exit", this.#remove);
    this.#remove();
  }
}
