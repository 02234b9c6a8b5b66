import { ServiceError } from "@sluice/model";

/** A piece of a pattern: text as it is, or `<name>`, which takes what stands between; `<_>` throws it away. */
export type PatternPart =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "capture"; readonly name: string };

/** A pattern of `|>`: literal texts between wildcards. */
export interface LinePattern {
  readonly literals: readonly string[];
  readonly startsWithWildcard: boolean;
  readonly endsWithWildcard: boolean;
}

/**
 * Reads the pattern of `| pattern`.
 *
 * @throws {ServiceError} `bad_data` with Loki's text.
 */
export function parseExtractingPattern(text: string): readonly PatternPart[] {
  if (text === "") {
    throw wrong("parse error at line 1, col 1: syntax error: unexpected $end, expecting IDENTIFIER or LITERAL");
  }
  const parts = partsOf(text);
  const names = parts.flatMap((part) => (part.kind === "capture" && part.name !== "_" ? [part.name] : []));
  if (names.length === 0) {
    throw wrong("at least one capture is required");
  }
  refuseNeighbours(parts);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw wrong(`duplicate capture name (${twice}): invalid expression`);
  }
  return parts;
}

/**
 * Reads the pattern of `|>` and `!>`.
 *
 * @throws {ServiceError} `bad_data` with Loki's text for a named capture and for two wildcards in a row.
 */
export function checkLinePattern(text: string): LinePattern {
  const parts = partsOf(text);
  refuseNeighbours(parts);
  const named = parts.find((part) => part.kind === "capture" && part.name !== "_");
  if (named !== undefined) {
    throw wrong(`named captures are not allowed: found '${print(named)}'`);
  }
  return {
    literals: parts.flatMap((part) => (part.kind === "literal" ? [part.text] : [])),
    startsWithWildcard: parts[0]?.kind === "capture",
    endsWithWildcard: parts.at(-1)?.kind === "capture",
  };
}

function partsOf(text: string): readonly PatternPart[] {
  return text
    .split(/(<[a-zA-Z_][a-zA-Z0-9_]*>)/u)
    .map((piece, i): PatternPart =>
      i % 2 === 0 ? { kind: "literal", text: piece } : { kind: "capture", name: piece.slice(1, -1) },
    )
    .filter((part) => part.kind === "capture" || part.text !== "");
}

function refuseNeighbours(parts: readonly PatternPart[]): void {
  for (const [i, part] of parts.entries()) {
    const next = parts[i + 1];
    if (part.kind === "capture" && next?.kind === "capture") {
      throw wrong(`found consecutive capture '${print(part)}${print(next)}': invalid expression`);
    }
  }
}

function print(part: PatternPart): string {
  return part.kind === "literal" ? part.text : `<${part.name}>`;
}

function wrong(message: string): ServiceError {
  return new ServiceError("bad_data", message);
}
