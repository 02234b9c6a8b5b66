import { assert, ServiceError } from "@sluice/model";
import type { Lexer } from "./lexer.ts";
import { printToken, type Token, type TokenKind } from "./token.ts";
import { unquoteString } from "./unquote.ts";

/** How deep parentheses and blocks may lie in one another. */
const nestingMax = 250;

/** How deep the parser is; one for a template and those defined in it. */
export interface NestingCounter {
  nesting: number;
}

/** The tokens of one template for its parser, which may put some back; and its messages, which tell the line. */
export class TokenReader {
  readonly #name: string;
  readonly #lexer: Lexer;
  readonly #counter: NestingCounter;
  /** The last token, then those that were put back before it. */
  readonly #tokens: [Token, Token, Token] = [noToken, noToken, noToken];
  #peeked = 0;
  /** Where the action began that is read; 0 outside. */
  actionLine = 0;

  constructor(name: string, lexer: Lexer, counter: NestingCounter) {
    this.#name = name;
    this.#lexer = lexer;
    this.#counter = counter;
  }

  next(): Token {
    if (this.#peeked > 0) {
      this.#peeked--;
    } else {
      this.#tokens[0] = this.#lexer.next();
    }
    return this.#tokens[this.#peeked]!;
  }

  peek(): Token {
    if (this.#peeked === 0) {
      this.#tokens[0] = this.#lexer.next();
      this.#peeked = 1;
    }
    return this.#tokens[this.#peeked - 1]!;
  }

  nextNonSpace(): Token {
    for (;;) {
      const token = this.next();
      if (token.kind !== "space") {
        return token;
      }
    }
  }

  peekNonSpace(): Token {
    const token = this.nextNonSpace();
    this.backup();
    return token;
  }

  backup(): void {
    this.#peeked++;
    assert(this.#peeked <= this.#tokens.length, "the parser puts back more tokens than it keeps");
  }

  /** Puts back the last token and the one before it. */
  backup2(before: Token): void {
    this.#tokens[1] = before;
    this.#peeked = 2;
  }

  backup3(first: Token, second: Token): void {
    this.#tokens[1] = second;
    this.#tokens[2] = first;
    this.#peeked = 3;
  }

  expect(kind: TokenKind, context: string): Token {
    const token = this.nextNonSpace();
    if (token.kind !== kind) {
      this.unexpected(token, context);
    }
    return token;
  }

  unexpected(token: Token, context: string): never {
    if (token.kind !== "error") {
      this.fail(`unexpected ${printToken(token)} in ${context}`);
    }
    const elsewhere = this.actionLine !== 0 && this.actionLine !== token.line;
    // "unclosed action" has the word already.
    const words = token.text.endsWith(" action") ? " started at" : " in action started at";
    this.fail(token.text + (elsewhere ? `${words} ${this.#name}:${this.actionLine}` : ""));
  }

  fail(message: string): never {
    throw new ServiceError("bad_data", `template: ${this.#name}:${this.#tokens[0].line}: ${message}`);
  }

  enter(): void {
    this.#counter.nesting++;
    if (this.#counter.nesting > nestingMax) {
      this.fail("max expression depth exceeded");
    }
  }

  leave(): void {
    this.#counter.nesting--;
  }

  unquote(literal: string): string {
    return unquoteString(literal) ?? this.fail("invalid syntax");
  }
}

const noToken: Token = { kind: "EOF", offset: 0, text: "EOF", line: 0 };
