import { readFileSync } from "node:fs";
import { messageOf, parseDurationMs, ServiceError } from "@sluice/model";
import { LineCounter, parseDocument } from "yaml";
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
    for (let depth = path.length; depth >= 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
      if (node?.range !== undefined) {
        return lines.linePos(node.range[0]).line;
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
