import { messageOf, ServiceError } from "@sluice/model";
import type { LabelExtraction, LabelFormat, LineFilterNode, StageNode } from "./ast.ts";
import { parseIpPattern } from "./ip-pattern.ts";
import { parseJsonPath } from "./json-path.ts";
import { checkLinePattern } from "./line-pattern.ts";
import { checkLogfmtKey } from "./logfmt-key.ts";
import { printStage } from "./print-stage.ts";
import { checkRegex } from "./regex-syntax.ts";
import { semanticError } from "./syntax-error.ts";
import { checkTemplate } from "./template-functions.ts";

/**
 * Checks what stages carry: expressions, patterns, paths. Loki does so when it makes a pipeline of them, in the order
 * in which it runs them.
 *
 * @throws {ServiceError} `bad_data`, `parse error : stage '...' : ...`.
 */
export function checkStages(stages: readonly StageNode[]): void {
  for (const group of inOrderOfRunning(stages)) {
    try {
      checkGroup(group);
    } catch (error) {
      throw semanticError(`stage '${group.map(printStage).join(" ")}' : ${messageOf(error)}`, error);
    }
  }
}

/** Line filters go to the front as far as nothing before them changes lines or drops them; they are one stage. */
function inOrderOfRunning(stages: readonly StageNode[]): readonly (readonly StageNode[])[] {
  const groups: (readonly StageNode[])[] = [];
  let filters: LineFilterNode[] = [];
  let others: StageNode[] = [];
  const flush = (): void => {
    if (filters.length > 0) {
      groups.push(filters);
    }
    groups.push(...others.map((stage) => [stage]));
    filters = [];
    others = [];
  };
  for (const stage of stages) {
    switch (stage.kind) {
      case "lineFilter":
        filters.push(stage);
        break;
      case "labelFilter":
        flush();
        groups.push([stage]);
        break;
      case "lineFormat":
      case "unpack":
        others.push(stage);
        flush();
        break;
      default:
        others.push(stage);
    }
  }
  flush();
  return groups;
}

/** The filters of a row are made from the last one. */
function checkGroup(group: readonly StageNode[]): void {
  for (const stage of group.toReversed()) {
    checkStage(stage);
  }
}

function checkStage(stage: StageNode): void {
  switch (stage.kind) {
    case "lineFilter":
      checkLineFilter(stage);
      break;
    case "jsonExpressions":
      checkPaths(stage.extractions, parseJsonPath);
      break;
    case "logfmtExpressions":
      checkPaths(stage.extractions, checkLogfmtKey);
      break;
    case "labelFilter":
      // Inside `and` and `or` Loki does not look.
      if (stage.filter.kind === "ip") {
        parseIpPattern(stage.filter.pattern);
      }
      break;
    case "lineFormat":
      checkAs("invalid line template", () => checkTemplate("line", stage.template));
      break;
    case "labelFormat":
      checkLabelFormats(stage.formats);
      break;
    default:
  }
}

function checkLineFilter({ operator, alternatives }: LineFilterNode): void {
  for (const { kind, text } of alternatives) {
    if (kind === "ip") {
      if (operator !== "|=" && operator !== "!=") {
        throw new ServiceError("bad_data", "ip: invalid operation");
      }
      parseIpPattern(text);
    } else if (operator === "|~" || operator === "!~") {
      checkRegex(text);
    } else if (operator === "|>" || operator === "!>") {
      checkLinePattern(text);
    }
  }
}

function checkPaths(extractions: readonly LabelExtraction[], parse: (path: string) => unknown): void {
  for (const { path } of extractions) {
    checkAs(`cannot parse expression [${path}]`, () => parse(path));
  }
}

function checkLabelFormats(formats: readonly LabelFormat[]): void {
  const names = new Set<string>();
  for (const { name } of formats) {
    if (name === "__error__") {
      throw new ServiceError("bad_data", `${name} cannot be formatted`);
    }
    if (names.has(name)) {
      throw new ServiceError("bad_data", `multiple label name '${name}' not allowed in a single format operation`);
    }
    names.add(name);
  }
  for (const format of formats) {
    if (format.kind === "template") {
      checkAs(`invalid template for label '${format.name}'`, () => checkTemplate("label", format.template));
    }
  }
}

function checkAs(what: string, check: () => unknown): void {
  try {
    check();
  } catch (error) {
    throw new ServiceError("bad_data", `${what}: ${messageOf(error)}`, { cause: error });
  }
}
