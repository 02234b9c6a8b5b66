import { assert, quoteGo, ServiceError } from "@sluice/model";
import { Lexer, printToken, type Token, type TokenKind } from "./lexer.ts";
import type {
  ActionNode,
  BranchNode,
  ChainNode,
  CommandNode,
  ListNode,
  Node,
  NumberNode,
  OperandNode,
  PipeNode,
  TemplateNode,
  VariableNode,
} from "./nodes.ts";
import { parseCharacterConstant, parseComplexConstant, parseNumber } from "./number.ts";
import { unquoteString } from "./unquote.ts";

/** How deep parentheses and blocks may lie in one another. */
const nestingMax = 250;

/**
 * Reads a template: what Go's `text/template/parse` reads, with its messages. The result holds the template itself and
 * those that it defines, by name.
 *
 * @throws {ServiceError} `bad_data` with Go's text, `template: line:1: unclosed action`.
 */
export function parseTemplate(
  name: string,
  source: string,
  hasFunction: (name: string) => boolean,
): ReadonlyMap<string, ListNode> {
  const shared: SharedState = { name, lexer: new Lexer(source), hasFunction, trees: new Map(), nesting: 0 };
  new Parser(shared).parseMain();
  return shared.trees;
}

/** What the parser of a template shares with those of the templates defined in it. */
interface SharedState {
  readonly name: string;
  readonly lexer: Lexer;
  readonly hasFunction: (name: string) => boolean;
  readonly trees: Map<string, ListNode>;
  nesting: number;
}

/** What ends a list: the mark of `{{end}}` or `{{else}}`. */
interface EndMark {
  readonly kind: "end" | "else";
  readonly offset: number;
}

class Parser {
  readonly #shared: SharedState;
  readonly #lexer: Lexer;
  /** The last token, then those that were put back before it. */
  readonly #tokens: [Token, Token, Token] = [noToken, noToken, noToken];
  #peeked = 0;
  #variables = ["$"];
  #rangeDepth = 0;
  #actionLine = 0;

  constructor(shared: SharedState) {
    this.#shared = shared;
    this.#lexer = shared.lexer;
  }

  parseMain(): void {
    const nodes: Node[] = [];
    const { offset } = this.#peek();
    while (this.#peek().kind !== "EOF") {
      if (this.#peek().kind === "leftDelim") {
        const delimiter = this.#next();
        if (this.#nextNonSpace().kind === "define") {
          new Parser(this.#shared).#parseDefinition();
          continue;
        }
        this.#backup2(delimiter);
      }
      const node = this.#textOrAction();
      if (isEndMark(node)) {
        this.#fail(`unexpected {{${node.kind}}}`);
      }
      nodes.push(node);
    }
    this.#add(this.#shared.name, { kind: "list", offset, nodes });
  }

  #parseDefinition(): void {
    const context = "define clause";
    const name = this.#templateName(this.#nextNonSpace(), context);
    this.#expect("rightDelim", context);
    this.#parseBody(name, context);
  }

