import { ServiceError } from "@sluice/model";

const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const typePattern = new RegExp(`^(${token})(?:(/)(${token})?)?`, "u");
const parameterPattern = new RegExp(`^\\s*;\\s*(${token})\\s*=\\s*(?:${token}|"(?:[^"\\\\\\r\\n]|\\\\.)*")`, "u");

/**
 * The media type of a Content-Type header, in lower case, its parameters checked and dropped.
 *
 * @throws {ServiceError} `bad_data` with the text of Go's mime.ParseMediaType.
 */
export function parseMediaType(header: string | undefined): string {
  const [base = ""] = (header ?? "").split(";", 1);
  const mediaType = base.trim().toLowerCase();
  checkType(mediaType);
  checkParameters((header ?? "").slice(base.length));
  return mediaType;
}

function checkType(mediaType: string): void {
  const match = typePattern.exec(mediaType);
  if (match === null) {
    throw new ServiceError("bad_data", "mime: no media type");
  }
  const [all, , slash, subtype] = match;
  if (all.length === mediaType.length && (slash === undefined || subtype !== undefined)) {
    return;
  }
  throw new ServiceError(
    "bad_data",
    slash === undefined
      ? "mime: expected slash after first token"
      : subtype === undefined
        ? "mime: expected token after slash"
        : "mime: unexpected content after media subtype",
  );
}

function checkParameters(text: string): void {
  const names = new Set<string>();
  let rest = text;
  while (rest.trim() !== "" && rest.trim() !== ";") {
    const match = parameterPattern.exec(rest);
    if (match === null) {
      throw new ServiceError("bad_data", "mime: invalid media parameter");
    }
    const name = match[1]!.toLowerCase();
    if (names.has(name)) {
      throw new ServiceError("bad_data", "mime: duplicate parameter name");
    }
    names.add(name);
    rest = rest.slice(match[0].length);
  }
}
