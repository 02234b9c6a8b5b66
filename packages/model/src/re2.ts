import { ServiceError } from "./error.ts";

/** A compiled RE2 expression. */
export interface CompiledRegex {
  test(text: string): boolean;
}

/** Compiles an RE2 expression. */
export function compileRe2(pattern: string, options: { readonly anchored: boolean }): CompiledRegex {
  try {
    const regex = new RegExp(options.anchored ? `^(?:${pattern})$` : pattern, "su");
    return { test: (text) => regex.test(text) };
  } catch (error) {
    throw new ServiceError("bad_data", `error parsing regexp: ${pattern}`, { cause: error });
  }
}
