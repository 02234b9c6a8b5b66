import { tokenKind, type LineTokens } from "./line-tokens.ts";

/** A place in a template where lines differ. */
const variable = 0;
const variableText = "<_>";
const textDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Lines that have a pattern in common, and how many there were when. */
export class Cluster {
  /** What tells lines that may belong to it: their shape, and whether all of the line was looked at. */
  readonly group: number;
  /** The first two words of its first line. */
  readonly firstWord: number;
  readonly secondWord: number;
  readonly #isInner: boolean;
  readonly #isCut: boolean;
  /** The hash of the token that all lines have at a place, or {@link variable}. */
  readonly #template: Int32Array;
  readonly #kinds: Uint8Array;
  readonly #starts: Uint16Array;
  readonly #ends: Uint16Array;
  /** What was looked at of the first line. */
  readonly #text: Uint8Array;
  /** Lines by the start of their step. */
  readonly #samples = new Map<number, number>();
  #step = Number.NaN;
  #stepCount = 0;
  total = 0;

  /**
   * @param start where in `bytes` the tokens begin.
   * @param isInner whether they are those of a part of the line, with something before and behind it.
   */
  constructor(group: number, tokens: LineTokens, bytes: Uint8Array, start: number, isInner: boolean) {
    const { count } = tokens;
    this.group = group;
    this.firstWord = tokens.firstWord;
    this.secondWord = tokens.secondWord;
    this.#isInner = isInner;
    this.#isCut = tokens.isCut;
    this.#template = tokens.hashes.slice(0, count);
    this.#kinds = tokens.kinds.slice(0, count);
    this.#starts = tokens.starts.slice(0, count);
    this.#ends = tokens.ends.slice(0, count);
    this.#text = bytes.slice(start, start + tokens.length);
  }

  /** Adds a line, and makes a variable of every place where it differs. */
  add(tokens: LineTokens, step: number): void {
    const template = this.#template;
    const { hashes } = tokens;
    for (let i = 0; i < template.length; i++) {
      if (template[i] !== hashes[i]) {
        template[i] = variable;
      }
    }
    if (step !== this.#step) {
      this.#closeStep();
      this.#step = step;
    }
    this.#stepCount += 1;
    this.total += 1;
  }

  /**
   * How much a line is like the template: the part of the template's words that the line has in the same places, 0 when
   * that is too little. Words with digits do not count, they are expected to differ.
   */
  likeness(tokens: LineTokens): number {
    const template = this.#template;
    const kinds = this.#kinds;
    const { hashes } = tokens;
    let words = 0;
    let constants = 0;
    let equal = 0;
    for (let i = 0; i < template.length; i++) {
      if (kinds[i] !== tokenKind.word) {
        continue;
      }
      words += 1;
      const expected = template[i]!;
      if (expected !== variable) {
        constants += 1;
        equal += expected === hashes[i] ? 1 : 0;
      }
    }
    if (constants === 0) {
      return words === 0 ? 1 : 0;
    }
    return equal >= constants * constantsMin && equal >= words * wordsMin ? equal / constants : 0;
  }

  /** For each of the first places with a word a number below 2^39, equal for templates that differ in that place only. */
  maskedHashes(): readonly number[] {
    const template = this.#template;
    let sum = this.group;
    for (let i = 0; i < template.length; i++) {
      sum = (sum + mixed(i, template[i]!)) | 0;
    }
    const masked: number[] = [];
    for (let i = 0; i < template.length && masked.length < maskedMax; i++) {
      if (this.#kinds[i] === tokenKind.word) {
        masked.push(((sum - mixed(i, template[i]!)) >>> 0) * 128 + i);
      }
    }
    return masked;
  }

  /** Takes the lines of another one of the same group. */
  absorb(other: Cluster): void {
    const template = this.#template;
    for (let i = 0; i < template.length; i++) {
      if (template[i] !== other.#template[i]) {
        template[i] = variable;
      }
    }
    for (const [step, count] of other.samples) {
      this.#samples.set(step, (this.#samples.get(step) ?? 0) + count);
    }
    this.total += other.total;
  }

  /** Lines by the start of their step. */
  get samples(): ReadonlyMap<number, number> {
    this.#closeStep();
    this.#step = Number.NaN;
    return this.#samples;
  }

  /** The pattern as `|>` takes it: `user <_> logged in`; undefined when all of it is variable. */
  get pattern(): string | undefined {
    const parts: string[] = this.#isInner ? [variableText] : [];
    let written = 0;
    let hasConstants = false;
    for (let i = 0; i < this.#template.length; i++) {
      if (this.#template[i] === variable) {
        parts.push(this.#textBetween(written, this.#starts[i]!), variableText);
        written = this.#ends[i]!;
      } else {
        hasConstants ||= this.#kinds[i] !== tokenKind.sign;
      }
    }
    parts.push(this.#textBetween(written, this.#text.length));
    if (this.#isInner || this.#isCut) {
      parts.push(variableText);
    }
    return hasConstants ? parts.join("").replaceAll(/(?:<_>){2,}/gu, variableText) : undefined;
  }

  #textBetween(start: number, end: number): string {
    return textDecoder.decode(this.#text.subarray(start, end));
  }

  #closeStep(): void {
    if (this.#stepCount > 0) {
      this.#samples.set(this.#step, (this.#samples.get(this.#step) ?? 0) + this.#stepCount);
      this.#stepCount = 0;
    }
  }
}

/** Of a template's words that are not variable so many must be in a line for it to belong; and of all of its words. */
const constantsMin = 0.6;
const wordsMin = 0.25;
/** Of a longer template only so many words are tried as the one that makes the difference. */
const maskedMax = 24;

function mixed(index: number, hash: number): number {
  const x = Math.imul(hash ^ Math.imul(index + 1, 0x9e3779b1), 0x85ebca6b);
  return x ^ (x >>> 15);
}
