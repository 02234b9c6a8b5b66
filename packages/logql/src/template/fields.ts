import { callFunction, checkType, type EvaluateArgument } from "./call.ts";
import type { Execution } from "./execution.ts";
import { methodOf } from "./functions/methods.ts";
import type { Node } from "./nodes.ts";
import { concrete, element, Interface, JsonMap, LabelMap, typeName, type Value } from "./values.ts";

/** What a field is given when it stands as a function does. */
export interface MethodArguments {
  readonly dot: Value;
  readonly values: readonly EvaluateArgument[];
  /** What the pipeline had before. */
  readonly final: Value;
  readonly hasFinal: boolean;
}

const noArguments: MethodArguments = { dot: undefined, values: [], final: undefined, hasFinal: false };

/** The value of `.a.b`; arguments go to the last one. */
export function evaluateFields(
  execution: Execution,
  receiver: Value,
  names: readonly string[],
  node: Node,
  given: MethodArguments,
): Value {
  execution.spend(names.length);
  let value = receiver;
  for (const [i, name] of names.entries()) {
    value = evaluateField(execution, value, name, node, i === names.length - 1 ? given : noArguments);
  }
  return value;
}

/** The value of a key of a map, or the result of a method. */
export function evaluateField(
  execution: Execution,
  receiver: Value,
  name: string,
  node: Node,
  given: MethodArguments = noArguments,
): Value {
  if (receiver instanceof LabelMap) {
    refuseArguments(execution, name, given);
    return receiver.get(name) ?? "";
  }
  if (receiver === undefined) {
    return undefined;
  }
  const value = concrete(receiver);
  if (receiver instanceof Interface && value === undefined) {
    execution.fail(`nil pointer evaluating interface {}.${name}`);
  }
  if (value instanceof JsonMap) {
    refuseArguments(execution, name, given);
    return element(value.get(name));
  }
  if (value instanceof LabelMap) {
    return evaluateField(execution, value, name, node, given);
  }
  const method = methodOf(value, name);
  if (method === undefined) {
    execution.fail(`can't evaluate field ${name} in type ${typeName(receiver)}`);
  }
  if (typeof method === "string") {
    execution.fail(method);
  }
  const count = given.values.length + (given.hasFinal ? 1 : 0);
  if (count !== method.parameters.length) {
    execution.fail(`wrong number of args for ${name}: want ${method.parameters.length} got ${count}`);
  }
  const values = given.values.map((evaluate, i) => evaluate(execution, given.dot, method.parameters[i]));
  if (given.hasFinal) {
    values.push(checkType(execution, given.final, method.parameters[count - 1]));
  }
  return callFunction(execution, { call: (all) => method.call(value, all) }, name, node, values);
}

function refuseArguments(execution: Execution, name: string, { values, hasFinal }: MethodArguments): void {
  if (values.length > 0 || hasFinal) {
    execution.fail(`${name} is not a method but has arguments`);
  }
}
