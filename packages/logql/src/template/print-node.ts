import { quoteGo } from "@sluice/model";
import type { CommandNode, Node, OperandNode, PipeNode } from "./nodes.ts";

/** A node as messages of an execution show it: its `String()` in Go. */
export function printNode(node: Node): string {
  switch (node.kind) {
    case "list":
      return node.nodes.map(printNode).join("");
    case "text":
      return node.text;
    case "action":
      return `{{${printPipe(node.pipe)}}}`;
    case "if":
    case "range":
    case "with": {
      const otherwise = node.elseList === undefined ? "" : `{{else}}${printNode(node.elseList)}`;
      return `{{${node.kind} ${printPipe(node.pipe)}}}${printNode(node.list)}${otherwise}{{end}}`;
    }
    case "template": {
      const argument = node.pipe === undefined ? "" : ` ${printPipe(node.pipe)}`;
      return `{{template ${quoteGo(node.name)}${argument}}}`;
    }
    case "break":
    case "continue":
      return `{{${node.kind}}}`;
    case "command":
      return printCommand(node);
    default:
      return printOperand(node);
  }
}

function printPipe(pipe: PipeNode): string {
  const commands = pipe.commands.map(printCommand).join(" | ");
  if (pipe.declarations.length === 0) {
    return commands;
  }
  const variables = pipe.declarations.map(printOperand).join(", ");
  return `${variables} ${pipe.assigns ? "=" : ":="} ${commands}`;
}

function printCommand(command: CommandNode): string {
  return command.operands.map(printInParentheses).join(" ");
}

function printInParentheses(operand: OperandNode): string {
  return operand.kind === "pipe" ? `(${printPipe(operand)})` : printOperand(operand);
}

function printOperand(operand: OperandNode): string {
  switch (operand.kind) {
    case "identifier":
      return operand.name;
    case "variable":
      return operand.names.join(".");
    case "dot":
      return ".";
    case "nil":
      return "nil";
    case "field":
      return `.${operand.names.join(".")}`;
    case "chain":
      return `${printInParentheses(operand.node)}.${operand.names.join(".")}`;
    case "bool":
      return String(operand.value);
    case "number":
      return operand.text;
    case "string":
      return operand.quoted;
    case "pipe":
      return printPipe(operand);
  }
}
