import { expect, test } from "vitest";
import { defaultPreferences, parsePreferences, rememberQuery } from "./preferences.ts";

const defaults = defaultPreferences(false);

test.for([null, "", "null", "[]", "{", '{"wrap":"yes","theme":"pink","queries":[1,{}]}'])(
  "%j is read as the defaults",
  (text) => {
    expect(parsePreferences(text, defaults)).toEqual(defaults);
  },
);

test("what was stored comes back", () => {
  const stored = { wrap: true, theme: "dark" as const, queries: ["a", "b"] };
  expect(parsePreferences(JSON.stringify(stored), defaults)).toEqual(stored);
});

test("a query is remembered once, newest first, and not for ever", () => {
  let preferences = defaults;
  for (let i = 0; i < 80; i++) {
    preferences = rememberQuery(preferences, `q${i}`);
  }
  preferences = rememberQuery(preferences, "q70");
  expect(preferences.queries.slice(0, 3)).toEqual(["q70", "q79", "q78"]);
  expect(preferences.queries.length).toBe(50);
});
