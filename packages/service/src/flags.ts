import { parseArgs } from "node:util";
import { messageOf, ServiceError } from "@sluice/model";

/** One command line flag: what `--help` says about it. */
export interface Flag {
  /** Shown behind the name in `--help`, for example `<dir>`; absent for a flag without a value. */
  readonly value?: string;
  readonly help: string;
  readonly repeated?: boolean;
}

export interface ParsedFlags {
  readonly text: (name: string) => string | undefined;
  readonly list: (name: string) => readonly string[];
  readonly isSet: (name: string) => boolean;
}

/**
 * Parses a command line; `--help` and `-h` are always understood.
 *
 * @param usage the first line of the help, for example `server --data <dir> [flags]`.
 * @returns "help" (after printing it) when help was asked for.
 * @throws {ServiceError} `bad_data` that names the unknown or incomplete flag.
 */
export function parseFlags(
  usage: string,
  flags: Readonly<Record<string, Flag>>,
  args: readonly string[],
): ParsedFlags | "help" {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      { type: flag.value === undefined ? ("boolean" as const) : ("string" as const), multiple: flag.repeated ?? false },
    ]),
  );
  let values: Record<string, unknown>;
  try {
    // Some runners hand the `--` between their own arguments and ours on.
    const own = args[0] === "--" ? args.slice(1) : args;
    values = parseArgs({
      args: [...own],
      options: { ...options, help: { type: "boolean", short: "h" } },
      strict: true,
    }).values;
  } catch (error) {
    throw new ServiceError("bad_data", `${messageOf(error)} (see --help)`, { cause: error });
  }
  if (values["help"] === true) {
    console.log(`Usage: ${usage}\n\n${describeFlags(flags)}`);
    return "help";
  }
  const asList = (name: string): readonly string[] => {
    const value = values[name];
    return Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : [];
  };
  return { text: (name) => asList(name)[0], list: asList, isSet: (name) => values[name] === true };
}

function describeFlags(flags: Readonly<Record<string, Flag>>): string {
  const rows = Object.entries(flags).map(([name, flag]) => [
    `  --${name}${flag.value === undefined ? "" : ` ${flag.value}`}`,
    flag.help,
  ]);
  rows.push(["  --help", "Show this help."]);
  const width = Math.max(...rows.map(([left]) => left!.length)) + 2;
  return rows.map(([left, help]) => `${left!.padEnd(width)}${help}`).join("\n");
}

/**
 * Splits `host:port` (also `:3100` and `[::1]:3100`).
 *
 * @throws {ServiceError} `bad_data` naming the text.
 */
export function parseListenAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/u.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new ServiceError("bad_data", `cannot listen on '${text}': expected host:port, for example 127.0.0.1:3100`);
  }
  return { host: match[1] ?? (match[2] || "0.0.0.0"), port };
}
