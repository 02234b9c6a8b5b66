import { captureNames, emitRegex } from "./re2/emit.ts";
import { parseRe2 } from "./re2/parse.ts";
import { requiredLiterals } from "./re2/required-literals.ts";

/** A compiled RE2 expression. */
export interface CompiledRegex {
  /** Whether the text (anchored) or some part of it (not anchored) matches. */
  test(text: string): boolean;
  /** The first match, or undefined. */
  exec(text: string): RegexMatch | undefined;
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

/**
 * Compiles an RE2 expression: what Go's `regexp` accepts, and with its meaning. It becomes a JavaScript expression
 * without flags, for which V8 can fall back to its linear engine
 * (`--enable-experimental-regexp-engine-on-excessive-backtracks`).
 *
 * One difference is left: a group inside a repetition that takes no part in the last round is undefined, where Go keeps
 * what it matched in an earlier one.
 *
 * @param options.anchored the whole text must match, and `.` matches line breaks, as in a label matcher; otherwise any
 * part may, and `.` stops at a line break, as in a line filter.
 * @throws {ServiceError} `bad_data` with Go's text, `error parsing regexp: missing closing ): ...`.
 */
export function compileRe2(pattern: string, options: { readonly anchored: boolean }): CompiledRegex {
  const { anchored } = options;
  const tree = parseRe2(pattern, { dotAll: anchored });
  const groupNames = captureNames(tree);
  const compile = (captures: boolean): RegExp => {
    const source = emitRegex(tree, { captures });
    // oxlint-disable-next-line require-unicode-regexp -- a flag would switch off V8's linear fallback
    return new RegExp(anchored ? `^(?:${source})$` : source);
  };
  const tester = compile(false);
  let finder = groupNames.length === 0 ? tester : undefined;
  return {
    groupNames,
    test: (text) => tester.test(text),
    exec(text) {
      finder ??= compile(true);
      const match = finder.exec(text);
      return match === null
        ? undefined
        : { index: match.index, groups: [...match], named: namedGroups(groupNames, match) };
    },
  };
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
