import { expect, test } from "vitest";
import { LogfmtScanner } from "./logfmt-scan.ts";

test("the error is the last one, with its place in bytes", () => {
  const scanner = new LogfmtScanner('é=1 =x a"b');
  const found = [scanner.next(), scanner.next()];
  expect([found, scanner.error]).toEqual([["pair", "broken"], "logfmt syntax error at pos 6 : unexpected '='"]);
  expect(scanner.next()).toBe("broken");
  expect(scanner.error).toBe("logfmt syntax error at pos 10 : unexpected '\"'");
  expect(scanner.next()).toBe("end");
});

test.for(["= ", '"x ', 'a="\\q" ', "\ufffd=1 "])(
  "a line with nothing but errors takes no longer than another: %j",
  (broken) => {
    const scanner = new LogfmtScanner(broken.repeat(100_000));
    const startMs = performance.now();
    let count = 0;
    while (scanner.next() !== "end") {
      count += 1;
    }
    expect(count).toBeGreaterThanOrEqual(100_000);
    // Where every error cost a look at the whole line, this took half a minute.
    expect(performance.now() - startMs).toBeLessThan(2000);
  },
);
