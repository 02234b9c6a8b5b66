import type { FileSystem } from "@sluice/model";

const knownMax = 10_000;

/** Makes directories, and makes their names survive a power cut, once each. */
export class DurableDirectories {
  readonly #fs: FileSystem;
  /** Directories whose name, and those of all above it, are durable. */
  readonly #known = new Set<string>(["/"]);

  constructor(fs: FileSystem) {
    this.#fs = fs;
  }

  /**
   * Makes `directory` and those above it. The ones that were there are synced too: a process that was killed right
   * after making them may not have come to it.
   */
  async make(directory: string): Promise<void> {
    if (this.#known.has(directory)) {
      return;
    }
    await this.#fs.makeDirectory(directory);
    const made: string[] = [];
    for (let path = directory; !this.#known.has(path); path = parentOf(path)) {
      made.push(path);
    }
    for (const path of made) {
      await this.#sync(parentOf(path));
    }
    if (this.#known.size + made.length > knownMax) {
      this.forget();
    }
    for (const path of made) {
      this.#known.add(path);
    }
  }

  /** Makes and syncs everything anew when it is next asked for. */
  forget(): void {
    this.#known.clear();
    this.#known.add("/");
  }

  async #sync(path: string): Promise<void> {
    try {
      await this.#fs.syncDirectory(path);
    } catch (error) {
      // A directory that this process may not open is none that it made.
      if (!["EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) {
        throw error;
      }
    }
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
