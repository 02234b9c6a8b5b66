import type { ListNode, Node, OperandNode, PipeNode } from "./nodes.ts";

/**
 * The names of the labels that a template looks at, or undefined when that depends on the line: it prints, passes on or
 * ranges over all labels.
 */
export function labelNamesOf(main: ListNode): readonly string[] | undefined {
  const found: Found = { names: new Set(), all: false };
  visitList(main, true, found);
  return found.all ? undefined : [...found.names];
}

interface Found {
  readonly names: Set<string>;
  all: boolean;
}

/** @param dotIsLabels not so inside `with` and `range`, where only `$` is. */
function visitList(list: ListNode, dotIsLabels: boolean, found: Found): void {
  for (const node of list.nodes) {
    visitNode(node, dotIsLabels, found);
  }
}

function visitNode(node: Node, dotIsLabels: boolean, found: Found): void {
  switch (node.kind) {
    case "action":
      visitPipe(node.pipe, dotIsLabels, found);
      break;
    case "if":
    case "with":
    case "range":
      visitPipe(node.pipe, dotIsLabels, found);
      visitList(node.list, dotIsLabels && node.kind === "if", found);
      if (node.elseList !== undefined) {
        visitList(node.elseList, dotIsLabels, found);
      }
      break;
    case "template":
      // Templates called see labels only when they are given all.
      if (node.pipe !== undefined) {
        visitPipe(node.pipe, dotIsLabels, found);
      }
      break;
    default:
      break;
  }
}

function visitPipe(pipe: PipeNode, dotIsLabels: boolean, found: Found): void {
  for (const { operands } of pipe.commands) {
    const constantKey = keyOfIndex(operands, dotIsLabels);
    if (constantKey !== undefined) {
      found.names.add(constantKey);
      continue;
    }
    for (const operand of operands) {
      visitOperand(operand, dotIsLabels, found);
    }
  }
}

/** The label of `index . "name"`. */
function keyOfIndex(operands: readonly OperandNode[], dotIsLabels: boolean): string | undefined {
  const [called, map, key, more] = operands;
  const isIndex = called?.kind === "identifier" && called.name === "index" && more === undefined;
  return isIndex && map !== undefined && isAllLabels(map, dotIsLabels) && key?.kind === "string" ? key.text : undefined;
}

function isAllLabels(operand: OperandNode, dotIsLabels: boolean): boolean {
  return (
    (operand.kind === "dot" && dotIsLabels) ||
    (operand.kind === "variable" && operand.names.length === 1 && operand.names[0] === "$")
  );
}

function visitOperand(operand: OperandNode, dotIsLabels: boolean, found: Found): void {
  if (isAllLabels(operand, dotIsLabels)) {
    found.all = true;
  } else if (operand.kind === "field" && dotIsLabels) {
    found.names.add(operand.names[0]!);
  } else if (operand.kind === "variable" && operand.names[0] === "$") {
    found.names.add(operand.names[1]!);
  } else if (operand.kind === "pipe") {
    visitPipe(operand, dotIsLabels, found);
  } else if (operand.kind === "chain") {
    // The fields of `(.)` are labels, but nobody writes that.
    visitOperand(operand.node, dotIsLabels, found);
  }
}
