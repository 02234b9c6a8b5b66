import { compileRe2, labelsFrom, labelValue, type Labels, type RegexMatch } from "@sluice/model";
import type { LabelReplace } from "../syntax/index.ts";
import { withoutEmpty, type Series } from "./series.ts";

/**
 * `label_replace`: where the whole value of the source label matches, the destination label becomes the replacement,
 * whose `$1` and `${name}` stand for groups; an empty one removes the label. Series whose labels become the same stay
 * apart.
 *
 * @throws {ServiceError} `bad_data` when the expression is not RE2.
 */
export function replaceLabel(
  { destination, replacement, source, pattern }: LabelReplace,
  input: readonly Series[],
): readonly Series[] {
  const regex = compileRe2(`^(?:${pattern})$`, { anchored: false });
  return input.map((series) => {
    const match = regex.exec(labelValue(series.labels, source));
    return match === undefined
      ? series
      : { ...series, labels: replaced(series.labels, destination, expand(replacement, match)) };
  });
}

function replaced(labels: Labels, name: string, value: string): Labels {
  return withoutEmpty(labelsFrom([...labels, { name, value }]));
}

/** Puts groups into a template as Go's `Regexp.Expand` does: `$x` reaches as far as letters, digits and `_` go. */
function expand(template: string, match: RegexMatch): string {
  return template.replaceAll(
    /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (reference, braced?: string, bare?: string) => {
      const name = braced ?? bare;
      return name === undefined ? reference.slice(1) : groupOf(name, match);
    },
  );
}

function groupOf(name: string, { groups, named }: RegexMatch): string {
  const isNumber = /^(?:0|[1-9]\d{0,8})$/u.test(name);
  return (isNumber ? groups[Number(name)] : named.get(name)) ?? "";
}
