import { isAbsolute } from "node:path";
import { expect, test } from "vitest";
import { readOptions } from "./config.ts";

test("a relative path of the page is meant from where the server was started", () => {
  const { uiDirectory } = readOptions(["--data", "data", "--ui", "dist"], undefined)!;
  expect(uiDirectory).toBe(`${process.cwd()}/dist`);
  expect(isAbsolute(readOptions(["--data", "data"], "/built/page")!.uiDirectory!)).toBe(true);
});
