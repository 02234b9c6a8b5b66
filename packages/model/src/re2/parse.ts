import { complementOf, everyCodePoint, single, type CodePointSet } from "./code-points.ts";
import { PatternReader, regexError } from "./pattern-reader.ts";
import { readClass, readEscape, readSetEscape } from "./read-class.ts";
import { childrenOf, type Assertion, type RegexNode } from "./tree.ts";
import { foldCase } from "./unicode.ts";

interface Flags {
  foldCase: boolean;
  /** `^` and `$` also match at line breaks. */
  multiLine: boolean;
  /** `.` also matches a line break. */
  dotAll: boolean;
  /** `*` is lazy and `*?` greedy. */
  swapGreed: boolean;
}

/** A parenthesis that is open, or the whole expression. */
interface Group {
  /** Undefined when the parenthesis makes no capture. */
  readonly capture: { readonly name: string | undefined } | undefined;
  /** The flags to return to when it closes. */
  readonly outerFlags: Readonly<Flags>;
  readonly choices: RegexNode[];
  parts: RegexNode[];
}

const repeatMax = 1000;
/** Of open parentheses, and of the tree. */
const depthMax = 1000;
/** Instructions of the program that Go would make, at 40 bytes in 128 MiB. */
const sizeMax = 3_355_443;

/**
 * Parses RE2 syntax as Go's `regexp/syntax` does with its Perl flags.
 *
 * @param options.dotAll lets `.` match line breaks from the start.
 * @throws {ServiceError} `bad_data` with Go's text.
 */
export function parseRe2(pattern: string, options: { readonly dotAll: boolean }): RegexNode {
  return new Parser(pattern, options.dotAll).parse();
}

class Parser {
  readonly #reader: PatternReader;
  readonly #groups: Group[] = [];
  #flags: Readonly<Flags>;
  /** Where the element before this one begins, when it was a repetition. */
  #repeatStart: number | undefined;
  /** How deep the tree is below the nodes that have parts. */
  readonly #heights = new Map<RegexNode, number>();

  constructor(pattern: string, dotAll: boolean) {
    this.#reader = new PatternReader(pattern);
    this.#flags = { foldCase: false, multiLine: false, dotAll, swapGreed: false };
    this.#open(undefined);
  }

  parse(): RegexNode {
    const reader = this.#reader;
    while (!reader.isAtEnd) {
      const start = reader.at;
      this.#repeatStart = this.#readElement() ? start : undefined;
    }
    if (this.#groups.length > 1) {
      throw regexError("missing closing )", reader.text);
    }
    const tree = this.#finish(this.#groups[0]!);
    if (sizeOf(tree) > sizeMax) {
      throw regexError("expression too large", reader.text);
    }
    return tree;
  }

