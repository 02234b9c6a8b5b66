import { labelValueOfJson, unescapeJson } from "../json-escape.ts";
import { badEscape, JsonObjectReader } from "../json-reader.ts";
import { labelNameLengthMax, sanitizeLabelName } from "../label-name.ts";
import type { Line, Stage } from "../line.ts";
import { failParsing, isSatisfied, isWanted, mayPass, type ParserHints } from "../parser-hints.ts";

/** What Promtail's `pack` keeps the line under. */
const entryKey = "_entry";

const notAnObject = "expecting json object(6), but it is not";

/**
 * `| unpack`: takes apart what Promtail's `pack` stage has put into one JSON object: `_entry` becomes the line, and the
 * other texts become labels. Without `_entry` nothing changes; what is no object gets `__error__="JSONParserErr"`.
 */
export function compileUnpack(hints: ParserHints): Stage {
  const reader = new JsonObjectReader();
  return (line) => {
    const { labels, text } = line;
    if (text === "" || isSatisfied(hints, labels)) {
      return true;
    }
    if (!text.startsWith("{")) {
      failParsing(labels, "JSONParserErr", notAnObject, hints);
      return true;
    }
    const packed = readPacked(reader, line, hints);
    if (reader.error !== undefined) {
      failParsing(labels, "JSONParserErr", reader.error, hints);
      return true;
    }
    if (packed.entry === undefined) {
      return true;
    }
    line.text = packed.entry;
    for (const { name, value } of packed.labels) {
      labels.setParsed(name, value);
      if (!mayPass(hints, line, name)) {
        return false;
      }
    }
    return true;
  };
}

interface Packed {
  readonly entry: string | undefined;
  readonly labels: readonly { readonly name: string; readonly value: string }[];
}

function readPacked(reader: JsonObjectReader, { labels, text }: Line, hints: ParserHints): Packed {
  const found: { name: string; value: string }[] = [];
  let entry: string | undefined;
  reader.reset(text, 0, text.length);
  while (reader.next()) {
    const { key, value } = reader;
    if (value.kind !== "string") {
      continue;
    }
    if (key === entryKey) {
      entry = unescapeJson(value.source(text));
      if (entry === undefined) {
        reader.error = badEscape;
        break;
      }
      continue;
    }
    const unique = labels.uniqueName(key);
    const name = key.length > labelNameLengthMax ? "" : sanitizeLabelName(unique);
    // Loki asks for the name as it is in the line, before it is made a label name.
    if (name !== "" && isWanted(hints, labels, unique)) {
      found.push({ name, value: labelValueOfJson(value.source(text)) });
    }
  }
  return { entry, labels: found };
}
