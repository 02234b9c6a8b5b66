import fc from "fast-check";
import { expect, test } from "vitest";
import { formatTime, printTime } from "./format-time.ts";
import { parseTime } from "./parse-time.ts";
import { calendarOf, nsOfTime, timeFromNs } from "./time.ts";
import { fixedZone, loadZone, local, utc } from "./zone.ts";

const anyNs = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
const anyZone = fc.constantFrom(
  utc,
  fixedZone("", 3600),
  fixedZone("", -12_600),
  ...["Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Pacific/Apia"].map((name) => loadZone(name)!),
);

test.for([
  "2006-01-02T15:04:05.999999999Z07:00:00",
  "Monday, 2 January 2006 03:04:05.000000000 PM -070000",
  "Jan _2 2006 15h4m5s,000000000 Z070000",
  "2006-002 15:04:05.000000000 -07:00:00",
])("what %s prints it reads", (layout) => {
  fc.assert(
    fc.property(anyNs, anyZone, (ns, zone) => {
      const time = timeFromNs(ns, zone);
      const read = parseTime(layout, formatTime(time, layout), zone);
      expect(read === undefined ? undefined : nsOfTime(read)).toBe(ns);
    }),
  );
});

test("the calendar is that of JavaScript", () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true, min: new Date("0001-01-01"), max: new Date("9999-12-31") }), (date) => {
      const calendar = calendarOf(timeFromNs(BigInt(date.getTime()) * 1_000_000n, utc));
      expect(calendar).toMatchObject({
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
        weekday: date.getUTCDay(),
        hour: date.getUTCHours(),
        minute: date.getUTCMinutes(),
        second: date.getUTCSeconds(),
      });
    }),
  );
});

test("reading never throws", () => {
  const part = fc.constantFrom(
    ..."2006 06 Jan January 1 01 Mon 2 _2 02 002 15 3 03 04 05 PM MST -0700 Z07:00 .000 ,999 : -".split(" "),
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(..."0123456789 :.,-+ZPMAUTCJan".split(""))).map((all) => all.join("")),
  );
  fc.assert(
    fc.property(fc.array(part), text, (layout, value) => {
      const time = parseTime(layout.join(""), value, utc);
      expect(time === undefined || printTime(time).length > 20).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test.for([
  { name: "Europe/Berlin", seconds: 1_704_164_645, offset: 3600, abbreviation: "CET" },
  { name: "Europe/Berlin", seconds: 1_719_800_000, offset: 7200, abbreviation: "CEST" },
  { name: "America/New_York", seconds: -30_000_000, offset: -18_000, abbreviation: "EST" },
  { name: "Asia/Shanghai", seconds: 0, offset: 28_800, abbreviation: "CST" },
  { name: "America/Sao_Paulo", seconds: 1_704_164_645, offset: -10_800, abbreviation: "-03" },
  { name: "Asia/Kathmandu", seconds: 1_704_164_645, offset: 20_700, abbreviation: "+0545" },
  { name: "Australia/Sydney", seconds: 1_704_164_645, offset: 39_600, abbreviation: "AEDT" },
])("$name at $seconds", ({ name, seconds, offset, abbreviation }) => {
  const zone = loadZone(name)!;
  expect([zone.offsetAt(seconds), zone.abbreviationAt(seconds)]).toEqual([offset, abbreviation]);
});

test.for(["Nope/Zone", "europe/berlin", "+02:00", "../etc/passwd", "Europe/Berlin "])("there is no zone %s", (name) => {
  expect(loadZone(name)).toBeUndefined();
});

test("the empty name is UTC, and Local is as servers run", () => {
  expect([loadZone(""), loadZone("UTC"), loadZone("Local")]).toEqual([utc, utc, local]);
});
