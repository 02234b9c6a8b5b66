import { expect, test } from "vitest";
import { errorPosition } from "./parse-error.ts";

test.for([
  ["parse error at line 1, col 5: syntax error", "{a=b}", { text: "{a=b}", column: 4 }],
  ["parse error at line 2, col 1: syntax error", '{a="b"}\n||', { text: "||", column: 0 }],
  [
    'parse error at line 0, col 13: not a valid duration string: "5"',
    'rate({a="b"}[5])',
    { text: 'rate({a="b"}[5])', column: 12 },
  ],
  ["parse error at line 1, col 99: unexpected end", "{a", { text: "{a", column: 2 }],
  ["parse error at line 9, col 1: x", "{a", undefined],
  ["too many series", "{a", undefined],
] as const)("%s", ([message, query, want]) => {
  expect(errorPosition(message, query)).toEqual(want);
});
