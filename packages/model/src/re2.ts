import { AliveStates } from "./re2/alive-states.ts";
import { ByteMatcher } from "./re2/byte-matcher.ts";
import { CaptureMatcher, type Slots } from "./re2/capture-matcher.ts";
import { captureNames, emitRegex } from "./re2/emit.ts";
import { needlesOf, prefixesOf, type RegexNeedles } from "./re2/needles.ts";
import { parseRe2 } from "./re2/parse.ts";
import { regexError } from "./re2/pattern-reader.ts";
import { positionGraphOf } from "./re2/position-graph.ts";
import { requiredLiterals } from "./re2/required-literals.ts";
import { withoutCaptures } from "./re2/simplify.ts";
import type { RegexNode } from "./re2/tree.ts";
import { beginsAtStart, hasMatchesOfV8, isOneWayInV8, isQuickInV8, mayBeEmpty } from "./re2/v8-safety.ts";

export type { RegexNeedles } from "./re2/needles.ts";

/** A compiled RE2 expression. Everything takes time in proportion to the text, whatever the expression. */
export interface CompiledRegex {
  /** Whether the text (anchored) or some part of it (not anchored) matches. */
  test(text: string): boolean;
  /** The first match, or undefined. */
  exec(text: string): RegexMatch | undefined;
  /** All matches from the left that do not overlap; an empty one right behind another is none. */
  matches(text: string): readonly RegexMatch[];
  /** Names of the groups, from the first; undefined for a group without name. A name may come twice. */
  readonly groupNames: readonly (string | undefined)[];
}

export interface RegexMatch {
  /** Where in the text the match begins, in UTF-16 units. */
  readonly index: number;
  /** The whole match, then the groups; undefined for a group that took no part. */
  readonly groups: readonly (string | undefined)[];
  /** The groups that have a name and took part, by name. */
  readonly named: ReadonlyMap<string, string>;
}

export interface Re2Options {
  /**
   * The whole text must match, and `.` matches line breaks, as in a label matcher; otherwise any part may, and `.` stops
   * at a line break, as in a line filter.
   */
  readonly anchored: boolean;
}

/**
 * A compiled RE2 expression that tests lines where they lie. The table behind it fills while lines are tested; whoever
 * reads it directly (`@sluice/kernels` does) has {@link test} look at a line where an entry is missing.
 */
export type ByteRegex = Pick<
  ByteMatcher,
  "test" | "byteClasses" | "endColumn" | "width" | "cells" | "cellCount" | "generation" | "startState"
>;

/**
 * Compiles an RE2 expression: what Go's `regexp` accepts, and with its meaning. What V8 is sure to do quickly becomes a
 * JavaScript expression; all else is run by automata of our own.
 *
 * @throws {ServiceError} `bad_data` with Go's text, `error parsing regexp: missing closing ): ...`.
 */
export function compileRe2(pattern: string, { anchored }: Re2Options): CompiledRegex {
  const tree = parseRe2(pattern, { dotAll: anchored });
  const groupNames = captureNames(tree);
  const test = isQuickInV8(tree, anchored) ? v8Test(tree, anchored) : automatonTest(pattern, tree, anchored);
  let search: RegexSearch | undefined;
  const searchLazily = (): RegexSearch => (search ??= searchOf(pattern, tree, anchored, groupNames));
  return {
    groupNames,
    test,
    exec: (text) => searchLazily().first(text),
    matches: (text) => searchLazily().all(text),
  };
}

/**
 * Compiles an RE2 expression for texts in UTF-8, with the meaning of {@link compileRe2}.
 *
 * @throws {ServiceError} `bad_data` as {@link compileRe2}.
 */
export function compileRe2Bytes(pattern: string, { anchored }: Re2Options): ByteRegex {
  return byteMatcherOf(pattern, parseRe2(pattern, { dotAll: anchored }), anchored);
}

/**
 * Texts that every text in which the expression matches holds, each of them: what a search can look for first, or skip
 * data by. None when the expression has choices everywhere.
 *
 * @throws {ServiceError} `bad_data` as {@link compileRe2}.
 */
export function literalsOfRe2(pattern: string): readonly string[] {
  return requiredLiterals(parseRe2(pattern, { dotAll: false }));
}

/**
 * Texts of which every text in which the expression matches holds one: what to look for before it is run; or instead of
 * it, where the expression is nothing but texts (`error|fatal`, `(?i)timeout`). Undefined when there are none.
 *
 * @throws {ServiceError} `bad_data` as {@link compileRe2}.
 */
export function needlesOfRe2(pattern: string): RegexNeedles | undefined {
  return needlesOf(parseRe2(pattern, { dotAll: false }));
}

/**
 * Texts of which every match begins with one, so that the expression need not be run on what lies before the first of them.
 * Undefined when there are none.
 *
 * @throws {ServiceError} `bad_data` as {@link compileRe2}.
 */
export function prefixesOfRe2(pattern: string): RegexNeedles | undefined {
  return prefixesOf(parseRe2(pattern, { dotAll: false }));
}

function v8Test(tree: RegexNode, anchored: boolean): CompiledRegex["test"] {
  const source = emitRegex(tree, { captures: false });
  const regex = new RegExp(anchored ? `^(?:${source})$` : source, "");
  return (text) => regex.test(text);
}

