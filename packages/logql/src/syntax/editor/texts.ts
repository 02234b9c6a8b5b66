import type { IToken, TokenType } from "chevrotain";
import * as tokens from "../tokens.ts";
import type { CompletionItem, CompletionKind } from "./completion-item.ts";
import { isInSelector } from "./governor.ts";
import { fits } from "./possible-tokens.ts";

const afterWord: ReadonlyMap<TokenType, CompletionKind> = new Map([
  [tokens.Regexp, "regex"],
  [tokens.Pattern, "linePattern"],
  [tokens.LineFormat, "template"],
  [tokens.PipeContains, "lineText"],
  [tokens.PipeMatches, "regex"],
  [tokens.PipePattern, "linePattern"],
  [tokens.NotPattern, "linePattern"],
] as const);

/** What a text behind these tokens would be, or undefined when none may stand there. */
export function placeInText(before: readonly IToken[]): CompletionItem | undefined {
  const text = { ...before.at(-1), tokenType: tokens.Text, tokenTypeIdx: tokens.Text.tokenTypeIdx! } as IToken;
  return fits([...before, { ...text, image: '""', payload: "" }]) ? textItem(before) : undefined;
}

function textItem(before: readonly IToken[]): CompletionItem {
  const last = before.at(-1);
  const name = before.at(-2);
  if (last === undefined) {
    return { kind: "text" };
  }
  const kind = afterWord.get(last.tokenType);
  if (kind !== undefined) {
    return { kind };
  }
  if (last.tokenType === tokens.OpenParenthesis) {
    return { kind: name?.tokenType === tokens.Ip ? "ipPattern" : "text" };
  }
  if (last.tokenType === tokens.Or) {
    return alternativeOf(before);
  }
  const isCondition =
    last.tokenType.CATEGORIES?.includes(tokens.MatchOperator) === true && name?.tokenType === tokens.Identifier;
  if (!isCondition) {
    return { kind: isLineFilter(last) ? (last.tokenType === tokens.NotMatches ? "regex" : "lineText") : "text" };
  }
  return conditionItem(before, name.image);
}

function isLineFilter({ tokenType }: IToken): boolean {
  return tokenType.CATEGORIES?.includes(tokens.LineFilterOperator) === true;
}

/** `|= "a" or "..."` is of the same kind as the first. */
function alternativeOf(before: readonly IToken[]): CompletionItem {
  const operator = before.findLastIndex((token) => isLineFilter(token));
  return operator === -1 ? { kind: "text" } : textItem(before.slice(0, operator + 1));
}

function conditionItem(before: readonly IToken[], label: string): CompletionItem {
  if (isInSelector(before)) {
    return { kind: "labelValue", label };
  }
  const start = before.findLast(({ tokenType }) => stageStarts.has(tokenType))?.tokenType;
  if (start === tokens.LabelFormat) {
    return { kind: "template", label };
  }
  return start === tokens.Json || start === tokens.Logfmt ? { kind: "path", label } : { kind: "fieldValue", label };
}

const stageStarts: ReadonlySet<TokenType> = new Set([
  tokens.Pipe,
  tokens.LabelFormat,
  tokens.Json,
  tokens.Logfmt,
  tokens.Drop,
  tokens.Keep,
]);
