import { buildSegment, readFooter, type StreamIndex } from "@sluice/chunk";
import { batchOf, labelsFromRecord } from "@sluice/model";
import { expect, test } from "vitest";
import { SharedLabels } from "./shared-labels.ts";

const bounds = { setsMax: 10, textsMax: 10, indexBytesMax: 1_000_000 };

async function footerOf(app: string): Promise<Uint8Array> {
  const batch = batchOf([{ timestampNs: 0n, line: "x" }]);
  const { parts } = await buildSegment({
    tenant: "t",
    day: 0,
    streams: [{ labels: labelsFromRecord({ app }), batch }],
  });
  return new Uint8Array(Buffer.concat(parts));
}

test("equal sets are one object, others are not", () => {
  const shared = new SharedLabels(bounds);
  const first = shared.labels(labelsFromRecord({ app: "a", pod: "1" }));
  expect(shared.labels(labelsFromRecord({ pod: "1", app: "a" }))).toBe(first);
  expect(shared.labels(labelsFromRecord({ app: "a" }))).toEqual(labelsFromRecord({ app: "a" }));
});

test("over its bound it begins anew and stays right", () => {
  const shared = new SharedLabels({ setsMax: 2, textsMax: 2, indexBytesMax: 1_000_000 });
  for (let round = 0; round < 2; round++) {
    for (const app of ["a", "b", "c"]) {
      expect(shared.labels(labelsFromRecord({ app }))).toEqual(labelsFromRecord({ app }));
      expect(shared.text(app)).toBe(app);
    }
  }
});

test("segments with the same streams have one index, within a bound of bytes", async () => {
  const [web, db, api] = [await footerOf("web"), await footerOf("db"), await footerOf("api")];
  const { sizeBytes } = readFooter(web, "a segment").streams;
  const shared = new SharedLabels({ ...bounds, indexBytesMax: 2.5 * sizeBytes });
  const indexOf = (footer: Uint8Array): StreamIndex => readFooter(footer, "a segment", shared).streams;
  const kept = indexOf(web);
  const other = indexOf(db);
  expect([indexOf(web) === kept, indexOf(db) === other]).toEqual([true, true]);
  expect(indexOf(api).labelValues("app")).toEqual(["api"]);
  expect(indexOf(web)).not.toBe(kept);
  expect(indexOf(web).labelValues("app")).toEqual(["web"]);
});
