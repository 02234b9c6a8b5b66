import { createFinder } from "@sluice/kernels";
import { compileRe2, literalsOfRe2 } from "@sluice/model";
import { checkLinePattern, type LineFilterNode } from "../syntax/index.ts";
import type { Stage } from "./line.ts";

const encoder = new TextEncoder();

/** `|= != |~ !~ |> !>`: passes lines by their text. `|=` and `!=` compare bytes and make no string. */
export function compileLineFilter({ operator, alternatives }: LineFilterNode): Stage {
  const tests = alternatives.map(({ text }) => compileAlternative(operator, text));
  const [first] = tests;
  return tests.length === 1 ? first! : (line) => tests.some((test) => test(line));
}

/** The bytes that are all that a line must hold to pass, when the filter is that simple. */
export function needleOf({ operator, alternatives }: LineFilterNode): Uint8Array | undefined {
  const [only] = alternatives;
  const isPlain = operator === "|=" && alternatives.length === 1 && only?.kind === "text" && only.text !== "";
  return isPlain ? encoder.encode(only.text) : undefined;
}

/**
 * Bytes that every line holds that passes, each of them; it need not pass with them. Those of alternatives, and of what
 * must not be there, are none.
 */
export function needlesOf(filter: LineFilterNode): readonly Uint8Array[] {
  const { operator, alternatives } = filter;
  const [only] = alternatives;
  if (alternatives.length !== 1 || only?.kind !== "text") {
    return [];
  }
  const { text } = only;
  switch (operator) {
    case "|=":
      return [needleOf(filter)].filter((needle) => needle !== undefined);
    case "|~":
      return literalsOfRe2(text).map((literal) => encoder.encode(literal));
    case "|>":
      // U+FFFD may stand for bytes that are not UTF-8.
      return checkLinePattern(text)
        .literals.filter((literal) => literal.isWellFormed() && !literal.includes("\ufffd"))
        .map((literal) => encoder.encode(literal));
    default:
      return [];
  }
}

function compileAlternative(operator: LineFilterNode["operator"], text: string): Stage {
  switch (operator) {
    case "|=":
      return contains(text);
    case "|~": {
      const regex = compileRe2(text, { anchored: false });
      return (line) => regex.test(line.text);
    }
    case "|>":
      return fitsPattern(text);
    case "!=":
      return not(contains(text));
    case "!~":
      return not(compileAlternative("|~", text));
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

/** The literals must come in order; a wildcard stands for one character at least. */
function fitsPattern(text: string): Stage {
  const { literals, startsWithWildcard, endsWithWildcard } = checkLinePattern(text);
  return ({ text: line }) => {
    if (line === "" || text === "") {
      return line === text;
    }
    let offset = 0;
    for (const [i, literal] of literals.entries()) {
      const at = line.indexOf(literal, offset);
      // Loki searches the first literal too, and does not insist that it is found where the line begins.
      if (at === -1 || (at === offset && (i > 0 || startsWithWildcard))) {
        return false;
      }
      offset = at + literal.length;
    }
    return endsWithWildcard === offset < line.length;
  };
}
