import { BlockEnds, JsonObjectReader } from "../log/json-reader.ts";
import { LabelNames } from "../log/label-name.ts";
import { duplicateSuffix } from "../log/line-labels.ts";

/** As deep as `| json` reads. */
const depthMax = 512;
/** From this depth on it pays to find the ends of all objects at once. */
const depthOfEnds = 8;

/** Finds out which keys lead to a field that `| json` has made a label of: `user_id` may be `["user","id"]`. */
export class JsonPaths {
  readonly #names = new LabelNames();
  readonly #readers: JsonObjectReader[] = [];
  #text = "";
  #wanted: ReadonlySet<string> = new Set();
  #isTaken: (name: string) => boolean = () => false;
  readonly #found = new Map<string, readonly string[]>();
  readonly #path: string[] = [];

  /**
   * The paths of labels that were made of the line.
   *
   * @param wanted names of labels; others are passed over.
   * @param isTaken whether the stream has a label of this name.
   */
  of(
    line: string,
    wanted: ReadonlySet<string>,
    isTaken: (name: string) => boolean,
  ): ReadonlyMap<string, readonly string[]> {
    this.#text = line;
    this.#wanted = wanted;
    this.#isTaken = isTaken;
    this.#found.clear();
    this.#readObject("", 0, line.length, undefined);
    return new Map(this.#found);
  }

  #readObject(prefix: string, start: number, end: number, ends: BlockEnds | undefined): void {
    const depth = this.#path.length;
    if (depth === depthMax) {
      return;
    }
    const reader = (this.#readers[depth] ??= new JsonObjectReader());
    reader.reset(this.#text, start, end, ends);
    while (reader.next() && this.#found.size < this.#wanted.size) {
      const { key, value } = reader;
      this.#path.push(key);
      if (value.kind === "object") {
        const inner = depth === depthOfEnds ? new BlockEnds(this.#text, value.start, value.end) : ends;
        this.#readObject(this.#names.nameOf(prefix, key), value.start, value.end, inner);
      } else {
        this.#keep(prefix, key, depth);
      }
      this.#path.pop();
    }
  }

  #keep(prefix: string, key: string, depth: number): void {
    let name = this.#names.nameOf(prefix, key);
    if (this.#isTaken(name)) {
      name = depth === 0 ? name + duplicateSuffix : this.#names.nameOf(prefix, key + duplicateSuffix);
    }
    if (this.#wanted.has(name) && !this.#found.has(name)) {
      this.#found.set(name, [...this.#path]);
    }
  }
}
