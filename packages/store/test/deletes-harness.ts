import { lineTextAt, type Matcher } from "@sluice/model";
import type { CompiledDelete, DeleteOptions } from "@sluice/store";

export const cancelPeriodMs = 3_600_000;

/** Delete requests for tests, in a language of their own: `app=web`, or `app=web secret` for lines with that text. */
export const testDeletes: DeleteOptions = {
  compile: compileTestDelete,
  modeOf: () => "filter-and-delete",
  cancelPeriodMs,
  settleMs: 0,
};

function compileTestDelete(query: string): CompiledDelete {
  const [, name, value, text] = /^(\w+)=(\w+)(?: (.+))?$/u.exec(query)!;
  const matchers: readonly Matcher[] = [{ name: name!, operator: "=", value: value! }];
  if (text === undefined) {
    return { matchers, needles: [], equalities: [], rows: undefined };
  }
  return {
    matchers,
    needles: [new TextEncoder().encode(text)],
    equalities: [],
    rows(_labels, batch, from, to) {
      const found: number[] = [];
      for (let row = from; row < to; row++) {
        if (lineTextAt(batch, row).includes(text)) {
          found.push(row);
        }
      }
      return found;
    },
  };
}
