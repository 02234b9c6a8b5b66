import { callFunction, checkType, type EvaluateArgument } from "./call.ts";
import type { Execution } from "./execution.ts";
import { evaluateField, evaluateFields } from "./fields.ts";
import type { ParameterType, TemplateFunction } from "./functions/function.ts";
import { functionNamed } from "./functions/table.ts";
import type {
  ChainNode,
  CommandNode,
  FieldNode,
  IdentifierNode,
  Node,
  NumberNode,
  OperandNode,
  PipeNode,
  VariableNode,
} from "./nodes.ts";
import { printNode } from "./print-node.ts";
import { Complex, concrete, int, Integer, isTrue, typeName, type Value } from "./values.ts";

/** Computes a value from dot. */
export type Evaluate = (execution: Execution, dot: Value) => Value;

/** Computes the value of a command; `final` is what the pipeline had before, if it is not the first. */
type EvaluateCommand = (execution: Execution, dot: Value, final: Value) => Value;

/** Compiles a pipeline, which also sets the variables it declares. */
export function compilePipeline(pipe: PipeNode): Evaluate {
  const commands = pipe.commands.map((command, i) => compileCommand(command, i > 0));
  const [first] = commands;
  if (commands.length === 1 && pipe.declarations.length === 0) {
    return (execution, dot) => {
      execution.node = pipe;
      return concrete(first!(execution, dot, undefined));
    };
  }
  const names = pipe.declarations.map((variable) => variable.names[0]!);
  return (execution, dot) => {
    execution.node = pipe;
    let value: Value;
    for (const command of commands) {
      value = concrete(command(execution, dot, value));
    }
    for (const name of names) {
      if (pipe.assigns) {
        execution.assign(name, value);
      } else {
        execution.declare(name, value);
      }
    }
    return value;
  };
}

function compileCommand(command: CommandNode, hasFinal: boolean): EvaluateCommand {
  const first = command.operands[0]!;
  const rest = command.operands.slice(1);
  switch (first.kind) {
    case "field":
    case "chain":
    case "variable":
      return compileFields(first, rest, hasFinal);
    case "identifier":
      return compileCall(first, command, rest, hasFinal);
    case "pipe": {
      const evaluate = compilePipeline(first);
      return refusing(first, rest.length > 0 || hasFinal, evaluate);
    }
    default: {
      const evaluate = compileConstant(first);
      const checked = refusing(first, rest.length > 0 || hasFinal, evaluate);
      return (execution, dot) => {
        execution.node = first;
        return checked(execution, dot);
      };
    }
  }
}

/** What is no function takes no arguments. */
function refusing(node: OperandNode, hasArguments: boolean, evaluate: Evaluate): Evaluate {
  return hasArguments
    ? (execution) => execution.fail(`can't give argument to non-function ${printNode(node)}`)
    : evaluate;
}

/** A command that is a constant or dot. */
function compileConstant(node: OperandNode): Evaluate {
  switch (node.kind) {
    case "bool":
      return () => node.value;
    case "string":
      return () => node.text;
    case "dot":
      return (_, dot) => dot;
    case "number":
      return compileNumber(node);
    case "nil":
      return (execution) => execution.fail("nil is not a command");
    default:
      return (execution) => execution.fail(`can't evaluate command ${printNode(node)}`);
  }
}

/** A number where no type is asked for: its spelling says which it is. */
function compileNumber(node: NumberNode): Evaluate {
  const value = idealConstant(node);
  return (execution) => {
    execution.node = node;
    return value ?? execution.fail(`${node.text} overflows int`);
  };
}

function idealConstant({ text, complex, float, integer }: NumberNode): Value {
  if (complex !== undefined) {
    return new Complex(complex.real, complex.imaginary);
  }
  const isHexadecimalInteger = /^0[xX]/u.test(text) && text.length > 2 && !/[pP]/u.test(text);
  if (float !== undefined && !isHexadecimalInteger && !text.startsWith("'") && /[.eEpP]/u.test(text)) {
    return float;
  }
  return integer === undefined ? undefined : int(integer);
}

/** Fields of dot, of a variable or of a pipeline, which the arguments go to in case they are methods. */
function compileFields(
  node: FieldNode | ChainNode | VariableNode,
  operands: readonly OperandNode[],
  hasFinal: boolean,
): EvaluateCommand {
  const receiver = compileReceiver(node);
  const names = node.kind === "variable" ? node.names.slice(1) : node.names;
  const methodArguments = operands.map(compileArgument);
  if (node.kind === "variable" && names.length === 0) {
    const checked = refusing(node, operands.length > 0 || hasFinal, receiver);
    return (execution, dot) => {
      execution.node = node;
      return checked(execution, dot);
    };
  }
  if (names.length === 1 && operands.length === 0 && !hasFinal) {
    const [name] = names;
    return (execution, dot) => evaluateField(execution, receiver(execution, dot), name!, node);
  }
  return (execution, dot, final) => {
    const target = receiver(execution, dot);
    return evaluateFields(execution, target, names, node, { dot, values: methodArguments, final, hasFinal });
  };
}

function compileReceiver(node: FieldNode | ChainNode | VariableNode): Evaluate {
  if (node.kind === "chain") {
    const inner = node.node.kind === "nil" ? undefined : compileArgument(node.node);
    return (execution, dot) => {
      execution.node = node;
      return inner === undefined
        ? execution.fail(`indirection through explicit nil in ${printNode(node)}`)
        : inner(execution, dot, undefined);
    };
  }
  const name = node.names[0]!;
  return node.kind === "variable"
    ? (execution) => {
        execution.node = node;
        return execution.variable(name);
      }
    : (execution, dot) => {
        execution.node = node;
        return dot;
      };
}

