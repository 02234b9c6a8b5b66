import { setImmediate } from "node:timers/promises";
import { labelsFrom, printLabels, ServiceError, type Labels } from "@sluice/model";
import type { BlockFacts } from "@sluice/store";
import type { TimeBuckets } from "./time-buckets.ts";

/** The bytes of lines under one name. */
export interface Volume {
  /** The set of labels, or the one label with an empty value, that the lines have in common. */
  readonly labels: Labels;
  /** Their text: what volumes of one size are ordered by. */
  readonly name: string;
  readonly bytes: number;
}

export interface VolumesOptions {
  readonly buckets: TimeBuckets;
  /** For each set of labels, or for each label. */
  readonly aggregateBy: "series" | "labels";
  /** The labels that count; undefined for all. */
  readonly labels: ReadonlySet<string> | undefined;
  /** Names that there may be. */
  readonly seriesMax: number;
}

interface Group {
  readonly labels: Labels;
  readonly name: string;
  /** Bytes in each bucket that blocks have only a part of their time in. */
  readonly partly: Float64Array;
  /** What is to be added from each bucket on: for those that a block fills from end to end. */
  readonly filled: Float64Array;
}

/** Of all groups together: 64 MiB. */
const cellsMax = 4 * 1024 * 1024;
/** To sort these takes a few milliseconds. */
const cellsPerTurn = 10_000;

/**
 * Adds up the bytes of blocks by their labels, at each time. A block that reaches over several buckets, or out of the
 * range, counts with the part of its time that is in each: its lines are taken to be spread evenly.
 *
 * @see Loki's pkg/storage/stores/index/seriesvolume/volume.go, pkg/util/time.go GetFactorOfTime
 */
export class Volumes {
  readonly #options: VolumesOptions;
  readonly #groups = new Map<string, Group>();
  readonly #groupsOfLabels = new Map<Labels, readonly Group[]>();

  constructor(options: VolumesOptions) {
    this.#options = options;
  }

  /** @throws {ServiceError} `bad_data` when there are more names than there may be. */
  add({ labels, minNs, maxNs, rawBytes }: BlockFacts): void {
    const { buckets } = this.#options;
    const fromNs = minNs > buckets.startNs ? minNs : buckets.startNs;
    const toNs = maxNs < buckets.endNs ? maxNs : buckets.endNs;
    if (fromNs > toNs) {
      return;
    }
    const first = buckets.indexOf(fromNs);
    const last = buckets.indexOf(toNs);
    const isInside = first === last && fromNs === minNs && toNs === maxNs;
    const bytesPerNs = rawBytes / Number(maxNs - minNs);
    for (const { partly, filled } of this.#groupsOf(labels)) {
      if (isInside) {
        partly[first]! += rawBytes;
      } else if (first === last) {
        partly[first]! += bytesPerNs * Number(toNs - fromNs);
      } else {
        partly[first]! += bytesPerNs * Number(buckets.endOf(first) - fromNs);
        partly[last]! += bytesPerNs * Number(toNs - buckets.beginOf(last));
        const whole = bytesPerNs * Number(buckets.stepNs);
        if (first + 1 < last) {
          filled[first + 1]! += whole;
          filled[last]! -= whole;
        }
      }
    }
  }

  /** Of each bucket, the largest: by size, then name. Others get a turn in between. */
  async top(limit: number): Promise<readonly (readonly Volume[])[]> {
    const { count } = this.#options.buckets;
    const groups = [...this.#groups.values()];
    const filling = new Float64Array(groups.length);
    const all: (readonly Volume[])[] = [];
    const bucketsPerTurn = Math.ceil(cellsPerTurn / (groups.length + 1));
    for (let bucket = 0; bucket < count; bucket++) {
      const volumes = groups.map(({ labels, name, partly, filled }, i) => {
        filling[i]! += filled[bucket]!;
        return { labels, name, bytes: Math.max(Math.round(partly[bucket]! + filling[i]!), 0) };
      });
      all.push(volumes.sort(compareVolumes).slice(0, limit));
      if (bucket % bucketsPerTurn === bucketsPerTurn - 1) {
        await setImmediate();
      }
    }
    return all;
  }

  #groupsOf(labels: Labels): readonly Group[] {
    let groups = this.#groupsOfLabels.get(labels);
    if (groups === undefined) {
      groups = this.#namesOf(labels).map(([name, named]) => this.#group(name, named));
      this.#groupsOfLabels.set(labels, groups);
    }
    return groups;
  }

  #namesOf(labels: Labels): readonly (readonly [name: string, labels: Labels])[] {
    const { labels: wanted, aggregateBy } = this.#options;
    const counting = wanted === undefined ? labels : labels.filter(({ name }) => wanted.has(name));
    return aggregateBy === "series"
      ? [[printLabels(counting), counting]]
      : counting.map(({ name }) => [name, labelsFrom([{ name, value: "" }])]);
  }

  #group(name: string, labels: Labels): Group {
    let group = this.#groups.get(name);
    if (group === undefined) {
      const { seriesMax, buckets } = this.#options;
      const groupCount = this.#groups.size + 1;
      if (groupCount > seriesMax) {
        throw new ServiceError("bad_data", `the query hit the max number of series limit (limit: ${seriesMax} series)`);
      }
      if (groupCount * buckets.count > cellsMax) {
        throw new ServiceError(
          "bad_data",
          `the volumes of ${groupCount} series at ${buckets.count} times are too many points. Try increasing the value of the step parameter`,
        );
      }
      group = { name, labels, partly: new Float64Array(buckets.count), filled: new Float64Array(buckets.count) };
      this.#groups.set(name, group);
    }
    return group;
  }
}

/** By size, the largest first, then by name. */
export function compareVolumes(a: Pick<Volume, "bytes" | "name">, b: Pick<Volume, "bytes" | "name">): number {
  return b.bytes - a.bytes || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}
