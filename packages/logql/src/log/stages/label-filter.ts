import { compileMatcher, isServiceError, messageOf, type LabelPair, type Matcher } from "@sluice/model";
import {
  compare,
  parseIpPattern,
  textSearchOf,
  type ComparisonOperator,
  type IpLabelFilter,
  type LabelFilterNode,
} from "../../syntax/index.ts";
import { parseByteSize } from "../../units/byte-size.ts";
import { parseGoDurationNs } from "../../units/go-duration.ts";
import { parseGoFloat } from "../../units/go-float.ts";
import { compileIpSearch } from "../ip-search.ts";
import { duplicateSuffix, errorDetailsLabel, errorLabel } from "../line-labels.ts";
import type { Stage } from "../line.ts";
import { compileTextSearch } from "../text-search.ts";

const encoder = new TextEncoder();

/**
 * `| name op value`: passes lines by a label of any category. Text compares a missing label as empty. A quantity drops
 * a line without the label, and keeps one whose label cannot be read, with `__error__="LabelFilterErr"`.
 */
export function compileLabelFilter(filter: LabelFilterNode): Stage {
  switch (filter.kind) {
    case "text": {
      const { name } = filter.matcher;
      const test = compileTextTest(filter.matcher);
      return name === errorLabel ? ({ labels }) => test(labels.error) : ({ labels }) => test(labels.get(name) ?? "");
    }
    case "number":
      return quantityFilter(filter, filter.value, parseGoFloat);
    case "duration":
      return quantityFilter(filter, filter.valueNs, parseGoDurationNs);
    case "byteSize":
      return quantityFilter(filter, filter.valueBytes, parseByteSize);
    case "ip":
      return ipFilter(filter);
    case "and": {
      const left = compileLabelFilter(filter.left);
      const right = compileLabelFilter(filter.right);
      return (line) => {
        // The right side is asked even so: what it cannot read shows as an error.
        const passesLeft = left(line);
        return right(line) && passesLeft;
      };
    }
    case "or": {
      const left = compileLabelFilter(filter.left);
      const right = compileLabelFilter(filter.right);
      return (line) => left(line) || right(line);
    }
  }
}

/**
 * The test of a label's value. It is that of a stream selector's matcher, but for the regular expressions for which Loki
 * runs a search, see {@link textSearchOf}.
 */
export function compileTextTest(matcher: Matcher): (value: string) => boolean {
  const { operator, value } = matcher;
  const search = operator === "=~" || operator === "!~" ? textSearchOf(value, true) : undefined;
  if (search === undefined) {
    return compileMatcher(matcher);
  }
  const finds = compileTextSearch(search);
  return operator === "=~" ? finds : (text) => !finds(text);
}

/** Whether the filter is `=~".*"` or the like. */
export function isAlwaysTrue(filter: LabelFilterNode): boolean {
  return (
    filter.kind === "text" &&
    filter.matcher.operator === "=~" &&
    textSearchOf(filter.matcher.value, true)?.kind === "always"
  );
}

/** Names of the labels that a filter reads. */
export function namesInFilter(filter: LabelFilterNode): readonly string[] {
  switch (filter.kind) {
    case "text":
      return [filter.matcher.name];
    case "and":
    case "or":
      return [...namesInFilter(filter.left), ...namesInFilter(filter.right)];
    default:
      return [filter.name];
  }
}

/** Labels that a line must have with this very value to pass, as far as they are plain to see. */
export function equalitiesOf(filter: LabelFilterNode): readonly LabelPair[] {
  switch (filter.kind) {
    case "text": {
      const { name, operator, value } = filter.matcher;
      // What a stage reports of itself is no label of the entry, and a name with the suffix may be another's.
      const isPlain = name !== errorLabel && name !== errorDetailsLabel && !name.endsWith(duplicateSuffix);
      return operator === "=" && value !== "" && isPlain ? [{ name, value }] : [];
    }
    case "and":
      return [...equalitiesOf(filter.left), ...equalitiesOf(filter.right)];
    default:
      return [];
  }
}

function quantityFilter(
  { name, operator }: { readonly name: string; readonly operator: ComparisonOperator },
  wanted: number,
  parse: (text: string) => number,
): Stage {
  return ({ labels }) => {
    const text = labels.get(name);
    if (text === undefined) {
      return false;
    }
    let value: number;
    try {
      value = parse(text);
    } catch (error) {
      if (!isServiceError(error, "bad_data")) {
        throw error;
      }
      labels.setFirstError("LabelFilterErr", messageOf(error));
      return true;
    }
    return compare(operator, value, wanted);
  };
}

/**
 * A line that already has an error passes, so that the error shows. A wrong pattern comes this far only inside `and` and
 * `or`, where Loki does not look at it; no address is one that it means, nor one that it does not mean.
 */
function ipFilter({ name, operator, pattern }: IpLabelFilter): Stage {
  const search = isIpPattern(pattern) ? compileIpSearch(pattern) : undefined;
  return ({ labels }) => {
    if (labels.error !== "") {
      return true;
    }
    const text = labels.get(name);
    if (text === undefined || search === undefined) {
      return false;
    }
    const bytes = encoder.encode(text);
    return search(bytes, 0, bytes.length) === (operator === "=");
  };
}

function isIpPattern(text: string): boolean {
  try {
    parseIpPattern(text);
    return true;
  } catch (error) {
    if (!isServiceError(error, "bad_data")) {
      throw error;
    }
    return false;
  }
}