/** A call of a function. `node` is the command, or the name alone when that is an argument. */
function compileCall(
  identifier: IdentifierNode,
  node: Node,
  operands: readonly OperandNode[],
  hasFinal: boolean,
): EvaluateCommand {
  const { name } = identifier;
  const target = functionNamed(name)!;
  const values = operands.map(compileArgument);
  const problem = countProblem(name, target, values.length, hasFinal);
  if (problem !== undefined) {
    return (execution) => {
      execution.node = identifier;
      return execution.fail(problem);
    };
  }
  if (name === "and" || name === "or") {
    return compileShortCircuit(identifier, values, hasFinal, name === "or");
  }
  const types = Array.from(
    { length: values.length + (hasFinal ? 1 : 0) },
    (_, i) => target.parameters[i] ?? target.rest,
  );
  return (execution, dot, final) => {
    execution.node = identifier;
    execution.spend(1 + types.length);
    const given: Value[] = [];
    for (let i = 0; i < values.length; i++) {
      given.push(values[i]!(execution, dot, types[i]));
    }
    if (hasFinal) {
      given.push(checkType(execution, final, types[values.length]));
    }
    for (const value of given) {
      spendOn(execution, value);
    }
    const result =
      name === "call"
        ? callProblem(execution, node, operands, given)
        : callFunction(execution, target, name, node, given);
    spendOn(execution, result);
    return result;
  };
}

function spendOn(execution: Execution, value: Value): void {
  if (typeof value === "string") {
    execution.spend(value.length >> 4);
  }
}

function countProblem(
  name: string,
  { parameters, rest }: TemplateFunction,
  given: number,
  hasFinal: boolean,
): string | undefined {
  const count = given + (hasFinal ? 1 : 0);
  if (rest === undefined) {
    return count === parameters.length
      ? undefined
      : `wrong number of args for ${name}: want ${parameters.length} got ${count}`;
  }
  // Go counts only what is written after the name here.
  return count >= parameters.length
    ? undefined
    : `wrong number of args for ${name}: want at least ${parameters.length} got ${given}`;
}

/** `call` finds no functions among the values of a template. */
function callProblem(
  execution: Execution,
  node: Node,
  operands: readonly OperandNode[],
  values: readonly Value[],
): Value {
  const callee = concrete(values[0]);
  const calleeName =
    operands.length === 0
      ? typeof callee === "string"
        ? callee
        : `<${typeName(callee)} Value>`
      : printNode(operands[0]!);
  execution.node = node;
  const problem = callee === undefined ? "call of nil" : `non-function ${calleeName} of type ${typeName(callee)}`;
  execution.fail(`error calling call: ${problem}`);
}

/** `and` and `or` stop at the first argument that decides. */
function compileShortCircuit(
  identifier: IdentifierNode,
  values: readonly EvaluateArgument[],
  hasFinal: boolean,
  decisive: boolean,
): EvaluateCommand {
  return (execution, dot, final) => {
    execution.node = identifier;
    execution.spend(1);
    let value: Value;
    for (const evaluate of values) {
      execution.spend(1);
      value = evaluate(execution, dot, "reflect.Value");
      if (isTrue(value) === decisive) {
        return value;
      }
    }
    return hasFinal ? final : value;
  };
}

/** Compiles what stands as an argument of a function or method. */
function compileArgument(node: OperandNode): EvaluateArgument {
  const evaluate = compileOperand(node);
  if (evaluate !== undefined) {
    return (execution, dot, type) => {
      execution.node = node;
      return checkType(execution, evaluate(execution, dot), type);
    };
  }
  return (execution, _, type) => {
    execution.node = node;
    return node.kind === "nil" ? nilOf(execution, type) : constantOf(execution, node, type);
  };
}

/** An operand whose value is only known at execution. */
function compileOperand(node: OperandNode): Evaluate | undefined {
  switch (node.kind) {
    case "dot":
      return (_, dot) => dot;
    case "pipe":
      return compilePipeline(node);
    case "identifier": {
      const call = compileCall(node, node, [], false);
      return (execution, dot) => call(execution, dot, undefined);
    }
    case "field":
    case "chain":
    case "variable": {
      const fields = compileFields(node, [], false);
      return (execution, dot) => fields(execution, dot, undefined);
    }
    default:
      return undefined;
  }
}

function nilOf(execution: Execution, type: ParameterType | undefined): Value {
  return type === "interface {}" || type === "reflect.Value"
    ? undefined
    : execution.fail(`cannot assign nil to ${type ?? "<nil>"}`);
}

/** A constant as an argument: it takes the type of the parameter if it can. */
function constantOf(execution: Execution, node: OperandNode, type: ParameterType | undefined): Value {
  switch (type) {
    case "string":
      return node.kind === "string" ? node.text : execution.fail(`expected string; found ${printNode(node)}`);
    case "int":
      return node.kind === "number" && node.integer !== undefined
        ? new Integer("int", node.integer)
        : execution.fail(`expected integer; found ${printNode(node)}`);
    case "time.Duration":
      return node.kind === "number" && node.integer !== undefined
        ? new Integer("time.Duration", node.integer)
        : execution.fail(`expected integer; found ${printNode(node)}`);
    case "float64":
      return node.kind === "number" && node.float !== undefined
        ? node.float
        : execution.fail(`expected float; found ${printNode(node)}`);
    case "time.Time":
      return execution.fail(`can't handle ${printNode(node)} for arg of type time.Time`);
    default:
      break;
  }
  return compileConstant(node)(execution, undefined);
}
