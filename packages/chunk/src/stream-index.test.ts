import {
  ByteReader,
  ByteWriter,
  compileMatcher,
  compileMatchers,
  labelsFromRecord,
  printLabels,
  type Matcher,
} from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectErrorOrSame } from "../test/damage.ts";
import { noSharing, StreamIndex, type LabelTest } from "./stream-index.ts";

const arbitraryLabels = fc
  .dictionary(fc.constantFrom("app", "pod", "zone", "ä"), fc.constantFrom("a", "b", "ab", "é", "\u{1f600}", ""), {
    maxKeys: 4,
  })
  .map(labelsFromRecord);

/** No two alike, as in a segment. */
const arbitraryStreams = fc.uniqueArray(arbitraryLabels, { maxLength: 12, selector: printLabels });

const arbitraryMatcher: fc.Arbitrary<Matcher> = fc.record({
  name: fc.constantFrom("app", "pod", "zone", "other"),
  operator: fc.constantFrom("=", "!=", "=~", "!~"),
  value: fc.constantFrom("a", "b", "ab", "", "a.*", "a|b", ".+", "x?"),
});

function write(index: StreamIndex): Uint8Array {
  const out = new ByteWriter();
  index.write(out);
  return out.finish();
}

function read(bytes: Uint8Array): StreamIndex {
  return StreamIndex.read(new ByteReader(bytes, "an index"));
}

function testOf(matcher: Matcher): LabelTest {
  const { name, operator, value } = matcher;
  return { name, test: compileMatcher(matcher), only: operator === "=" && value !== "" ? value : undefined };
}

test("streams come back with their labels, and match as each of them does by itself", () => {
  fc.assert(
    fc.property(arbitraryStreams, fc.array(arbitraryMatcher, { maxLength: 3 }), (streams, matchers) => {
      const matches = compileMatchers(matchers);
      const wanted = streams.flatMap((labels, stream) => (matches(labels) ? [stream] : []));
      for (const index of [StreamIndex.of(streams), read(write(StreamIndex.of(streams)))]) {
        expect(streams.map((_, stream) => index.labelsAt(stream))).toEqual(streams);
        expect(index.count).toBe(streams.length);
        expect([...index.match(matchers.map(testOf))]).toEqual(wanted);
      }
    }),
    { numRuns: 500 },
  );
});

test("names and values are those that any stream has, ascending, with how many have them", () => {
  const index = StreamIndex.of([
    labelsFromRecord({ app: "web", pod: "web-1" }),
    labelsFromRecord({ app: "web", pod: "web-0" }),
    labelsFromRecord({ app: "db" }),
  ]);
  expect(index.labelNames).toEqual(["app", "pod"]);
  expect(index.labelValues("app")).toEqual(["db", "web"]);
  expect(index.labelValues("pod")).toEqual(["web-0", "web-1"]);
  expect(index.labelValues("zone")).toEqual([]);
  expect(index.streamCountOf("app", "web")).toBe(2);
  expect(index.streamCountOf("app", "none")).toBe(0);
});

test("a test with one value that passes is not asked about others", () => {
  const index = StreamIndex.of(["a", "b", "c"].map((app) => labelsFromRecord({ app })));
  const test = (): boolean => expect.unreachable();
  expect([...index.match([{ name: "app", only: "b", test }])]).toEqual([1]);
});

test("any damage is an error or leaves an index that can be used", () => {
  const good = write(StreamIndex.of([labelsFromRecord({ app: "web", pod: "w" }), labelsFromRecord({ app: "db" }), []]));
  const use = (bytes: Uint8Array): void => {
    const index = read(bytes);
    expect(index.count).toBeLessThanOrEqual(good.length);
    for (let stream = 0; stream < index.count; stream++) {
      index.labelsAt(stream);
    }
    index.match([{ name: "app", test: (value) => value === "" }]);
  };
  expectErrorOrSame(good, use);
});

test("shared texts and label sets are the ones that are given", () => {
  const shared = labelsFromRecord({ app: "web" });
  const sharing = { ...noSharing, labels: () => shared };
  expect(StreamIndex.of([labelsFromRecord({ app: "web" })], sharing).labelsAt(0)).toBe(shared);
});
