import { resolve } from "node:path";
import { labelsFrom, labelsFromRecord, type Labels } from "@sluice/model";
import type { AgentConfig } from "../config.ts";
import { labelsOfKubeletPath } from "./kubelet-path.ts";
import { compileGlob, matchesGlob, type Glob } from "./glob.ts";

/** What a static config asks for: which files, how their lines are written, and their labels. */
export interface Target {
  /** Names the target in the positions file: job and pattern, so that a change of labels sends nothing again. */
  readonly key: string;
  readonly job: string;
  readonly pattern: string;
  readonly glob: Glob;
  readonly format: LineFormat;
  /** Whether a path that the glob matches is followed. */
  readonly accepts: (path: string) => boolean;
  /** The labels of a file's streams, without `stream`. */
  readonly labelsOf: (path: string) => Labels;
}

/** `cri` is what container runtimes write; `plain` is one entry a line without a time of its own. */
export type LineFormat = "cri" | "plain";

/**
 * The targets of a configuration, in its order.
 *
 * @throws {ServiceError} `bad_data` when a `__path__` is no glob.
 */
export function targetsOf(config: AgentConfig): readonly Target[] {
  const keys = new Map<string, number>();
  // Two configs of one job may ask for the same files with different labels: they are two targets.
  const uniqueKey = (key: string): string => {
    const count = keys.get(key) ?? 0;
    keys.set(key, count + 1);
    return count === 0 ? key : `${key} #${count + 1}`;
  };
  return config.scrape_configs.flatMap((scrapeConfig) => {
    const { job_name: job, kubelet_paths: isKubelet } = scrapeConfig;
    const format = isKubelet || scrapeConfig.pipeline_stages.length > 0 ? "cri" : "plain";
    return scrapeConfig.static_configs.map(({ labels }): Target => {
      const { __path__: pattern, __path_exclude__: exclude, ...own } = labels;
      const fixed = labelsFromRecord(own);
      const excluded = exclude === undefined ? undefined : compileGlob(resolve(exclude));
      return {
        key: uniqueKey(`${job} ${pattern}`),
        job,
        pattern: pattern!,
        glob: compileGlob(resolve(pattern!)),
        format,
        accepts: (path) =>
          (excluded === undefined || !matchesGlob(excluded, path)) &&
          (!isKubelet || labelsOfKubeletPath(path) !== undefined),
        labelsOf: (path) =>
          labelsFrom([
            ...(isKubelet ? (labelsOfKubeletPath(path) ?? []) : []),
            ...fixed,
            { name: "filename", value: path },
          ]),
      };
    });
  });
}
