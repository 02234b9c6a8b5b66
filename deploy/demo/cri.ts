import { printRfc3339Ns } from "@sluice/model";

export type OutputStream = "stdout" | "stderr";

/** containerd cuts what a container writes into pieces of this many bytes, wherever a character may lie. */
export const criPieceBytesMax = 16 * 1024;

const lineFeed = Buffer.from("\n");

/**
 * One line of a container's output as containerd writes it: `<time> <stream> <tag> <text>\n`, where a line that is too
 * long becomes several with the tag `P` (partial) and a last one with `F` (full).
 *
 * @param atNs nanoseconds since the epoch.
 * @param line without its line feed; it must hold none.
 * @see containerd's core/runtime/v1/shim logging and the CRI log format (kubernetes/design-proposals kubelet-cri-logging).
 */
export function encodeCriLine(atNs: bigint, stream: OutputStream, line: string): Buffer {
  const text = Buffer.from(line, "utf8");
  const time = printRfc3339Ns(atNs);
  const parts: Buffer[] = [];
  let offset = 0;
  while (text.length - offset > criPieceBytesMax) {
    parts.push(Buffer.from(`${time} ${stream} P `), text.subarray(offset, offset + criPieceBytesMax), lineFeed);
    offset += criPieceBytesMax;
  }
  parts.push(Buffer.from(`${time} ${stream} F `), text.subarray(offset), lineFeed);
  return Buffer.concat(parts);
}
