import { createFinder } from "@sluice/kernels";
import { compileRe2Bytes, literalsOfRe2 } from "@sluice/model";
import {
  checkLinePattern,
  findsLess,
  textSearchOf,
  type LineFilterNode,
  type LineFilterText,
} from "../../syntax/index.ts";
import { compileIpSearch } from "../ip-search.ts";
import type { Stage } from "../line.ts";
import { compileTextSearch } from "../text-search.ts";

type Operator = LineFilterNode["operator"];

const encoder = new TextEncoder();

/** `|= != |~ !~ |> !>`: passes lines by their text. All but regular expressions work on its bytes and make no string. */
export function compileLineFilter(filter: LineFilterNode): Stage {
  const { operator } = filter;
  const tests = effectiveAlternatives(filter).map((alternative) => compileAlternative(operator, alternative));
  const [first] = tests;
  return tests.length === 1 ? first! : (line) => tests.some((test) => test(line));
}

/**
 * Bytes that every line holds that passes, each of them; it need not pass with them. Those of alternatives, and of what
 * must not be there, are none.
 */
export function needlesOf(filter: LineFilterNode): readonly Uint8Array[] {
  const [only, ...others] = effectiveAlternatives(filter);
  if (others.length > 0 || only?.kind !== "text") {
    return [];
  }
  const { text } = only;
  switch (filter.operator) {
    case "|=":
      return text === "" ? [] : [encoder.encode(text)];
    case "|~":
      return literalsOfRe2(text).map((literal) => encoder.encode(literal));
    case "|>":
      return checkLinePattern(text)
        .literals.filter((literal) => literal.isWellFormed())
        .map((literal) => encoder.encode(literal));
    default:
      return [];
  }
}

/**
 * The alternatives that count. Loki leaves out those that every line fits when there are others: `|= "a" or ""` is
 * `|= "a"`.
 */
export function effectiveAlternatives({ operator, alternatives }: LineFilterNode): readonly LineFilterText[] {
  const isAlwaysTrue = ({ kind, text }: LineFilterText): boolean =>
    kind === "text" &&
    ((text === "" && (operator === "|=" || operator === "|~")) || (text === ".*" && operator === "|~"));
  const effective = alternatives.filter((alternative) => !isAlwaysTrue(alternative));
  return effective.length === 0 ? alternatives.slice(0, 1) : effective;
}

function compileAlternative(operator: Operator, { kind, text }: LineFilterText): Stage {
  if (kind === "ip") {
    const search = compileIpSearch(text);
    const isIn: Stage = ({ bytes, start, end }) => search(bytes, start, end);
    return operator === "!=" ? not(isIn) : isIn;
  }
  switch (operator) {
    case "|=":
      return contains(text);
    case "|~": {
      if (findsLess(text)) {
        const finds = compileTextSearch(textSearchOf(text, false)!);
        return (line) => finds(line.text);
      }
      const regex = compileRe2Bytes(text, { anchored: false });
      return ({ bytes, start, end }) => regex.test(bytes, start, end);
    }
    case "|>":
      return fitsPattern(text);
    case "!=":
      return not(contains(text));
    case "!~":
      return not(compileAlternative("|~", { kind, text }));
    case "!>":
      return not(fitsPattern(text));
  }
}

function not(stage: Stage): Stage {
  return (line) => !stage(line);
}

function contains(text: string): Stage {
  const find = createFinder(encoder.encode(text));
  return ({ bytes, start, end }) => find(bytes, start, end) !== -1;
}

/** The literals must come in order; a wildcard stands for one byte at least. */
function fitsPattern(text: string): Stage {
  const { literals, startsWithWildcard, endsWithWildcard } = checkLinePattern(text);
  const finders = literals.map((literal) => {
    const bytes = encoder.encode(literal);
    return { find: createFinder(bytes), length: bytes.length };
  });
  return ({ bytes, start, end }) => {
    if (start === end || text === "") {
      return start === end && text === "";
    }
    let offset = start;
    for (const [i, { find, length }] of finders.entries()) {
      const at = find(bytes, offset, end);
      // Loki searches the first literal too, and does not insist that it is found where the line begins.
      if (at === -1 || (at === offset && (i > 0 || startsWithWildcard))) {
        return false;
      }
      offset = at + length;
    }
    return endsWithWildcard === offset < end;
  };
}
