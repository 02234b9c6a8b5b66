export {
  blockLength,
  decodeBlock,
  encodeBlock,
  type BlockColumns,
  type BlockEntry,
  type BlockKernels,
  type ColumnEntry,
  type EncodedBlock,
  type NewlineKernels,
} from "./block.ts";
export { inlineBlockEncoder, type BlockEncoder } from "./block-encoder.ts";
export { dayOf, dayStartNs } from "./day.ts";
export { blockRawBytesMax, Head, type StreamBatch } from "./head.ts";
export { buildSegment, readFooter, SegmentWriter, type BuiltSegment, type SegmentFooter } from "./segment.ts";
export { mergeBatches, sliceBatch, sortBatch, splitBatch } from "./sort-batch.ts";
export { decodeStreams, encodeStreams, type StreamEntries } from "./stream-columns.ts";