  /** Reads one element; says whether it was a repetition. */
  #readElement(): boolean {
    const reader = this.#reader;
    switch (reader.peek()) {
      case "(":
        this.#readOpen();
        return false;
      case ")":
        this.#readClose();
        return false;
      case "|":
        reader.skip("|");
        this.#readBar();
        return false;
      case "^":
        reader.skip("^");
        this.#push({ kind: "assertion", at: this.#flags.multiLine ? "lineStart" : "textStart" });
        return false;
      case "$":
        reader.skip("$");
        this.#push({ kind: "assertion", at: this.#flags.multiLine ? "lineEnd" : "textEnd" });
        return false;
      case ".":
        reader.skip(".");
        this.#pushSet(this.#flags.dotAll ? everyCodePoint : complementOf(single(0x0a)));
        return false;
      case "[":
        this.#pushSet(readClass(reader, this.#flags.foldCase));
        return false;
      case "*":
        return this.#readRepeat(1, 0, Number.POSITIVE_INFINITY);
      case "+":
        return this.#readRepeat(1, 1, Number.POSITIVE_INFINITY);
      case "?":
        return this.#readRepeat(1, 0, 1);
      case "{":
        return this.#readCounts();
      case "\\":
        this.#readEscapedElement();
        return false;
      default:
        this.#pushLiteral(reader.nextCodePoint());
        return false;
    }
  }

  #group(): Group {
    return this.#groups.at(-1)!;
  }

  #open(capture: Group["capture"]): void {
    if (this.#groups.length > depthMax) {
      throw regexError("expression nests too deeply", this.#reader.text);
    }
    this.#groups.push({ capture, outerFlags: this.#flags, choices: [], parts: [] });
  }

  #sequenceOf(parts: readonly RegexNode[]): RegexNode {
    return parts.length === 1 ? parts[0]! : this.#measured({ kind: "sequence", parts });
  }

  #finish({ choices, parts }: Group): RegexNode {
    const last = this.#sequenceOf(parts);
    return choices.length === 0 ? last : this.#measured({ kind: "choice", choices: [...choices, last] });
  }

  /** Refuses what functions that go down the tree could not get to the bottom of. */
  #measured(node: RegexNode): RegexNode {
    let height = 1;
    for (const child of childrenOf(node)) {
      height = Math.max(height, 1 + (this.#heights.get(child) ?? 1));
    }
    if (height > depthMax) {
      throw regexError("expression nests too deeply", this.#reader.text);
    }
    this.#heights.set(node, height);
    return node;
  }

  #push(node: RegexNode): void {
    this.#group().parts.push(node);
  }

  #pushSet(set: CodePointSet): void {
    this.#push({ kind: "set", set });
  }

  #pushLiteral(codePoint: number): void {
    const set = single(codePoint);
    this.#pushSet(this.#flags.foldCase ? foldCase(set) : set);
  }

  #readBar(): void {
    const group = this.#group();
    group.choices.push(this.#sequenceOf(group.parts));
    group.parts = [];
  }

  #readOpen(): void {
    const reader = this.#reader;
    if (reader.peek(1) !== "?") {
      reader.skip("(");
      this.#open({ name: undefined });
      return;
    }
    const { rest } = reader;
    const opening = /^\(\?P?<(?!$)/u.exec(rest)?.[0];
    if (opening === undefined) {
      this.#readFlags();
      return;
    }
    const end = rest.indexOf(">");
    if (end === -1) {
      throw regexError("invalid named capture", rest);
    }
    const name = rest.slice(opening.length, end);
    if (!/^\w+$/u.test(name)) {
      throw regexError("invalid named capture", rest.slice(0, end + 1));
    }
    reader.at += end + 1;
    this.#open({ name });
  }

  /** `(?i)`, `(?i-s:` and so on. */
  #readFlags(): void {
    const reader = this.#reader;
    const start = reader.at;
    const flags: Flags = Object.assign({}, this.#flags);
    let isOn = true;
    let isFlagDue = false;
    reader.skip("(?");
    while (!reader.isAtEnd) {
      const char = String.fromCodePoint(reader.nextCodePoint());
      const flag = flagNames.get(char);
      if (flag !== undefined) {
        flags[flag] = isOn;
        isFlagDue = false;
      } else if (char === "-" && isOn) {
        isOn = false;
        isFlagDue = true;
      } else if ((char === ":" || char === ")") && !isFlagDue) {
        if (char === ":") {
          this.#open(undefined);
        }
        this.#flags = flags;
        return;
      } else {
        break;
      }
    }
    throw regexError("invalid or unsupported Perl syntax", reader.since(start));
  }

  #readClose(): void {
    const reader = this.#reader;
    if (this.#groups.length === 1) {
      throw regexError("unexpected )", reader.text);
    }
    reader.skip(")");
    const group = this.#groups.pop()!;
    this.#flags = group.outerFlags;
    const body = this.#finish(group);
    this.#push(
      group.capture === undefined ? body : this.#measured({ kind: "capture", name: group.capture.name, body }),
    );
  }

  #readCounts(): boolean {
    const [text, first, comma, second] = counts.exec(this.#reader.rest) ?? [];
    if (text === undefined) {
      this.#pushLiteral(this.#reader.nextCodePoint());
      return false;
    }
    const min = Number(first);
    const max = comma === undefined ? min : second === "" ? Number.POSITIVE_INFINITY : Number(second);
    if (min > repeatMax || (Number.isFinite(max) && max > repeatMax) || max < min) {
      throw regexError("invalid repeat count", text);
    }
    return this.#readRepeat(text.length, min, max);
  }

  #readRepeat(length: number, min: number, max: number): true {
    const reader = this.#reader;
    const start = reader.at;
    reader.at += length;
    const isSwapped = reader.skip("?");
    if (this.#repeatStart !== undefined) {
      throw regexError("invalid nested repetition operator", reader.since(this.#repeatStart));
    }
    const body = this.#group().parts.pop();
    if (body === undefined) {
      throw regexError("missing argument to repetition operator", reader.since(start));
    }
    const isGreedy = isSwapped === this.#flags.swapGreed;
    const node = this.#measured({ kind: "repeat", body, min, max, isGreedy });
    if (!repeatsWithin(node, repeatMax)) {
      throw regexError("invalid repeat count", reader.since(start));
    }
    this.#push(node);
    return true;
  }

  #readEscapedElement(): void {
    const reader = this.#reader;
    const letter = reader.peek(1);
    const assertion = assertions.get(letter);
    if (assertion !== undefined) {
      reader.at += 2;
      this.#push({ kind: "assertion", at: assertion });
    } else if (letter === "C") {
      throw regexError("invalid escape sequence", "\\C");
    } else if (letter === "Q") {
      this.#readQuoted();
    } else {
      const set = readSetEscape(reader, this.#flags.foldCase);
      if (set === undefined) {
        this.#pushLiteral(readEscape(reader));
      } else {
        this.#pushSet(set);
      }
    }
  }

  /** `\Q...\E`: everything in between is literal. */
  #readQuoted(): void {
    const reader = this.#reader;
    reader.skip("\\Q");
    while (!reader.isAtEnd && !reader.skip("\\E")) {
      this.#pushLiteral(reader.nextCodePoint());
    }
  }
}

const flagNames: ReadonlyMap<string, keyof Flags> = new Map([
  ["i", "foldCase"],
  ["m", "multiLine"],
  ["s", "dotAll"],
  ["U", "swapGreed"],
]);

const assertions: ReadonlyMap<string, Assertion> = new Map([
  ["A", "textStart"],
  ["z", "textEnd"],
  ["b", "wordBoundary"],
  ["B", "noWordBoundary"],
]);

/** A number may not begin with a zero: then the brace is a literal. */
const counts = /^\{(0|[1-9]\d*)(?:(,)(0|[1-9]\d*|))?\}/u;

/** Whether nested counts multiply to no more than `countMax`. */
function repeatsWithin(node: RegexNode, countMax: number): boolean {
  if (node.kind === "repeat" && node.max === 0) {
    return true;
  }
  const count = node.kind === "repeat" ? countOf(node) : 1;
  return count <= countMax && childrenOf(node).every((child) => repeatsWithin(child, Math.floor(countMax / count)));
}

/** How many copies a counted repetition stands for. */
function countOf({ min, max }: { readonly min: number; readonly max: number }): number {
  return Math.max(Number.isFinite(max) ? max : min, 1);
}

function sizeOf(node: RegexNode): number {
  const size = childrenOf(node).reduce((sum, child) => sum + sizeOf(child), 1);
  return node.kind === "repeat" ? size * countOf(node) : size;
}
