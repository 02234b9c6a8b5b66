import type { Stage } from "../line.ts";

const escape = "\u001b";
const controlSequenceIntroducer = "\u009b";
const bell = 0x07;

/** `| decolorize`: takes ANSI escape sequences out of the line. */
export function compileDecolorize(): Stage {
  return (line) => {
    if (mayHoldSequence(line.bytes, line.start, line.end)) {
      const plain = decolorize(line.text);
      if (plain !== line.text) {
        line.text = plain;
      }
    }
    return true;
  };
}

/**
 * The text without ANSI escape sequences: what the expression of `acarl005/stripansi`, which Loki uses, matches. Written
 * out, since that expression takes a time that grows with the square of a long sequence.
 */
export function decolorize(text: string): string {
  let plain = "";
  let copied = 0;
  for (let at = nextStart(text, 0); at !== -1; at = nextStart(text, Math.max(copied, at + 1))) {
    const end = sequenceEnd(text, at);
    if (end !== -1) {
      plain += text.slice(copied, at);
      copied = end;
    }
  }
  return copied === 0 ? text : plain + text.slice(copied);
}

function mayHoldSequence(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (bytes[at] === 0x1b || bytes[at] === 0x9b) {
      return true;
    }
  }
  return false;
}

function nextStart(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === escape || char === controlSequenceIntroducer) {
      return at;
    }
  }
  return -1;
}

/** What is behind the sequence that begins at `start`, or -1 when none does. */
function sequenceEnd(text: string, start: number): number {
  const from = skipWhile(text, start + 1, text.length, isIntroducer);
  const name = skipWhile(text, from, text.length, isNameCharacter);
  if (text.charCodeAt(name) === bell) {
    return name + 1;
  }
  if (!isDigit(text.charCodeAt(from))) {
    return isFinal(text.charCodeAt(from)) ? from + 1 : -1;
  }
  let at = skipWhile(text, from, from + 4, isDigit);
  while (text[at] === ";") {
    at = skipWhile(text, at + 1, at + 5, isDigit);
  }
  if (isFinal(text.charCodeAt(at))) {
    return at + 1;
  }
  // Without a letter at its end the sequence ends with its last digit.
  while (text[at - 1] === ";") {
    at -= 1;
  }
  return at;
}

function skipWhile(text: string, start: number, limit: number, test: (code: number) => boolean): number {
  const end = Math.min(limit, text.length);
  let at = start;
  while (at < end && test(text.charCodeAt(at))) {
    at += 1;
  }
  return at;
}

/** `[[\]()#;?]` */
function isIntroducer(code: number): boolean {
  return (
    code === 0x5b || code === 0x5d || code === 0x28 || code === 0x29 || code === 0x23 || code === 0x3b || code === 0x3f
  );
}

/** `[a-zA-Z\d;]` */
function isNameCharacter(code: number): boolean {
  const lower = code | 0x20;
  return isDigit(code) || (lower >= 0x61 && lower <= 0x7a && code < 0x80) || code === 0x3b;
}

/** `[\dA-PRZcf-ntqry=><~]` */
function isFinal(code: number): boolean {
  return (
    isDigit(code) ||
    (code >= 0x41 && code <= 0x50) ||
    (code >= 0x66 && code <= 0x6e) ||
    "RZctqry=><~".includes(String.fromCharCode(code))
  );
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
