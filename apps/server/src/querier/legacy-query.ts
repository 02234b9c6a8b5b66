import { parseQuery, printExpression } from "@sluice/logql/syntax";
import { ServiceError } from "@sluice/model";

/**
 * The query of the old API: a log query, to which a regular expression may be added by a parameter of its own.
 *
 * @throws {ServiceError} `bad_data` in Loki's words.
 * @see Loki's pkg/loghttp/params.go parseRegexQuery
 */
export function legacyQuery(query: string, regexp: string): string {
  const expression = parseQuery(query);
  if (expression.kind !== "log") {
    throw new ServiceError(
      "bad_data",
      "rpc error: code = Code(400) desc = legacy endpoints only support streams result type",
    );
  }
  if (regexp === "") {
    return query;
  }
  const filter = { kind: "lineFilter", operator: "|~", alternatives: [{ kind: "text", text: regexp }] } as const;
  return printExpression({ ...expression, stages: [...expression.stages, filter] });
}
