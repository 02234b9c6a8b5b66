import { expect, test } from "vitest";
import { parseFlags, parseListenAddress } from "./flags.ts";

const flags = {
  data: { value: "<dir>", help: "where" },
  path: { value: "<glob>", help: "what", repeated: true },
  "no-demo": { help: "without" },
};

test("flags, repeated flags and switches are read, also behind a lone --", () => {
  const given = parseFlags("server", flags, ["--", "--data", "d", "--path", "a", "--path=b", "--no-demo"]);
  if (given === "help") {
    throw new Error("help was not asked for");
  }
  expect([given.text("data"), given.list("path"), given.isSet("no-demo")]).toEqual(["d", ["a", "b"], true]);
  expect([given.text("path"), given.list("data")]).toEqual(["a", ["d"]]);
});

test.for([
  [["--dta", "x"], "--dta"],
  [["--data"], "--data"],
  [["stray"], "stray"],
] as const)("%s is refused by name", ([args, name]) => {
  expect(() => parseFlags("server", flags, args)).toThrow(name);
});

test.for([
  ["127.0.0.1:3100", "127.0.0.1", 3100],
  [":3100", "0.0.0.0", 3100],
  ["[::1]:0", "::1", 0],
  ["localhost:80", "localhost", 80],
] as const)("%s is an address", ([text, host, port]) => {
  expect(parseListenAddress(text)).toEqual({ host, port });
});

test.for(["3100", "host:", "host:70000", "a:b:1"])("'%s' is no address", (text) => {
  expect(() => parseListenAddress(text)).toThrow(`cannot listen on '${text}': expected host:port`);
});
