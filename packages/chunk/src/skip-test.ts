import { allTokens, innerTokens, mayHoldTokens } from "@sluice/kernels";
import { labelValue, type EntryBatch, type LabelPair, type Labels } from "@sluice/model";
import { metadataText } from "./encode-block.ts";

/** What an entry must hold to be of interest: all of it. */
export interface Wanted {
  /** UTF-8 texts in its line. */
  readonly needles: readonly Uint8Array[];
  /** Labels of its stream or of its structured metadata, with exactly these values. */
  readonly equalities: readonly LabelPair[];
}

/** False only when no entry of the stream's block can hold all that is wanted. */
export type SkipTest = (filter: Uint8Array, stream: Labels) => boolean;

/**
 * A test of skip filters. Of a needle, only the tokens inside of it are known to be whole; the value of a label is a
 * whole part of the metadata, so that all its tokens are.
 *
 * @returns undefined when nothing that is wanted is a whole token, so that no block can be skipped.
 */
export function compileSkipTest({ needles, equalities }: Wanted): SkipTest | undefined {
  const everywhere = needles.flatMap((needle) => innerTokens(needle));
  const inMetadata = equalities.map(({ name, value }) => ({ name, value, tokens: allTokens(encoder.encode(value)) }));
  if (everywhere.length === 0 && inMetadata.every(({ tokens }) => tokens.length === 0)) {
    return undefined;
  }
  return (filter, stream) =>
    mayHoldTokens(filter, everywhere) &&
    inMetadata.every(({ name, value, tokens }) => labelValue(stream, name) === value || mayHoldTokens(filter, tokens));
}

/** Whether a block's filter holds every token in its lines and its metadata, so that no search passes over one of them. */
export function holdsAllTokens(filter: Uint8Array, { bytes, metadata }: EntryBatch): boolean {
  return [bytes, metadataText(metadata)].every((part) => mayHoldTokens(filter, allTokens(part)));
}

const encoder = new TextEncoder();
