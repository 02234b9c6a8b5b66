import type { OutputStream } from "./cri.ts";
import type { DemoRequest } from "./request.ts";

/** One line that a service writes at its time. */
export interface TimedLine {
  /** Milliseconds since the epoch, with fraction. */
  readonly atMs: number;
  readonly stream: OutputStream;
  readonly text: string;
}

/** What one service of the demo has to say. All functions are pure. */
export interface DemoService {
  readonly name: string;
  /** How many pods it runs. */
  readonly replicas: number;
  /** The service's own lines of a request, in order of time. */
  requestLines(request: DemoRequest): readonly TimedLine[];
  /** What a new pod says first. */
  startLines(atMs: number): readonly TimedLine[];
  /** What it says while nothing happens. */
  idleLine(atMs: number): TimedLine;
  /** What a pod says before it dies. */
  lastLines(atMs: number): readonly TimedLine[];
}

export function json(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(fields);
}

export function logfmt(fields: Readonly<Record<string, string | number>>): string {
  return Object.entries(fields)
    .map(([key, value]) => `${key}=${/^[^\s"=]+$/u.test(String(value)) ? value : JSON.stringify(String(value))}`)
    .join(" ");
}

/** `2026-11-25T12:34:56.789Z` */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Python's logging time: `2026-11-25 12:34:56,789`. */
export function pythonTime(ms: number): string {
  return isoTime(ms).slice(0, 23).replace("T", " ").replace(".", ",");
}

/** Milliseconds with one digit of fraction, as the services print them. */
export function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** A Python traceback, one line of output each; `atMs` is when the first is written. */
export function tracebackLines(
  atMs: number,
  frames: readonly (readonly [string, string])[],
  error: string,
): TimedLine[] {
  const texts = [
    "Traceback (most recent call last):",
    ...frames.flatMap(([where, code]) => [`  File ${where}`, `    ${code}`]),
    error,
  ];
  return texts.map((text, index) => ({ atMs: atMs + index * 0.01, stream: "stderr", text }));
}
