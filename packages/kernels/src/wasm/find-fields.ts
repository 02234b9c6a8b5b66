import type { FieldColumns, FieldNames } from "../field-names.ts";
import { spanOfLines } from "../line-span.ts";
import type { LogfmtOptions } from "../logfmt-fields.ts";
import type { KernelMemory } from "./kernel-memory.ts";
import type { FieldAddresses, KernelExports } from "./web-assembly.ts";

/** Lines of a text, by their numbers, and the fields to find in them. */
export interface FieldSearch {
  readonly bytes: Uint8Array;
  readonly lineStarts: Uint32Array;
  readonly lineEnds: Uint32Array;
  readonly lines: Uint32Array;
  readonly names: FieldNames;
}

/** @returns undefined when the kernels' memory is too small. */
export function jsonFields(
  wasm: KernelExports,
  memory: KernelMemory,
  search: FieldSearch,
  isWhole: boolean,
): FieldColumns | undefined {
  return findFields(memory, search, (input, output) => {
    wasm.jsonFields(...input, Number(isWhole), ...output);
  });
}

/** @returns undefined when the kernels' memory is too small. */
export function logfmtFields(
  wasm: KernelExports,
  memory: KernelMemory,
  search: FieldSearch,
  { isWhole, isStrict, keepEmpty }: LogfmtOptions,
): FieldColumns | undefined {
  return findFields(memory, search, (input, output) => {
    wasm.logfmtFields(...input, Number(isWhole), Number(isStrict), Number(keepEmpty), ...output);
  });
}

/** The first arguments of both kernels. */
type Input = [
  base: number,
  lineStarts: number,
  lineEnds: number,
  lines: number,
  count: number,
  names: number,
  nameCount: number,
  mayBeginWithDigit: number,
];

function findFields(
  memory: KernelMemory,
  { bytes, lineStarts, lineEnds, lines, names }: FieldSearch,
  call: (input: Input, output: FieldAddresses) => void,
): FieldColumns | undefined {
  const { start, end } = spanOfLines(bytes, lineStarts, lineEnds, lines);
  const count = lines.length;
  const fieldCount = count * names.names.length;
  const span = bytes.subarray(start, end);
  const inputBytes = [memory.roomFor(span), lineStarts.length * 4, lineEnds.length * 4, count * 4, names.table.length];
  const addresses = memory.layOut(...inputBytes, count, fieldCount, fieldCount * 4, fieldCount * 4);
  if (addresses === undefined) {
    return undefined;
  }
  const [textAt, startsIn, endsIn, linesIn, table, ...output] = addresses as [
    ...[number, number, number, number, number],
    ...FieldAddresses,
  ];
  const text = memory.bring(span, textAt);
  memory.words(startsIn, lineStarts.length).set(lineStarts);
  memory.words(endsIn, lineEnds.length).set(lineEnds);
  memory.words(linesIn, count).set(lines);
  memory.copyIn(names.table, table);
  const mayBeginWithDigit = Number(names.mayBeginWithDigit);
  call([text - start, startsIn, endsIn, linesIn, count, table, names.names.length, mayBeginWithDigit], output);
  const [status, kinds, starts, ends] = output;
  return {
    status: memory.bytes.slice(status, status + count),
    kinds: memory.bytes.slice(kinds, kinds + fieldCount),
    starts: memory.words(starts, fieldCount).slice(),
    ends: memory.words(ends, fieldCount).slice(),
  };
}