function byteMatcherOf(pattern: string, tree: RegexNode, anchored: boolean): ByteMatcher {
  const matcher = ByteMatcher.of(withoutCaptures(anchored ? wholeText(tree) : tree), {
    searchesStart: !anchored,
    searchesEnd: !anchored,
  });
  if (matcher === undefined) {
    throw regexError("expression too large", pattern);
  }
  return matcher;
}

const encoder = new TextEncoder();
const scratchBytesMax = 65_536;

function automatonTest(pattern: string, tree: RegexNode, anchored: boolean): CompiledRegex["test"] {
  const matcher = byteMatcherOf(pattern, tree, anchored);
  let scratch = new Uint8Array(256);
  return (text) => {
    // A unit takes three bytes at most.
    const bytesMax = text.length * 3;
    if (bytesMax > scratchBytesMax) {
      const bytes = encoder.encode(text);
      return matcher.test(bytes, 0, bytes.length);
    }
    if (bytesMax > scratch.length) {
      scratch = new Uint8Array(Math.min(bytesMax * 2, scratchBytesMax));
    }
    return matcher.test(scratch, 0, encoder.encodeInto(text, scratch).written);
  };
}

interface RegexSearch {
  readonly first: (text: string) => RegexMatch | undefined;
  readonly all: (text: string) => readonly RegexMatch[];
}

function searchOf(
  pattern: string,
  tree: RegexNode,
  anchored: boolean,
  groupNames: readonly (string | undefined)[],
): RegexSearch {
  if (isQuickInV8(tree, anchored) && hasMatchesOfV8(tree)) {
    return v8Search(tree, anchored, groupNames);
  }
  if (isOneWayInV8(tree)) {
    if (anchored || beginsAtStart(tree)) {
      return v8Search(tree, anchored, groupNames);
    }
    const graph = positionGraphOf(tree, { searchesStart: false, searchesEnd: true });
    const alive = graph && AliveStates.of(graph);
    if (alive !== undefined && !mayBeEmpty(tree)) {
      return guidedV8Search(tree, alive, groupNames);
    }
  }
  const matcher = CaptureMatcher.of(anchored ? wholeText(tree) : tree);
  if (matcher === undefined) {
    throw regexError("expression too large", pattern);
  }
  const matchAt = (text: string, slots: Slots): RegexMatch => {
    const groups = Array.from({ length: slots.length / 2 }, (_, i) =>
      slots[2 * i] === -1 ? undefined : text.slice(slots[2 * i], slots[2 * i + 1]),
    );
    return { index: slots[0]!, groups, named: namedGroups(groupNames, groups) };
  };
  return {
    first(text) {
      const slots = matcher.first(text);
      return slots && matchAt(text, slots);
    },
    all: (text) => matcher.all(text).map((slots) => matchAt(text, slots)),
  };
}

function v8Search(tree: RegexNode, anchored: boolean, groupNames: readonly (string | undefined)[]): RegexSearch {
  const source = emitRegex(tree, { captures: true });
  const regex = new RegExp(anchored ? `^(?:${source})$` : source, "");
  const everywhere = new RegExp(regex, "g");
  const matchOf = (match: RegExpExecArray): RegexMatch => ({
    index: match.index,
    groups: [...match],
    named: namedGroups(groupNames, match),
  });
  return {
    first(text) {
      const match = regex.exec(text);
      return match === null ? undefined : matchOf(match);
    },
    all: (text) => text.matchAll(everywhere).map(matchOf).toArray(),
  };
}

/** V8 begins where a match is known to begin: so it does not try in vain, place after place. */
function guidedV8Search(tree: RegexNode, alive: AliveStates, groupNames: readonly (string | undefined)[]): RegexSearch {
  const regex = new RegExp(emitRegex(tree, { captures: true }), "y");
  const next = (text: string, from: number): RegexMatch | undefined => {
    for (let at = alive.startFrom(from); at !== -1; at = alive.startFrom(at + 1)) {
      regex.lastIndex = at;
      const match = regex.exec(text);
      // It is null where the assertions at the beginning do not hold.
      if (match !== null) {
        return { index: match.index, groups: [...match], named: namedGroups(groupNames, match) };
      }
    }
    return undefined;
  };
  return {
    first(text) {
      alive.begin(text);
      return next(text, 0);
    },
    all(text) {
      alive.begin(text);
      const matches: RegexMatch[] = [];
      for (let match = next(text, 0); match !== undefined; match = next(text, regex.lastIndex)) {
        matches.push(match);
      }
      return matches;
    },
  };
}

function wholeText(tree: RegexNode): RegexNode {
  const parts: RegexNode[] = [{ kind: "assertion", at: "textStart" }, tree, { kind: "assertion", at: "textEnd" }];
  return { kind: "sequence", parts };
}

function namedGroups(
  names: readonly (string | undefined)[],
  match: readonly (string | undefined)[],
): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  for (const [i, name] of names.entries()) {
    const text = match[i + 1];
    if (name !== undefined && text !== undefined) {
      named.set(name, text);
    }
  }
  return named;
}
