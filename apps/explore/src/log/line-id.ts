import { nsOf, type LogLine } from "./log-line.ts";

/** Names a line in a link: its time and a hash of its labels and text. */
export function lineId(line: LogLine): string {
  return `${nsOf(line)}.${hash(`${JSON.stringify(line.labels)}${line.line}`)}`;
}

/** The time in a line's name, or undefined when it is none. */
export function nsOfLineId(id: string): bigint | undefined {
  const match = /^(\d{1,20})\.[0-9a-f]{8}$/u.exec(id);
  return match === null ? undefined : BigInt(match[1]!);
}

/** FNV-1a over UTF-16 code units: small, and only ever compared among lines of one nanosecond. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return (value >>> 0).toString(16).padStart(8, "0");
}
