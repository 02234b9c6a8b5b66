/**
 * Turns any text (a tenant, a rule name, a label) into one harmless path element: letters, digits, `-` and `_` stay,
 * every other byte of its UTF-8 becomes `%XX`. Different texts give different elements; none is empty, `.` or `..`.
 */
export function pathElement(text: string): string {
  if (text === "") {
    return "%";
  }
  let out = "";
  for (const byte of new TextEncoder().encode(text)) {
    const char = String.fromCharCode(byte);
    out += /[a-zA-Z0-9_-]/u.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}
