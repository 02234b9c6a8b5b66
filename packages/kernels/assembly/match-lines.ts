// Twin: src/match-lines.ts.

/**
 * Runs a deterministic automaton over lines, as far as its table is known. `cells` is a table of rows; a state is the
 * cell at which its row begins. Row 0 stands for what is not known yet, row 1 for a match, row 2 for a dead end; from none
 * of them anything leads away.
 *
 * @param lines the numbers of the lines, of which those in [from, count) are read.
 * @param classes by byte: its column.
 * @param endColumn the last one, that of the end of a line.
 * @param out u32 the number of matching lines, then their numbers; this call adds to them.
 * @returns where it stopped: `count`, or the first line for which the table is not enough.
 */
export function matchLines(
  base: usize,
  lineStarts: usize,
  lineEnds: usize,
  lines: usize,
  from: u32,
  count: u32,
  classes: usize,
  cells: usize,
  endColumn: u32,
  start: u32,
  out: usize,
): u32 {
  const matched = endColumn + 1;
  const dead = matched * 2;
  let found = load<u32>(out);
  for (let i = from; i < count; i++) {
    const line = load<u32>(lines + (i << 2));
    let at = base + load<u32>(lineStarts + (line << 2));
    const end = base + load<u32>(lineEnds + (line << 2));
    let state = start;
    while (state > dead && at + 8 <= end) {
      state = next(cells, state, load<u8>(classes + load<u8>(at)));
      state = next(cells, state, load<u8>(classes + load<u8>(at, 1)));
      state = next(cells, state, load<u8>(classes + load<u8>(at, 2)));
      state = next(cells, state, load<u8>(classes + load<u8>(at, 3)));
      state = next(cells, state, load<u8>(classes + load<u8>(at, 4)));
      state = next(cells, state, load<u8>(classes + load<u8>(at, 5)));
      state = next(cells, state, load<u8>(classes + load<u8>(at, 6)));
      state = next(cells, state, load<u8>(classes + load<u8>(at, 7)));
      at += 8;
    }
    while (state > dead && at < end) {
      state = next(cells, state, load<u8>(classes + load<u8>(at)));
      at += 1;
    }
    if (state > dead) {
      state = next(cells, state, endColumn);
    }
    if (state == 0) {
      store<u32>(out, found);
      return i;
    }
    if (state == matched) {
      found += 1;
      store<u32>(out + (found << 2), line);
    }
  }
  store<u32>(out, found);
  return count;
}

function next(cells: usize, state: u32, column: u32): u32 {
  return load<u32>(cells + ((state + column) << 2));
}
