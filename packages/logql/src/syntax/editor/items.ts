import type { IToken, TokenType } from "chevrotain";
import * as tokens from "../tokens.ts";
import type { CompletionItem } from "./completion-item.ts";
import { nameRole } from "./governor.ts";
import { possibleTokens } from "./possible-tokens.ts";
import { placeInText } from "./texts.ts";
import * as vocabulary from "./vocabulary.ts";
import { itemsOf } from "./vocabulary.ts";

/** Everything that may come behind these tokens, the most wanted first. */
export function itemsAt(before: readonly IToken[]): readonly CompletionItem[] {
  const isPossible = possibleTokens(before);
  const pick = (kind: CompletionItem["kind"], words: Readonly<Record<string, string>>): readonly CompletionItem[] =>
    itemsOf(kind, words).filter(({ text }) => isPossible(typeOf(text!)));
  /** The words are of one kind to the grammar: asking for one is enough. */
  const pickAll = (kind: CompletionItem["kind"], words: Readonly<Record<string, string>>): readonly CompletionItem[] =>
    isPossible(typeOf(Object.keys(words)[0]!)) ? itemsOf(kind, words) : [];
  const afterPipe = before.at(-1)?.tokenType === tokens.Pipe;
  return [
    ...(isPossible(tokens.Text) ? quoted(placeInText(before)) : []),
    ...(afterPipe ? pick("stage", { ...vocabulary.stages, ...vocabulary.unwrap }) : []),
    ...(isPossible(tokens.Identifier) ? [{ kind: nameRole(before) }] : []),
    ...(isPossible(tokens.Range) ? vocabulary.ranges.map((range) => rangeItem(range)) : []),
    ...(isPossible(tokens.Duration) ? [{ kind: "duration" as const }] : []),
    ...(isPossible(tokens.Numeral) ? [{ kind: "number" as const }] : []),
    ...pickAll("flag", vocabulary.flags),
    ...operators(before, isPossible),
    ...(isPossible(tokens.Pipe) ? pipedStages(before) : []),
    ...pickAll("function", vocabulary.rangeFunctions),
    ...pickAll("function", vocabulary.vectorFunctions),
    ...pick("function", vocabulary.otherFunctions),
    ...pick("function", vocabulary.ip),
    ...pickAll("conversion", vocabulary.conversions),
    ...words
      .filter((word) => isPossible(typeOf(word)))
      .map((word): CompletionItem => ({ kind: "keyword", text: word })),
    ...punctuation
      .filter((sign) => isPossible(typeOf(sign)))
      .map((sign): CompletionItem => ({ kind: "punctuation", text: sign })),
  ];
}

const words = ["by", "without", "bool", "on", "ignoring", "group_left", "group_right", "offset"];
const punctuation = ["{", "}", "(", ")", ","];

function typeOf(word: string): TokenType {
  return tokens.functionTypes.get(word) ?? tokens.keywordTypes.get(word) ?? tokens.symbolTypes.get(word) ?? tokens.Flag;
}

function quoted(item: CompletionItem | undefined): readonly CompletionItem[] {
  return item === undefined ? [] : [{ ...item, needsQuotes: true }];
}

function rangeItem(range: string): CompletionItem {
  return { kind: "range", text: `[${range}]` };
}

/** Where a pipe may stand, what would stand behind it is what the user looks for. */
function pipedStages(before: readonly IToken[]): readonly CompletionItem[] {
  const pipe = { ...before.at(-1)!, tokenType: tokens.Pipe, tokenTypeIdx: tokens.Pipe.tokenTypeIdx!, image: "|" };
  const isPossible = possibleTokens([...before, pipe]);
  const stages = itemsOf("stage", { ...vocabulary.stages, ...vocabulary.unwrap });
  return [
    ...stages.filter(({ text }) => isPossible(typeOf(text!))).map((item) => ({ ...item, text: `| ${item.text!}` })),
    { kind: "punctuation", text: "|" },
  ];
}

/**
 * The signs and words between two things. `!=` and `!~` are three things: what is compared says which, for a line is
 * filtered where `|=` may stand and a label is matched where `=~` may.
 */
function operators(before: readonly IToken[], isPossible: (type: TokenType) => boolean): readonly CompletionItem[] {
  const matches = isPossible(tokens.Matches);
  const signs = ["=", "!=", "=~", "!~", ...(isPossible(typeOf(">")) ? [">", ">=", "<", "<=", "=="] : [])];
  if (matches) {
    return signs.filter((sign) => isPossible(typeOf(sign))).map((text) => ({ kind: "matchOperator", text }));
  }
  const filters = isPossible(tokens.PipeContains) ? itemsOf("lineFilter", vocabulary.lineFilters) : [];
  const joins = ["and", "or", "unless"].filter((word) => isPossible(typeOf(word)));
  // A sign that begins a number is no operator.
  const isBetween = isPossible(typeOf("*"));
  const binary =
    isBetween && filters.length === 0 ? ["+", "-", "*", "/", "%", "^", "==", "!=", ">", ">=", "<", "<="] : [];
  const equal = isPossible(tokens.Equal) && before.length > 0 ? ["="] : [];
  return [...filters, ...[...equal, ...binary, ...joins].map((text): CompletionItem => ({ kind: "operator", text }))];
}
