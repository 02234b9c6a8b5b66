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
 * @throws {ServiceError} `bad_data`: the file, the line, the key and what is wrong with it.
 */
export function loadYamlConfig<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ServiceError("bad_data", `cannot read the config file ${path}: ${messageOf(error)}`, { cause: error });
  }
  return parseYamlConfig(path, text, schema);
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
