import { labelsFrom, type Entry, type Labels, type Matcher } from "@sluice/model";
import type {
  ComparisonOperator,
  LabelChoice,
  LabelExtraction,
  LabelFilterNode,
  StageNode,
} from "../../src/syntax/index.ts";

/**
 * What stages do to one entry, written to be read beside the specification: plain maps, no hints, no order but the one
 * in the query. It knows only the stages and the forms of lines and templates that the random queries use.
 */
export interface ReferenceLine {
  text: string;
  error: string;
  details: string;
  stream: Map<string, string>;
  metadata: Map<string, string>;
  parsed: Map<string, string>;
}

/** The error that a line gives which is no JSON object; random lines that are none are all alike. */
export const brokenLine = "broken";
const brokenDetails = "Value looks like object, but can't find closing '}' symbol";

export function referenceLine(stream: Labels, { line, metadata = [] }: Entry): ReferenceLine {
  const taken = new Map(stream.map(({ name, value }) => [name, value]));
  return {
    text: line,
    error: "",
    details: "",
    stream: taken,
    metadata: new Map(metadata.map(({ name, value }) => [taken.has(name) ? `${name}_extracted` : name, value])),
    parsed: new Map(),
  };
}

/** Parsed labels win over metadata, metadata wins over the stream. */
export function valueOf({ stream, metadata, parsed }: ReferenceLine, name: string): string | undefined {
  return parsed.get(name) ?? metadata.get(name) ?? stream.get(name);
}

export function allLabels({ stream, metadata, parsed, error, details }: ReferenceLine): Labels {
  const all = new Map([...stream, ...metadata, ...parsed]);
  if (error !== "") {
    all.set("__error__", error);
  }
  if (details !== "") {
    all.set("__error_details__", details);
  }
  return labelsOfMap(all);
}

export function labelsOfMap(map: ReadonlyMap<string, string>): Labels {
  return labelsFrom(Array.from(map, ([name, value]) => ({ name, value })));
}

/** What a parser does, as the query around it decides. */
export interface ReferenceParsing {
  /** Something needs what parsers find; otherwise they do not run. */
  readonly runs: boolean;
  /** The query names `__error__`, so that a parser's error does not fail it. */
  readonly preservesError: boolean;
}

/** Runs stages over a line, which they change; whether it passes. */
export function passesStages(line: ReferenceLine, stages: readonly StageNode[], parsing: ReferenceParsing): boolean {
  return stages.every((stage) => passesStage(line, stage, parsing));
}

function passesStage(line: ReferenceLine, stage: StageNode, parsing: ReferenceParsing): boolean {
  switch (stage.kind) {
    case "lineFilter": {
      const isNegative = stage.operator.startsWith("!");
      const found = stage.alternatives.some(({ text }) =>
        stage.operator.endsWith("=") ? line.text.includes(text) : new RegExp(text, "u").test(line.text),
      );
      return found !== isNegative;
    }
    case "json":
      if (parsing.runs) {
        parseJson(line, parsing.preservesError);
      }
      return true;
    case "logfmt":
      if (parsing.runs) {
        parseLogfmt(line, stage.keepEmpty);
      }
      return true;
    case "jsonExpressions":
      if (parsing.runs) {
        parseJsonPaths(line, stage.extractions, parsing.preservesError);
      }
      return true;
    case "logfmtExpressions":
      if (parsing.runs) {
        parseLogfmtKeys(line, stage.extractions);
      }
      return true;
    case "regexp":
      if (parsing.runs) {
        const found = new RegExp(stage.pattern.replaceAll("(?P<", "(?<"), "u").exec(line.text);
        for (const [name, value] of Object.entries(found?.groups ?? {})) {
          extract(line, name, value ?? "");
        }
      }
      return true;
    case "unpack":
      // No random line holds a packed one, which would be needed to take its labels.
      if (parsing.runs && line.text === brokenLine) {
        failParsing(line, "expecting json object(6), but it is not", parsing.preservesError);
      }
      return true;
    case "decolorize":
      return true;
    case "labelFilter":
      return passesFilter(line, stage.filter);
    case "lineFormat":
      line.text = fill(stage.template, line);
      return true;
    case "labelFormat":
      for (const format of stage.formats) {
        if (format.kind === "template") {
          setParsed(line, format.name, fill(format.template, line));
        } else {
          const value = valueOf(line, format.from);
          if (value !== undefined) {
            setParsed(line, format.name, value);
            deleteLabel(line, format.from);
          }
        }
      }
      return true;
    case "drop":
      dropLabels(line, stage.labels);
      return true;
    case "keep":
      keepLabels(line, stage.labels);
      return true;
    default:
      throw new Error(`${stage.kind} is not among the random stages`);
  }
}

