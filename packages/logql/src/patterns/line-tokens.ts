/** Bytes of a line that are looked at; what follows is a variable part. Loki leaves longer lines out. */
export const lineBytesMax = 3000;
/** Tokens of a line that are looked at. */
const tokensMax = 128;

/**
 * What a token is: a sign such as `=` or `"`, a word, a word with a digit, which is a variable more often than not, or the
 * key of logfmt or JSON, which lines of one pattern have in common.
 */
export const tokenKind = Object.freeze({ sign: 0, word: 1, number: 2, key: 3 });

const wordClass = 0;
const digitClass = 1;
const colonClass = 2;
const gapClass = 3;
const signClass = 4;
const quote = 0x22;

/** Words are made of all but gaps and these, as in Loki's tokenizer: `10.0.0.1:80`, `/api/cart` and `user-id` are words. */
const classes = Uint8Array.from({ length: 256 }, (_, code) => {
  const char = String.fromCharCode(code);
  return char === " " || char === "\t"
    ? gapClass
    : "=!\"#%&'()*,;?@[]{}\\".includes(char)
      ? signClass
      : char >= "0" && char <= "9"
        ? digitClass
        : char === ":"
          ? colonClass
          : wordClass;
});

/**
 * The tokens of the line that was read last, and what tells lines that may have a pattern in common. One object serves
 * all lines: no text is made.
 */
export class LineTokens {
  /** How many there are; the columns below are as long. */
  count = 0;
  /** Never 0. */
  readonly hashes = new Int32Array(tokensMax);
  readonly kinds = new Uint8Array(tokensMax);
  /** Where they are, from the start of what was read. */
  readonly starts = new Uint16Array(tokensMax);
  readonly ends = new Uint16Array(tokensMax);
  /** Bytes of what was read. */
  length = 0;
  /** Whether there is more of it, which was not read. */
  isCut = false;
  /** Of the signs, the keys, and the places of the words between them. */
  shape = 0;
  /** Of all tokens but those with digits. */
  signature = 0;
  /** Of the first two words without digits, 0 where there is none. */
  firstWord = 0;
  secondWord = 0;

  read(bytes: Uint8Array, start: number, end: number): void {
    const stop = Math.min(end, start + lineBytesMax);
    this.count = 0;
    this.shape = 17;
    this.signature = 0;
    this.firstWord = 0;
    this.secondWord = 0;
    this.isCut = stop < end;
    let wordStart = -1;
    let hash = hashStart;
    let hasDigit = false;
    let offset = start;
    for (; offset < stop; offset++) {
      const code = bytes[offset]!;
      const kind = classes[code]!;
      // A colon ends the key of JSON, and is a part of everything else.
      const isSign = kind === colonClass && wordStart === -1 && offset > start && bytes[offset - 1] === quote;
      if (kind < gapClass && !isSign) {
        if (wordStart === -1) {
          wordStart = offset;
        }
        hash = Math.imul(hash ^ code, hashFactor);
        hasDigit ||= kind === digitClass;
        continue;
      }
      if (wordStart !== -1) {
        this.#add(hash, hasDigit ? tokenKind.number : tokenKind.word, wordStart - start, offset - start);
        wordStart = -1;
        hash = hashStart;
        hasDigit = false;
      }
      if ((kind === signClass || isSign) && this.count < tokensMax) {
        this.#add(code + 1, tokenKind.sign, offset - start, offset + 1 - start);
      }
      if (this.count === tokensMax) {
        offset = start + this.ends[tokensMax - 1]!;
        break;
      }
    }
    if (wordStart !== -1) {
      // A word that is cut is not the word that it seems to be.
      this.#add(hash, this.isCut || hasDigit ? tokenKind.number : tokenKind.word, wordStart - start, offset - start);
    }
    this.length = offset - start;
    this.isCut ||= offset < stop;
    this.shape = Math.imul(this.shape + (this.isCut ? 1 : 0), hashFactor);
  }

  #add(hash: number, kind: number, start: number, end: number): void {
    const index = this.count;
    const known = hash === 0 ? 1 : hash;
    this.hashes[index] = known;
    this.kinds[index] = kind;
    this.starts[index] = start;
    this.ends[index] = end;
    this.count = index + 1;
    this.signature = Math.imul(this.signature + (kind === tokenKind.number ? 3 : known), hashFactor) + (index + 1);
    if (kind === tokenKind.sign) {
      this.#addToShape(known);
      const keyIndex = known === equals ? index - 1 : known === colon ? index - 2 : -1;
      if (keyIndex >= 0 && this.kinds[keyIndex] === tokenKind.word && this.ends[keyIndex]! >= start - 1) {
        this.#makeKey(keyIndex);
      }
      return;
    }
    this.#addToShape(-1);
    if (kind === tokenKind.word) {
      if (this.firstWord === 0) {
        this.firstWord = known;
      } else if (this.secondWord === 0) {
        this.secondWord = known;
      }
    }
  }

  #makeKey(index: number): void {
    const hash = this.hashes[index]!;
    this.kinds[index] = tokenKind.key;
    this.#addToShape(hash);
    if (this.secondWord === hash) {
      this.secondWord = 0;
    } else if (this.secondWord === 0 && this.firstWord === hash) {
      this.firstWord = 0;
    }
  }

  #addToShape(hash: number): void {
    this.shape = Math.imul(this.shape ^ hash, hashFactor);
  }
}

/** FNV-1a. */
const hashStart = 0x811c9dc5 | 0;
const hashFactor = 0x01000193;
/** The hash of a sign is its code and one. */
const equals = 0x3d + 1;
const colon = 0x3a + 1;
