/**
 * The header of a CRI log line, read from bytes: `<RFC 3339 time> <stdout|stderr> <tags> <content>`. One object is
 * reused for all lines; there is no string and no Date for a line.
 *
 * @see kubernetes pkg/kubelet/kuberuntime/logs/logs.go parseCRILog
 */
export interface CriHeader {
  /** Since the epoch; the whole second before the time. */
  seconds: number;
  nanos: number;
  stream: CriStream;
  /** The line goes on in the next one of the same stream (tag `P`). */
  isPartial: boolean;
  contentStart: number;
}

export const stdout = 0;
export const stderr = 1;
export type CriStream = typeof stdout | typeof stderr;

const space = 0x20;
const zero = 0x30;
const secondLength = 19; // YYYY-MM-DDTHH:MM:SS

/** Parses lines one after the other; remembers the last second, since neighbours mostly share it. */
export class CriParser {
  readonly header: CriHeader = { seconds: 0, nanos: 0, stream: stdout, isPartial: false, contentStart: 0 };
  readonly #lastSecond = new TextEncoder().encode("1970-01-01T00:00:00");
  #lastSeconds = 0;

  /** Whether `bytes[start, end)`, a line without its `\n`, is a CRI line; then {@link header} tells about it. */
  parse(bytes: Uint8Array, start: number, end: number): boolean {
    const timeEnd = this.#parseTime(bytes, start, end);
    if (timeEnd === 0) {
      return false;
    }
    return parseStreamAndTags(bytes, timeEnd, end, this.header);
  }

  /** @returns where the space behind the time is, or 0 when there is no time. */
  #parseTime(bytes: Uint8Array, start: number, end: number): number {
    if (end - start < secondLength + 2) {
      return 0;
    }
    if (!this.#isLastSecond(bytes, start)) {
      const seconds = parseSecond(bytes, start);
      if (Number.isNaN(seconds)) {
        return 0;
      }
      this.#lastSeconds = seconds;
      this.#lastSecond.set(bytes.subarray(start, start + secondLength));
    }
    let at = start + secondLength;
    let nanos = 0;
    if (bytes[at] === 0x2e) {
      let digits = 0;
      for (at += 1; at < end; at++) {
        const digit = bytes[at]! - zero;
        if (digit < 0 || digit > 9) {
          break;
        }
        if (digits < 9) {
          nanos = nanos * 10 + digit;
        }
        digits += 1;
      }
      if (digits === 0) {
        return 0;
      }
      for (; digits < 9; digits++) {
        nanos *= 10;
      }
    }
    const { header } = this;
    header.nanos = nanos;
    if (bytes[at] === 0x5a) {
      header.seconds = this.#lastSeconds;
      at += 1;
    } else {
      const offset = parseZone(bytes, at, end);
      if (Number.isNaN(offset)) {
        return 0;
      }
      header.seconds = this.#lastSeconds - offset;
      at += 6;
    }
    return at < end && bytes[at] === space ? at : 0;
  }

  #isLastSecond(bytes: Uint8Array, start: number): boolean {
    // From the end, where a difference shows first.
    for (let i = secondLength - 1; i >= 0; i--) {
      if (bytes[start + i] !== this.#lastSecond[i]) {
        return false;
      }
    }
    return true;
  }
}

/** Seconds since the epoch of `YYYY-MM-DDTHH:MM:SS`, taken as UTC; NaN when it is no time. */
function parseSecond(bytes: Uint8Array, start: number): number {
  const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2);
  const month = twoDigits(bytes, start + 5);
  const day = twoDigits(bytes, start + 8);
  const hour = twoDigits(bytes, start + 11);
  const minute = twoDigits(bytes, start + 14);
  const second = twoDigits(bytes, start + 17);
  const isShaped =
    bytes[start + 4] === 0x2d &&
    bytes[start + 7] === 0x2d &&
    bytes[start + 10] === 0x54 &&
    bytes[start + 13] === 0x3a &&
    bytes[start + 16] === 0x3a;
  const isTime = month >= 1 && month <= 12 && day >= 1 && hour <= 23 && minute <= 59 && second <= 59 && year >= 1;
  // NaN in any of them makes its comparison false; the day's own bound depends on the month.
  if (!isShaped || !isTime || !(day <= daysInMonth(year, month))) {
    return Number.NaN;
  }
  return daysSinceEpoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
}

function twoDigits(bytes: Uint8Array, at: number): number {
  const high = bytes[at]! - zero;
  const low = bytes[at + 1]! - zero;
  return high >= 0 && high <= 9 && low >= 0 && low <= 9 ? high * 10 + low : Number.NaN;
}

function daysInMonth(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 ? (isLeap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** @see Howard Hinnant, chrono-compatible low-level date algorithms: days_from_civil. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The seconds of `+HH:MM` or `-HH:MM` east of UTC; NaN when there is no zone. */
function parseZone(bytes: Uint8Array, at: number, end: number): number {
  const sign = bytes[at] === 0x2b ? 1 : bytes[at] === 0x2d ? -1 : Number.NaN;
  if (at + 6 > end || bytes[at + 3] !== 0x3a) {
    return Number.NaN;
  }
  const hours = twoDigits(bytes, at + 1);
  const minutes = twoDigits(bytes, at + 4);
  return hours <= 24 && minutes < 60 ? sign * (hours * 3600 + minutes * 60) : Number.NaN;
}

/** Reads ` stdout F content` from the space at `at` on. */
function parseStreamAndTags(bytes: Uint8Array, at: number, end: number, header: CriHeader): boolean {
  const isStd = bytes[at + 1] === 0x73 && bytes[at + 2] === 0x74 && bytes[at + 3] === 0x64;
  if (!isStd || at + 8 >= end || bytes[at + 7] !== space) {
    return false;
  }
  const isOut = bytes[at + 4] === 0x6f && bytes[at + 5] === 0x75 && bytes[at + 6] === 0x74;
  const isErr = bytes[at + 4] === 0x65 && bytes[at + 5] === 0x72 && bytes[at + 6] === 0x72;
  if (!isOut && !isErr) {
    return false;
  }
  header.stream = isOut ? stdout : stderr;
  // Tags are separated by colons; only the first one has a meaning so far, and more may come.
  let tagsEnd = at + 8;
  while (tagsEnd < end && bytes[tagsEnd] !== space) {
    tagsEnd += 1;
  }
  const tagLength = bytes.subarray(at + 8, tagsEnd).indexOf(0x3a);
  header.isPartial = bytes[at + 8] === 0x50 && (tagLength === -1 ? tagsEnd - at - 8 : tagLength) === 1;
  header.contentStart = Math.min(tagsEnd + 1, end);
  return true;
}
