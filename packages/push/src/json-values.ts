import { messageOf, quoteGo, ServiceError } from "@sluice/model";

const textDecoder = new TextDecoder();

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Commas and brackets of one push, about three for an entry: each value is an object of some hundred bytes. */
const signsMax = 4_000_000;

/**
 * The text of a JSON body.
 *
 * @throws {ServiceError} `bad_data` `EOF` when it is empty, as Go's decoders say; `too_large` when it has so many values
 * that a megabyte over the wire would be gigabytes of memory.
 */
export function jsonText(body: Uint8Array): string {
  if (body.length > signsMax && countSigns(body) > signsMax) {
    throw new ServiceError(
      "too_large",
      `request body too large: more than ${signsMax} commas and brackets around the values of one JSON push`,
    );
  }
  let text: string;
  try {
    text = textDecoder.decode(body);
  } catch (error) {
    throw new ServiceError("too_large", "request body too large: JSON longer than a string can be", { cause: error });
  }
  if (text.trim() === "") {
    throw new ServiceError("bad_data", "EOF");
  }
  return text;
}

const quote = 0x22;
const backslash = 0x5c;
const isSign = Uint8Array.from({ length: 256 }, (_, code) => (",[{".includes(String.fromCharCode(code)) ? 1 : 0));

/** How many commas and opening brackets there are outside of strings: no fewer than values, less one. */
function countSigns(body: Uint8Array): number {
  let signs = 0;
  let isInString = false;
  for (let i = 0; i < body.length; i++) {
    const code = body[i]!;
    if (isInString) {
      i += code === backslash ? 1 : 0;
      isInString = code !== quote;
    } else {
      signs += isSign[code]!;
      isInString = code === quote;
    }
  }
  return signs;
}

/**
 * Reads a push body, which is an object or null.
 *
 * @throws {ServiceError} `bad_data`.
 */
export function parsePushObject(text: string): JsonObject {
  const first = text.search(/[^ \t\r\n]/u);
  if (text[first] !== "{" && text[first] !== "n") {
    throw new ServiceError("bad_data", expectObjectText(text, first));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ServiceError("bad_data", `cannot parse the push as JSON: ${messageOf(error)}`, { cause: error });
  }
  return isJsonObject(value) ? value : {};
}

/** What Loki's JSON library says, with the same context around the place. */
function expectObjectText(text: string, offset: number): string {
  const head = offset + 1;
  const near = text.slice(Math.max(head - 10, 0), head + 10);
  const around = text.slice(Math.max(head - 50, 0), head + 50);
  return (
    `readObjectStart: expect { or n, but found ${text[offset]}, error found in #${Math.min(head, 10)} byte of ` +
    `...|${near}|..., bigger context ...|${around}|...`
  );
}

/** What a JSON value is, for error messages. */
function kindOf(value: unknown): string {
  return value === null
    ? "null"
    : Array.isArray(value)
      ? "an array"
      : `a${typeof value === "object" ? "n" : ""} ${typeof value}`;
}

/** A value as error messages show it. */
export function shown(value: unknown): string {
  return typeof value === "string" ? quoteGo(value.slice(0, 40)) : kindOf(value);
}
