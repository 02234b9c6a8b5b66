import { readFileSync } from "node:fs";
import { messageOf, parseDurationMs, ServiceError } from "@sluice/model";
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { z } from "zod";

/** A Prometheus duration (`5m`, `1h30m`) in a config file; milliseconds after parsing. */
export const DurationMs = z.string().transform((text, context) => {
  try {
    return parseDurationMs(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: messageOf(error) });
    return z.NEVER;
  }
});

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
    const what = issue.code === "unrecognized_keys" ? "unknown key" : issue.message;
    return `${name}:${lineOf(path)}: ${path.join(".")}: ${what}`;
  });
  throw new ServiceError("bad_data", told.join("; "));
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
