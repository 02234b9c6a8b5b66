import { blockLength, columnNames, readFooter, type BlockEntry, type SegmentFooter } from "@sluice/chunk";
import {
  lineTextAt,
  metadataAt,
  printLabels,
  printRfc3339Ns,
  quoteGo,
  timestampAt,
  type EntryBatch,
} from "@sluice/model";
import type { InspectOptions } from "./inspect-options.ts";
import { bytesText, countText, dayText, percentText, visible } from "./text.ts";
import { attempt, verifySegment } from "./verify-segment.ts";

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
    const lines = sum([...blocks.entries()], ({ count }) => count);
    print(`  ${countText(streams.count, "stream")}, ${countText(blocks.length, "block")}, ${countText(lines, "line")}`);
    printSizes(bytes, footer, print);
    printLabelNames(footer, print);
  }
  let stream = -1;
  const { problems } = await verifySegment(bytes, name, (block, entry, batch) => {
    if (entry.stream !== stream) {
      stream = entry.stream;
      print(`\n${visible(printLabels(footer!.streams.labelsAt(stream)))}`);
    }
    printBlock(entry, filterBytesOf(footer!, block), batch, print);
    if (showLines && batch !== undefined) {
      printLines(batch, print);
    }
  });
  return problems;
}

/** What the columns, the filters and the footer take of the lines' bytes. */
function printSizes(bytes: Uint8Array, { blocks, filters }: SegmentFooter, print: InspectOptions["print"]): void {
  const entries = [...blocks.entries()];
  const raw = sum(entries, ({ rawBytes }) => rawBytes);
  const printSize = (part: string, stored: number): void =>
    print(`    ${part.padEnd(9)} ${percentText(stored, raw).padStart(8)}  ${bytesText(stored)}`);
  print(`  ${bytesText(raw)} of lines, stored in ${percentText(bytes.length, raw)} of that:`);
  for (const column of columnNames) {
    printSize(
      column,
      sum(entries, (block) => block.columns[column]?.storedBytes ?? 0),
    );
  }
  const filterBytes = filters?.storedBytes ?? 0;
  printSize("filters", filterBytes);
  printSize("footer", bytes.length - sum(entries, blockLength) - filterBytes);
}

const valuesShown = 5;

/** The postings: which labels there are, and how many streams have each of their first values. */
function printLabelNames({ streams }: SegmentFooter, print: InspectOptions["print"]): void {
  for (const name of streams.labelNames) {
    const values = streams.labelValues(name);
    const shown = values
      .slice(0, valuesShown)
      .map((value) => `${quoteGo(value)} ${streams.streamCountOf(name, value)}`);
    const more = values.length > valuesShown ? ", ..." : "";
    print(`  label ${visible(name)}: ${countText(values.length, "value")} (${visible(shown.join(", "))}${more})`);
  }
}

function filterBytesOf({ filters }: SegmentFooter, block: number): number | undefined {
  return filters?.has(block) === true ? filters.endOf(block) - filters.startOf(block) : undefined;
}

function printBlock(
  entry: BlockEntry,
  filterBytes: number | undefined,
  batch: EntryBatch | undefined,
  print: InspectOptions["print"],
): void {
  const { offset, count, minNs, maxNs, rawBytes } = entry;
  const sizes = columnNames
    .filter((column) => entry.columns[column] !== undefined)
    .map((column) => `${column} ${entry.columns[column]!.storedBytes}`);
  const filter = filterBytes === undefined ? "no filter" : `filter ${filterBytes}`;
  print(
    `  block at byte ${offset}: ${countText(count, "line")}, ${printRfc3339Ns(minNs)} to ${printRfc3339Ns(maxNs)}, ` +
      `${rawBytes} in ${bytesText(blockLength(entry))} (${sizes.join(", ")}), ${filter}` +
      (batch === undefined ? ": DAMAGED" : ""),
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
