import { comparisonFunctions } from "./comparison.ts";
import { encodingFunctions } from "./encoding.ts";
import type { TemplateFunction } from "./function.ts";
import { logicFunctions } from "./logic.ts";
import { numberFunctions } from "./numbers.ts";
import { printingFunctions } from "./printing.ts";
import { regexFunctions } from "./regex.ts";
import { stringFunctions } from "./strings.ts";
import { timeFunctions } from "./times.ts";
import { unitFunctions } from "./units.ts";
import { valueFunctions } from "./values.ts";

/** Every function that a template of LogQL can call. */
const functions: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries({
    ...logicFunctions,
    ...comparisonFunctions,
    ...printingFunctions,
    ...stringFunctions,
    ...regexFunctions,
    ...numberFunctions,
    ...encodingFunctions,
    ...unitFunctions,
    ...timeFunctions,
    ...valueFunctions,
  }),
);

export function functionNamed(name: string): TemplateFunction | undefined {
  return functions.get(name);
}

/** The names of all functions, in the order of the alphabet. */
export const functionNames: readonly string[] = [...functions.keys()].sort();
