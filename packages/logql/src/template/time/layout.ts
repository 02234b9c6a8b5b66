/** An element of a layout of Go's `time` package, named by how the layout spells it. */
export type LayoutElement =
  | "January"
  | "Jan"
  | "1"
  | "01"
  | "Monday"
  | "Mon"
  | "2"
  | "_2"
  | "02"
  | "__2"
  | "002"
  | "15"
  | "3"
  | "03"
  | "4"
  | "04"
  | "5"
  | "05"
  | "2006"
  | "06"
  | "PM"
  | "pm"
  | "MST"
  | ZoneElement
  | "fraction0"
  | "fraction9";

export type ZoneElement =
  | "Z0700"
  | "Z070000"
  | "Z07"
  | "Z07:00"
  | "Z07:00:00"
  | "-0700"
  | "-070000"
  | "-07"
  | "-07:00"
  | "-07:00:00";

export interface LayoutPart {
  /** What stands before the element as it is. */
  readonly literal: string;
  /** None in the last part. */
  readonly element: LayoutElement | undefined;
  /** Of a fraction: how many digits, and what is before them. */
  readonly digits: number;
  readonly separator: string;
}

/**
 * Takes a layout apart, as `nextStdChunk` of Go's `time` does. The longer of two elements that begin alike wins; `Jan`
 * and `Mon` are none before a small letter, and a fraction is none before another digit.
 */
export function parseLayout(layout: string): readonly LayoutPart[] {
  const known = cachedLayouts.get(layout);
  if (known !== undefined) {
    return known;
  }
  const parts = takeApart(layout);
  if (cachedLayouts.size === cachedLayoutsMax) {
    cachedLayouts.clear();
  }
  cachedLayouts.set(layout, parts);
  return parts;
}

/** A template prints by the same few layouts line after line. */
const cachedLayouts = new Map<string, readonly LayoutPart[]>();

const cachedLayoutsMax = 100;

function takeApart(layout: string): readonly LayoutPart[] {
  const parts: LayoutPart[] = [];
  let start = 0;
  for (const match of layout.matchAll(elementPattern)) {
    const fraction = match.groups?.["fraction"];
    // `_2006` is an underscore before a year.
    const text = match[0] === "_2006" ? "2006" : match[0];
    const at = match.index + match[0].length - text.length;
    parts.push({
      literal: layout.slice(start, at),
      element: fraction === undefined ? (text as LayoutElement) : fraction[1] === "0" ? "fraction0" : "fraction9",
      digits: fraction === undefined ? 0 : fraction.length - 1,
      separator: fraction?.[0] ?? "",
    });
    start = match.index + match[0].length;
  }
  parts.push({ literal: layout.slice(start), element: undefined, digits: 0, separator: "" });
  return parts;
}

const elementPattern =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|0[1-6]|002|15|1|2006|2|_2006|_2|__2|3|4|5|PM|pm|[-Z]070000|[-Z]07:00:00|[-Z]0700|[-Z]07:00|[-Z]07|(?<fraction>[.,](?:0+|9+)(?!\d))/gu;

export const monthNames = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;

export const dayNames = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;
