import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { compileGlob, matchesGlob, walkGlob, watchRoots } from "./glob.ts";

const files = [
  "a.log",
  "b.txt",
  ".hidden.log",
  "x/a.log",
  "x/y/a.log",
  "x/y/z/deep.log",
  "pods/n_p_u/main/0.log",
  "x[1].log",
];

test.for([
  ["*.log", [".hidden.log", "a.log", "x[1].log"]],
  ["?.log", ["a.log"]],
  ["a.log", ["a.log"]],
  ["[a-c].*", ["a.log", "b.txt"]],
  ["[!a]*.txt", ["b.txt"]],
  ["[^a]*.txt", ["b.txt"]],
  ["{a,b}.{log,txt}", ["a.log", "b.txt"]],
  ["{x/a,x/y/a}.log", ["x/a.log", "x/y/a.log"]],
  ["**/a.log", ["a.log", "x/a.log", "x/y/a.log"]],
  ["x/**", ["x/a.log", "x/y/a.log", "x/y/z/deep.log"]],
  ["x/**/z/*.log", ["x/y/z/deep.log"]],
  ["pods/*/*/*.log", ["pods/n_p_u/main/0.log"]],
  ["*/a.log", ["link/a.log", "x/a.log"]],
  ["x\\[1\\].log", ["x[1].log"]],
  ["linked.log", ["linked.log"]],
  ["nowhere/*.log", []],
  ["*", [".hidden.log", "a.log", "b.txt", "linked.log", "x[1].log"]],
] as const)("%s finds %j", async ([pattern, want]) => {
  await using directory = await temporaryDirectory();
  for (const file of files) {
    await mkdir(dirname(join(directory.path, file)), { recursive: true });
    await writeFile(join(directory.path, file), "");
  }
  await symlink("x", join(directory.path, "link"));
  await symlink("a.log", join(directory.path, "linked.log"));
  const wanted = want.map((file) => join(directory.path, file));
  const found = walkGlob(compileGlob(join(directory.path, pattern))).files.toSorted();
  expect(pattern === "*.log" ? found.filter((path) => !path.endsWith("linked.log")) : found).toEqual(wanted);
  // The same answer for paths as text, symbolic links apart.
  const glob = compileGlob(join(directory.path, pattern));
  const matched = files.map((file) => join(directory.path, file)).filter((path) => matchesGlob(glob, path));
  expect(matched.toSorted()).toEqual(wanted.filter((path) => !path.includes("link")));
});

test.for([
  ["/var/log/pods/*/*/*.log", "/var/log/pods", 2],
  ["/var/log/*.log", "/var/log", 0],
  ["/var/log/app.log", "/var/log", 0],
  ["/var/log/**/*.log", "/var/log", undefined],
] as const)("what to watch for %s", ([pattern, directory, levels]) => {
  expect(watchRoots(compileGlob(pattern))).toEqual([{ directory, levels }]);
});

test.for([
  ["/x/{a,b", "the path pattern /x/{a,b has a { that is not closed"],
  [`/x/${"{a,b}".repeat(11)}`, `the path pattern /x/${"{a,b}".repeat(11)} has more than 1000 alternatives`],
] as const)("%s is no pattern", ([pattern, message]) => {
  expect(() => compileGlob(pattern)).toThrow(message);
});
