import { labelValue, type Labels } from "./labels.ts";
import { compileRe2 } from "./re2.ts";

export type MatchOperator = "=" | "!=" | "=~" | "!~";

/** One condition of a stream selector. Regular expressions are RE2 and fully anchored. */
export interface Matcher {
  readonly name: string;
  readonly operator: MatchOperator;
  readonly value: string;
}

/**
 * Compiles a matcher to a test of a label's value.
 *
 * @throws {ServiceError} `bad_data` when the regular expression is not RE2.
 */
export function compileMatcher(matcher: Matcher): (value: string) => boolean {
  const { operator, value: wanted } = matcher;
  if (operator === "=") {
    return (value) => value === wanted;
  }
  if (operator === "!=") {
    return (value) => value !== wanted;
  }
  const regex = compileRe2(wanted, { anchored: true });
  return operator === "=~" ? (value) => regex.test(value) : (value) => !regex.test(value);
}

/** Compiles a selector to a test of a label set; a missing label is the empty string. */
export function compileMatchers(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  const tests = matchers.map((matcher) => ({ name: matcher.name, test: compileMatcher(matcher) }));
  return (labels) => tests.every(({ name, test }) => test(labelValue(labels, name)));
}
