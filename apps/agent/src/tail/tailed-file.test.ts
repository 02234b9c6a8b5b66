import { appendFileSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory, virtualClock } from "@sluice/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { LineFormat } from "../discovery/target.ts";
import { TimeSource } from "./assigned-times.ts";
import { CriParser } from "./cri.ts";
import type { EntrySink } from "./entry-sink.ts";
import { FilePosition } from "./file-position.ts";
import { TailedFile, type FileStreams } from "./tailed-file.ts";

interface Taken {
  readonly stream: string;
  readonly time: string;
  readonly line: string;
  readonly safeOffset: number;
}

const streams: FileStreams = {
  plain: { texts: ["plain"] },
  stdout: { texts: ["stdout"] },
  stderr: { texts: ["stderr"] },
};
const counts = { malformed: 0, truncated: 0, flushed: 0 };
const lineBytesMax = 64;
const bufferBytes = 100;

/** Opens a file with a buffer so small that every path through the reader is taken. */
function tail(path: string, format: LineFormat, position = newPosition()): { file: TailedFile; taken: Taken[] } {
  const taken: Taken[] = [];
  const sink: EntrySink = {
    add({ texts }, seconds, nanos, bytes, start, end, _position, safeOffset) {
      const line = Buffer.from(bytes.subarray(start, end)).toString("latin1");
      taken.push({ stream: texts[0]!, time: `${seconds}.${nanos}`, line, safeOffset });
    },
  };
  const context = {
    buffer: Buffer.alloc(bufferBytes),
    joined: Buffer.alloc(lineBytesMax),
    lineBytesMax,
    times: new TimeSource(virtualClock()),
    cri: new CriParser(),
    sink,
    malformedLines: { add: () => (counts.malformed += 1) },
    truncatedLines: { add: () => (counts.truncated += 1) },
    flushedPartialLines: { add: () => (counts.flushed += 1) },
  };
  return { file: new TailedFile(openSync(path, "r"), position, format, streams, context), taken };
}

function newPosition(offset = 0): FilePosition {
  return new FilePosition({ target: "t", path: "p", dev: "1", ino: "2" }, offset, 1, 0);
}

function readAll(file: TailedFile): void {
  while (file.read() > 0) {
    // The next turn.
  }
}

const anyLine = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.stringMatching(/^[ab]{60,70}$/u),
  fc.stringMatching(/^c{90,320}$/u),
);
const cuts = fc.array(fc.nat(1000), { maxLength: 6 });

test("plain lines, written in any pieces and read in any turns, come out whole, in order, cut at the limit", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "app.log");
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 20 }), cuts, fc.boolean(), (texts, pieces, endsWithNewline) => {
      const lines = texts.map((text) => Buffer.from(text.replaceAll("\n", " ")));
      const content = Buffer.concat(lines.flatMap((line, i) => (i === 0 ? [line] : [Buffer.from("\n"), line])));
      const bytes = endsWithNewline ? Buffer.concat([content, Buffer.from("\n")]) : content;
      writeFileSync(path, "");
      const { file, taken } = tail(path, "plain");
      let written = 0;
      for (const at of [...pieces.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
        appendFileSync(path, bytes.subarray(written, at));
        written = at;
        readAll(file);
      }
      file.finish();
      file.close();
      const whole = bytes.toString("latin1").split("\n");
      const want = whole.at(-1) === "" ? whole.slice(0, -1) : whole;
      expect(taken.map(({ line }) => line)).toEqual(want.map((line) => line.slice(0, lineBytesMax)));
      expect(file.safeOffset).toBe(bytes.length);
      expect(file.lineCount).toBe(want.length);
    }),
    { numRuns: 150 },
  );
});

const criPart = fc.record({
  stream: fc.constantFrom("stdout", "stderr"),
  tag: fc.constantFrom("P", "F", "F"),
  text: fc.stringMatching(/^[a-z ]{0,30}$/u),
  isBroken: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

test("CRI lines are joined for each stream; reading again from any safe offset gives the same entries", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "0.log");
  fc.assert(
    fc.property(fc.array(criPart, { minLength: 1, maxLength: 25 }), cuts, (parts, pieces) => {
      const text = (part: (typeof parts)[number], i: number): string =>
        part.isBroken
          ? `broken ${i}\n`
          : `2026-01-02T03:04:05.${String(i).padStart(9, "0")}Z ${part.stream} ${part.tag} ${part.text}\n`;
      const bytes = Buffer.from(parts.map(text).join(""));
      writeFileSync(path, "");
      const position = newPosition();
      const { file, taken } = tail(path, "cri", position);
      let written = 0;
      for (const at of [...pieces.map((cut) => cut % bytes.length), bytes.length].sort((a, b) => a - b)) {
        appendFileSync(path, bytes.subarray(written, at));
        written = at;
        readAll(file);
      }
      file.finish();
      file.close();
      expect(taken.map(({ stream, line }) => `${stream} ${line}`)).toEqual(expectedEntries(parts));
      // What a crash at this moment replays: all from the safe offset on, and all of it as before.
      const cut = pieces.length === 0 ? 0 : pieces[0]! % taken.length;
      const resumeAt = taken[cut]?.safeOffset ?? 0;
      const again = newPosition(resumeAt);
      for (const range of position.times.ranges) {
        again.times.restore(range);
      }
      const replay = tail(path, "cri", again);
      readAll(replay.file);
      replay.file.finish();
      replay.file.close();
      const seen = new Set(taken.map(({ stream, time, line }) => `${stream} ${time} ${line}`));
      const replayed = replay.taken.map(({ stream, time, line }) => `${stream} ${time} ${line}`);
      expect(replayed.filter((entry) => !seen.has(entry))).toEqual([]);
      const rest = taken.slice(cut + 1).map(({ stream, time, line }) => `${stream} ${time} ${line}`);
      expect(rest.filter((entry) => !replayed.includes(entry))).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

/** The same in strings: parts are collected for each stream until one without `P` comes, or the file ends. */
function expectedEntries(
  parts: readonly { stream: string; tag: string; text: string; isBroken: boolean }[],
): readonly string[] {
  const open = new Map<string, string>();
  const entries: string[] = [];
  for (const [i, { stream, tag, text, isBroken }] of parts.entries()) {
    if (isBroken) {
      entries.push(`plain broken ${i}`);
      continue;
    }
    const joined = (open.get(stream) ?? "") + text;
    if (tag === "P") {
      open.set(stream, joined);
    } else {
      open.delete(stream);
      entries.push(`${stream} ${joined.slice(0, lineBytesMax)}`);
    }
  }
  for (const stream of ["stdout", "stderr"].filter((name) => open.has(name))) {
    entries.push(`${stream} ${open.get(stream)!.slice(0, lineBytesMax)}`);
  }
  return entries;
}
