import type { Matcher, MatchOperator } from "@sluice/model";
import type { IToken } from "chevrotain";
import * as tokens from "../tokens.ts";
import { endOf } from "./editor-tokens.ts";

/** A selector as far as it can be read: what to ask the server's label endpoints with. */
export interface FoundSelector {
  readonly matchers: readonly Matcher[];
  readonly from: number;
  readonly to: number;
}

/** The selectors of a text, whole or not, from the left. */
export function findSelectors(all: readonly IToken[]): readonly FoundSelector[] {
  const found: FoundSelector[] = [];
  for (let i = 0; i < all.length; i++) {
    const open = all[i]!;
    if (open.tokenType !== tokens.OpenBrace) {
      continue;
    }
    const matchers: Matcher[] = [];
    let last = open;
    for (i += 1; i < all.length && isInSelector(all[i]!); i++) {
      const matcher = matcherAt(all, i);
      if (matcher !== undefined) {
        matchers.push(matcher);
        i += 2;
      }
      last = all[i]!;
    }
    const next = all[i];
    if (next?.tokenType === tokens.CloseBrace) {
      last = next;
    } else {
      // What ended the selector may begin the next one.
      i -= 1;
    }
    found.push({ matchers, from: open.startOffset, to: endOf(last) });
  }
  return found;
}

const inSelector: ReadonlySet<unknown> = new Set([
  tokens.Identifier,
  tokens.Unknown,
  tokens.Text,
  tokens.Comma,
  tokens.Equal,
  tokens.NotEqual,
  tokens.Matches,
  tokens.NotMatches,
]);

function isInSelector({ tokenType }: IToken): boolean {
  return inSelector.has(tokenType);
}

function matcherAt(all: readonly IToken[], i: number): Matcher | undefined {
  const [name, operator, value] = all.slice(i, i + 3);
  const isMatcher =
    name?.tokenType === tokens.Identifier &&
    operator?.tokenType.CATEGORIES?.includes(tokens.MatchOperator) === true &&
    value?.tokenType === tokens.Text;
  return isMatcher
    ? { name: name.image, operator: operator.image as MatchOperator, value: value.payload as string }
    : undefined;
}
