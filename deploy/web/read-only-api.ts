import { paths } from "@sluice/api";

/**
 * All of the API that reads logs and rules, for the page and for other readers. Pushing, deleting and running the server,
 * its metrics included, are not among it.
 */
const readable = [
  paths.queryRange,
  paths.query,
  paths.labels,
  paths.labelValues,
  paths.series,
  paths.tail,
  paths.indexStats,
  paths.indexVolume,
  paths.indexVolumeRange,
  paths.patterns,
  paths.detectedLabels,
  paths.detectedFields,
  paths.detectedFieldValues,
  paths.formatQuery,
  paths.drilldownLimits,
  paths.rules,
  paths.alerts,
  paths.ready,
  paths.buildInfo,
];

const readablePattern = new RegExp(`^(?:${readable.map((path) => path.replace(/:\w+/gu, "[^/]+")).join("|")})$`, "u");
/** Long queries come as POSTed forms. */
const methods = new Set(["GET", "HEAD", "POST"]);

/** Whether a request may be handed on to the server. */
export function isReadable(method: string, path: string): boolean {
  return methods.has(method) && readablePattern.test(path);
}

export function isTail(path: string): boolean {
  return path === paths.tail;
}

/** Whether a path belongs to the server's API at all, readable or not; such a path is never a place of the page. */
export function isApiPath(path: string): boolean {
  return /^\/(?:loki|api|otlp|prometheus)\//u.test(path);
}
