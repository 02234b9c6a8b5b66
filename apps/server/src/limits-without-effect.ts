/**
 * Keys of Loki's `limits_config` that are accepted and do nothing, so that a configuration can be brought along: each
 * bounds a part that is not there, or tunes how Loki does its work. The server names those that are set when it starts.
 */
export const ignoredLimits = {
  ...because("there is one process, so nothing is shared out among several", [
    "use_owned_stream_count",
    "max_queriers_per_tenant",
    "max_query_capacity",
    "index_gateway_shard_size",
    "index_gateway_max_capacity",
    "ruler_tenant_shard_size",
    "ingestion_partitions_tenant_shard_size",
  ]),
  ...because("queries are not split into parts by time or by shards", [
    "split_queries_by_interval",
    "split_metadata_queries_by_interval",
    "split_recent_metadata_queries_by_interval",
    "recent_metadata_query_window",
    "split_instant_metric_queries_by_interval",
    "split_ingester_queries_by_interval",
    "min_sharding_lookback",
    "max_query_parallelism",
    "tsdb_max_query_parallelism",
    "tsdb_max_bytes_per_shard",
    "tsdb_sharding_strategy",
    "tsdb_precompute_chunks",
    "max_querier_bytes_read",
  ]),
  ...because("answers of queries are not cached", [
    "max_cache_freshness_per_query",
    "max_metadata_cache_freshness",
    "max_stats_cache_freshness",
    "engine_results_cache_time_bucket_interval",
  ]),
  ...because("storage has neither chunks nor an index of them; max_query_bytes_read bounds what a query reads", [
    "max_chunks_per_query",
    "cardinality_limit",
    "query_ready_index_num_days",
  ]),
  ...because("a stream takes what its tenant may send, so it need not be split", ["shard_streams"]),
  ...because("lines may come in any order", ["unordered_writes"]),
  ...because("every block has a filter that no setting changes", [
    "bloom_gateway_enable_filtering",
    "bloom_build_max_builders",
    "bloom_build_task_max_retries",
    "bloom_build_builder_response_timeout",
    "bloom_creation_enabled",
    "bloom_planning_strategy",
    "bloom_split_series_keyspace_by",
    "bloom_task_target_series_chunk_size",
    "bloom_block_encoding",
    "bloom_prefetch_blocks",
    "bloom_max_block_size",
    "bloom_max_bloom_size",
    "dataobj_index_compaction_enabled",
    "dataobj_log_compaction_enabled",
    "sort_schema",
  ]),
  ...because("patterns and their volumes are not kept", [
    "shard_aggregations",
    "pattern_ingester_tokenizable_json_fields_default",
    "pattern_ingester_tokenizable_json_fields_append",
    "pattern_ingester_tokenizable_json_fields_delete",
    "metric_aggregation_enabled",
    "pattern_persistence_enabled",
    "pattern_persistence_granularity",
    "pattern_rate_threshold",
  ]),
  ...because("rules come from the configuration file, are evaluated here, and their results are not sent on", [
    "ruler_max_rules_per_rule_group",
    "ruler_max_rule_groups_per_tenant",
    "ruler_alertmanager_config",
    "ruler_remote_write_disabled",
    "ruler_remote_write_config",
    "ruler_remote_evaluation_timeout",
    "ruler_remote_evaluation_max_response_size",
  ]),
  ...because("it is for developers of Loki", ["simulated_push_latency", "debug_engine_tasks", "debug_engine_streams"]),
} as const satisfies Readonly<Record<string, string>>;

/** Keys of Loki that would change what is stored or refused, and that are an error here until they do. */
export const refusedLimits = {
  discover_generic_fields: "only service names and levels are discovered",
  policy_stream_mapping: "limits are per tenant, not per policy",
  policy_override_limits: "limits are per tenant, not per policy",
  policy_enforced_labels: "limits are per tenant, not per policy; see enforced_labels",
  block_ingestion_policy_until: "limits are per tenant, not per policy; see block_ingestion_until",
  per_tenant_override_config: "overrides are in the file that runtime_config.file names",
  per_tenant_override_period: "overrides are in the file that runtime_config.file names; see runtime_config.period",
  s3_sse_type: "one bucket holds all tenants; see storage_config",
  s3_sse_kms_key_id: "one bucket holds all tenants; see storage_config",
  s3_sse_kms_encryption_context: "one bucket holds all tenants; see storage_config",
} as const satisfies Readonly<Record<string, string>>;

function because<const Key extends string>(reason: string, keys: readonly Key[]): Record<Key, string> {
  return Object.fromEntries(keys.map((key) => [key, reason])) as Record<Key, string>;
}
