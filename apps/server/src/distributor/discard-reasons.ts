/** Why lines are not stored: the values of the label `reason`, Loki's words. */
export type DiscardReason =
  | "invalid_labels"
  | "missing_labels"
  | "max_label_names_per_series"
  | "label_name_too_long"
  | "label_value_too_long"
  | "duplicate_label_names"
  | "missing_enforced_labels"
  | "greater_than_max_sample_age"
  | "too_far_in_future"
  | "line_too_long"
  | "disallowed_structured_metadata"
  | "structured_metadata_too_large"
  | "structured_metadata_too_many"
  | "invalid_structured_metadata_name"
  | "blocked_ingestion"
  | "rate_limited"
  | "stream_limit"
  | "per_stream_rate_limit";

/** Lines, and bytes of lines and structured metadata. */
export interface Amount {
  readonly lines: number;
  readonly bytes: number;
}

/** How much was discarded, by reason. */
export class Discarded {
  readonly #amounts = new Map<DiscardReason, Amount>();

  add(reason: DiscardReason, { lines, bytes }: Amount): void {
    const before = this.#amounts.get(reason) ?? { lines: 0, bytes: 0 };
    this.#amounts.set(reason, { lines: before.lines + lines, bytes: before.bytes + bytes });
  }

  get total(): Amount {
    const amounts = [...this.#amounts.values()];
    return {
      lines: amounts.reduce((sum, { lines }) => sum + lines, 0),
      bytes: amounts.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  get amounts(): ReadonlyMap<DiscardReason, Amount> {
    return this.#amounts;
  }
}
