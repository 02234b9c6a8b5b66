import { labelValueOfJson } from "../json-escape.ts";
import { BlockEnds, JsonObjectReader, type JsonValue } from "../json-reader.ts";
import { labelNameLengthMax, LabelNames } from "../label-name.ts";
import { duplicateSuffix } from "../line-labels.ts";
import type { Line, Stage } from "../line.ts";
import { failParsing, isSatisfied, isWanted, isWantedPrefix, mayPass, type ParserHints } from "../parser-hints.ts";

/** Deeper objects are an error: each level has work on the stack. */
const depthMax = 512;
/** From this depth on it pays to find the ends of all objects at once. */
const depthOfEnds = 8;

/** How the fields of an object came to an end: all read, all that is needed, a filter said no, or broken. */
type Outcome = "read" | "satisfied" | "dropped" | "failed";

/**
 * `| json`: a label for every field of the line's object. Nested objects are flattened with `_`, arrays and null left
 * out, numbers kept as they are written. The first of two fields with one name wins. A line that is no object stays and
 * gets `__error__="JSONParserErr"`.
 */
export function compileJson(hints: ParserHints): Stage {
  const parser = new JsonParser(hints);
  return (line) => isSatisfied(hints, line.labels) || parser.parse(line);
}

class JsonParser {
  readonly #hints: ParserHints;
  readonly #names = new LabelNames();
  /** One for each depth. */
  readonly #readers: JsonObjectReader[] = [];
  #error = "";

  constructor(hints: ParserHints) {
    this.#hints = hints;
  }

  /** Whether the line goes on. */
  parse(line: Line): boolean {
    const outcome = this.#readObject(line, "", 0, line.text.length, 0, undefined);
    if (outcome === "failed") {
      failParsing(line.labels, "JSONParserErr", this.#error, this.#hints);
    }
    return outcome !== "dropped";
  }

  #readObject(
    line: Line,
    prefix: string,
    start: number,
    end: number,
    depth: number,
    ends: BlockEnds | undefined,
  ): Outcome {
    if (depth === depthMax) {
      this.#error = `objects are nested deeper than ${depthMax}`;
      return "failed";
    }
    const reader = (this.#readers[depth] ??= new JsonObjectReader());
    reader.reset(line.text, start, end, ends);
    while (reader.next()) {
      const outcome = this.#readField(line, prefix, reader, depth, ends);
      if (outcome !== "read") {
        return outcome;
      }
    }
    if (reader.error === undefined) {
      return "read";
    }
    this.#error = reader.error;
    return "failed";
  }

  #readField(
    line: Line,
    prefix: string,
    { key, value }: JsonObjectReader,
    depth: number,
    ends: BlockEnds | undefined,
  ): Outcome {
    if (value.kind === "object") {
      const name = this.#names.nameOf(prefix, key);
      if (name.length > labelNameLengthMax || !isWantedPrefix(this.#hints, name)) {
        return "read";
      }
      const { start, end } = value;
      const inner = depth === depthOfEnds ? new BlockEnds(line.text, start, end) : ends;
      return this.#readObject(line, name, start, end, depth + 1, inner);
    }
    const passes = value.kind === "array" || value.kind === "null" || this.#keep(line, prefix, key, depth, value);
    // A line of which all that is needed was found is left to the filters themselves.
    if (isSatisfied(this.#hints, line.labels)) {
      return "satisfied";
    }
    return passes ? "read" : "dropped";
  }

  /** Makes a label of the field, if it is wanted; false when the line cannot pass any more. */
  #keep(line: Line, prefix: string, key: string, depth: number, value: JsonValue): boolean {
    const { labels } = line;
    let name = this.#names.nameOf(prefix, key);
    if (name === "" || name.length > labelNameLengthMax) {
      return true;
    }
    if (labels.isTaken(name)) {
      // Inside an object it is the key that gets the suffix.
      name = depth === 0 ? name + duplicateSuffix : this.#names.nameOf(prefix, key + duplicateSuffix);
    }
    if (!isWanted(this.#hints, labels, name)) {
      return true;
    }
    const source = value.source(line.text);
    labels.addParsed(name, value.kind === "string" ? labelValueOfJson(source) : source);
    return mayPass(this.#hints, line, name);
  }
}
