/** Where a parse error is, as far as the server's text tells. */
export interface ErrorPosition {
  /** The line of the query that is wrong. */
  readonly text: string;
  /** Zero-based. */
  readonly column: number;
}

/** Finds the place that Loki's `parse error at line 1, col 24: …` names. Its lines and columns count from 1. */
export function errorPosition(message: string, query: string): ErrorPosition | undefined {
  const match = /\bat line (\d+), col (\d+)/u.exec(message);
  if (match === null) {
    return undefined;
  }
  // Errors in a range (`[5x]`) are reported in line 0.
  const text = query.split("\n")[Math.max(1, Number(match[1])) - 1];
  return text === undefined ? undefined : { text, column: Math.min(text.length, Math.max(0, Number(match[2]) - 1)) };
}
