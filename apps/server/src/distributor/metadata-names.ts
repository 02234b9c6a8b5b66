import { labelsFrom, type LabelPair, type Labels } from "@sluice/model";
import { normalizeLabelName } from "@sluice/push";

const replacement = "\ufffd";
const allowed = /^[a-zA-Z_][a-zA-Z0-9_]*$/u;

/**
 * Names and values of structured metadata as Loki stores them: names with what a label's name may hold, runs of all else
 * as one `_`; no empty values; a space where a value was no UTF-8.
 *
 * @throws {ServiceError} `bad_data` when a name holds no ASCII letter or digit.
 * @see Loki's pkg/distributor/distributor.go
 */
export function normalizeMetadata(set: Labels): Labels {
  if (set.every(isNormal)) {
    return set;
  }
  const kept: LabelPair[] = [];
  const renamed: LabelPair[] = [];
  for (const { name, value } of set) {
    const normalName = normalizeLabelName(name);
    const normalValue = value.replaceAll(replacement, " ");
    (name === normalName ? kept : renamed).push({ name: normalName, value: normalValue });
  }
  // A name that was made this one replaces one that was it already.
  return labelsFrom([...kept, ...renamed]).filter(({ value }) => value !== "");
}

function isNormal({ name, value }: LabelPair): boolean {
  return value !== "" && allowed.test(name) && !/__|^_+$/u.test(name) && !value.includes(replacement);
}
