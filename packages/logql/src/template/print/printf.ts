import { checkLength } from "../limits.ts";
import { concrete, Integer, typeName, type Value } from "../values.ts";
import { type Flags, noFlags } from "./flags.ts";
import { printValue, printWithVerb } from "./printer.ts";

/** The greatest width, precision or number of an argument. */
const numberMax = 1_000_000;

/** `fmt.Sprintf`. What does not fit shows in the text: `%!d(string=x)`, `%!s(MISSING)`, `%!(EXTRA int=1)`. */
export function sprintf(format: string, values: readonly Value[]): string {
  const directives = new Directives(format, values);
  return directives.print();
}

/** `fmt.Sprint`: spaces between two that are no strings. */
export function sprint(values: readonly Value[]): string {
  let text = "";
  let previousIsString = true;
  for (const [i, value] of values.entries()) {
    const isString = typeof value === "string";
    text += (i > 0 && !isString && !previousIsString ? " " : "") + printValue(value);
    previousIsString = isString;
    checkLength(text.length);
  }
  return text;
}

/** `fmt.Sprintln`: spaces between all, and a line break. */
export function sprintln(values: readonly Value[]): string {
  return `${values.map(printValue).join(" ")}\n`;
}

/** Prints one format; the fields are those of `doPrintf`. */
class Directives {
  readonly #format: string;
  readonly #values: readonly Value[];
  #offset = 0;
  #argument = 0;
  #reordered = false;
  #goodArgument = true;
  /** The last thing read was an index as `[3]`. */
  #afterIndex = false;
  #text = "";

  constructor(format: string, values: readonly Value[]) {
    this.#format = format;
    this.#values = values;
  }

  print(): string {
    for (;;) {
      const at = this.#format.indexOf("%", this.#offset);
      if (at < 0) {
        break;
      }
      this.#write(this.#format.slice(this.#offset, at));
      this.#offset = at + 1;
      this.#directive();
    }
    this.#write(this.#format.slice(this.#offset));
    if (!this.#reordered && this.#argument < this.#values.length) {
      this.#write(`%!(EXTRA ${this.#values.slice(this.#argument).map(printExtra).join(", ")})`);
    }
    return this.#text;
  }

  #write(text: string): void {
    checkLength(this.#text.length + text.length);
    this.#text += text;
  }

  #directive(): void {
    const flags: Flags = { ...noFlags };
    this.#goodArgument = true;
    this.#afterIndex = false;
    this.#readFlags(flags);
    this.#readIndex();
    this.#readWidth(flags);
    this.#readPrecision(flags);
    if (!this.#afterIndex) {
      this.#readIndex();
    }
    const code = this.#format.codePointAt(this.#offset);
    if (code === undefined) {
      this.#write("%!(NOVERB)");
      return;
    }
    const verb = String.fromCodePoint(code);
    this.#offset += verb.length;
    if (verb === "%") {
      this.#write("%");
    } else if (!this.#goodArgument) {
      this.#write(`%!${verb}(BADINDEX)`);
    } else if (this.#argument >= this.#values.length) {
      this.#write(`%!${verb}(MISSING)`);
    } else {
      this.#printArgument(verb, flags);
    }
  }

  #printArgument(verb: string, flags: Flags): void {
    if (verb === "v" || verb === "w") {
      flags.sharpV = flags.sharp;
      flags.plusV = flags.plus;
      flags.sharp = false;
      flags.plus = false;
    }
    this.#write(printWithVerb(this.#values[this.#argument], verb, flags));
    this.#argument++;
  }

  #readFlags(flags: Flags): void {
    for (; ; this.#offset++) {
      switch (this.#format[this.#offset]) {
        case "#":
          flags.sharp = true;
          break;
        case "0":
          flags.zero = true;
          break;
        case "+":
          flags.plus = true;
          break;
        case "-":
          flags.minus = true;
          break;
        case " ":
          flags.space = true;
          break;
        default:
          return;
      }
    }
  }

  #readWidth(flags: Flags): void {
    if (this.#format[this.#offset] !== "*") {
      flags.width = this.#readNumber();
      if (this.#afterIndex && flags.width !== undefined) {
        this.#goodArgument = false;
      }
      return;
    }
    this.#offset++;
    flags.width = this.#numberArgument();
    if (flags.width === undefined) {
      this.#write("%!(BADWIDTH)");
    } else if (flags.width < 0) {
      flags.width = -flags.width;
      flags.minus = true;
      flags.zero = false;
    }
    this.#afterIndex = false;
  }

  #readPrecision(flags: Flags): void {
    if (this.#format[this.#offset] !== "." || this.#offset + 1 >= this.#format.length) {
      return;
    }
    this.#offset++;
    if (this.#afterIndex) {
      this.#goodArgument = false;
    }
    this.#readIndex();
    if (this.#format[this.#offset] !== "*") {
      flags.precision = this.#readNumber() ?? 0;
      return;
    }
    this.#offset++;
    const precision = this.#numberArgument();
    flags.precision = precision === undefined || precision < 0 ? undefined : precision;
    if (flags.precision === undefined) {
      this.#write("%!(BADPREC)");
    }
    this.#afterIndex = false;
  }

  /** Digits, if there are; too great a number ends the format, as in Go. */
  #readNumber(): number | undefined {
    digitsPattern.lastIndex = this.#offset;
    const digits = digitsPattern.exec(this.#format)![0];
    if (digits === "") {
      return undefined;
    }
    // Go gives up as soon as what it has read is too great, and has no more digits then.
    if (digits.length > 1 && Number(digits.slice(0, -1)) > numberMax) {
      this.#offset = this.#format.length;
      return undefined;
    }
    this.#offset += digits.length;
    return Number(digits);
  }

  /** Takes an argument for a width or precision. */
  #numberArgument(): number | undefined {
    if (this.#argument >= this.#values.length) {
      return undefined;
    }
    const value = concrete(this.#values[this.#argument]);
    this.#argument++;
    const number = value instanceof Integer ? Number(value.value) : Number.NaN;
    return Math.abs(number) <= numberMax ? number : undefined;
  }

  /** An index of an argument, `[3]`, from 1. */
  #readIndex(): void {
    this.#afterIndex = false;
    if (this.#format[this.#offset] !== "[") {
      return;
    }
    this.#reordered = true;
    const end = this.#format.indexOf("]", this.#offset + 1);
    if (end < 0 || this.#format.length - this.#offset < 3) {
      this.#offset++;
      this.#goodArgument = false;
      return;
    }
    const digits = this.#format.slice(this.#offset + 1, end);
    const index = /^\d{1,7}$/u.test(digits) ? Number(digits) - 1 : Number.NaN;
    this.#offset = end + 1;
    this.#afterIndex = !Number.isNaN(index);
    if (index >= 0 && index < this.#values.length) {
      this.#argument = index;
    } else {
      this.#goodArgument = false;
    }
  }
}

const digitsPattern = /\d*/uy;

function printExtra(value: Value): string {
  return value === undefined ? "<nil>" : `${typeName(value)}=${printValue(value)}`;
}
