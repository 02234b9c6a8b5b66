import { readFileSync } from "node:fs";
import { messageOf, parseDurationMs, printDurationMs, ServiceError } from "@sluice/model";
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { parseByteSize, printByteSize } from "./byte-size.ts";
import { knownKeys } from "./known-keys.ts";
import { nearestWord } from "./nearest-word.ts";

/**
 * A value that a config file writes as text; `z.encode` prints it again.
 *
 * @param parse throws a ServiceError that says what is wrong with the text.
 */
export function textCodec<Value>(
  parse: (text: string) => Value,
  print: (value: Value) => string,
): z.ZodCodec<z.ZodString, z.ZodCustom<Value>> {
  return z.codec(z.string(), z.custom<Value>(), {
    decode: (text, context) => parseOr(parse, text, context.issues),
    encode: (value) => print(value),
  });
}

const TextOrZero = z.union([z.string(), z.literal(0)], { error: "Invalid input: expected string" });
const TextOrCount = z.union([z.string(), z.int().nonnegative()], {
  error: "Invalid input: expected a size, such as 4096 or 256KB",
});

/** A Prometheus duration (`5m`, `1h30m`, `0`) in a config file; milliseconds after parsing. */
export const DurationMs = z.codec(TextOrZero, z.number(), {
  decode: (text, context) => parseOr(parseDurationMs, String(text), context.issues),
  encode: (ms) => printDurationMs(ms),
});

/** A size as Loki writes it (`256KB`, `3MB`, `4096`) in a config file; bytes after parsing. */
export const ByteSize = z.codec(TextOrCount, z.number(), {
  decode: (size, context) => parseOr(parseByteSize, String(size), context.issues),
  encode: (sizeBytes) => printByteSize(sizeBytes),
});

function parseOr<Value>(parse: (text: string) => Value, text: string, issues: z.core.$ZodRawIssue[]): Value {
  try {
    return parse(text);
  } catch (error) {
    issues.push({ code: "custom", message: messageOf(error), input: text });
    return z.NEVER;
  }
}

/**
 * Reads a YAML file and checks it against a schema.
 *
 * @param environment when given, `${NAME}` in the file stands for a variable's value; see {@link expandEnvironment}.
 * @throws {ServiceError} `bad_data`: the file, the line, the key and what is wrong with it.
 */
export function loadYamlConfig<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  environment?: Environment,
): z.output<Schema> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ServiceError("bad_data", `cannot read the config file ${path}: ${messageOf(error)}`, { cause: error });
  }
  return parseYamlConfig(path, environment === undefined ? text : expandEnvironment(path, text, environment), schema);
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Puts the values of variables in the place of `${NAME}` and `${NAME:-default}` (or `${NAME:default}`, as Loki has it).
 * Other dollar signs stay.
 *
 * @throws {ServiceError} `bad_data` with the line, for a variable that is not set and has no default.
 */
export function expandEnvironment(name: string, text: string, environment: Environment): string {
  return text.replace(
    /\$\{([A-Za-z_]\w*)(?::-?([^}]*))?\}/gu,
    (_, variable: string, preset: string | undefined, offset: number) => {
      const value = environment[variable] ?? preset;
      if (value === undefined) {
        const line = text.slice(0, offset).split("\n").length;
        throw new ServiceError("bad_data", `${name}:${line}: the environment variable ${variable} is not set`);
      }
      return value;
    },
  );
}

/** {@link loadYamlConfig} for text that is already there; `name` stands for the file in errors. */
export function parseYamlConfig<Schema extends z.ZodType>(
  name: string,
  text: string,
  schema: Schema,
): z.output<Schema> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problem = document.errors[0];
  if (problem !== undefined) {
    throw new ServiceError("bad_data", `${name}:${lines.linePos(problem.pos[0]).line}: ${problem.message}`);
  }
  const result = schema.safeParse(document.toJS() ?? {});
  if (result.success) {
    return result.data;
  }
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let depth = path.length; depth > 0; depth--) {
      const offset = offsetOf(document.getIn(path.slice(0, depth - 1), true), path[depth - 1]!);
      if (offset !== undefined) {
        return lines.linePos(offset).line;
      }
    }
    return 1;
  };
  const told = result.error.issues.map((issue) => {
    const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0]!] : issue.path;
    const what =
      issue.code === "unrecognized_keys" ? unknownKey(issue.keys[0]!, knownKeys(schema, issue.path)) : issue.message;
    return `${name}:${lineOf(path)}: ${path.join(".")}: ${what}`;
  });
  throw new ServiceError("bad_data", told.join("; "));
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearestWord(key, known);
  return meant === undefined ? "unknown key" : `unknown key, did you mean ${meant}?`;
}

/** Where a key of a map, or an element of a list, begins in the text. */
function offsetOf(parent: unknown, key: PropertyKey): number | undefined {
  if (isMap(parent)) {
    const found = parent.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));
    return isScalar(found?.key) ? found.key.range?.[0] : undefined;
  }
  const item = isSeq(parent) ? parent.items[Number(key)] : undefined;
  return isNode(item) ? item.range?.[0] : undefined;
}
