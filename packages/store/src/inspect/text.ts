/** Text of anyone's making, harmless on a terminal: control characters as escapes. */
export function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/gu, (char) => {
    return `\\x${char.codePointAt(0)!.toString(16).padStart(2, "0")}`;
  });
}

export function countText(count: number, thing: string): string {
  return `${count.toLocaleString("en-US")} ${thing}${count === 1 ? "" : "s"}`;
}

export function bytesText(bytes: number): string {
  return countText(bytes, "byte");
}

export function percentText(part: number, whole: number): string {
  return whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)} %`;
}

export function dayText(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}
