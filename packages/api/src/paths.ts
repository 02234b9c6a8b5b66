/**
 * Every HTTP path that the server offers, once. `:name` stands for one segment, as routers write it; clients fill it
 * with {@link labelValuesPath}.
 */
export const paths = {
  // Writing.
  push: "/loki/api/v1/push",
  legacyPush: "/api/prom/push",
  otlpPush: "/otlp/v1/logs",

  // Reading.
  queryRange: "/loki/api/v1/query_range",
  query: "/loki/api/v1/query",
  explain: "/loki/api/v1/explain",
  legacyQuery: "/api/prom/query",
  labels: "/loki/api/v1/labels",
  label: "/loki/api/v1/label",
  legacyLabel: "/api/prom/label",
  labelValues: "/loki/api/v1/label/:name/values",
  legacyLabelValues: "/api/prom/label/:name/values",
  series: "/loki/api/v1/series",
  legacySeries: "/api/prom/series",
  tail: "/loki/api/v1/tail",
  legacyTail: "/api/prom/tail",
  indexStats: "/loki/api/v1/index/stats",
  indexVolume: "/loki/api/v1/index/volume",
  indexVolumeRange: "/loki/api/v1/index/volume_range",
  indexShards: "/loki/api/v1/index/shards",
  patterns: "/loki/api/v1/patterns",
  detectedLabels: "/loki/api/v1/detected_labels",
  detectedFields: "/loki/api/v1/detected_fields",
  detectedFieldValues: "/loki/api/v1/detected_field/:name/values",
  formatQuery: "/loki/api/v1/format_query",
  drilldownLimits: "/loki/api/v1/drilldown-limits",

  // Deleting.
  delete: "/loki/api/v1/delete",

  // Rules and alerts. The first group is Prometheus' JSON, the second edits rule groups as YAML.
  rules: "/prometheus/api/v1/rules",
  alerts: "/prometheus/api/v1/alerts",
  ruleGroups: "/loki/api/v1/rules",
  ruleNamespace: "/loki/api/v1/rules/:namespace",
  ruleGroup: "/loki/api/v1/rules/:namespace/:group",

  // Running the server.
  ready: "/ready",
  metrics: "/metrics",
  config: "/config",
  runtimeConfig: "/runtime_config",
  tenantLimits: "/config/tenant/v1/limits",
  services: "/services",
  logLevel: "/log_level",
  flush: "/flush",
  buildInfo: "/loki/api/v1/status/buildinfo",
} as const;

/** Names of the headers that change what a request means. */
export const headers = {
  tenant: "X-Scope-OrgID",
  /** A comma list; see {@link categorizeLabels}. */
  encodingFlags: "X-Loki-Response-Encoding-Flags",
} as const;

/** The encoding flag with which each line tells which labels are structured metadata and which were parsed. */
export const categorizeLabels = "categorize-labels";

/** The path of one label's values. */
export function labelValuesPath(name: string): string {
  return paths.labelValues.replace(":name", encodeURIComponent(name));
}
