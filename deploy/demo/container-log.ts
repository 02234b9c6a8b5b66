import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, basename, join } from "node:path";

export interface RotationOptions {
  /** A file of this size or more is rotated before the next write. */
  readonly rotateBytes: number;
  /** How many rotated files stay beside the current one. */
  readonly rotatedFilesKept: number;
}

/**
 * One container's log file, written and rotated as the kubelet does: `0.log` is renamed to `0.log.<yyyymmdd-hhmmss>`
 * and a new `0.log` begins. Owns the open file.
 */
export class ContainerLog {
  readonly #path: string;
  readonly #options: RotationOptions;
  #file: number;
  #sizeBytes: number;

  /** @param path the file's path; its directory is made when missing, and what is in the file stays. */
  constructor(path: string, options: RotationOptions) {
    mkdirSync(dirname(path), { recursive: true });
    this.#path = path;
    this.#options = options;
    this.#file = openSync(path, "a", 0o640);
    this.#sizeBytes = fstatSync(this.#file).size;
  }

  /** @param nowMs milliseconds since the epoch; names the rotated file. */
  append(bytes: Uint8Array, nowMs: number): void {
    if (this.#sizeBytes >= this.#options.rotateBytes) {
      this.#rotate(nowMs);
    }
    let offset = 0;
    while (offset < bytes.length) {
      offset += writeSync(this.#file, bytes, offset);
    }
    this.#sizeBytes += bytes.length;
  }

  close(): void {
    closeSync(this.#file);
  }

  #rotate(nowMs: number): void {
    const rotated = `${this.#path}.${rotationSuffix(nowMs)}`;
    if (existsSync(rotated)) {
      return; // A second rotation within one second would overwrite the first.
    }
    renameSync(this.#path, rotated);
    closeSync(this.#file);
    this.#file = openSync(this.#path, "a", 0o640);
    this.#sizeBytes = 0;
    const directory = dirname(this.#path);
    const prefix = `${basename(this.#path)}.`;
    const all = readdirSync(directory)
      .filter((name) => name.startsWith(prefix))
      .sort();
    for (const name of all.slice(0, Math.max(0, all.length - this.#options.rotatedFilesKept))) {
      rmSync(join(directory, name), { force: true });
    }
  }
}

/** The kubelet's suffix of a rotated file: `20060102-150405`, here in UTC. */
function rotationSuffix(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/gu, "").replace("T", "-");
}
