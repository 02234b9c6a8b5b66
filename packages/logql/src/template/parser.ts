import { quoteGo } from "@sluice/model";
import { Lexer } from "./lexer.ts";
import type { ActionNode, BranchNode, ListNode, Node, TemplateNode } from "./nodes.ts";
import { PipelineParser } from "./pipeline-parser.ts";
import type { Token } from "./token.ts";
import { type NestingCounter, TokenReader } from "./token-reader.ts";

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
interface SharedState extends NestingCounter {
  readonly name: string;
  readonly lexer: Lexer;
  readonly hasFunction: (name: string) => boolean;
  readonly trees: Map<string, ListNode>;
}

/** What ends a list: the mark of `{{end}}` or `{{else}}`. */
interface EndMark {
  readonly kind: "end" | "else";
  readonly offset: number;
}

class Parser {
  readonly #shared: SharedState;
  readonly #tokens: TokenReader;
  readonly #pipelines: PipelineParser;
  #rangeDepth = 0;

  constructor(shared: SharedState) {
    this.#shared = shared;
    this.#tokens = new TokenReader(shared.name, shared.lexer, shared);
    this.#pipelines = new PipelineParser(this.#tokens, shared.hasFunction);
  }

  parseMain(): void {
    const nodes: Node[] = [];
    const { offset } = this.#tokens.peek();
    while (this.#tokens.peek().kind !== "EOF") {
      if (this.#tokens.peek().kind === "leftDelim") {
        const delimiter = this.#tokens.next();
        if (this.#tokens.nextNonSpace().kind === "define") {
          new Parser(this.#shared).#parseDefinition();
          continue;
        }
        this.#tokens.backup2(delimiter);
      }
      const node = this.#textOrAction();
      if (isEndMark(node)) {
        this.#tokens.fail(`unexpected {{${node.kind}}}`);
      }
      nodes.push(node);
    }
    this.#add(this.#shared.name, { kind: "list", offset, nodes });
  }

  #parseDefinition(): void {
    const context = "define clause";
    const name = this.#templateName(this.#tokens.nextNonSpace(), context);
    this.#tokens.expect("rightDelim", context);
    this.#parseBody(name, context);
  }

  #parseBody(name: string, context: string): void {
    const { list, end } = this.#itemList();
    if (end.kind !== "end") {
      this.#tokens.fail(`unexpected {{${end.kind}}} in ${context}`);
    }
    this.#add(name, list);
  }

  #add(name: string, tree: ListNode): void {
    const { trees } = this.#shared;
    const existing = trees.get(name);
    if (existing === undefined || isEmptyTree(existing)) {
      trees.set(name, tree);
    } else if (!isEmptyTree(tree)) {
      this.#tokens.fail(`template: multiple definition of template ${quoteGo(name)}`);
    }
  }

  #itemList(): { list: ListNode; end: EndMark } {
    const nodes: Node[] = [];
    const { offset } = this.#tokens.peekNonSpace();
    this.#tokens.enter();
    while (this.#tokens.peekNonSpace().kind !== "EOF") {
      const node = this.#textOrAction();
      if (isEndMark(node)) {
        this.#tokens.leave();
        return { list: { kind: "list", offset, nodes }, end: node };
      }
      nodes.push(node);
    }
    this.#tokens.fail("unexpected EOF");
  }

  #textOrAction(): Node | EndMark {
    const token = this.#tokens.nextNonSpace();
    if (token.kind === "text") {
      return { kind: "text", offset: token.offset, text: token.text };
    }
    if (token.kind === "leftDelim") {
      this.#tokens.actionLine = token.line;
      const node = this.#action();
      this.#tokens.actionLine = 0;
      return node;
    }
    this.#tokens.unexpected(token, "input");
  }

  #action(): Node | EndMark {
    const token = this.#tokens.nextNonSpace();
    switch (token.kind) {
      case "block":
        return this.#block();
      case "break":
      case "continue":
        return this.#loopControl(token.kind, token.offset);
      case "else":
        return this.#elseMark();
      case "end":
        return { kind: "end", offset: this.#tokens.expect("rightDelim", "end").offset };
      case "if":
      case "range":
      case "with":
        return this.#branch(token.kind);
      case "template":
        return this.#template();
      default: {
        this.#tokens.backup();
        const { offset } = this.#tokens.peek();
        // Variables declared here live until the end of the block.
        return { kind: "action", offset, pipe: this.#pipelines.parse("command", "rightDelim") } satisfies ActionNode;
      }
    }
  }

  #loopControl(kind: "break" | "continue", offset: number): Node {
    const token = this.#tokens.nextNonSpace();
    if (token.kind !== "rightDelim") {
      this.#tokens.unexpected(token, `{{${kind}}}`);
    }
    if (this.#rangeDepth === 0) {
      this.#tokens.fail(`{{${kind}}} outside {{range}}`);
    }
    return { kind, offset };
  }

  #elseMark(): EndMark {
    const next = this.#tokens.peekNonSpace();
    // `{{else if}}` and `{{else with}}` leave their second word to the block.
    if (next.kind === "if" || next.kind === "with") {
      return { kind: "else", offset: next.offset };
    }
    return { kind: "else", offset: this.#tokens.expect("rightDelim", "else").offset };
  }

  #branch(kind: BranchNode["kind"]): BranchNode {
    const declared = this.#pipelines.variables.length;
    const pipe = this.#pipelines.parse(kind, "rightDelim");
    this.#rangeDepth += kind === "range" ? 1 : 0;
    const { list, end } = this.#itemList();
    this.#rangeDepth -= kind === "range" ? 1 : 0;
    const elseList = end.kind === "else" ? this.#elseList(kind, end) : undefined;
    this.#pipelines.variables.length = declared;
    return { kind, offset: pipe.offset, pipe, list, elseList };
  }

  #elseList(kind: BranchNode["kind"], mark: EndMark): ListNode {
    const next = this.#tokens.peek().kind;
    if (kind !== "range" && next === kind) {
      this.#tokens.next();
      this.#tokens.enter();
      const branch = this.#branch(kind);
      this.#tokens.leave();
      return { kind: "list", offset: mark.offset, nodes: [branch] };
    }
    const { list, end } = this.#itemList();
    if (end.kind !== "end") {
      this.#tokens.fail(`expected end; found {{${end.kind}}}`);
    }
    return list;
  }

  #block(): TemplateNode {
    const context = "block clause";
    const token = this.#tokens.nextNonSpace();
    const name = this.#templateName(token, context);
    const pipe = this.#pipelines.parse(context, "rightDelim");
    new Parser(this.#shared).#parseBody(name, context);
    return { kind: "template", offset: token.offset, name, pipe };
  }

  #template(): TemplateNode {
    const context = "template clause";
    const token = this.#tokens.nextNonSpace();
    const name = this.#templateName(token, context);
    if (this.#tokens.nextNonSpace().kind === "rightDelim") {
      return { kind: "template", offset: token.offset, name, pipe: undefined };
    }
    this.#tokens.backup();
    return { kind: "template", offset: token.offset, name, pipe: this.#pipelines.parse(context, "rightDelim") };
  }

  #templateName(token: Token, context: string): string {
    if (token.kind !== "string" && token.kind !== "rawString") {
      this.#tokens.unexpected(token, context);
    }
    return this.#tokens.unquote(token.text);
  }
}

function isEndMark(node: Node | EndMark): node is EndMark {
  return node.kind === "end" || node.kind === "else";
}

/** Whether a tree has nothing but space. */
function isEmptyTree(tree: ListNode): boolean {
  return tree.nodes.every((node) => node.kind === "text" && node.text.trim() === "");
}
