const namesMax = 1024;

/** Longer names than this make no label, and are not looked at: a line of many fields in an object with a long key would take its square. */
export const labelNameLengthMax = 1024;

/**
 * Makes a field's key a label name as Loki does: trimmed, `_` for every other character, `_` before a leading digit.
 * Empty when nothing is left.
 */
export function sanitizeLabelName(key: string): string {
  const name = sanitizePart(key);
  return startsWithDigit(name) ? `_${name}` : name;
}

/**
 * Label names of keys, with a memory: lines of a stream repeat their keys. A key inside an object is joined to the
 * object's name with `_`; an empty key leaves the object's own name.
 */
export class LabelNames {
  readonly #known = new Map<string, Map<string, string>>();
  #count = 0;

  /** @param prefix the name of the object that the key is in; empty at the top. */
  nameOf(prefix: string, key: string): string {
    const found = this.#known.get(prefix)?.get(key);
    if (found !== undefined) {
      return found;
    }
    const name = joinName(prefix, key);
    if (this.#count < namesMax && key.length <= labelNameLengthMax) {
      this.#remember(copyOf(prefix), copyOf(key), copyOf(name));
    }
    return name;
  }

  #remember(prefix: string, key: string, name: string): void {
    const names = this.#known.get(prefix) ?? new Map<string, string>();
    this.#known.set(prefix, names.set(key, name));
    this.#count += 1;
  }
}

function joinName(prefix: string, key: string): string {
  if (prefix === "") {
    return sanitizeLabelName(key);
  }
  const part = sanitizePart(key);
  return part === "" ? prefix : `${prefix}_${part}`;
}

function sanitizePart(key: string): string {
  const trimmed = trimGoSpace(key);
  return trimmed.length > labelNameLengthMax ? trimmed : trimmed.replaceAll(/[^a-zA-Z0-9_]/gu, "_");
}

function startsWithDigit(name: string): boolean {
  const code = name.charCodeAt(0);
  return code >= 0x30 && code <= 0x39;
}

/** A piece of a line's text may keep the whole line in memory; this one does not. */
function copyOf(text: string): string {
  return ` ${text}`.slice(1);
}

/** Go's `strings.TrimSpace`, whose spaces are not quite JavaScript's. */
function trimGoSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isGoSpace(text.charCodeAt(start))) {
    start += 1;
  }
  while (end > start && isGoSpace(text.charCodeAt(end - 1))) {
    end -= 1;
  }
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function isGoSpace(code: number): boolean {
  if (code < 0x80) {
    return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  }
  return (
    code === 0x85 ||
    code === 0xa0 ||
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  );
}
