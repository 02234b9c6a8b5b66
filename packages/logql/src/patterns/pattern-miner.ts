import { Cluster } from "./cluster.ts";
import { LineTokens } from "./line-tokens.ts";
import { MessageField } from "./message-field.ts";

export interface FoundPattern {
  /** With `<_>` for what differs. */
  readonly pattern: string;
  /** Lines by the start of their step, in the unit that was given. */
  readonly samples: ReadonlyMap<number, number>;
  readonly total: number;
}

/** Clusters that are kept; then the rarer half is let go. Four kilobytes each, about. */
const clustersMax = 2000;
/** Leaves of one shape; the lines of further ones share one. */
const leavesMax = 64;
/** Clusters of one leaf that a line is compared with. */
const candidatesMax = 64;
/** Signatures of lines whose cluster is remembered. */
const signaturesMax = 20_000;
/** So many patterns that differ in one word only are one. */
const siblingsMin = 4;

/**
 * Finds the patterns of lines as Drain does: a tree of fixed depth leads to the few clusters that a line may belong to
 * (those of its shape that begin with the same two words), and the one that it is most like takes it; a place where lines
 * of a cluster differ is a variable. What is new here: lines of equal words, which are most, go to their cluster at once,
 * and clusters that differ in one word only are joined in the end.
 *
 * Memory is bounded, whatever the lines are.
 *
 * @see He, Zhu, Zheng, Lyu: "Drain: An Online Log Parsing Approach with Fixed Depth Tree" (ICWS 2017)
 */
export class PatternMiner {
  readonly #tokens = new LineTokens();
  readonly #message = new MessageField();
  readonly #leaves = new Map<number, Cluster[]>();
  readonly #leavesOfShape = new Map<number, number>();
  readonly #known = new Map<number, Cluster>();
  #clusters: Cluster[] = [];

  /**
   * @param start where the line is in `bytes`.
   * @param step the start of the line's step, in any unit.
   */
  add(bytes: Uint8Array, start: number, end: number, step: number): void {
    const tokens = this.#tokens;
    const message = this.#message;
    const isInner = message.find(bytes, start, end);
    const from = isInner ? message.start : start;
    tokens.read(bytes, from, isInner ? message.end : end);
    if (tokens.count === 0) {
      return;
    }
    const group = isInner ? ~tokens.shape : tokens.shape;
    // Two halves of 26 bits make a number that tells lines apart.
    const signature = (group & 0x3ff_ffff) * 0x400_0000 + (tokens.signature & 0x3ff_ffff);
    let cluster = this.#known.get(signature);
    if (cluster === undefined) {
      cluster = this.#find(group) ?? this.#create(group, bytes, from, isInner);
      if (this.#known.size >= signaturesMax) {
        this.#known.clear();
      }
      this.#known.set(signature, cluster);
    }
    cluster.add(tokens, step);
  }

  /** The patterns so far, the most frequent first. Ends the work. */
  finish(patternsMax: number): readonly FoundPattern[] {
    const byPattern = new Map<string, Cluster>();
    for (const cluster of joinSiblings(this.#clusters).toSorted((a, b) => b.total - a.total)) {
      const { pattern } = cluster;
      const same = pattern === undefined ? undefined : byPattern.get(pattern);
      if (same !== undefined) {
        same.absorb(cluster);
      } else if (pattern !== undefined && byPattern.size < patternsMax) {
        byPattern.set(pattern, cluster);
      } else if (byPattern.size >= patternsMax) {
        break;
      }
    }
    return [...byPattern]
      .map(([pattern, { samples, total }]) => ({ pattern, samples, total }))
      .sort((a, b) => b.total - a.total || (a.pattern < b.pattern ? -1 : 1));
  }

  #find(group: number): Cluster | undefined {
    const tokens = this.#tokens;
    let best: Cluster | undefined;
    let most = 0;
    for (const key of [leafKey(group, tokens.firstWord, tokens.secondWord), leafKey(group, 0, 0)]) {
      for (const cluster of this.#leaves.get(key) ?? []) {
        const likeness = cluster.likeness(tokens);
        if (likeness > most) {
          best = cluster;
          most = likeness;
        }
      }
    }
    return best;
  }

  #create(group: number, bytes: Uint8Array, start: number, isInner: boolean): Cluster {
    if (this.#clusters.length >= clustersMax) {
      this.#letRareOnesGo();
    }
    const cluster = new Cluster(group, this.#tokens, bytes, start, isInner);
    this.#clusters.push(cluster);
    this.#addToLeaf(cluster);
    return cluster;
  }

  #addToLeaf(cluster: Cluster): void {
    const { group, firstWord, secondWord } = cluster;
    const leafCount = this.#leavesOfShape.get(group) ?? 0;
    let key = leafKey(group, firstWord, secondWord);
    if (!this.#leaves.has(key) && leafCount >= leavesMax) {
      key = leafKey(group, 0, 0);
    }
    const leaf = this.#leaves.get(key);
    if (leaf === undefined) {
      this.#leaves.set(key, [cluster]);
      this.#leavesOfShape.set(group, leafCount + 1);
    } else if (leaf.length < candidatesMax) {
      leaf.push(cluster);
    } else {
      // The one that has not been added to for the longest time is as good as any.
      leaf.shift();
      leaf.push(cluster);
    }
  }

  #letRareOnesGo(): void {
    this.#clusters = this.#clusters.sort((a, b) => b.total - a.total).slice(0, clustersMax / 2);
    this.#leaves.clear();
    this.#leavesOfShape.clear();
    this.#known.clear();
    for (const cluster of this.#clusters) {
      this.#addToLeaf(cluster);
    }
  }
}

function leafKey(group: number, firstWord: number, secondWord: number): number {
  return (group & 0x3ff_ffff) * 0x400_0000 + ((Math.imul(firstWord, 31) ^ secondWord) & 0x3ff_ffff);
}

/** Joins clusters whose templates differ in one place only, where there are many of them. */
function joinSiblings(clusters: readonly Cluster[]): readonly Cluster[] {
  // A sort of numbers finds those with a number in common faster than a map of lists would.
  const keys = Float64Array.from(
    clusters.flatMap((cluster, index) => cluster.maskedHashes().map((hash) => hash * clustersMax + index)),
  ).sort();
  const gone = new Set<Cluster>();
  for (let start = 0, end = 0; start < keys.length; start = end) {
    const hash = Math.floor(keys[start]! / clustersMax);
    while (end < keys.length && Math.floor(keys[end]! / clustersMax) === hash) {
      end += 1;
    }
    if (end - start >= siblingsMin) {
      const siblings = Array.from(keys.subarray(start, end), (key) => clusters[key - hash * clustersMax]!);
      joinAll(siblings, gone);
    }
  }
  return clusters.filter((cluster) => !gone.has(cluster));
}

function joinAll(siblings: readonly Cluster[], gone: Set<Cluster>): void {
  const [first] = siblings;
  const left = siblings.filter((cluster) => !gone.has(cluster) && cluster.group === first!.group);
  if (left.length >= siblingsMin) {
    for (const other of left.slice(1)) {
      left[0]!.absorb(other);
      gone.add(other);
    }
  }
}
