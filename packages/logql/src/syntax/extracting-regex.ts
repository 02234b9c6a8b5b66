import { compileRe2, ServiceError, type CompiledRegex } from "@sluice/model";

/**
 * Compiles the expression of `| regexp`.
 *
 * @throws {ServiceError} `bad_data` with Loki's text when it is not RE2, names no group or one twice.
 */
export function checkExtractingRegex(pattern: string): CompiledRegex {
  const regex = compileRe2(pattern, { anchored: false });
  const names = regex.groupNames.filter((name) => name !== undefined);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw new ServiceError("bad_data", `duplicate extracted label name '${twice}'`);
  }
  if (names.length === 0) {
    throw new ServiceError("bad_data", "at least one named capture must be supplied");
  }
  return regex;
}
