import type { Execution } from "../execution.ts";
import type { Time } from "../time/time.ts";
import type { Integer, Value } from "../values.ts";

/** What a parameter of each type gets. `interface {}` is anything, `reflect.Value` anything as it is. */
export interface ParameterValues {
  string: string;
  int: Integer;
  float64: number;
  "time.Time": Time;
  "time.Duration": Integer;
  "interface {}": Value;
  "reflect.Value": Value;
}

export type ParameterType = keyof ParameterValues;

type ValuesOf<Types extends readonly ParameterType[]> = { [Index in keyof Types]: ParameterValues[Types[Index]] };

/** A function that templates can call. */
export interface TemplateFunction {
  readonly parameters: readonly ParameterType[];
  /** The type of any further arguments. */
  readonly rest: ParameterType | undefined;
  /** @throws {CallError} with what a Go function would return as its error. */
  readonly call: (values: readonly Value[], execution: Execution) => Value;
}

/** A function of a fixed number of parameters. */
export function fixed<const Types extends readonly ParameterType[]>(
  parameters: Types,
  call: (values: ValuesOf<Types>, execution: Execution) => Value,
): TemplateFunction {
  // The call checks each value against the type of its parameter.
  return { parameters, rest: undefined, call: call as TemplateFunction["call"] };
}

/** A function with any number of further parameters. */
export function variadic<const Types extends readonly ParameterType[], Rest extends ParameterType>(
  parameters: Types,
  rest: Rest,
  call: (values: ValuesOf<Types>, rest: readonly ParameterValues[Rest][], execution: Execution) => Value,
): TemplateFunction {
  const count = parameters.length;
  return {
    parameters,
    rest,
    call: (values, execution) =>
      call(
        values.slice(0, count) as unknown as ValuesOf<Types>,
        values.slice(count) as ParameterValues[Rest][],
        execution,
      ),
  };
}

export type FunctionTable = Readonly<Record<string, TemplateFunction>>;
