import { ServiceError } from "@sluice/model";

/** A pattern of `|>`: literal texts between wildcards. */
export interface LinePattern {
  readonly literals: readonly string[];
  readonly startsWithWildcard: boolean;
  readonly endsWithWildcard: boolean;
}

const wildcard = "<_>";
const capture = /<[a-zA-Z_][a-zA-Z0-9_]*>/gu;

/** @throws {ServiceError} `bad_data` with Loki's text for a named capture and for two wildcards in a row. */
export function checkLinePattern(text: string): LinePattern {
  const adjacent = /(<[a-zA-Z_][a-zA-Z0-9_]*>)(<[a-zA-Z_][a-zA-Z0-9_]*>)/u.exec(text);
  if (adjacent !== null) {
    throw new ServiceError("bad_data", `found consecutive capture '${adjacent[0]}': invalid expression`);
  }
  const named = (text.match(capture) ?? []).find((found) => found !== wildcard);
  if (named !== undefined) {
    throw new ServiceError("bad_data", `named captures are not allowed: found '${named}'`);
  }
  return {
    literals: text.split(wildcard).filter((literal) => literal !== ""),
    startsWithWildcard: text.startsWith(wildcard),
    endsWithWildcard: text.endsWith(wildcard),
  };
}
