import { compileRe2Bytes } from "@sluice/model";
import { logLine, logLineIn, seededRng } from "@sluice/testkit";
import { runBench, type BenchCase } from "@sluice/testkit/bench";
import { compress, uncompress } from "snappyjs";
import { createFinder, createKernels, fieldNames, needleSet, plainKernels, type Kernels } from "../src/index.ts";

/** 32 blocks of 256 KiB of lines, as a scan meets them: each is decoded once and looked at once. */
const blockBytes = 262_144;
const blockCount = 32;

const encoder = new TextEncoder();
const blocks = makeBlocks(logLine);
const bytes = blocks.reduce((sum, block) => sum + block.length, 0);
const simd = createKernels();
if (!simd.isSimd) {
  throw new Error("this platform has no WebAssembly SIMD: there is nothing to compare");
}
const lines = blocks.reduce((sum, block) => sum + simd.countNewlines(block), 0);
const snappyBlocks = blocks.map((block) => compress(block));
const directory = new URL("..", import.meta.url).pathname;

function each(name: string, run: (block: Uint8Array) => unknown): BenchCase {
  return { name, bytes, lines, run: () => blocks.forEach((block) => void run(block)) };
}

function pair(name: string, run: (kernels: Kernels, block: Uint8Array) => unknown): BenchCase[] {
  return [
    each(`${name}: kernel`, (block) => run(simd, block)),
    each(`${name}: twin`, (block) => run(plainKernels, block)),
  ];
}

function makeBlocks(line: typeof logLine): readonly Uint8Array[] {
  const rng = seededRng(1);
  return Array.from({ length: blockCount }, (_, i) => {
    let text = "";
    for (let j = 0; text.length < blockBytes; j++) {
      text += `${line(rng, i * 1e6 + j)}\n`;
    }
    return encoder.encode(text);
  });
}

/** A block and where its lines are. */
interface Lines {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly all: Uint32Array;
}

function linesOf(block: Uint8Array): Lines {
  const ends = simd.newlineOffsets(block, 2000);
  const starts = ends.map((_, i) => (i === 0 ? 0 : ends[i - 1]! + 1));
  return { bytes: block, starts, ends, all: Uint32Array.from(ends.keys()) };
}

function eachOf(name: string, of: readonly Lines[], run: (lines: Lines) => unknown): BenchCase {
  const total = of.reduce((sum, block) => sum + block.bytes.length, 0);
  const count = of.reduce((sum, block) => sum + block.all.length, 0);
  return { name, bytes: total, lines: count, run: () => of.forEach((block) => void run(block)) };
}

function firstHits(find: (block: Buffer, from: number) => number, block: Uint8Array): number {
  const buffer = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  let count = 0;
  for (let at = find(buffer, 0); at !== -1; count++) {
    const end = buffer.indexOf(0x0a, at);
    at = end === -1 ? -1 : find(buffer, end + 1);
  }
  return count;
}

const needles = ["d41d8cd9-8f00-b204-e980-0998ecf8427e", "deadbeef", "error", '"level":"error"', "20"];
await runBench(
  "kernels-lines-with",
  directory,
  needles.flatMap((text) => {
    const needle = encoder.encode(text);
    const find = createFinder(needle);
    return [
      ...pair(text.slice(0, 16), (kernels, block) => kernels.linesWith(block, needle, 0, block.length)),
      each(`${text.slice(0, 16)}: finder, first hit only`, (block) => find(block, 0, block.length)),
      each(`${text.slice(0, 16)}: Buffer.indexOf`, (block) =>
        firstHits((buffer, from) => buffer.indexOf(text, from, "latin1"), block),
      ),
    ];
  }),
);
await runBench("kernels-newlines", directory, [
  ...pair("newline offsets", (kernels, block) => kernels.newlineOffsets(block, 1200)),
  ...pair("newline count", (kernels, block) => kernels.countNewlines(block)),
]);
const decode = (name: string, run: (block: Uint8Array) => unknown): BenchCase => ({
  name,
  bytes,
  lines,
  run: () => snappyBlocks.forEach((block) => void run(block)),
});
await runBench("kernels-snappy", directory, [
  decode("decode: kernel", (block) => simd.decodeSnappy(block, 1e6)),
  decode("decode: twin", (block) => plainKernels.decodeSnappy(block, 1e6)),
  decode("decode: snappyjs", (block) => uncompress(block)),
  ...pair("encode", (kernels, block) => kernels.encodeSnappy(block)),
  each("encode: snappyjs", (block) => compress(block)),
]);
await runBench(
  "kernels-tokens",
  directory,
  pair("token filter", (kernels, block) => kernels.buildTokenFilter([block])),
);

const withLines = blocks.map(linesOf);
const decoder = new TextDecoder();
await runBench("kernels-escape-json", directory, [
  eachOf("kernel", withLines, (b) => simd.escapeJsonLines(b.bytes, b.starts, b.ends, 0, b.all.length)),
  eachOf("twin", withLines, (b) => plainKernels.escapeJsonLines(b.bytes, b.starts, b.ends, 0, b.all.length)),
  eachOf("JSON.stringify of the texts", withLines, (b) =>
    JSON.stringify(Array.from(b.all, (i) => decoder.decode(b.bytes.subarray(b.starts[i], b.ends[i])))),
  ),
]);

await runBench("kernels-regex", directory, [
  ...[["timeout"], ["error", "panic", "oom"]].flatMap((texts) =>
    [true, false].flatMap((isFolded) => {
      const set = needleSet(
        texts.map((text) => encoder.encode(text)),
        { isFolded },
      );
      return pair(`any of ${texts.join()}${isFolded ? " in either case" : ""}`, (kernels, block) =>
        kernels.linesWithAny(block, set, 0, block.length),
      );
    }),
  ),
  ...["(?i)timeout", '"status":5\\d\\d', "\\d+\\.\\d+s$"].flatMap((pattern) =>
    [simd, plainKernels].map((kernels) => {
      const regex = compileRe2Bytes(pattern, { anchored: false });
      return eachOf(`${pattern}: ${kernels.isSimd ? "kernel" : "twin"}`, withLines, (b) =>
        kernels.matchLines(b.bytes, b.starts, b.ends, b.all, regex),
      );
    }),
  ),
]);

const jsonLines = makeBlocks((rng, atMs) => logLineIn("json", rng, atMs)).map(linesOf);
const logfmtLines = makeBlocks((rng, atMs) => logLineIn("logfmt", rng, atMs)).map(linesOf);
const lenient = { isStrict: false, keepEmpty: false, isWhole: false };
await runBench("kernels-fields", directory, [
  ...[["level"], ["level", "status", "path"], ["missing"]].flatMap((list) => {
    const names = fieldNames(list);
    return [simd, plainKernels].flatMap((kernels) => {
      const suffix = `${list.join(" ")}: ${kernels.isSimd ? "kernel" : "twin"}`;
      return [
        eachOf(`JSON ${suffix}`, jsonLines, (b) => kernels.jsonFields(b.bytes, b.starts, b.ends, b.all, names, false)),
        eachOf(`logfmt ${suffix}`, logfmtLines, (b) =>
          kernels.logfmtFields(b.bytes, b.starts, b.ends, b.all, names, lenient),
        ),
      ];
    });
  }),
  eachOf("JSON.parse of the texts", jsonLines, (b) => {
    for (const i of b.all) {
      JSON.parse(decoder.decode(b.bytes.subarray(b.starts[i], b.ends[i])));
    }
  }),
]);
