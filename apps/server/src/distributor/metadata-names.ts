import { labelsFrom, ServiceError, type LabelPair, type Labels } from "@sluice/model";

const replacement = "\ufffd";
const allowed = /^[a-zA-Z_][a-zA-Z0-9_]*$/u;

/**
 * Names and values of structured metadata as Loki stores them: names with what a label's name may hold, runs of all else
 * as one `_`; no empty values; a space where a value was no UTF-8.
 *
 * @throws {ServiceError} `bad_data` when a name holds no ASCII letter or digit.
 * @see Prometheus' otlptranslator label_namer.go, and Loki's pkg/distributor/distributor.go for what is done with it
 */
export function normalizeMetadata(set: Labels): Labels {
  if (set.every(isNormal)) {
    return set;
  }
  const kept: LabelPair[] = [];
  const renamed: LabelPair[] = [];
  for (const { name, value } of set) {
    const normalName = normalizeName(name);
    const normalValue = value.replaceAll(replacement, " ");
    (name === normalName ? kept : renamed).push({ name: normalName, value: normalValue });
  }
  // A name that was made this one replaces one that was it already.
  return labelsFrom([...kept, ...renamed]).filter(({ value }) => value !== "");
}

function isNormal({ name, value }: LabelPair): boolean {
  return value !== "" && allowed.test(name) && !/__|^_+$/u.test(name) && !value.includes(replacement);
}

function normalizeName(name: string): string {
  if (name === "") {
    throw new ServiceError("bad_data", "label name is empty");
  }
  const reserved = /^__(.*)__$/su.exec(name);
  const inner = (reserved?.[1] ?? name).replace(/[^a-zA-Z0-9]+/gu, "_");
  const sanitized = reserved === null ? inner : `__${inner}__`;
  const normal = /^\d/u.test(sanitized) ? `key_${sanitized}` : sanitized;
  if (/^_*$/u.test(normal)) {
    throw new ServiceError(
      "bad_data",
      `normalization for label name ${JSON.stringify(name)} resulted in invalid name ${JSON.stringify(normal)}`,
    );
  }
  return normal;
}
