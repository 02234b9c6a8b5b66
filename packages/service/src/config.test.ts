import { expect, test } from "vitest";
import { z } from "zod";
import { ByteSize, DurationMs, expandEnvironment, loadYamlConfig, parseYamlConfig } from "./config.ts";

const Schema = z.strictObject({
  server: z.strictObject({ port: z.int().default(3100), grace: DurationMs.prefault("10m") }).prefault({}),
  groups: z.array(z.strictObject({ name: z.string() })).default([]),
});

test("an empty file is all defaults", () => {
  expect(parseYamlConfig("server.yaml", "", Schema)).toEqual({ server: { port: 3100, grace: 600_000 }, groups: [] });
});

test.for([
  {
    title: "an unknown key",
    text: "server:\n  prot: 1\n",
    told: "server.yaml:2: server.prot: unknown key, did you mean port?",
  },
  { title: "a key like no other", text: "zzzzzz: 1\n", told: /^server\.yaml:1: zzzzzz: unknown key$/u },
  {
    title: "a wrong type",
    text: "server:\n  port: many\n",
    told: "server.yaml:2: server.port: Invalid input: expected number",
  },
  {
    title: "a bad duration",
    text: "server:\n  grace: 5\n",
    told: "server.yaml:2: server.grace: Invalid input: expected string",
  },
  {
    title: "a duration of no unit",
    text: 'server:\n  grace: "5"\n',
    told: 'server.yaml:2: server.grace: not a valid duration string: "5"',
  },
  {
    title: "a key in a list",
    text: "groups:\n  - name: a\n  - nam: b\n",
    told: "server.yaml:3: groups.1.nam: unknown key, did you mean name?",
  },
  {
    title: "a value on the next line",
    text: "groups:\n\n  name: a\n",
    told: "server.yaml:1: groups: Invalid input: expected array",
  },
  { title: "broken YAML", text: "server:\n  port: [1\n", told: "server.yaml:" },
])("$title is told with file, line and key", ({ text, told }) => {
  expect(() => parseYamlConfig("server.yaml", text, Schema)).toThrow(told);
});

test("sizes are written as Loki writes them, and 0 is a duration", () => {
  const Sizes = z.strictObject({ line: ByteSize, wait: DurationMs });
  const read = parseYamlConfig("a.yaml", "line: 256KB\nwait: 0\n", Sizes);
  expect(read).toEqual({ line: 262_144, wait: 0 });
  expect(z.encode(Sizes, read)).toEqual({ line: "256KB", wait: "0s" });
  expect(() => parseYamlConfig("a.yaml", "line: 1.5MB\nwait: 1s\n", Sizes)).toThrow("a.yaml:1: line: not a valid size");
});

test("a missing file is one sentence that names it", () => {
  expect(() => loadYamlConfig("/does/not/exist.yaml", Schema)).toThrow(
    /^cannot read the config file \/does\/not\/exist\.yaml: ENOENT/u,
  );
});

test.for([
  { text: "a: ${SECRET}", want: "a: s3cret" },
  { text: "a: ${NOT_SET:-preset} ${NOT_SET:other} ${EMPTY:-preset}", want: "a: preset other " },
  { text: "a: $SECRET $$ ${1} {{ $labels.app }} $1", want: "a: $SECRET $$ ${1} {{ $labels.app }} $1" },
])("variables of the environment: $text", ({ text, want }) => {
  expect(expandEnvironment("server.yaml", text, { SECRET: "s3cret", EMPTY: "" })).toBe(want);
});

test("a variable that is not set is told with its line", () => {
  expect(() => expandEnvironment("server.yaml", "a: 1\nb: ${NOT_SET}", {})).toThrow(
    "server.yaml:2: the environment variable NOT_SET is not set",
  );
});