  #parseBody(name: string, context: string): void {
    const { list, end } = this.#itemList();
    if (end.kind !== "end") {
      this.#fail(`unexpected {{${end.kind}}} in ${context}`);
    }
    this.#add(name, list);
  }

  #add(name: string, tree: ListNode): void {
    const { trees } = this.#shared;
    const existing = trees.get(name);
    if (existing === undefined || isEmptyTree(existing)) {
      trees.set(name, tree);
    } else if (!isEmptyTree(tree)) {
      this.#fail(`template: multiple definition of template ${quoteGo(name)}`);
    }
  }

  #itemList(): { list: ListNode; end: EndMark } {
    const nodes: Node[] = [];
    const { offset } = this.#peekNonSpace();
    this.#enter();
    while (this.#peekNonSpace().kind !== "EOF") {
      const node = this.#textOrAction();
      if (isEndMark(node)) {
        this.#leave();
        return { list: { kind: "list", offset, nodes }, end: node };
      }
      nodes.push(node);
    }
    this.#fail("unexpected EOF");
  }

  #textOrAction(): Node | EndMark {
    const token = this.#nextNonSpace();
    if (token.kind === "text") {
      return { kind: "text", offset: token.offset, text: token.text };
    }
    if (token.kind === "leftDelim") {
      this.#actionLine = token.line;
      const node = this.#action();
      this.#actionLine = 0;
      return node;
    }
    this.#unexpected(token, "input");
  }

  #action(): Node | EndMark {
    const token = this.#nextNonSpace();
    switch (token.kind) {
      case "block":
        return this.#block();
      case "break":
      case "continue":
        return this.#loopControl(token.kind, token.offset);
      case "else":
        return this.#elseMark();
      case "end":
        return { kind: "end", offset: this.#expect("rightDelim", "end").offset };
      case "if":
      case "range":
      case "with":
        return this.#branch(token.kind);
      case "template":
        return this.#template();
      default: {
        this.#backup();
        const { offset } = this.#peek();
        // Variables declared here live until the end of the block.
        return { kind: "action", offset, pipe: this.#pipeline("command", "rightDelim") } satisfies ActionNode;
      }
    }
  }

  #loopControl(kind: "break" | "continue", offset: number): Node {
    const token = this.#nextNonSpace();
    if (token.kind !== "rightDelim") {
      this.#unexpected(token, `{{${kind}}}`);
    }
    if (this.#rangeDepth === 0) {
      this.#fail(`{{${kind}}} outside {{range}}`);
    }
    return { kind, offset };
  }

  #elseMark(): EndMark {
    const next = this.#peekNonSpace();
    // `{{else if}}` and `{{else with}}` leave their second word to the block.
    if (next.kind === "if" || next.kind === "with") {
      return { kind: "else", offset: next.offset };
    }
    return { kind: "else", offset: this.#expect("rightDelim", "else").offset };
  }

  #branch(kind: BranchNode["kind"]): BranchNode {
    const declared = this.#variables.length;
    const pipe = this.#pipeline(kind, "rightDelim");
    this.#rangeDepth += kind === "range" ? 1 : 0;
    const { list, end } = this.#itemList();
    this.#rangeDepth -= kind === "range" ? 1 : 0;
    const elseList = end.kind === "else" ? this.#elseList(kind, end) : undefined;
    this.#variables.length = declared;
    return { kind, offset: pipe.offset, pipe, list, elseList };
  }

  #elseList(kind: BranchNode["kind"], mark: EndMark): ListNode {
    const next = this.#peek().kind;
    if (kind !== "range" && next === kind) {
      this.#next();
      this.#enter();
      const branch = this.#branch(kind);
      this.#leave();
      return { kind: "list", offset: mark.offset, nodes: [branch] };
    }
    const { list, end } = this.#itemList();
    if (end.kind !== "end") {
      this.#fail(`expected end; found {{${end.kind}}}`);
    }
    return list;
  }

  #block(): TemplateNode {
    const context = "block clause";
    const token = this.#nextNonSpace();
    const name = this.#templateName(token, context);
    const pipe = this.#pipeline(context, "rightDelim");
    new Parser(this.#shared).#parseBody(name, context);
    return { kind: "template", offset: token.offset, name, pipe };
  }

  #template(): TemplateNode {
    const context = "template clause";
    const token = this.#nextNonSpace();
    const name = this.#templateName(token, context);
    if (this.#nextNonSpace().kind === "rightDelim") {
      return { kind: "template", offset: token.offset, name, pipe: undefined };
    }
    this.#backup();
    return { kind: "template", offset: token.offset, name, pipe: this.#pipeline(context, "rightDelim") };
  }

  #templateName(token: Token, context: string): string {
    if (token.kind !== "string" && token.kind !== "rawString") {
      this.#unexpected(token, context);
    }
    return this.#unquote(token.text);
  }

  #pipeline(context: string, end: TokenKind): PipeNode {
    const { offset } = this.#peekNonSpace();
    const { declarations, assigns } = this.#declarations(context);
    const commands: CommandNode[] = [];
    for (;;) {
      const token = this.#nextNonSpace();
      if (token.kind === end) {
        this.#checkCommands(commands, context);
        return { kind: "pipe", offset, assigns, declarations, commands };
      }
      if (!commandStarts.has(token.kind)) {
        this.#unexpected(token, context);
      }
      this.#backup();
      commands.push(this.#command());
    }
  }

  #declarations(context: string): { declarations: readonly VariableNode[]; assigns: boolean } {
    const declarations: VariableNode[] = [];
    for (;;) {
      const variable = this.#peekNonSpace();
      if (variable.kind !== "variable") {
        return { declarations, assigns: false };
      }
      this.#next();
      const afterVariable = this.#peek();
      const next = this.#peekNonSpace();
      const declares = next.kind === "assign" || next.kind === "declare";
      if (!declares && !(next.kind === "char" && next.text === ",")) {
        // An argument, not a declaration: both tokens go back.
        if (afterVariable.kind === "space") {
          this.#backup3(variable, afterVariable);
        } else {
          this.#backup2(variable);
        }
        return { declarations, assigns: false };
      }
      this.#nextNonSpace();
      declarations.push(this.#variable(variable));
      this.#variables.push(variable.text);
      if (declares) {
        return { declarations, assigns: next.kind === "assign" };
      }
      if (context !== "range" || declarations.length > 1) {
        this.#fail(`too many declarations in ${context}`);
      }
      if (!["variable", "rightDelim", "rightParen"].includes(this.#peekNonSpace().kind)) {
        this.#fail("range can only initialize variables");
      }
    }
  }

  #checkCommands(commands: readonly CommandNode[], context: string): void {
    if (commands.length === 0) {
      this.#fail(`missing value for ${context}`);
    }
    for (const [i, command] of commands.entries()) {
      if (i > 0 && isConstant(command.operands[0]!)) {
        this.#fail(`non executable command in pipeline stage ${i + 1}`);
      }
    }
  }

  #command(): CommandNode {
    const { offset } = this.#peekNonSpace();
    const operands: OperandNode[] = [];
    for (;;) {
      this.#peekNonSpace();
      const operand = this.#operand();
      if (operand !== undefined) {
        operands.push(operand);
      }
      const token = this.#next();
      if (token.kind === "space") {
        continue;
      }
      if (token.kind === "rightDelim" || token.kind === "rightParen") {
        this.#backup();
      } else if (token.kind !== "pipe") {
        this.#unexpected(token, "operand");
      }
      break;
    }
    if (operands.length === 0) {
      this.#fail("empty command");
    }
    return { kind: "command", offset, operands };
  }

  #operand(): OperandNode | undefined {
    const node = this.#term();
    if (node === undefined || this.#peek().kind !== "field") {
      return node;
    }
    const { offset } = this.#peek();
    const names: string[] = [];
    while (this.#peek().kind === "field") {
      names.push(this.#next().text.slice(1));
    }
    if (node.kind === "field" || node.kind === "variable") {
      return { ...node, offset, names: [...node.names, ...names] };
    }
    if (isConstant(node)) {
      this.#fail(`unexpected . after term ${quoteGo(printConstant(node))}`);
    }
    return { kind: "chain", offset, node, names } satisfies ChainNode;
  }

  #term(): OperandNode | undefined {
    const token = this.#nextNonSpace();
    const { offset, text } = token;
    switch (token.kind) {
      case "identifier":
        if (!this.#shared.hasFunction(text)) {
          this.#fail(`function ${quoteGo(text)} not defined`);
        }
        return { kind: "identifier", offset, name: text };
      case "dot":
        return { kind: "dot", offset };
      case "nil":
        return { kind: "nil", offset };
      case "variable":
        if (!this.#variables.includes(text)) {
          this.#fail(`undefined variable ${quoteGo(text)}`);
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
        this.#enter();
        const pipe = this.#pipeline("parenthesized pipeline", "rightParen");
        this.#leave();
        return pipe;
      }
      case "string":
      case "rawString":
        return { kind: "string", offset, quoted: text, text: this.#unquote(text) };
      default:
        this.#backup();
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
      this.#fail(number.problem);
    }
    return { kind: "number", offset, text, ...number };
  }

  #unquote(literal: string): string {
    return unquoteString(literal) ?? this.#fail("invalid syntax");
  }

  #enter(): void {
    this.#shared.nesting++;
    if (this.#shared.nesting > nestingMax) {
      this.#fail("max expression depth exceeded");
    }
  }

  #leave(): void {
    this.#shared.nesting--;
  }

  #next(): Token {
    if (this.#peeked > 0) {
      this.#peeked--;
    } else {
      this.#tokens[0] = this.#lexer.next();
    }
    return this.#tokens[this.#peeked]!;
  }

  #peek(): Token {
    if (this.#peeked === 0) {
      this.#tokens[0] = this.#lexer.next();
      this.#peeked = 1;
    }
    return this.#tokens[this.#peeked - 1]!;
  }

  #nextNonSpace(): Token {
    for (;;) {
      const token = this.#next();
      if (token.kind !== "space") {
        return token;
      }
    }
  }

  #peekNonSpace(): Token {
    const token = this.#nextNonSpace();
    this.#backup();
    return token;
  }

  #backup(): void {
    this.#peeked++;
    assert(this.#peeked <= this.#tokens.length, "the parser puts back more tokens than it keeps");
  }

  /** Puts back the last token and the one before it. */
  #backup2(before: Token): void {
    this.#tokens[1] = before;
    this.#peeked = 2;
  }

  #backup3(first: Token, second: Token): void {
    this.#tokens[1] = second;
    this.#tokens[2] = first;
    this.#peeked = 3;
  }

  #expect(kind: TokenKind, context: string): Token {
    const token = this.#nextNonSpace();
    if (token.kind !== kind) {
      this.#unexpected(token, context);
    }
    return token;
  }

  #unexpected(token: Token, context: string): never {
    if (token.kind !== "error") {
      this.#fail(`unexpected ${printToken(token)} in ${context}`);
    }
    const elsewhere = this.#actionLine !== 0 && this.#actionLine !== token.line;
    // "unclosed action" has the word already.
    const words = token.text.endsWith(" action") ? " started at" : " in action started at";
    this.#fail(token.text + (elsewhere ? `${words} ${this.#shared.name}:${this.#actionLine}` : ""));
  }

  #fail(message: string): never {
    throw new ServiceError("bad_data", `template: ${this.#shared.name}:${this.#tokens[0].line}: ${message}`);
  }
}

const noToken: Token = { kind: "EOF", offset: 0, text: "EOF", line: 0 };

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

function isEndMark(node: Node | EndMark): node is EndMark {
  return node.kind === "end" || node.kind === "else";
}

function isConstant(node: OperandNode): boolean {
  return ["bool", "dot", "nil", "number", "string"].includes(node.kind);
}

function printConstant(node: OperandNode): string {
  return node.kind === "string" ? node.quoted : node.kind === "number" ? node.text : printSimple(node);
}

function printSimple(node: OperandNode): string {
  return node.kind === "bool" ? String(node.value) : node.kind === "nil" ? "nil" : ".";
}

/** Whether a tree has nothing but space. */
function isEmptyTree(tree: ListNode): boolean {
  return tree.nodes.every((node) => node.kind === "text" && node.text.trim() === "");
}
