import { ServiceError } from "@sluice/model";

const token = /[ \t\n]*(?:([a-zA-Z_]\w*)|"([^"\]\0]*)["\]\0]?)/uy;

/**
 * Reads the expression of `| logfmt name="key"`: a key, or a quoted key that may hold anything. What Loki's grammar
 * lets follow is part of the key it looks for.
 *
 * @throws {ServiceError} `bad_data` with Loki's text.
 */
export function checkLogfmtKey(expression: string): readonly string[] {
  const parts: string[] = [];
  let offset = 0;
  for (;;) {
    token.lastIndex = offset;
    const match = token.exec(expression);
    const [, key, quoted] = match ?? [];
    if (match === null) {
      break;
    }
    if (key !== undefined && parts.length > 0) {
      throw new ServiceError("bad_data", "syntax error: unexpected KEY");
    }
    parts.push(key ?? quoted!);
    offset = token.lastIndex;
  }
  const rest = expression.slice(offset).replace(/^[ \t\n]+/u, "");
  const [char] = rest;
  if (parts.length === 0 && (char === undefined || char === "\0")) {
    throw new ServiceError("bad_data", "syntax error: unexpected $end, expecting STRING or KEY");
  }
  if (char !== undefined && char !== "\0") {
    throw new ServiceError(
      "bad_data",
      parts.length === 0 ? "syntax error: unexpected $end, expecting STRING or KEY" : `unexpected char ${char}`,
    );
  }
  return parts;
}
