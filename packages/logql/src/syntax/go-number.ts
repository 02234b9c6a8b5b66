const forms =
  /0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|(?:0[bBoO][\d_]*|\d[\d_]*|(?=\.\d))(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?/uy;

/**
 * Where the number that begins at `offset` ends, as Loki's scanner reads it, wrong ones too; undefined when none does.
 *
 * @param isAfterBlank there, by a slip of Loki's, a binary number is a zero without digits.
 */
export function endOfGoNumber(text: string, offset: number, isAfterBlank: boolean): number | undefined {
  if (isAfterBlank && /^0b/iu.test(text.slice(offset, offset + 2))) {
    return offset + 1;
  }
  forms.lastIndex = offset;
  return forms.test(text) && forms.lastIndex > offset ? forms.lastIndex : undefined;
}

const literalNames: Readonly<Record<string, string>> = {
  x: "hexadecimal literal",
  o: "octal literal",
  "0": "octal literal",
  b: "binary literal",
  "": "decimal literal",
};

/** What Go's scanner says about a number that is none, or undefined. Its own parser of numbers may be of another mind. */
export function wrongGoNumber(text: string): string | undefined {
  const [, lead = ""] = /^0([xXbBoO]|(?=[\d_]))/u.exec(text) ?? [];
  const prefix = lead === "" && /^0[\d_]/u.test(text) ? "0" : lead.toLowerCase();
  const exponentSign = prefix === "x" ? /[pP]/u : /[eE]/u;
  const [mantissa, exponent] = splitOnce(
    prefix === "0" ? text : text.slice(lead.length + (lead ? 1 : 0)),
    exponentSign,
  );
  return (
    wrongMantissa(prefix, mantissa) ??
    wrongExponent(prefix, mantissa, text, exponent) ??
    wrongDigit(prefix, mantissa, exponent) ??
    (hasWrongSeparator(text) ? "'_' must separate successive digits" : undefined)
  );
}

function splitOnce(text: string, separator: RegExp): [string, string | undefined] {
  const at = text.search(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function wrongMantissa(prefix: string, mantissa: string): string | undefined {
  if (mantissa.includes(".") && (prefix === "o" || prefix === "b")) {
    return `invalid radix point in ${literalNames[prefix]}`;
  }
  return /[\da-fA-F]/u.test(mantissa) ? undefined : `${literalNames[prefix]} has no digits`;
}

function wrongExponent(
  prefix: string,
  mantissa: string,
  text: string,
  exponent: string | undefined,
): string | undefined {
  if (exponent === undefined) {
    return prefix === "x" && mantissa.includes(".") ? "hexadecimal mantissa requires a 'p' exponent" : undefined;
  }
  if (prefix === "o" || prefix === "b") {
    return `'${/[eE]/u.exec(text)![0]}' exponent requires decimal mantissa`;
  }
  return /\d/u.test(exponent) ? undefined : "exponent has no digits";
}

function wrongDigit(prefix: string, mantissa: string, exponent: string | undefined): string | undefined {
  const digitMax = prefix === "b" ? "1" : prefix === "o" || prefix === "0" ? "7" : "9";
  if (digitMax === "9" || exponent !== undefined || mantissa.includes(".")) {
    return undefined;
  }
  const digit = mantissa.match(/\d/gu)?.find((candidate) => candidate > digitMax);
  return digit === undefined ? undefined : `invalid digit '${digit}' in ${literalNames[prefix]}`;
}

/** An underscore stands between digits, or between the base and a digit. */
function hasWrongSeparator(text: string): boolean {
  if (!text.includes("_")) {
    return false;
  }
  const isHex = /^0x/iu.test(text);
  const body = /^0[xbo]/iu.test(text) ? `0${text.slice(2)}` : text;
  const digit = isHex ? "[\\da-fA-F]" : "\\d";
  return new RegExp(`(?<!${digit})_|_(?!${digit})`, "u").test(body);
}
