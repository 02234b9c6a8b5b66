import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { ContainerLog } from "./container-log.ts";

const startMs = Date.parse("2026-11-25T12:34:56Z");

test("a full file is renamed with the kubelet's suffix, and only the newest stay", async () => {
  await using directory = await temporaryDirectory();
  const container = join(directory.path, "ai-agent");
  const log = new ContainerLog(join(container, "0.log"), { rotateBytes: 10, rotatedFilesKept: 2 });
  for (let second = 0; second < 5; second++) {
    log.append(Buffer.from(`line ${second} is long\n`), startMs + second * 1000);
  }
  log.close();
  expect(readdirSync(container)).toEqual(["0.log", "0.log.20261125-123459", "0.log.20261125-123500"]);
  expect(readFileSync(join(container, "0.log.20261125-123500"), "utf8")).toBe("line 3 is long\n");
  expect(readFileSync(join(container, "0.log"), "utf8")).toBe("line 4 is long\n");
});

test("a rotation never overwrites another of the same second", async () => {
  await using directory = await temporaryDirectory();
  const log = new ContainerLog(join(directory.path, "0.log"), { rotateBytes: 1, rotatedFilesKept: 2 });
  for (const text of ["a", "b", "c"]) {
    log.append(Buffer.from(text), startMs);
  }
  log.close();
  const all = readdirSync(directory.path).map((name) => readFileSync(join(directory.path, name), "utf8"));
  expect(all.join("").split("").sort()).toEqual(["a", "b", "c"]);
});

test("what was in the file stays, and counts for the rotation", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "0.log");
  const options = { rotateBytes: 10, rotatedFilesKept: 2 };
  const first = new ContainerLog(path, options);
  first.append(Buffer.from("0123456789"), startMs);
  first.close();
  const second = new ContainerLog(path, options);
  second.append(Buffer.from("new"), startMs);
  second.close();
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(readFileSync(`${path}.20261125-123456`, "utf8")).toBe("0123456789");
});
