import { type CompiledRegex, compileRe2, type RegexMatch } from "@sluice/model";
import type { Execution } from "../execution.ts";
import { checkLength } from "../limits.ts";
import { int } from "../values.ts";
import { fixed, type FunctionTable } from "./function.ts";

/** Loki's functions over regular expressions. */
export const regexFunctions: FunctionTable = {
  regexReplaceAll: fixed(["string", "string", "string"], ([pattern, text, replacement], execution) => {
    const regex = compiled(pattern);
    const parts = parseReplacement(replacement);
    return replaceMatches(text, matchesOf(regex, text, execution), (match) => expand(parts, regex, match));
  }),
  regexReplaceAllLiteral: fixed(["string", "string", "string"], ([pattern, text, replacement], execution) =>
    replaceMatches(text, matchesOf(compiled(pattern), text, execution), () => replacement),
  ),
  count: fixed(["string", "string"], ([pattern, text], execution) =>
    int(matchesOf(compiled(pattern), text, execution).length),
  ),
};

const cachedRegexesMax = 100;

/** A template asks for the same few expressions line after line. */
const cachedRegexes = new Map<string, CompiledRegex>();

function compiled(pattern: string): CompiledRegex {
  const known = cachedRegexes.get(pattern);
  if (known !== undefined) {
    return known;
  }
  const regex = compileRe2(pattern, { anchored: false });
  if (cachedRegexes.size === cachedRegexesMax) {
    cachedRegexes.clear();
  }
  cachedRegexes.set(pattern, regex);
  return regex;
}

function matchesOf(regex: CompiledRegex, text: string, execution: Execution): readonly RegexMatch[] {
  // A match may begin at each character.
  execution.spend(text.length);
  return regex.matches(text);
}

function replaceMatches(
  text: string,
  matches: readonly RegexMatch[],
  replacement: (match: RegexMatch) => string,
): string {
  let replaced = "";
  let end = 0;
  for (const match of matches) {
    replaced += text.slice(end, match.index) + replacement(match);
    checkLength(replaced.length);
    end = match.index + match.groups[0]!.length;
  }
  return replaced + text.slice(end);
}

/** A piece of a replacement: text, or the number or name of a group. */
type ReplacementPart = { readonly text: string } | { readonly group: string };

/** Takes a replacement of Go's `regexp` apart: `$1`, `$name`, `${name}`, `$$`; a name is as long as it can be. */
function parseReplacement(replacement: string): readonly ReplacementPart[] {
  const parts: ReplacementPart[] = [];
  let end = 0;
  for (const match of replacement.matchAll(/\$(?:\$|\{(?<braced>[\p{L}\p{Nd}_]+)\}|(?<plain>[\p{L}\p{Nd}_]+))/gu)) {
    parts.push({ text: replacement.slice(end, match.index) });
    const group = match.groups?.["braced"] ?? match.groups?.["plain"];
    parts.push(group === undefined ? { text: "$" } : { group });
    end = match.index + match[0].length;
  }
  parts.push({ text: replacement.slice(end) });
  return parts;
}

function expand(parts: readonly ReplacementPart[], regex: CompiledRegex, match: RegexMatch): string {
  return parts.map((part) => ("text" in part ? part.text : groupText(part.group, regex, match))).join("");
}

function groupText(group: string, regex: CompiledRegex, { groups }: RegexMatch): string {
  if (/^\d+$/u.test(group)) {
    // Go reads no number that begins with 0 but 0.
    return group.length > 1 && group.startsWith("0") ? "" : (groups[Number(group)] ?? "");
  }
  return (
    regex.groupNames
      .map((name, i) => (name === group ? groups[i + 1] : undefined))
      .find((text) => text !== undefined) ?? ""
  );
}
