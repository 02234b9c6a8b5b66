const namesMax = 1024;

/**
 * Makes a field's key a label name as Loki does: trimmed, `_` for every other character, `_` before a leading digit.
 * Empty when nothing is left.
 */
export function sanitizeLabelName(key: string): string {
  const name = key.trim().replace(/[^a-zA-Z0-9_]/gu, "_");
  return /^[0-9]/u.test(name) ? `_${name}` : name;
}

/** {@link sanitizeLabelName} with a memory: lines of a stream repeat their keys. */
export function createSanitizer(): (key: string) => string {
  const known = new Map<string, string>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) {
      return found;
    }
    const name = sanitizeLabelName(key);
    if (known.size < namesMax) {
      known.set(key, name);
    }
    return name;
  };
}
