import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { buildSegment, readFooter, type StreamIndex } from "@sluice/chunk";
import { batchOf, labelsFromRecord } from "@sluice/model";
import { expect, test } from "vitest";
import { SharedLabels } from "./shared-labels.ts";

const bounds = { setsMax: 10, textsMax: 10, indexesMax: 2 };

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
  const shared = new SharedLabels({ setsMax: 2, textsMax: 2, indexesMax: 2 });
  for (let round = 0; round < 2; round++) {
    for (const app of ["a", "b", "c"]) {
      expect(shared.labels(labelsFromRecord({ app }))).toEqual(labelsFromRecord({ app }));
      expect(shared.text(app)).toBe(app);
    }
  }
});

test("segments with the same streams have one index, as long as somebody has it", async () => {
  const shared = new SharedLabels(bounds);
  const [web, db, api] = [await footerOf("web"), await footerOf("db"), await footerOf("api")];
  const indexOf = (footer: Uint8Array): StreamIndex => readFooter(footer, "a segment", shared).streams;
  const kept = indexOf(web);
  expect(indexOf(web)).toBe(kept);
  const gone = new WeakRef(indexOf(db));
  await collectGarbage();
  expect(gone.deref()).toBeUndefined();
  expect(indexOf(db).labelValues("app")).toEqual(["db"]);
  await collectGarbage();
  // What nobody has makes room first.
  const another = indexOf(api);
  expect(indexOf(api)).toBe(another);
  expect(indexOf(web)).toBe(kept);
});

/** References to what was used in a turn of the event loop hold until its end. */
async function collectGarbage(): Promise<void> {
  await setImmediate();
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  await setImmediate();
}
