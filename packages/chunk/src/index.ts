export {
  blockLength,
  columnNames,
  type BlockColumns,
  type BlockEntry,
  type BlockKernels,
  type ColumnEntry,
  type DecodeKernels,
} from "./block-columns.ts";
export { checkBlock, decodeBlock, decodeBlockBriefly, decodeBlockHolding, decodedBlockBytes } from "./decode-block.ts";
export { encodeBlock, type EncodedBlock } from "./encode-block.ts";
export { inlineBlockEncoder, type BlockEncoder } from "./block-encoder.ts";
export { readSlot, slotBytes, writeSlot, type SlotShape } from "./threads/slot.ts";
export { openThreadedBlockEncoder, type ThreadedBlockEncoder } from "./threads/threaded-block-encoder.ts";
export { dayOf, dayStartNs } from "./day.ts";
export { blockRawBytesMax } from "./day-columns.ts";
export { Head, type HeadBlockRef, type StreamBatch } from "./head.ts";
export { joinBatch, joinedBytes, joinInto } from "./join-batch.ts";
export { type BlockTable } from "./block-table.ts";
export { type FilterTable } from "./filter-table.ts";
export { readFooter, type SegmentFooter } from "./footer.ts";
export { buildSegment, SegmentWriter, type BuiltSegment } from "./segment.ts";
export { type LabelSharing, type LabelTest, type StreamIndex } from "./stream-index.ts";
export { compileSkipTest, holdsAllTokens, type SkipTest, type Wanted } from "./skip-test.ts";
export { mergeBatches, pickEntries, sliceBatch, sortBatch, splitBatch } from "./sort-batch.ts";
export { decodeStreams, encodeStreams, type StreamEntries } from "./stream-columns.ts";
