/** Characters of a line that the list shows; laying out one line of a megabyte takes a quarter of a second. */
export const displayLengthMax = 4096;

const plain = /^[\u{20}-\u{7e}]*$/u;
// Colours say nothing that the text does not.
// oxlint-disable-next-line no-control-regex
const colours = /\u001b\[[\d;:]*m/gu;
// Controls, and what would reorder or hide neighbouring text: bidi marks, zero-width characters, lone surrogates.
const unsafe =
  // oxlint-disable-next-line no-control-regex
  /\r\n|[\u{0}-\u{9}\u{b}-\u{1f}\u{7f}-\u{9f}\u{61c}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{2069}\u{feff}\p{Cs}]/gu;

/** Whether a line is short printable ASCII: shown as it is, one column per character. */
export function isPlain(line: string): boolean {
  return line.length <= displayLengthMax && plain.test(line);
}

/**
 * A line as the list shows it. Escape sequences are shown, not obeyed: colours are left out, every other control
 * becomes a visible sign. Line ends stay, a tab is four columns, and what is over {@link displayLengthMax} is cut.
 */
export function displayText(line: string): string {
  const cut = line.length > displayLengthMax;
  const text = (cut ? line.slice(0, displayLengthMax) : line).replace(colours, "").replace(unsafe, visible);
  return cut ? `${text} … ${sizeText(line.length - displayLengthMax)} more` : text;
}

/** A count of bytes or characters in kB, MB, GB: three digits at most. */
export function sizeText(size: number): string {
  let value = size;
  let unit = 0;
  const units = ["B", "kB", "MB", "GB", "TB"];
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : value >= 9.95 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]!}`;
}

/**
 * Rows that a text takes when it is broken at exactly `columns` columns and at line ends. Exact for ASCII; for other
 * text an estimate that counts East Asian wide characters as two.
 */
export function rowCount(text: string, columns: number): number {
  let rows = 0;
  for (const part of text.split("\n")) {
    rows += Math.max(1, Math.ceil(columnCount(part) / columns));
  }
  return rows;
}

const combining = /\p{M}|\p{Cf}/u;
const wide =
  /[\u{1100}-\u{115f}\u{2e80}-\u{a4cf}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Something that may not be one column per UTF-16 code unit. */
const odd = /[\u{300}-\u{36f}\u{483}-\u{10ff}\u{1100}-\u{1fff}\u{2e80}-\u{ffff}\p{Cf}\u{10000}-\u{10ffff}]/u;

function columnCount(text: string): number {
  if (!odd.test(text)) {
    return text.length;
  }
  let columns = 0;
  for (const char of text) {
    columns += combining.test(char) ? 0 : wide.test(char) ? 2 : 1;
  }
  return columns;
}

function visible(char: string): string {
  if (char === "\r\n") {
    return "\n";
  }
  if (char === "\t") {
    return "    ";
  }
  const code = char.codePointAt(0)!;
  if (code < 0x20) {
    return String.fromCodePoint(0x2400 + code);
  }
  if (code === 0x7f) {
    return "\u2421";
  }
  return code < 0x100 ? `\\x${code.toString(16)}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
