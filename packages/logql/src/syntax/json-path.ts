import { ServiceError } from "@sluice/model";

/** A step into a JSON value: the name of a field or the index of an element. */
export type JsonPathStep = string | number;

const token = /[ \t\n]*(?:(\.)|(\[)|(\])|"([^"\]\0]*)["\]\0]?|([a-zA-Z_]\w*)|(\d+)(?=[ \t\n\]]))/uy;

type Kind = "DOT" | "LSB" | "RSB" | "STRING" | "FIELD" | "INDEX" | "$end";

interface Token {
  readonly kind: Kind;
  readonly text: string;
  readonly end: number;
  /** What could not be read: to the grammar the path ends there. */
  readonly wrong?: string;
}

/**
 * Reads the path of `| json name="path"`: `a.b`, `a["b c"][0]`, `["b"]`. (As in Loki, a quoted name ends at a `]` too.)
 *
 * @throws {ServiceError} `bad_data` with Loki's text.
 */
export function parseJsonPath(path: string): readonly JsonPathStep[] {
  const steps: JsonPathStep[] = [];
  let offset = 0;
  const next = (): Token => {
    const read = readToken(path, offset);
    offset = read.end;
    return read;
  };
  const expect = (wanted: readonly Kind[], read: Token = next()): Token => {
    if (!wanted.includes(read.kind)) {
      throw unexpected(read, wanted);
    }
    return read;
  };
  let step = expect(["LSB", "FIELD"]);
  for (;;) {
    if (step.kind === "FIELD") {
      steps.push(step.text);
    } else {
      const key = expect(["STRING", "INDEX"]);
      steps.push(key.kind === "INDEX" ? indexOf(key.text) : key.text);
      expect(["RSB"]);
    }
    const separator = next();
    if (separator.kind === "$end") {
      if (separator.wrong !== undefined) {
        throw wrong(separator.wrong);
      }
      return steps;
    }
    if (separator.kind !== "DOT" && separator.kind !== "LSB") {
      throw unexpected(separator, []);
    }
    step = separator.kind === "DOT" ? expect(["FIELD"]) : separator;
  }
}

function readToken(path: string, offset: number): Token {
  token.lastIndex = offset;
  const match = token.exec(path);
  if (match !== null) {
    const end = token.lastIndex;
    const [, dot, open, close, quoted, field, index] = match;
    if (quoted !== undefined) {
      return { kind: "STRING", text: quoted, end };
    }
    if (field !== undefined) {
      return { kind: "FIELD", text: field, end };
    }
    if (index !== undefined) {
      return { kind: "INDEX", text: index, end };
    }
    return { kind: dot ? "DOT" : open ? "LSB" : close ? "RSB" : "$end", text: "", end };
  }
  const [, digits = "", char = ""] = /^[ \t\n]*(\d*)([^]?)/u.exec(path.slice(offset))!;
  return { kind: "$end", text: "", end: path.length, ...wrongCharacter(digits, char) };
}

function wrongCharacter(digits: string, char: string): Pick<Token, "wrong"> {
  if (digits !== "") {
    return {
      wrong: char === "." ? "cannot use float as array index" : `non-integer value: ${char === "" ? "\0" : char}`,
    };
  }
  return char === "" || char === "\0" ? {} : { wrong: `unexpected char ${char}` };
}

function indexOf(digits: string): number {
  if (BigInt(digits) >= 2n ** 63n) {
    throw wrong(`strconv.Atoi: parsing "${digits}": value out of range`);
  }
  return Number(digits);
}

function unexpected({ kind }: Token, wanted: readonly Kind[]): ServiceError {
  const expecting = wanted.length === 0 ? "" : `, expecting ${wanted.join(" or ")}`;
  return wrong(`syntax error: unexpected ${kind}${expecting}`);
}

function wrong(message: string): ServiceError {
  return new ServiceError("bad_data", message);
}
