/** How many characters (code points) a text has. */
export function characterCount(text: string): number {
  let count = text.length;
  for (let i = 0; i + 1 < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      count--;
      i++;
    }
  }
  return count;
}

/** The first so many characters of a text. */
export function truncate(text: string, count: number): string {
  return text.slice(0, offsetOfCharacter(text, count));
}

/** Where a character begins, in UTF-16 units, counted from 0; the end of the text when it has no more. */
export function offsetOfCharacter(text: string, count: number): number {
  let offset = 0;
  for (let i = 0; i < count && offset < text.length; i++) {
    offset += text.codePointAt(offset)! > 0xffff ? 2 : 1;
  }
  return offset;
}
