import { ServiceError } from "@sluice/model";
import type { Execution } from "./execution.ts";
import type { ParameterType, TemplateFunction } from "./functions/function.ts";
import type { Node } from "./nodes.ts";
import { CallError } from "./template-error.ts";
import { concrete, Interface, typeName, type Value } from "./values.ts";

/** Computes an argument for a parameter of a type; no type takes anything. */
export type EvaluateArgument = (execution: Execution, dot: Value, type: ParameterType | undefined) => Value;

/** Calls a function; `node` is where messages say that it failed. */
export function callFunction(
  execution: Execution,
  target: Pick<TemplateFunction, "call">,
  name: string,
  node: Node,
  values: readonly Value[],
): Value {
  try {
    return target.call(values, execution);
  } catch (error) {
    if (error instanceof CallError || error instanceof ServiceError) {
      execution.node = node;
      execution.fail(`error calling ${name}: ${error.message}`);
    }
    throw error;
  }
}

/** The value if it fits the type of a parameter. */
export function checkType(execution: Execution, value: Value, type: ParameterType | undefined): Value {
  if (type === undefined || type === "reflect.Value") {
    return value;
  }
  if (type === "interface {}") {
    return concrete(value);
  }
  if (value === undefined) {
    execution.fail(`invalid value; expected ${type}`);
  }
  const inner = value instanceof Interface && value.value !== undefined ? value.value : value;
  const given = typeName(inner);
  return given === type ? inner : execution.fail(`wrong type for value; expected ${type}; got ${given}`);
}
