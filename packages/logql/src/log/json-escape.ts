const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/**
 * Resolves the escapes of what is between the quotes of a JSON string; undefined when one is invalid. As in Loki's
 * `jsonparser`, half of a surrogate pair is invalid, and where the second half should begin two characters of any kind
 * do.
 */
export function unescapeJson(body: string): string | undefined {
  let at = body.indexOf("\\");
  if (at === -1) {
    return body;
  }
  let out = "";
  let copied = 0;
  while (at !== -1) {
    out += body.slice(copied, at);
    const letter = body[at + 1] ?? "";
    if (letter === "u") {
      const first = hexAt(body, at + 2);
      const isHalf = first >= 0xd800 && first <= 0xdfff;
      const second = isHalf ? hexAt(body, at + 8) : 0;
      if (first === -1 || (isHalf && second < 0xdc00)) {
        return undefined;
      }
      out += isHalf ? pairOf(first, second) : String.fromCharCode(first);
      copied = at + (isHalf ? 12 : 6);
    } else {
      const plain = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
      if (plain === undefined) {
        return undefined;
      }
      out += plain;
      copied = at + 2;
    }
    at = body.indexOf("\\", copied);
  }
  return out + body.slice(copied);
}

/** {@link unescapeJson} for a label's value, which is empty when it is invalid, and has a space for U+FFFD. */
export function labelValueOfJson(body: string): string {
  return replaceInvalid(unescapeJson(body) ?? "");
}

/** Prometheus refuses U+FFFD in a label, so that Loki puts a space there. */
export function replaceInvalid(value: string): string {
  return value.includes("\ufffd") ? value.replaceAll("\ufffd", " ") : value;
}

/** The number of four hexadecimal digits, or -1. */
export function hexAt(text: string, start: number): number {
  let value = 0;
  for (let i = start; i < start + 4; i++) {
    const code = text.charCodeAt(i) | 0x20;
    const digit = code >= 0x30 && code <= 0x39 ? code - 0x30 : code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
    if (digit === -1 || (digit < 10 && text.charCodeAt(i) < 0x30)) {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

function pairOf(high: number, low: number): string {
  const code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  return code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code);
}
