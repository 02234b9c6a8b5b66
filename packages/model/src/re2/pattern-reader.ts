import { ServiceError } from "../error.ts";

/** A pattern and how far it has been read. */
export class PatternReader {
  readonly text: string;
  /** Where the next character is, in UTF-16 units. */
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** What has not been read yet. */
  get rest(): string {
    return this.text.slice(this.at);
  }

  /** The unit at some distance, empty behind the end. */
  peek(distance = 0): string {
    return this.text[this.at + distance] ?? "";
  }

  /** Reads a text if it comes next. */
  skip(text: string): boolean {
    const isNext = this.text.startsWith(text, this.at);
    this.at += isNext ? text.length : 0;
    return isNext;
  }

  nextCodePoint(): number {
    const codePoint = this.text.codePointAt(this.at)!;
    this.at += codePoint > 0xffff ? 2 : 1;
    return codePoint;
  }

  /** What was read since `start`. */
  since(start: number): string {
    return this.text.slice(start, this.at);
  }
}

/** An error in Go's words; `where` is the part of the pattern that it quotes. */
export function regexError(what: string, where: string): ServiceError {
  return new ServiceError("bad_data", `error parsing regexp: ${what}: \`${where}\``);
}
