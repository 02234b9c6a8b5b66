import { messageOf, printLabels, type LabelPair, type Labels } from "@sluice/model";
import type { LabelCache } from "@sluice/push";
import type { Limits } from "../limits.ts";
import type { DiscardReason } from "./discard-reasons.ts";
import { serviceNameLabel, withServiceName } from "./service-name.ts";

/** What the text of a stream's labels says, checked against its tenant's limits. */
export interface KnownStream {
  /** With `service_name`. */
  readonly labels: Labels;
  /** Their canonical text. */
  readonly text: string;
  /** Why the stream is refused, if it is. */
  readonly problem?: { readonly reason: DiscardReason; readonly text: string };
}

/** Longer texts are checked each time. */
const rememberedLengthMax = 2048;

/**
 * Checks the labels of a tenant's streams against its limits. Senders repeat them with every push, so what was found is
 * remembered.
 */
export class KnownStreams {
  readonly #tenant: string;
  readonly #limits: Limits;
  readonly #labels: LabelCache;
  readonly #remembered = new Map<string, KnownStream>();
  #rememberedBytes = 0;

  /** @param labels reads the texts: they are the same, whatever the tenant and its limits. */
  constructor(tenant: string, limits: Limits, labels: LabelCache) {
    this.#tenant = tenant;
    this.#limits = limits;
    this.#labels = labels;
  }

  /** @param sent the labels as a push has them. */
  of(sent: string): KnownStream {
    let stream = this.#remembered.get(sent);
    if (stream === undefined) {
      stream = this.#read(sent);
      if (sent.length <= rememberedLengthMax) {
        this.#remembered.set(sent, stream);
        this.#rememberedBytes += bytesOf(sent, stream);
      }
    }
    return stream;
  }

  /** Bytes of memory that is taken by what is remembered, about. */
  get rememberedBytes(): number {
    return this.#rememberedBytes;
  }

  forget(): void {
    this.#remembered.clear();
    this.#rememberedBytes = 0;
  }

  #read(sent: string): KnownStream {
    let parsed: readonly LabelPair[];
    try {
      parsed = this.#labels.read(sent);
    } catch (error) {
      const text = `couldn't parse labels: ${messageOf(error)}`;
      return { labels: [], text: sent, problem: { reason: "invalid_labels", text } };
    }
    const labels = withServiceName(parsed, this.#limits.discover_service_name);
    const text = printLabels(labels);
    const problem = checkLabels(labels, text, this.#limits, this.#tenant);
    return problem === undefined ? { labels, text } : { labels, text, problem };
  }
}

/** The texts, and what is around them. */
function bytesOf(sent: string, { labels, text, problem }: KnownStream): number {
  return 350 + 2 * (sent.length + text.length + (problem?.text.length ?? 0)) + labels.length * 16;
}

/** @see Loki's pkg/distributor/validator.go ValidateLabels */
function checkLabels(
  labels: readonly LabelPair[],
  text: string,
  limits: Limits,
  tenant: string,
): KnownStream["problem"] {
  if (labels.length === 0) {
    return { reason: "missing_labels", text: "error at least one label pair is required per stream" };
  }
  const labelCount = labels.filter(({ name }) => name !== serviceNameLabel).length;
  if (labelCount > limits.max_label_names_per_series) {
    return {
      reason: "max_label_names_per_series",
      text: `entry for stream '${text}' has ${labelCount} label names; limit ${limits.max_label_names_per_series}`,
    };
  }
  let before: string | undefined;
  for (const { name, value } of labels) {
    if (Buffer.byteLength(name) > limits.max_label_name_length) {
      return { reason: "label_name_too_long", text: `stream '${text}' has label name too long: '${name}'` };
    }
    if (Buffer.byteLength(value) > limits.max_label_value_length) {
      return { reason: "label_value_too_long", text: `stream '${text}' has label value too long: '${value}'` };
    }
    if (name === before) {
      return { reason: "duplicate_label_names", text: `stream '${text}' has duplicate label name: '${name}'` };
    }
    before = name;
  }
  const missing = limits.enforced_labels.filter((wanted) => labels.every(({ name }) => name !== wanted));
  return missing.length === 0
    ? undefined
    : {
        reason: "missing_enforced_labels",
        text: `missing required labels '${missing.join(",")}' for user '${tenant}' for stream '${text}' (policy: '')`,
      };
}
