import type { KernelExports } from "./web-assembly.ts";

/** An instance's memory never grows past this: work that needs more is the twins'. It cannot shrink. */
export const kernelMemoryBytesMax = 33_554_432;

/** How far kernels may read and write behind what they are given. */
export const slackBytes = 128;

const pageBytes = 65_536;

/** The first page is the module's own: its tables lie there. */
const arenaStart = pageBytes;

/** The memory of one instance, laid out anew by every call: regions one behind the other, each with slack behind it. */
export class KernelMemory {
  readonly #memory: KernelExports["memory"];
  #bytes: Uint8Array<ArrayBuffer>;

  constructor(memory: KernelExports["memory"]) {
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /** A view of all of it, good until the next {@link layOut}, which may replace it. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /**
   * Where regions of these sizes lie, aligned to 16 bytes. What they hold is left over from earlier calls.
   *
   * @returns undefined when they would need more than {@link kernelMemoryBytesMax}.
   */
  layOut(...sizesBytes: number[]): number[] | undefined {
    let end = arenaStart;
    const addresses = sizesBytes.map((sizeBytes) => {
      const address = end;
      end = Math.ceil((end + sizeBytes + slackBytes) / 16) * 16;
      return address;
    });
    return this.#reserve(end) ? addresses : undefined;
  }

  /** Copies the bytes to the address; answers with their end. */
  copyIn(bytes: Uint8Array, address: number): number {
    this.#bytes.set(bytes, address);
    return address + bytes.length;
  }

  /** A view of so many words of 32 bits. */
  words(address: number, count: number): Uint32Array {
    return new Uint32Array(this.#bytes.buffer, address, count);
  }

  doubles(address: number, count: number): Float64Array {
    return new Float64Array(this.#bytes.buffer, address, count);
  }

  #reserve(sizeBytes: number): boolean {
    if (sizeBytes <= this.#bytes.length) {
      return true;
    }
    if (sizeBytes > kernelMemoryBytesMax) {
      return false;
    }
    try {
      this.#memory.grow(Math.ceil((sizeBytes - this.#bytes.length) / pageBytes));
    } catch {
      return false;
    }
    this.#bytes = new Uint8Array(this.#memory.buffer);
    return true;
  }
}