function setParsed(line: ReferenceLine, name: string, value: string): void {
  deleteLabel(line, name);
  line.parsed.set(name, value);
}

function deleteLabel({ stream, metadata, parsed }: ReferenceLine, name: string): void {
  stream.delete(name);
  metadata.delete(name);
  parsed.delete(name);
}

/** A field never hides a label of the stream or the metadata; of two fields with one name the first counts. */
function extract(line: ReferenceLine, name: string, value: string): void {
  const unique = line.stream.has(name) || line.metadata.has(name) ? `${name}_extracted` : name;
  if (!line.parsed.has(unique)) {
    setParsed(line, unique, value);
  }
}

function parseJson(line: ReferenceLine, preservesError: boolean): void {
  if (line.text === brokenLine) {
    failParsing(line, brokenDetails, preservesError);
    return;
  }
  flatten(line, "", JSON.parse(line.text) as Record<string, unknown>);
}

function failParsing(line: ReferenceLine, details: string, preservesError: boolean): void {
  if (preservesError) {
    setParsed(line, "__preserve_error__", "true");
  }
  line.error = "JSONParserErr";
  line.details = details;
}

/** Paths are names with dots between them. What is missing is an empty label, unless there is another of that name. */
function parseJsonPaths(line: ReferenceLine, extractions: readonly LabelExtraction[], preservesError: boolean): void {
  if (line.text === brokenLine) {
    failParsing(line, "", preservesError);
    return;
  }
  for (const { name, path } of extractions) {
    const steps = path.split(".");
    const found = steps.reduce<unknown>(
      (value, key) => (value as Record<string, unknown> | undefined)?.[key],
      JSON.parse(line.text),
    );
    if (typeof found === "string") {
      extract(line, name, found);
    } else if (valueOf(line, name) === undefined) {
      setParsed(line, name, "");
    }
  }
}

function parseLogfmtKeys(line: ReferenceLine, extractions: readonly LabelExtraction[]): void {
  for (const { name, path } of extractions) {
    const value = logfmtPairs(line.text).find(([key]) => key === path)?.[1];
    if (value !== undefined) {
      extract(line, name, value);
    } else if (valueOf(line, name) === undefined) {
      setParsed(line, name, "");
    }
  }
}

function flatten(line: ReferenceLine, prefix: string, object: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(object)) {
    if (value === null || Array.isArray(value)) {
      continue;
    }
    if (typeof value === "object") {
      flatten(line, `${prefix}${key}_`, value as Record<string, unknown>);
    } else {
      extract(line, prefix + key, `${value as string | number}`);
    }
  }
}

function parseLogfmt(line: ReferenceLine, keepsEmpty: boolean): void {
  for (const [key, value] of logfmtPairs(line.text)) {
    if (value !== "" || keepsEmpty) {
      extract(line, key, value);
    }
  }
}

