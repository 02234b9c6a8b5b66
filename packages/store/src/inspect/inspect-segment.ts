import { blockLength, readFooter, type BlockEntry } from "@sluice/chunk";
import { lineTextAt, metadataAt, printLabels, printRfc3339Ns, timestampAt, type EntryBatch } from "@sluice/model";
import type { InspectOptions } from "./inspect-options.ts";
import { bytesText, countText, dayText, percentText, visible } from "./text.ts";
import { attempt, verifySegment } from "./verify-segment.ts";

const columns = ["body", "times", "lengths", "metadata"] as const;

/** @see inspectFile */
export async function inspectSegment(
  bytes: Uint8Array,
  name: string,
  { showLines, print }: InspectOptions,
): Promise<readonly string[]> {
  const footer = attempt([], () => readFooter(bytes, name));
  if (footer !== undefined) {
    const { tenant, day, streams, blocks } = footer;
    print(`segment of tenant ${visible(tenant)}, ${dayText(day)}, ${bytesText(bytes.length)}`);
    const lines = sum(blocks, ({ count }) => count);
    print(
      `  ${countText(streams.length, "stream")}, ${countText(blocks.length, "block")}, ${countText(lines, "line")}`,
    );
    printSizes(bytes, blocks, print);
  }
  let stream = -1;
  const { problems } = await verifySegment(bytes, name, (entry, batch) => {
    if (entry.stream !== stream) {
      stream = entry.stream;
      print(`\n${visible(printLabels(footer!.streams[stream]!))}`);
    }
    printBlock(entry, batch, print);
    if (showLines && batch !== undefined) {
      printLines(batch, print);
    }
  });
  return problems;
}

/** What the columns take of the lines' bytes. */
function printSizes(bytes: Uint8Array, blocks: readonly BlockEntry[], print: InspectOptions["print"]): void {
  const raw = sum(blocks, ({ rawBytes }) => rawBytes);
  print(`  ${bytesText(raw)} of lines, stored in ${percentText(bytes.length, raw)} of that:`);
  for (const column of columns) {
    const stored = sum(blocks, (block) => block.columns[column]?.storedBytes ?? 0);
    print(`    ${column.padEnd(9)} ${percentText(stored, raw).padStart(8)}  ${bytesText(stored)}`);
  }
  const rest = bytes.length - sum(blocks, blockLength);
  print(`    ${"footer".padEnd(9)} ${percentText(rest, raw).padStart(8)}  ${bytesText(rest)}`);
}

function printBlock(entry: BlockEntry, batch: EntryBatch | undefined, print: InspectOptions["print"]): void {
  const { offset, count, minNs, maxNs, rawBytes } = entry;
  const sizes = columns
    .filter((column) => entry.columns[column] !== undefined)
    .map((column) => `${column} ${entry.columns[column]!.storedBytes}`);
  print(
    `  block at byte ${offset}: ${countText(count, "line")}, ${printRfc3339Ns(minNs)} to ${printRfc3339Ns(maxNs)}, ` +
      `${rawBytes} in ${bytesText(blockLength(entry))} (${sizes.join(", ")})${batch === undefined ? ": DAMAGED" : ""}`,
  );
}

function printLines(batch: EntryBatch, print: InspectOptions["print"]): void {
  for (let i = 0; i < batch.count; i++) {
    const metadata = metadataAt(batch, i);
    const behind = metadata.length === 0 ? "" : `  ${visible(printLabels(metadata))}`;
    print(`    ${printRfc3339Ns(timestampAt(batch, i))} ${visible(lineTextAt(batch, i))}${behind}`);
  }
}

function sum<Item>(items: readonly Item[], numberOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + numberOf(item), 0);
}
