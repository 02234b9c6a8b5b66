import type { Labels } from "@sluice/model";
import { contentSize, fieldSize, writeHeader } from "./wire-writer.ts";

/** The structuredMetadata fields of an entry (see schema.ts), empty texts left out as in proto3. */
export function encodeMetadata(metadata: Labels): Uint8Array {
  const sizes: number[] = [];
  let size = 0;
  for (const { name, value } of metadata) {
    const nameSize = Buffer.byteLength(name);
    const valueSize = Buffer.byteLength(value);
    sizes.push(nameSize, valueSize);
    size += fieldSize(contentSize(nameSize) + contentSize(valueSize));
  }
  const bytes = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const [i, { name, value }] of metadata.entries()) {
    const nameSize = sizes[2 * i]!;
    const valueSize = sizes[2 * i + 1]!;
    offset = writeHeader(bytes, offset, 0x1a, contentSize(nameSize) + contentSize(valueSize));
    offset = writeText(bytes, offset, 0x0a, name, nameSize);
    offset = writeText(bytes, offset, 0x12, value, valueSize);
  }
  return bytes;
}

function writeText(target: Buffer, start: number, tag: number, text: string, size: number): number {
  if (size === 0) {
    return start;
  }
  const offset = writeHeader(target, start, tag, size);
  return offset + target.write(text, offset, "utf8");
}
