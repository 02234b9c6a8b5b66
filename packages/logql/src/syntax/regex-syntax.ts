import { parseRe2, type RegexNode } from "@sluice/model";

/**
 * Checks an expression and no more: what it is run with is compiled where it runs.
 *
 * @throws {ServiceError} `bad_data` with Go's text when it is not RE2.
 */
export function checkRegex(pattern: string): void {
  parseRe2(pattern, { dotAll: false });
}

/**
 * Whether the whole of an empty text matches.
 *
 * @throws {ServiceError} as {@link checkRegex}.
 */
export function regexAcceptsEmpty(pattern: string): boolean {
  return acceptsEmpty(parseRe2(pattern, { dotAll: true }));
}

function acceptsEmpty(node: RegexNode): boolean {
  switch (node.kind) {
    case "set":
      return false;
    case "assertion":
      return node.at !== "wordBoundary";
    case "sequence":
      return node.parts.every(acceptsEmpty);
    case "choice":
      return node.choices.some(acceptsEmpty);
    case "capture":
      return acceptsEmpty(node.body);
    case "repeat":
      return node.min === 0 || acceptsEmpty(node.body);
  }
}

/** The names of the groups, in order of their parentheses; a name may come twice. */
export function regexGroupNames(pattern: string): readonly string[] {
  return groupNames(parseRe2(pattern, { dotAll: false }));
}

function groupNames(node: RegexNode): readonly string[] {
  switch (node.kind) {
    case "sequence":
      return node.parts.flatMap(groupNames);
    case "choice":
      return node.choices.flatMap(groupNames);
    case "capture":
      return [...(node.name === undefined ? [] : [node.name]), ...groupNames(node.body)];
    case "repeat":
      return groupNames(node.body);
    default:
      return [];
  }
}
