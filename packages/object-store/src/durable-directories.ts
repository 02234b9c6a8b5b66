import { makeDirectoryDurably, type FileSystem } from "@sluice/model";

const knownMax = 10_000;

/** Makes directories, and makes their names survive a power cut, once each. */
export class DurableDirectories {
  readonly #fs: FileSystem;
  /** Directories whose name, and those of all above it, are durable. */
  readonly #known = new Set<string>(["/"]);

  constructor(fs: FileSystem) {
    this.#fs = fs;
  }

  /** Makes `directory` and those above it. */
  async make(directory: string): Promise<void> {
    if (this.#known.has(directory)) {
      return;
    }
    const made = await makeDirectoryDurably(this.#fs, directory, (path) => this.#known.has(path));
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
}
