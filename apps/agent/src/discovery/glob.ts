import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ServiceError } from "@sluice/model";
import picomatch from "picomatch";

/**
 * A compiled path pattern with doublestar's syntax, which Promtail has: `*`, `?`, `[a-z]`, `{a,b}` and `**` for any
 * number of directories. A leading dot is nothing special.
 */
export interface Glob {
  /** One list of segments for each way through the braces. */
  readonly ways: readonly (readonly Segment[])[];
}

/** One element of a path: its own text, a test of a name, or any number of directories. */
type Segment = string | ((name: string) => boolean) | typeof anyDepth;

const anyDepth = Symbol("**");

/** What a walk found. */
export interface GlobResult {
  /** Regular files, also behind symbolic links; each path once. */
  readonly files: readonly string[];
  /** Every directory whose names were looked at: what to watch for new files. */
  readonly directories: readonly string[];
}

const waysMax = 1000;
const depthMax = 32;

/**
 * @param pattern an absolute path.
 * @throws {ServiceError} `bad_data` when a brace is not closed, or there are too many of them.
 */
export function compileGlob(pattern: string): Glob {
  return { ways: expandBraces(pattern).map((way) => way.split("/").filter(Boolean).map(compileSegment)) };
}

/** Whether a path matches as text; for exclusions. */
export function matchesGlob(glob: Glob, path: string): boolean {
  const names = path.split("/").filter(Boolean);
  return glob.ways.some((way) => matchesWay(way, 0, names, 0));
}

/** Walks the file system. What cannot be read is skipped: it may be gone already, and the next walk comes. */
export function walkGlob(glob: Glob): GlobResult {
  const files = new Set<string>();
  const directories = new Set<string>();
  for (const way of glob.ways) {
    walkWay(way, 0, "/", 0, files, directories);
  }
  return { files: [...files], directories: [...directories] };
}

/**
 * The directory above a pattern's first wildcard and how many levels of directories the wildcards span below it;
 * undefined when the levels are not known (`**`).
 */
export function watchRoots(glob: Glob): readonly { readonly directory: string; readonly levels: number | undefined }[] {
  return glob.ways.map((way) => {
    const first = way.findIndex((segment) => typeof segment !== "string");
    const fixed = way.slice(0, first === -1 ? -1 : first) as readonly string[];
    const levels = way.includes(anyDepth) ? undefined : way.length - fixed.length - 1;
    return { directory: `/${fixed.join("/")}`, levels };
  });
}

function compileSegment(segment: string): Segment {
  if (segment === "**") {
    return anyDepth;
  }
  if (!/[*?[\\]/u.test(segment)) {
    return segment;
  }
  // picomatch also knows extglobs, negation and braces; doublestar's single elements do not have them.
  return picomatch(segment.replaceAll("[!", "[^"), {
    dot: true,
    nobrace: true,
    noextglob: true,
    nonegate: true,
    noglobstar: true,
  });
}

function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const open = [pattern];
  for (let text = open.pop(); text !== undefined; text = open.pop()) {
    const brace = firstBrace(text);
    if (brace === undefined) {
      done.push(text);
    } else {
      const [start, end, alternatives] = brace;
      open.push(...alternatives.map((way) => text.slice(0, start) + way + text.slice(end)).reverse());
    }
    if (done.length + open.length > waysMax) {
      throw new ServiceError("bad_data", `the path pattern ${pattern} has more than ${waysMax} alternatives`);
    }
  }
  return done;
}

/** The first outermost `{a,b}`: where it begins, where it ends, and its alternatives. */
function firstBrace(text: string): [number, number, string[]] | undefined {
  let depth = 0;
  let start = 0;
  let from = 0;
  const alternatives: string[] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "\\") {
      i += 1;
    } else if (char === "{") {
      if (depth === 0) {
        start = i;
        from = i + 1;
      }
      depth += 1;
    } else if (char === "," && depth === 1) {
      alternatives.push(text.slice(from, i));
      from = i + 1;
    } else if (char === "}" && depth > 0) {
      depth -= 1;
      if (depth === 0) {
        return [start, i + 1, [...alternatives, text.slice(from, i)]];
      }
    }
  }
  if (depth > 0) {
    throw new ServiceError("bad_data", `the path pattern ${text} has a { that is not closed`);
  }
  return undefined;
}

function matchesSegment(segment: Segment, name: string): boolean {
  return typeof segment === "function" ? segment(name) : segment === name;
}

function matchesWay(way: readonly Segment[], at: number, names: readonly string[], from: number): boolean {
  const segment = way[at];
  if (segment === undefined) {
    return from === names.length;
  }
  if (segment !== anyDepth) {
    return from < names.length && matchesSegment(segment, names[from]!) && matchesWay(way, at + 1, names, from + 1);
  }
  for (let skipped = from; skipped <= names.length; skipped++) {
    if (matchesWay(way, at + 1, names, skipped)) {
      return true;
    }
  }
  return false;
}

function walkWay(
  way: readonly Segment[],
  at: number,
  directory: string,
  depth: number,
  files: Set<string>,
  directories: Set<string>,
): void {
  const segment = way[at];
  if (segment === undefined || depth > depthMax) {
    return;
  }
  const isLast = at === way.length - 1;
  if (typeof segment === "string") {
    const path = join(directory, segment);
    if (!isLast) {
      walkWay(way, at + 1, path, depth + 1, files, directories);
    } else if (kindOf(path) === "file") {
      files.add(path);
    }
    if (isLast) {
      directories.add(directory);
    }
    return;
  }
  if (segment === anyDepth) {
    // No directory at all; then every directory below, with the same `**` again.
    walkWay(way, at + 1, directory, depth, files, directories);
  }
  let entries;
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {
    return;
  }
  directories.add(directory);
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (segment === anyDepth) {
      // Not through symbolic links: they may lead back up.
      if (entry.isDirectory()) {
        walkWay(way, at, path, depth + 1, files, directories);
      } else if (isLast && kindOf(path) === "file") {
        files.add(path);
      }
    } else if (matchesSegment(segment, entry.name)) {
      const kind = entry.isFile() ? "file" : entry.isDirectory() ? "directory" : kindOf(path);
      if (isLast && kind === "file") {
        files.add(path);
      } else if (!isLast && kind === "directory") {
        walkWay(way, at + 1, path, depth + 1, files, directories);
      }
    }
  }
}

function kindOf(path: string): "file" | "directory" | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true ? "file" : found?.isDirectory() === true ? "directory" : undefined;
}
