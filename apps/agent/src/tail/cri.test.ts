import { parseRfc3339Ns } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CriParser, stderr, stdout } from "./cri.ts";

interface Parsed {
  readonly timestampNs: bigint;
  readonly stream: number;
  readonly isPartial: boolean;
  readonly content: string;
}

/** Parses within a larger buffer, as the reader does. */
function parse(line: string | Uint8Array, parser = new CriParser()): Parsed | undefined {
  const bytes = Buffer.concat([Buffer.from("9 "), Buffer.from(line), Buffer.from("\n2026-01-01T00:00:00Z stdout F x")]);
  const end = 2 + Buffer.from(line).length;
  if (!parser.parse(bytes, 2, end)) {
    return undefined;
  }
  const { seconds, nanos, stream, isPartial, contentStart } = parser.header;
  const timestampNs = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
  return { timestampNs, stream, isPartial, content: bytes.toString("utf8", contentStart, end) };
}

test.for([
  ["2026-01-02T03:04:05.123456789Z stdout F hello world", stdout, false, "hello world"],
  ["2026-01-02T03:04:05.123456789Z stderr P half", stderr, true, "half"],
  ["2026-01-02T03:04:05.1Z stdout F short fraction", stdout, false, "short fraction"],
  ["2026-01-02T03:04:05Z stdout F no fraction", stdout, false, "no fraction"],
  ["2026-01-02T03:04:05.123456789+02:00 stdout F offset", stdout, false, "offset"],
  ["2026-01-02T03:04:05.123456789-09:30 stdout F offset", stdout, false, "offset"],
  ["2024-02-29T23:59:59.999999999Z stdout F leap day", stdout, false, "leap day"],
  ["1969-12-31T23:59:59.5Z stdout F before the epoch", stdout, false, "before the epoch"],
  ["2026-01-02T03:04:05Z stdout F ", stdout, false, ""],
  ["2026-01-02T03:04:05Z stdout F", stdout, false, ""],
  ["2026-01-02T03:04:05Z stdout F  two spaces ", stdout, false, " two spaces "],
  ["2026-01-02T03:04:05Z stdout P:more:tags text", stdout, true, "text"],
  ["2026-01-02T03:04:05Z stdout F:P text", stdout, false, "text"],
  ["2026-01-02T03:04:05Z stdout PF text", stdout, false, "text"],
] as const)("%s", ([line, stream, isPartial, content]) => {
  const timestampNs = parseRfc3339Ns(line.split(" ")[0]!)!;
  expect(parse(line)).toEqual({ timestampNs, stream, isPartial, content });
});

test.for([
  "",
  "hello",
  "2026-01-02T03:04:05Z",
  "2026-01-02T03:04:05Z ",
  "2026-01-02T03:04:05Z stdout",
  "2026-01-02T03:04:05Z stdout ",
  "2026-01-02T03:04:05Z stdlog F text",
  "2026-01-02T03:04:05Z stdouts F text",
  "2026-01-02T03:04:05 stdout F text",
  "2026-01-02T03:04:05.Z stdout F text",
  "2026-01-02 03:04:05Z stdout F text",
  "2026-13-02T03:04:05Z stdout F text",
  "2026-02-29T03:04:05Z stdout F text",
  "2026-01-00T03:04:05Z stdout F text",
  "2026-01-02T24:04:05Z stdout F text",
  "2026-01-02T03:60:05Z stdout F text",
  "2026-01-02T03:04:61Z stdout F text",
  "2026-01-02T03:04:05+0200 stdout F text",
  "2026-01-02T03:04:05+02:61 stdout F text",
  "\0".repeat(19) + "Z stdout F text",
])("no CRI line: %s", (line) => {
  expect(parse(line)).toBeUndefined();
});

test("any time gives what the reference parser gives, whatever came before it", () => {
  const parser = new CriParser();
  const time = fc.date({ min: new Date("1900-01-01"), max: new Date("2200-01-01"), noInvalidDate: true });
  const fraction = fc.option(fc.stringMatching(/^[0-9]{1,12}$/u), { nil: undefined });
  const zone = fc.constantFrom("Z", "+00:00", "+05:45", "-11:00");
  fc.assert(
    fc.property(time, fraction, zone, fc.string(), (date, digits, offset, text) => {
      const content = text.replaceAll("\n", " ");
      const stamp = `${date.toISOString().slice(0, 19)}${digits === undefined ? "" : `.${digits}`}${offset}`;
      expect(parse(`${stamp} stderr F ${content}`, parser)).toEqual({
        timestampNs: parseRfc3339Ns(stamp)!,
        stream: stderr,
        isPartial: false,
        content,
      });
    }),
  );
});

test("arbitrary bytes are never read past their end", () => {
  const parser = new CriParser();
  const good = Buffer.from("2026-01-02T03:04:05.123456789Z stdout F hello");
  fc.assert(
    fc.property(fc.nat(good.length), fc.uint8Array({ maxLength: 8 }), fc.nat(good.length), (cut, junk, at) => {
      const bytes = Buffer.concat([good.subarray(0, cut), junk, good.subarray(at)]);
      const end = Math.min(cut, bytes.length);
      if (parser.parse(bytes, 0, end)) {
        expect(parser.header.contentStart).toBeLessThanOrEqual(end);
      }
    }),
  );
});
