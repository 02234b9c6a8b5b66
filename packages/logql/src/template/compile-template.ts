import { quoteGo } from "@sluice/model";
import { compilePipeline, type Evaluate } from "./compile-pipeline.ts";
import type { Execution } from "./execution.ts";
import type { BranchNode, ListNode, Node, PipeNode, TemplateNode } from "./nodes.ts";
import { printValue } from "./print/printer.ts";
import { concrete, element, int, Integer, isTrue, JsonList, JsonMap, LabelMap, type Value } from "./values.ts";

/** How a statement ended: it went on, or stops the loop or this round of it. */
type Signal = "next" | "break" | "continue";

/** Runs a part of a template. */
export type Run = (execution: Execution, dot: Value) => Signal;

/**
 * How deep templates may call one another. Go's message names its own limit of 100,000; as there, only a template that
 * calls itself without end gets here.
 */
const depthMax = 500;
const depthProblem = "exceeded maximum template depth (100000)";

/** Compiles the trees of a template and of those it defines into functions, by name. */
export function compileTrees(trees: ReadonlyMap<string, ListNode>): ReadonlyMap<string, Run> {
  const runs = new Map<string, Run>();
  for (const [name, tree] of trees) {
    runs.set(name, compileList(tree, runs));
  }
  return runs;
}

type Templates = ReadonlyMap<string, Run>;

function compileList(list: ListNode, templates: Templates): Run {
  const runs = list.nodes.map((node) => compileNode(node, templates));
  const [only] = runs;
  if (runs.length === 1) {
    return only!;
  }
  return (execution, dot) => {
    for (let i = 0; i < runs.length; i++) {
      const signal = runs[i]!(execution, dot);
      if (signal !== "next") {
        return signal;
      }
    }
    return "next";
  };
}

function compileNode(node: Node, templates: Templates): Run {
  switch (node.kind) {
    case "text":
      return (execution) => {
        execution.write(node.text);
        return "next";
      };
    case "action":
      return compileAction(node.pipe);
    case "if":
    case "with":
      return compileBranch(node, templates);
    case "range":
      return compileRange(node, templates);
    case "template":
      return compileTemplateCall(node, templates);
    case "break":
    case "continue":
      return () => node.kind;
    default:
      // The parser puts nothing else into a list.
      throw new Error(`unknown node: ${node.kind}`);
  }
}

function compileAction(pipe: PipeNode): Run {
  const evaluate = compilePipeline(pipe);
  if (pipe.declarations.length > 0) {
    return (execution, dot) => {
      execution.spend(1);
      evaluate(execution, dot);
      return "next";
    };
  }
  return (execution, dot) => {
    execution.spend(1);
    const value = evaluate(execution, dot);
    if (typeof value === "string") {
      execution.write(value);
    } else {
      const text = value === undefined ? "<no value>" : printValue(value);
      execution.spend(text.length);
      execution.write(text);
    }
    return "next";
  };
}

function compileBranch(node: BranchNode, templates: Templates): Run {
  const evaluate = compilePipeline(node.pipe);
  const then = compileList(node.list, templates);
  const otherwise = node.elseList === undefined ? undefined : compileList(node.elseList, templates);
  const setsDot = node.kind === "with";
  return (execution, dot) => {
    execution.spend(1);
    const { mark } = execution;
    const value = evaluate(execution, dot);
    const signal = isTrue(value) ? then(execution, setsDot ? value : dot) : runElse(otherwise, execution, dot);
    execution.popVariables(mark);
    return signal;
  };
}

function runElse(otherwise: Run | undefined, execution: Execution, dot: Value): Signal {
  return otherwise === undefined ? "next" : otherwise(execution, dot);
}

function compileRange(node: BranchNode, templates: Templates): Run {
  const evaluate: Evaluate = compilePipeline(node.pipe);
  const body = compileList(node.list, templates);
  const otherwise = node.elseList === undefined ? undefined : compileList(node.elseList, templates);
  const { declarations, assigns } = node.pipe;
  const names = declarations.map((variable) => variable.names[0]!);
  return (execution, dot) => {
    execution.spend(1);
    const outerMark = execution.mark;
    const value = concrete(evaluate(execution, dot));
    const { mark } = execution;
    let ran = false;
    for (const [index, item] of itemsOf(execution, value, names.length)) {
      ran = true;
      execution.spend(1);
      setRangeVariables(execution, names, assigns, index, item);
      const signal = body(execution, item);
      execution.popVariables(mark);
      if (signal === "break") {
        break;
      }
    }
    const signal = ran ? "next" : runElse(otherwise, execution, dot);
    execution.popVariables(outerMark);
    return signal;
  };
}

/** What a range goes over: index or key, and element. */
function* itemsOf(execution: Execution, value: Value, variables: number): Generator<readonly [Value, Value]> {
  if (value instanceof Integer) {
    if (variables > 1) {
      execution.fail(`can't use ${printValue(value)} to iterate over more than one variable`);
    }
    for (let i = 0n; i < value.value; i++) {
      yield [undefined, new Integer(value.type, i)];
    }
  } else if (value instanceof JsonList) {
    for (let i = 0; i < value.length; i++) {
      yield [int(i), element(value.at(i))];
    }
  } else if (value instanceof LabelMap) {
    yield* value.entries();
  } else if (value instanceof JsonMap) {
    for (const [key, item] of value.entries()) {
      yield [key, element(item)];
    }
  } else if (value !== undefined) {
    execution.fail(`range can't iterate over ${printValue(value)}`);
  }
}

function setRangeVariables(
  execution: Execution,
  names: readonly string[],
  assigns: boolean,
  index: Value,
  item: Value,
): void {
  const [first, second] = names;
  if (first === undefined) {
    return;
  }
  if (assigns) {
    execution.assign(first, second === undefined ? item : index);
    if (second !== undefined) {
      execution.assign(second, item);
    }
    return;
  }
  execution.assignTop(1, item);
  if (second !== undefined) {
    execution.assignTop(2, index);
  }
}

function compileTemplateCall(node: TemplateNode, templates: Templates): Run {
  const evaluate = node.pipe === undefined ? undefined : compilePipeline(node.pipe);
  return (execution, dot) => {
    execution.node = node;
    execution.spend(1);
    const run = templates.get(node.name) ?? execution.fail(`template ${quoteGo(node.name)} not defined`);
    if (execution.depth === depthMax) {
      execution.fail(depthProblem);
    }
    const argument = evaluate?.(execution, dot);
    execution.call(node.name, argument, () => run(execution, argument));
    return "next";
  };
}
