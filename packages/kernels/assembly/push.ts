// Twin: src/push-columns.ts, which also says what is read and what is not.
import { equal } from "./search";
import { hashBytes } from "./tokens";

/** Bytes of a stream's record: the ends of its labels, entries and sets, then the time of its first entry. */
const streamBytes: usize = 32;
/** How many slots are looked at for one set: whoever makes sets collide must not get more of our time. */
const probesMax: u32 = 64;
const secondsEnd: u64 = 1 << 35;
const deltaMax: f64 = 9007199254740991;

const failed: u64 = 0xffffffffffffffff;

/** Where the reader is. A varint moves it, a failed one may leave it anywhere. */
let cursor: usize = 0;
/** What the fields of the entry say that is being read. */
let seconds: u64 = 0;
let nanos: u64 = 0;

/**
 * Reads the PushRequest in [start, end). Offsets are written from `start`. Reads up to 16 bytes behind `end`.
 *
 * @param counts three words: streams, entries, sets of metadata.
 * @param slots of 4 bytes, `slotMask + 1` of them, a power of two and more than twice `entriesMax`.
 * @param places room for an entry more than `entriesMax`, as all columns; `sets` for twice as many words.
 * @returns 1, or 0 when the message holds what is left to others, or more than there is room for.
 */
export function readPush(
  start: usize,
  end: usize,
  counts: usize,
  streams: usize,
  streamsMax: u32,
  deltas: usize,
  lineStarts: usize,
  lineEnds: usize,
  places: usize,
  entriesMax: u32,
  sets: usize,
  slots: usize,
  slotMask: u32,
): u32 {
  let streamCount: u32 = 0;
  let entry: u32 = 0;
  let setCount: u32 = 0;
  cursor = start;
  while (cursor < end) {
    const streamEnd = fieldEnd(0x0a, end);
    if (streamEnd == 0 || streamCount == streamsMax) {
      return 0;
    }
    const entryStart = entry;
    const setStart = setCount;
    let labelsStart: usize = start;
    let labelsEnd: usize = start;
    let baseSeconds: f64 = 0;
    let baseNanos: f64 = 0;
    while (cursor < streamEnd) {
      if (load<u8>(cursor) == 0x0a) {
        labelsEnd = fieldEnd(0x0a, streamEnd);
        if (labelsEnd == 0) {
          return 0;
        }
        labelsStart = cursor;
        cursor = labelsEnd;
        continue;
      }
      const entryEnd = fieldEnd(0x12, streamEnd);
      if (entryEnd == 0 || entry == entriesMax) {
        return 0;
      }
      let hasTime = false;
      let lineStart = start;
      let lineEnd = start;
      let metadataStart: usize = 0;
      let metadataEnd: usize = 0;
      while (cursor < entryEnd) {
        const fieldStart = cursor;
        const tag = load<u8>(cursor);
        const valueEnd = fieldEnd(tag, entryEnd);
        if (valueEnd == 0) {
          return 0;
        }
        if (tag == 0x12) {
          lineStart = cursor;
          lineEnd = valueEnd;
        } else if (tag == 0x0a) {
          if (!readTime(valueEnd)) {
            return 0;
          }
          hasTime = true;
        } else if (tag == 0x1a) {
          metadataStart = metadataStart == 0 ? fieldStart : metadataStart;
          metadataEnd = valueEnd;
        } else {
          return 0;
        }
        cursor = valueEnd;
      }
      if (!hasTime) {
        return 0;
      }
      if (entry == entryStart) {
        baseSeconds = seconds as f64;
        baseNanos = nanos as f64;
      }
      const delta = ((seconds as f64) - baseSeconds) * 1e9 + ((nanos as f64) - baseNanos);
      if (delta > deltaMax || delta < -deltaMax) {
        return 0;
      }
      store<f64>(deltas + ((entry as usize) << 3), delta);
      const column = (entry as usize) << 2;
      store<u32>(lineStarts + column, (lineStart - start) as u32);
      store<u32>(lineEnds + column, (lineEnd - start) as u32);
      let place: u32 = 0;
      if (metadataStart != 0) {
        if (setCount == 0) {
          memory.fill(slots, 0, ((slotMask as usize) + 1) << 2);
        }
        let index = hashBytes(metadataStart, metadataEnd);
        for (let probes: u32 = 0; ; probes++) {
          if (probes == probesMax) {
            return 0;
          }
          const slot = slots + (((index & slotMask) as usize) << 2);
          place = load<u32>(slot);
          // What other streams left behind is free.
          if (place <= setStart) {
            const set = sets + ((setCount as usize) << 3);
            store<u32>(set, (metadataStart - start) as u32);
            store<u32>(set + 4, (metadataEnd - start) as u32);
            setCount += 1;
            place = setCount;
            store<u32>(slot, place);
            break;
          }
          if (isSet(sets + ((place as usize) << 3) - 8, start, metadataStart, metadataEnd)) {
            break;
          }
          index += 1;
        }
      }
      store<u32>(places + column, place);
      entry += 1;
    }
    const stream = streams + (streamCount as usize) * streamBytes;
    store<u32>(stream, (labelsStart - start) as u32);
    store<u32>(stream + 4, (labelsEnd - start) as u32);
    store<u32>(stream + 8, entry);
    store<u32>(stream + 12, setCount);
    store<f64>(stream + 16, baseSeconds);
    store<f64>(stream + 24, baseNanos);
    streamCount += 1;
  }
  store<u32>(counts, streamCount);
  store<u32>(counts + 4, entry);
  store<u32>(counts + 8, setCount);
  return 1;
}

/** Reads the tag, which must be this one, and the length of a field; answers with its end, 0 when there is none. */
function fieldEnd(tag: u32, end: usize): usize {
  if (load<u8>(cursor) != (tag as u8)) {
    return 0;
  }
  cursor += 1;
  const length = varint();
  // Compared as what is left: addresses would wrap. An end that was passed over leaves a negative rest.
  return cursor <= end && length <= ((end - cursor) as u64) ? cursor + (length as usize) : 0;
}

/** Reads a Timestamp up to `end`; whether it is one from 1970 on, with nothing odd in it. */
function readTime(end: usize): bool {
  seconds = 0;
  nanos = 0;
  while (cursor < end) {
    const tag = load<u8>(cursor);
    cursor += 1;
    if (tag == 0x08) {
      seconds = varint();
    } else if (tag == 0x10) {
      nanos = varint();
    } else {
      return false;
    }
  }
  return cursor == end && seconds < secondsEnd && nanos < 1000000000;
}

/** A varint of five bytes at most; failed when it is longer. Does not know where the message ends. */
function varint(): u64 {
  let byte = load<u8>(cursor) as u64;
  cursor += 1;
  if (byte < 0x80) {
    return byte;
  }
  let value = byte & 0x7f;
  let shift: u64 = 7;
  do {
    byte = load<u8>(cursor) as u64;
    cursor += 1;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      return value;
    }
    shift += 7;
  } while (shift < 35);
  return failed;
}

/** Whether the set that was written there is these bytes. */
function isSet(set: usize, base: usize, from: usize, to: usize): bool {
  const at = base + (load<u32>(set) as usize);
  const length = to - from;
  return ((load<u32>(set + 4) - load<u32>(set)) as usize) == length && equal(at, from, length);
}
