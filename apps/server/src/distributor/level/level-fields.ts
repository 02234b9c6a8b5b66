/** The fields of a line that may hold its level, ready to be looked up by the bytes of a name. */
export interface LevelFields {
  /** As the configuration lists them. */
  readonly names: readonly string[];
  /**
   * Whether a field of a JSON line, with its name in `[start, end)`, is one of them; case counts.
   */
  readonly has: (bytes: Uint8Array, start: number, end: number) => boolean;
  /** The place of the first name that equals a logfmt key without regard to case, or -1. */
  readonly placeOf: (bytes: Uint8Array, start: number, end: number) => number;
}

interface FieldName {
  readonly bytes: Uint8Array;
  readonly folded: Uint8Array;
  readonly place: number;
}

export function compileLevelFields(names: readonly string[]): LevelFields {
  const byLength: (FieldName[] | undefined)[] = [];
  for (const [place, name] of names.entries()) {
    const bytes = new TextEncoder().encode(name);
    (byLength[bytes.length] ??= []).push({ bytes, folded: bytes.map(lowerCase), place });
  }
  const find = (bytes: Uint8Array, start: number, end: number, isFolded: boolean): number => {
    for (const name of byLength[end - start] ?? none) {
      if (isFolded ? equalsFolded(bytes, start, name.folded) : equals(bytes, start, name.bytes)) {
        return name.place;
      }
    }
    return -1;
  };
  return {
    names,
    has: (bytes, start, end) => find(bytes, start, end, false) !== -1,
    placeOf: (bytes, start, end) => find(bytes, start, end, true),
  };
}

const none: readonly FieldName[] = [];

function equals(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) {
    if (bytes[start + i] !== wanted[i]) {
      return false;
    }
  }
  return true;
}

function equalsFolded(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) {
    if (lowerCase(bytes[start + i]!) !== wanted[i]) {
      return false;
    }
  }
  return true;
}

function lowerCase(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
}
