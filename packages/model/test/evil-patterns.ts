/** Expressions that have brought down others, and that are hard for automata: what has to be counted, or guessed. */
export const fixedEvilPatterns = [
  "(a{1,100}){1,10}b",
  "[^x]*z",
  "(a|b)*a(a|b){20}c",
  "(a|b)*a(a|b){900}c",
  "(x+x+)+y",
  ".*.*.*=.*#",
  "(a+)+$z",
  "(a|a)*c",
  "(a|aa)+c",
  "(a?){1000}c",
  "(?:a?){30}a{30}c",
  "([a-z]+)*\\d",
  "(.*)(.*)(.*)(.*)(.*)[^\\w\\s,=]",
  "^(([a-z])+.)+[A-Z]([a-z])+$",
  "a[ab]{500}c[ab]{400}d",
  "(?:a[ab]{8}x?y?){1,100}z",
  "(?:[ab]{9}|[bx]{11}|a.{7}){0,90}z",
  "(?:a.{50}b.{50}a){1,9}z",
  "(?i)(?:k|K|\u212a)+\\b!",
  "\\pL{1,300}\\pN{1,300}[^\\w\\s]",
  "(?m)^(?:.*,)*.*;$",
  "(?:\\b\\w+\\b\\s*)+[;]",
] as const;

const atoms = ["a", "b", "x", "[ab]", "[^x]", ".", "\\w", "\\pL", "(?i:k)", "\\s", "a|b", "a|aa", "ab|a", "ab|abc|abd"];
const quantifiers = ["*", "+", "?", "*?", "{2,}", "{1,30}", "{0,100}", "{7}", "{20}", ""];
const tails = ["z", "y$", ";", "\\b!", "c{3}", "[^\\w\\s,=]"];

/** Expressions made of repetitions within repetitions and alternatives that begin alike; always the same ones. */
export function evilPatterns(count: number): readonly string[] {
  const random = randomFrom(42);
  const pick = <T>(values: readonly T[]): T => values[random(values.length)]!;
  const repeated = (body: string, outerMax: number): string => {
    const quantifier = pick(quantifiers);
    // Go refuses what comes to more than a thousand copies.
    const isRefused = outerMax * Number(/(\d+)\}/u.exec(quantifier)?.[1] ?? 1) > 1000;
    return `(?:${body})${isRefused ? "*" : quantifier}`;
  };
  const sequence = (depth: number): string =>
    Array.from({ length: 1 + random(3) }, () =>
      depth === 0 || random(3) > 0
        ? repeated(pick(atoms), 30)
        : repeated(`${sequence(depth - 1)}|${pick(atoms)}`, 1000),
    ).join("");
  return Array.from({ length: count }, () => {
    const outer = pick(["{1,9}", "{5}", "*", "+", ""]);
    return `${pick(["", "", "^", "\\b"])}(${sequence(1)})${/\{/u.test(outer) ? "+" : outer}${pick(tails)}`;
  });
}

function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Texts to set them on: one letter, and several at random. */
export function evilTexts(length: number): readonly Uint8Array[] {
  const random = randomFrom(7);
  const encoder = new TextEncoder();
  const mixed = (letters: string): Uint8Array => {
    const bytes = encoder.encode(letters);
    return Uint8Array.from({ length }, () => bytes[random(bytes.length)]!);
  };
  return [encoder.encode("a".repeat(length)), encoder.encode("x".repeat(length)), mixed("ab"), mixed("ab x=1y,\n")];
}
