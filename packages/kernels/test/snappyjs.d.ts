declare module "snappyjs" {
  /** Compresses to one snappy block. */
  export function compress(bytes: Uint8Array): Uint8Array;
  /** Decompresses one snappy block; throws when it is damaged or longer than `lengthMax`. */
  export function uncompress(block: Uint8Array, lengthMax?: number): Uint8Array;
}
