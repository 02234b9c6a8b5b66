export {
  blockLength,
  decodeBlock,
  encodeBlock,
  type NewlineKernels,
  type BlockColumns,
  type BlockEntry,
  type ColumnEntry,
} from "./block.ts";
export { dayOf, dayStartNs } from "./day.ts";
export { blockRawBytesMax, Head, type StreamBatch } from "./head.ts";
export { buildSegment, readFooter, SegmentWriter, type BuiltSegment, type SegmentFooter } from "./segment.ts";
export { mergeBatches, sliceBatch, sortBatch, splitBatch } from "./sort-batch.ts";
export { decodeStreams, encodeStreams, type StreamEntries } from "./stream-columns.ts";