function logfmtPairs(text: string): readonly (readonly [key: string, value: string])[] {
  return Array.from(text.matchAll(/(\w+)=(?:"([^"]*)"|(\S*))/gu), ([, key, quoted, plain]) => [key!, quoted ?? plain!]);
}

/** Templates are text with `{{.name}}` in it. */
function fill(template: string, line: ReferenceLine): string {
  return template.replaceAll(/\{\{\.(\w+)\}\}/gu, (_, name: string) => valueOf(line, name) ?? "");
}

function dropLabels(line: ReferenceLine, choices: readonly LabelChoice[]): void {
  for (const { name, matcher } of choices) {
    if (matcher === undefined || fits(matcher, valueOf(line, name) ?? "")) {
      deleteLabel(line, name);
    }
  }
}

function keepLabels(line: ReferenceLine, choices: readonly LabelChoice[]): void {
  for (const { name, value } of allLabels(line)) {
    const isKept = choices.some(
      (choice) => choice.name === name && (choice.matcher === undefined || fits(choice.matcher, value)),
    );
    if (!isKept) {
      deleteLabel(line, name);
    }
  }
}

export function fits({ operator, value }: Matcher, text: string): boolean {
  switch (operator) {
    case "=":
      return text === value;
    case "!=":
      return text !== value;
    case "=~":
      return new RegExp(`^(?:${value})$`, "su").test(text);
    case "!~":
      return !new RegExp(`^(?:${value})$`, "su").test(text);
  }
}

export function passesFilter(line: ReferenceLine, filter: LabelFilterNode): boolean {
  switch (filter.kind) {
    case "and": {
      // The right side is asked in any case: its error counts.
      const sides = [passesFilter(line, filter.left), passesFilter(line, filter.right)];
      return sides.every((passes) => passes);
    }
    case "or":
      return passesFilter(line, filter.left) || passesFilter(line, filter.right);
    case "text": {
      const { name } = filter.matcher;
      return fits(filter.matcher, name === "__error__" ? line.error : (valueOf(line, name) ?? ""));
    }
    case "number":
      return passesQuantity(line, filter, filter.value, readNumber);
    case "duration":
      return passesQuantity(line, filter, filter.valueNs, readDuration);
    case "byteSize":
      return passesQuantity(line, filter, filter.valueBytes, (text) => scaled(text, sizeUnits));
    case "ip":
      throw new Error("ip is not among the random filters");
  }
}

/** The labels that a filter reads. */
export function namesIn(filter: LabelFilterNode): readonly string[] {
  switch (filter.kind) {
    case "and":
    case "or":
      return [...namesIn(filter.left), ...namesIn(filter.right)];
    case "text":
      // What everything passes reads nothing.
      return filter.matcher.operator === "=~" && filter.matcher.value === ".*" ? [] : [filter.matcher.name];
    default:
      return [filter.name];
  }
}

/** A line whose label cannot be read passes, so that the error shows; an earlier error stays. */
function passesQuantity(
  line: ReferenceLine,
  { name, operator }: { readonly name: string; readonly operator: ComparisonOperator },
  wanted: number,
  read: (text: string) => number | undefined,
): boolean {
  const text = valueOf(line, name);
  if (text === undefined) {
    return false;
  }
  const value = read(text);
  if (value === undefined) {
    if (line.error === "") {
      line.error = "LabelFilterErr";
      line.details = "unreadable";
    }
    return true;
  }
  return holds(operator, value, wanted);
}

export function holds(operator: ComparisonOperator, left: number, right: number): boolean {
  switch (operator) {
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
  }
}

const durationUnits: Readonly<Record<string, number>> = { ms: 1e6, s: 1e9 };
const sizeUnits: Readonly<Record<string, number>> = { "": 1, B: 1, kB: 1000, KiB: 1024 };

export function readNumber(text: string): number | undefined {
  return /^-?\d+(?:\.\d+)?$/u.test(text) ? Number(text) : undefined;
}

function readDuration(text: string): number | undefined {
  return text === "0" ? 0 : scaled(text, durationUnits);
}

function scaled(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/u.exec(text) ?? [];
  const scale = units[unit ?? "?"];
  return amount === undefined || scale === undefined ? undefined : Number(amount) * scale;
}

/** The number that `unwrap` takes from a label; undefined when it cannot be read. */
export function convert(text: string, conversion: string | undefined): number | undefined {
  switch (conversion) {
    case undefined:
      return readNumber(text);
    case "bytes":
      return scaled(text, sizeUnits);
    default: {
      const ns = readDuration(text);
      return ns === undefined ? undefined : ns / 1e9;
    }
  }
}
