import { parseSelector } from "@sluice/logql/syntax";
import { ServiceError, type Matcher } from "@sluice/model";
import { parseInteger, type Params } from "./params.ts";

/** What a volume is told of: for each set of some labels, or for each label. */
export interface VolumeGrouping {
  readonly aggregateBy: "series" | "labels";
  /** The labels that count; undefined for all. */
  readonly labels: ReadonlySet<string> | undefined;
}

/** What `index/volume` and `index/volume_range` are asked for, beside the range. */
export interface VolumeQuery extends VolumeGrouping {
  readonly matchers: readonly Matcher[];
  /** How many volumes are wanted at most, at each time. */
  readonly limit: number;
}

const limitDefault = 100;

/**
 * Reads the parameters. By series, the labels of the selector are those that count; `targetLabels` puts others in their
 * place, and leaves out streams that do not have all of them.
 *
 * @throws {ServiceError} `bad_data` in Loki's words.
 * @see Loki's pkg/loghttp/query.go ParseVolumeInstantQuery, pkg/util/series_volume.go
 */
export function parseVolumeQuery(params: Params): VolumeQuery {
  const limit = parseInteger(params.get("limit"), limitDefault);
  if (limit < 0) {
    throw new ServiceError("bad_data", "limit must be a positive value");
  }
  const aggregateBy = params.get("aggregateBy") || "series";
  if (aggregateBy !== "series" && aggregateBy !== "labels") {
    throw new ServiceError("bad_data", "invalid aggregation option");
  }
  const query = params.get("query");
  const matchers = query.replaceAll(" ", "") === "{}" ? [] : parseSelector(query);
  const targets = params.get("targetLabels");
  if (targets === "") {
    const all = aggregateBy === "labels" || matchers.length === 0;
    const labels = all ? undefined : new Set(matchers.map(({ name }) => name));
    return { aggregateBy, labels, matchers, limit: limit || limitDefault };
  }
  const labels = new Set(targets.split(","));
  const unmatched = [...labels].filter((target) => !matchers.some(({ name }) => name === target));
  const present = unmatched.map((name) => ({ name, operator: "=~", value: ".+" }) as const);
  return { aggregateBy, labels, matchers: [...matchers, ...present], limit: limit || limitDefault };
}
