import { quoteGo } from "@sluice/model";
import type { ChainNode, CommandNode, NumberNode, OperandNode, PipeNode, VariableNode } from "./nodes.ts";
import { parseCharacterConstant, parseComplexConstant, parseNumber } from "./number.ts";
import type { Token, TokenKind } from "./token.ts";
import type { TokenReader } from "./token-reader.ts";

/** Reads what stands in an action: commands with pipes between them, and the variables they go to. */
export class PipelineParser {
  readonly #tokens: TokenReader;
  readonly #hasFunction: (name: string) => boolean;
  /** The variables that can be used here. */
  readonly variables = ["$"];

  constructor(tokens: TokenReader, hasFunction: (name: string) => boolean) {
    this.#tokens = tokens;
    this.#hasFunction = hasFunction;
  }

  /** @param context what the pipeline is part of, for messages. */
  parse(context: string, end: TokenKind): PipeNode {
    const { offset } = this.#tokens.peekNonSpace();
    const { declarations, assigns } = this.#declarations(context);
    const commands: CommandNode[] = [];
    for (;;) {
      const token = this.#tokens.nextNonSpace();
      if (token.kind === end) {
        this.#checkCommands(commands, context);
        return { kind: "pipe", offset, assigns, declarations, commands };
      }
      if (!commandStarts.has(token.kind)) {
        this.#tokens.unexpected(token, context);
      }
      this.#tokens.backup();
      commands.push(this.#command());
    }
  }

  #declarations(context: string): { declarations: readonly VariableNode[]; assigns: boolean } {
    const declarations: VariableNode[] = [];
    for (;;) {
      const variable = this.#tokens.peekNonSpace();
      if (variable.kind !== "variable") {
        return { declarations, assigns: false };
      }
      this.#tokens.next();
      const afterVariable = this.#tokens.peek();
      const next = this.#tokens.peekNonSpace();
      const declares = next.kind === "assign" || next.kind === "declare";
      if (!declares && !(next.kind === "char" && next.text === ",")) {
        // An argument, not a declaration: both tokens go back.
        if (afterVariable.kind === "space") {
          this.#tokens.backup3(variable, afterVariable);
        } else {
          this.#tokens.backup2(variable);
        }
        return { declarations, assigns: false };
      }
      this.#tokens.nextNonSpace();
      declarations.push(this.#variable(variable));
      this.variables.push(variable.text);
      if (declares) {
        return { declarations, assigns: next.kind === "assign" };
      }
      if (context !== "range" || declarations.length > 1) {
        this.#tokens.fail(`too many declarations in ${context}`);
      }
      if (!["variable", "rightDelim", "rightParen"].includes(this.#tokens.peekNonSpace().kind)) {
        this.#tokens.fail("range can only initialize variables");
      }
    }
  }

  #checkCommands(commands: readonly CommandNode[], context: string): void {
    if (commands.length === 0) {
      this.#tokens.fail(`missing value for ${context}`);
    }
    for (const [i, command] of commands.entries()) {
      if (i > 0 && isConstant(command.operands[0]!)) {
        this.#tokens.fail(`non executable command in pipeline stage ${i + 1}`);
      }
    }
  }

  #command(): CommandNode {
    const { offset } = this.#tokens.peekNonSpace();
    const operands: OperandNode[] = [];
    for (;;) {
      this.#tokens.peekNonSpace();
      const operand = this.#operand();
      if (operand !== undefined) {
        operands.push(operand);
      }
      const token = this.#tokens.next();
      if (token.kind === "space") {
        continue;
      }
      if (token.kind === "rightDelim" || token.kind === "rightParen") {
        this.#tokens.backup();
      } else if (token.kind !== "pipe") {
        this.#tokens.unexpected(token, "operand");
      }
      break;
    }
    if (operands.length === 0) {
      this.#tokens.fail("empty command");
    }
    return { kind: "command", offset, operands };
  }

  #operand(): OperandNode | undefined {
    const node = this.#term();
    if (node === undefined || this.#tokens.peek().kind !== "field") {
      return node;
    }
    const { offset } = this.#tokens.peek();
    const names: string[] = [];
    while (this.#tokens.peek().kind === "field") {
      names.push(this.#tokens.next().text.slice(1));
    }
    if (node.kind === "field" || node.kind === "variable") {
      return { ...node, offset, names: [...node.names, ...names] };
    }
    if (isConstant(node)) {
      this.#tokens.fail(`unexpected . after term ${quoteGo(printConstant(node))}`);
    }
    return { kind: "chain", offset, node, names } satisfies ChainNode;
  }

  #term(): OperandNode | undefined {
    const token = this.#tokens.nextNonSpace();
    const { offset, text } = token;
    switch (token.kind) {
      case "identifier":
        if (!this.#hasFunction(text)) {
          this.#tokens.fail(`function ${quoteGo(text)} not defined`);
        }
        return { kind: "identifier", offset, name: text };
      case "dot":
        return { kind: "dot", offset };
      case "nil":
        return { kind: "nil", offset };
      case "variable":
        if (!this.variables.includes(text)) {
          this.#tokens.fail(`undefined variable ${quoteGo(text)}`);
        }
        return this.#variable(token);
      case "field":
        return { kind: "field", offset, names: [text.slice(1)] };
      case "bool":
        return { kind: "bool", offset, value: text === "true" };
      case "charConstant":
      case "complex":
      case "number":
        return this.#number(token);
      case "leftParen": {
        this.#tokens.enter();
        const pipe = this.parse("parenthesized pipeline", "rightParen");
        this.#tokens.leave();
        return pipe;
      }
      case "string":
      case "rawString":
        return { kind: "string", offset, quoted: text, text: this.#tokens.unquote(text) };
      default:
        this.#tokens.backup();
        return undefined;
    }
  }

  #variable(token: Token): VariableNode {
    return { kind: "variable", offset: token.offset, names: [token.text] };
  }

  #number({ kind, offset, text }: Token): NumberNode {
    const number =
      kind === "charConstant"
        ? parseCharacterConstant(text)
        : kind === "complex"
          ? parseComplexConstant(text)
          : parseNumber(text);
    if ("problem" in number) {
      this.#tokens.fail(number.problem);
    }
    return { kind: "number", offset, text, ...number };
  }
}

const commandStarts: ReadonlySet<TokenKind> = new Set<TokenKind>([
  "bool",
  "charConstant",
  "complex",
  "dot",
  "field",
  "identifier",
  "number",
  "nil",
  "rawString",
  "string",
  "variable",
  "leftParen",
]);

function isConstant(node: OperandNode): boolean {
  return ["bool", "dot", "nil", "number", "string"].includes(node.kind);
}

function printConstant(node: OperandNode): string {
  return node.kind === "string" ? node.quoted : node.kind === "number" ? node.text : printSimple(node);
}

function printSimple(node: OperandNode): string {
  return node.kind === "bool" ? String(node.value) : node.kind === "nil" ? "nil" : ".";
}
