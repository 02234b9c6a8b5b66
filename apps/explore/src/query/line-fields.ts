import { isLabelName } from "@sluice/model";
import type { LogLine } from "../log/log-line.ts";
import type { Field } from "./edit-query.ts";

/** Fields that one line may show; a log line with more is data, not a message. */
const fieldsMax = 200;
/** Characters of a line that are read for fields. */
const parsedLengthMax = 64 * 1024;
/** Depth to which nested JSON is opened. */
const depthMax = 8;

export interface LineFields {
  readonly labels: readonly Field[];
  readonly metadata: readonly Field[];
  readonly parsed: readonly Field[];
}

/**
 * All fields of a line, by where they come from.
 *
 * @param indexLabels names of labels of streams, when the line's own labels may hold others too: a tail's frames do
 *   not tell them apart.
 */
export function fieldsOf(line: LogLine, indexLabels?: ReadonlySet<string>): LineFields {
  const isLabel = (name: string): boolean => indexLabels === undefined || indexLabels.has(name);
  const own = Object.entries(line.labels);
  const labels = own.filter(([name]) => isLabel(name)).map(([name, value]) => field(name, value, "label"));
  const metadata = [...own.filter(([name]) => !isLabel(name)), ...Object.entries(line.metadata ?? {})].map(
    ([name, value]) => field(name, value, "metadata"),
  );
  const byQuery = Object.entries(line.parsed ?? {}).map(([name, value]) => field(name, value, "parsed"));
  const taken = new Set([...labels, ...metadata].map(({ name }) => name));
  return { labels, metadata, parsed: byQuery.length > 0 ? byQuery : fieldsOfText(line.line, taken) };
}

/**
 * The fields of a JSON or logfmt line, named as LogQL's parsers name them.
 *
 * @param taken names of labels; a parser appends `_extracted` to a field of the same name.
 */
export function fieldsOfText(text: string, taken: ReadonlySet<string> = new Set()): readonly Field[] {
  if (text.length > parsedLengthMax) {
    return [];
  }
  const json = jsonFields(text);
  const [origin, pairs] = json === undefined ? (["logfmt", logfmtPairs(text)] as const) : (["json", json] as const);
  const seen = new Map<string, Field>();
  for (const [name, value] of pairs) {
    const label = sanitize(name);
    if (label !== "" && !seen.has(label) && seen.size < fieldsMax) {
      seen.set(label, field(taken.has(label) ? `${label}_extracted` : label, value, origin));
    }
  }
  return [...seen.values()];
}

function field(name: string, value: string, origin: Field["origin"]): Field {
  return { name, value, origin };
}

type Pair = readonly [name: string, value: string];

function jsonFields(text: string): readonly Pair[] | undefined {
  if (!/^\s*\{/u.test(text)) {
    return undefined;
  }
  try {
    const pairs: Pair[] = [];
    flatten(JSON.parse(text), "", 0, pairs);
    return pairs;
  } catch {
    return undefined;
  }
}

/** Objects are opened, `a.b` becomes `a_b`; arrays and null are left out: all as `| json` does. */
function flatten(value: unknown, name: string, depth: number, pairs: Pair[]): void {
  if (typeof value === "object" && value !== null && !Array.isArray(value) && depth < depthMax) {
    for (const [key, inner] of Object.entries(value)) {
      flatten(inner, name === "" ? key : `${name}_${key}`, depth + 1, pairs);
    }
  } else if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    pairs.push([name, String(value)]);
  }
}

const logfmtPair = /(?:^|\s)([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))/gu;

/** Pairs of a line in logfmt; a line of prose with one `a=b` in it is taken too, as `| logfmt` would. */
function logfmtPairs(text: string): readonly Pair[] {
  const pairs: Pair[] = [];
  for (const [, name, quoted, bare] of text.matchAll(logfmtPair)) {
    const value =
      quoted === undefined
        ? (bare ?? "")
        : quoted.replaceAll(/\\(.)/gu, (_, char: string) => (char === "n" ? "\n" : char === "t" ? "\t" : char));
    if (value !== "") {
      pairs.push([name!, value]);
    }
  }
  return pairs;
}

/** Loki's rule for names of extracted labels: other characters become `_`, a leading digit gets one before it. */
function sanitize(name: string): string {
  const text = name.trim().replaceAll(/[^a-zA-Z0-9_]/gu, "_");
  const label = /^\d/u.test(text) ? `_${text}` : text;
  return isLabelName(label) ? label : "";
}
