import { quoteGo } from "@sluice/model";
import { byteLength } from "./go-string.ts";
import { textLengthMax, tooLong, workMax } from "./limits.ts";
import type { Node } from "./nodes.ts";
import { printNode } from "./print-node.ts";
import { TemplateError } from "./template-error.ts";
import type { Value } from "./values.ts";

/** What a template is executed over. */
export interface TemplateContext {
  /** The value of a label, or undefined when the line has none of that name. */
  label(name: string): string | undefined;
  /** All labels, in any order. */
  labels(): Iterable<readonly [string, string]>;
  readonly line: string;
  /** Nanoseconds since 1970. */
  readonly timestampNs: bigint;
}

/** What messages need to know of a template: its name in Go and its text. */
export interface TemplateSource {
  readonly name: string;
  readonly text: string;
}

interface Variable {
  readonly name: string;
  value: Value;
}

/** The state of one execution: what it has printed, its variables, and where it is. */
export class Execution {
  readonly context: TemplateContext;
  readonly #source: TemplateSource;
  output = "";
  /** Where the execution is, for messages. */
  node: Node | undefined;
  /** The name of the template that runs. */
  templateName: string;
  /** How many templates call one another. */
  depth = 0;
  #variables: Variable[];
  #work = 0;

  constructor(context: TemplateContext, source: TemplateSource, dollar: Value) {
    this.context = context;
    this.#source = source;
    this.templateName = source.name;
    this.#variables = [{ name: "$", value: dollar }];
  }

  write(text: string): void {
    if (this.output.length + text.length > textLengthMax) {
      this.fail(tooLong);
    }
    this.output += text;
  }

  /** Counts work, so that no template runs for long. */
  spend(units: number): void {
    this.#work += units;
    if (this.#work > workMax) {
      this.fail("template takes too many steps");
    }
  }

  /** How many variables there are; what {@link popVariables} goes back to. */
  get mark(): number {
    return this.#variables.length;
  }

  popVariables(mark: number): void {
    this.#variables.length = mark;
  }

  declare(name: string, value: Value): void {
    this.#variables.push({ name, value });
  }

  assign(name: string, value: Value): void {
    this.#find(name).value = value;
  }

  /** Sets the nth variable from the top, from 1. */
  assignTop(n: number, value: Value): void {
    this.#variables[this.#variables.length - n]!.value = value;
  }

  variable(name: string): Value {
    return this.#find(name).value;
  }

  #find(name: string): Variable {
    for (let i = this.#variables.length - 1; i >= 0; i--) {
      if (this.#variables[i]!.name === name) {
        this.spend((this.#variables.length - i) >> 4);
        return this.#variables[i]!;
      }
    }
    this.fail(`undefined variable: ${name}`);
  }

  /** Runs a template called by another: it sees no variables but `$`. */
  call(name: string, dollar: Value, run: () => void): void {
    const { templateName } = this;
    const variables = this.#variables;
    this.#variables = [{ name: "$", value: dollar }];
    this.templateName = name;
    this.depth++;
    run();
    this.depth--;
    this.templateName = templateName;
    this.#variables = variables;
  }

  /** Ends the execution with Go's text. */
  fail(message: string): never {
    const { name } = this.#source;
    if (this.node === undefined) {
      throw new TemplateError(`template: ${name}: ${message}`);
    }
    const place = `${name}:${this.#place(this.node.offset)}`;
    const where = `executing ${quoteGo(this.templateName)} at <${printNode(this.node)}>`;
    throw new TemplateError(`template: ${place}: ${where}: ${message}`);
  }

  /** Line, and bytes before the place in it. */
  #place(offset: number): string {
    const before = this.#source.text.slice(0, offset);
    const lines = before.split("\n");
    return `${lines.length}:${byteLength(lines.at(-1)!)}`;
  }
}
