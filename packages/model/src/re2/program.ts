import { childrenOf, type Assertion, type RegexNode, type RegexRepeat } from "./tree.ts";

/** What an instruction does. */
export const operations = {
  /** Takes a character of set `b`, then goes to `a`. */
  set: 0,
  /** Goes to `a`, or else to `b`. */
  split: 1,
  /** Notes the place down in slot `b`, then goes to `a`. */
  capture: 2,
  /** Goes to `a` where assertion `b` holds. */
  assertion: 3,
  /** Goes to `a`; nothing leads here in a finished program. */
  pass: 4,
  match: 5,
} as const;

/** The instructions of an expression, as columns, which try alternatives in the order that decides what groups get. */
export interface Program {
  readonly start: number;
  readonly operations: Uint8Array;
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** The assertions that instructions refer to. */
  readonly assertions: readonly Assertion[];
  /** Two for the whole match and two for every group. */
  readonly slotCount: number;
}

/** Compiles a tree as Go's `regexp/syntax` does; sets are numbered in the order of a position graph's leaves. */
export function programOf(tree: RegexNode): Program {
  return new ProgramBuilder().build(tree);
}

/** Instructions that are entered at `start` and left from `end`, whose `a` is still to be set. */
interface Piece {
  readonly start: number;
  readonly end: number;
  /** Whether it may be passed without a character. */
  readonly isNullable: boolean;
}

class ProgramBuilder {
  readonly #operations: number[] = [];
  readonly #a: number[] = [];
  readonly #b: number[] = [];
  readonly #assertions: Assertion[] = [];
  readonly #groups = new Map<RegexNode, number>();
  #leafCount = 0;

  build(tree: RegexNode): Program {
    this.#number(tree);
    const { start, end } = this.#piece(tree);
    this.#a[end] = this.#emit(operations.match, 0);
    for (const [at, operation] of this.#operations.entries()) {
      this.#a[at] = this.#behindPasses(this.#a[at]!);
      if (operation === operations.split) {
        this.#b[at] = this.#behindPasses(this.#b[at]!);
      }
    }
    return {
      start: this.#behindPasses(start),
      operations: Uint8Array.from(this.#operations),
      a: Int32Array.from(this.#a),
      b: Int32Array.from(this.#b),
      assertions: this.#assertions,
      slotCount: 2 * (this.#groups.size + 1),
    };
  }

  /** By the order of their parentheses, even of those that are repeated never. */
  #number(node: RegexNode): void {
    if (node.kind === "capture") {
      this.#groups.set(node, this.#groups.size + 1);
    }
    for (const child of childrenOf(node)) {
      this.#number(child);
    }
  }

  #behindPasses(at: number): number {
    let behind = at;
    while (this.#operations[behind] === operations.pass) {
      behind = this.#a[behind]!;
    }
    return behind;
  }

  #emit(operation: number, b: number): number {
    this.#operations.push(operation);
    this.#a.push(0);
    this.#b.push(b);
    return this.#operations.length - 1;
  }

  #one(operation: number, b: number, isNullable: boolean): Piece {
    const at = this.#emit(operation, b);
    return { start: at, end: at, isNullable };
  }

  #piece(node: RegexNode): Piece {
    switch (node.kind) {
      case "set":
        return this.#one(operations.set, this.#leafCount++, false);
      case "assertion":
        this.#assertions.push(node.at);
        return this.#one(operations.assertion, this.#assertions.length - 1, true);
      case "sequence":
        return this.#sequence(node.parts.map((part) => this.#piece(part)));
      case "choice":
        return this.#choice(node.choices.map((choice) => this.#piece(choice)));
      case "capture": {
        const group = this.#groups.get(node)!;
        const open = this.#one(operations.capture, 2 * group, true);
        return this.#sequence([open, this.#piece(node.body), this.#one(operations.capture, 2 * group + 1, true)]);
      }
      case "repeat":
        return this.#repeat(node);
    }
  }

  #sequence(parts: readonly Piece[]): Piece {
    if (parts.length === 0) {
      return this.#one(operations.pass, 0, true);
    }
    for (let i = 1; i < parts.length; i++) {
      this.#a[parts[i - 1]!.end] = parts[i]!.start;
    }
    return {
      start: parts[0]!.start,
      end: parts.at(-1)!.end,
      isNullable: parts.every(({ isNullable }) => isNullable),
    };
  }

  #choice(choices: readonly Piece[]): Piece {
    const end = this.#emit(operations.pass, 0);
    let start = choices.at(-1)!.start;
    for (const choice of choices.toReversed()) {
      this.#a[choice.end] = end;
      if (choice !== choices.at(-1)) {
        start = this.#split(choice.start, start, true);
      }
    }
    return { start, end, isNullable: choices.some(({ isNullable }) => isNullable) };
  }

  #repeat({ body, min, max, isGreedy }: RegexRepeat): Piece {
    if (max === 0) {
      return this.#one(operations.pass, 0, true);
    }
    const copies: Piece[] = [];
    for (let count = Number.isFinite(max) ? max : Math.max(min, 1); count > 0; count--) {
      copies.push(this.#piece(body));
    }
    if (!Number.isFinite(max)) {
      const last = copies.pop()!;
      copies.push(min > 0 ? this.#oneOrMore(last, isGreedy) : this.#zeroOrMore(last, isGreedy));
      return this.#sequence(copies);
    }
    return this.#sequence([...copies.slice(0, min), ...this.#optional(copies.slice(min), isGreedy)]);
  }

  /** Each within the one before. */
  #optional(copies: readonly Piece[], isGreedy: boolean): readonly Piece[] {
    if (copies.length === 0) {
      return [];
    }
    const end = this.#emit(operations.pass, 0);
    let next = end;
    for (const copy of copies.toReversed()) {
      this.#a[copy.end] = next;
      next = this.#split(copy.start, end, isGreedy);
    }
    return [{ start: next, end, isNullable: true }];
  }

  #oneOrMore(body: Piece, isGreedy: boolean): Piece {
    const end = this.#emit(operations.pass, 0);
    this.#a[body.end] = this.#split(body.start, end, isGreedy);
    return { start: body.start, end, isNullable: body.isNullable };
  }

  /** What may be empty is `(?:x+)?`: so its alternatives keep their order (golang.org/issue/46123). */
  #zeroOrMore(body: Piece, isGreedy: boolean): Piece {
    if (body.isNullable) {
      const [piece] = this.#optional([this.#oneOrMore(body, isGreedy)], isGreedy);
      return piece!;
    }
    const end = this.#emit(operations.pass, 0);
    const start = this.#split(body.start, end, isGreedy);
    this.#a[body.end] = start;
    return { start, end, isNullable: true };
  }

  #split(body: number, exit: number, isGreedy: boolean): number {
    const at = this.#emit(operations.split, isGreedy ? exit : body);
    this.#a[at] = isGreedy ? body : exit;
    return at;
  }
}
