import type { KernelExports } from "./web-assembly.ts";

/** An instance's memory never grows past this: work that needs more is the twins'. It cannot shrink. */
export const kernelMemoryBytesMax = 33_554_432;

/** How far kernels may read and write behind what they are given. */
export const slackBytes = 128;

const pageBytes = 65_536;

/** The first page is the module's own: its tables lie there. */
const arenaStart = pageBytes;

/**
 * The memory of one instance, laid out anew by every call: regions one behind the other, each with slack behind it. Below
 * them may lie regions that stay for longer, see {@link reside}.
 */
export class KernelMemory {
  readonly #memory: KernelExports["memory"];
  #bytes: Uint8Array<ArrayBuffer>;
  #arenaStart = arenaStart;

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
    const { addresses, end } = placesFrom(this.#arenaStart, sizesBytes);
    return this.#reserve(end) ? addresses : undefined;
  }

  /**
   * Regions that calls of {@link layOut} leave alone, in the place of those that there were. The memory grows to its full
   * size, so that it never has to grow while somebody holds views of them.
   *
   * @returns undefined when they leave less than half of the memory for calls.
   */
  reside(sizesBytes: readonly number[]): Uint8Array<ArrayBuffer>[] | undefined {
    const { addresses, end } = placesFrom(arenaStart, sizesBytes);
    if (end > kernelMemoryBytesMax / 2 || !this.#reserve(kernelMemoryBytesMax)) {
      return undefined;
    }
    this.#arenaStart = end;
    return addresses.map((address, i) => this.#bytes.subarray(address, address + sizesBytes[i]!));
  }

  /** Bytes that {@link bring} needs of the layout. */
  roomFor(bytes: Uint8Array): number {
    return this.#isResident(bytes) ? 0 : bytes.length;
  }

  /** Where the bytes lie: where they are when that is in this memory, else at the address, to which they are copied. */
  bring(bytes: Uint8Array, address: number): number {
    if (this.#isResident(bytes)) {
      return bytes.byteOffset;
    }
    this.#bytes.set(bytes, address);
    return address;
  }

  #isResident(bytes: Uint8Array): boolean {
    return bytes.buffer === this.#bytes.buffer;
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

function placesFrom(start: number, sizesBytes: readonly number[]): { addresses: number[]; end: number } {
  let end = start;
  const addresses = sizesBytes.map((sizeBytes) => {
    const address = end;
    end = Math.ceil((end + sizeBytes + slackBytes) / 16) * 16;
    return address;
  });
  return { addresses, end };
}
