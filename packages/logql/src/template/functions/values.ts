import { fromJsonValue, isTrue, type Value } from "../values.ts";
import { fixed, type FunctionTable, variadic } from "./function.ts";

/** sprig's `default` and `fromJson`. */
export const valueFunctions: FunctionTable = {
  // What is empty for sprig is what is not true for Go.
  default: variadic(["interface {}"], "interface {}", ([fallback], [given]) => (isTrue(given) ? given : fallback)),
  fromJson: fixed(["string"], ([text]) => fromJson(text)),
};

/** What is no JSON is nil. */
function fromJson(text: string): Value {
  try {
    return fromJsonValue(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}
