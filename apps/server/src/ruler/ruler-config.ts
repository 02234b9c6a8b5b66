import { messageOf, ServiceError, type FileSystem } from "@sluice/model";
import { checkGroups } from "@sluice/rules";
import { DurationMs } from "@sluice/service";
import { z } from "zod";

/** The namespace under which the rules API shows the groups of the config file. */
export const configNamespace = "config";

const PositiveDurationMs = DurationMs.refine((ms) => ms > 0, "must be longer than 0s");

const RuleConfig = z.strictObject({
  alert: z.string().optional(),
  record: z.string().optional(),
  /** A LogQL metric query; every sample of its result is an active alert. */
  expr: z.string().optional(),
  /** How long an alert must be active before it fires. */
  for: DurationMs.optional(),
  /** How long an alert goes on firing after its sample is gone. */
  keep_firing_for: DurationMs.optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

const RuleGroupConfig = z.strictObject({
  name: z.string(),
  /** Default: the ruler's `evaluation_interval`. */
  interval: PositiveDurationMs.optional(),
  /** Alerts that one rule of the group may have at a time; 0 means no limit. */
  limit: z.int().nonnegative().optional(),
  rules: z.array(RuleConfig),
});

const SlackConfig = z
  .strictObject({
    /** The address of an incoming webhook; a secret. */
    webhook_url: z.url({ protocol: /^https?$/u, error: "is not an http(s) URL" }).optional(),
    /** A file with that address, read for every message, so that a secret may be replaced at run time. */
    webhook_url_file: z.string().startsWith("/", "must be an absolute path").optional(),
    /** Longest time of one attempt to send. */
    timeout: PositiveDurationMs.prefault("10s"),
  })
  .refine(
    (slack) => (slack.webhook_url === undefined) !== (slack.webhook_url_file === undefined),
    "set one of webhook_url and webhook_url_file",
  );
export type SlackConfig = z.output<typeof SlackConfig>;

/** The `ruler` section of the server's config file. */
export const RulerConfig = z.strictObject({
  evaluation_interval: PositiveDurationMs.prefault("1m"),
  /** Where people reach the Explore page; messages link to it. */
  external_url: z.url({ protocol: /^https?$/u, error: "is not an http(s) URL" }).optional(),
  slack: SlackConfig.optional(),
  groups: z
    .array(RuleGroupConfig)
    .default([])
    .superRefine((groups, context) => {
      for (const { path, message } of checkGroups(groups)) {
        context.addIssue({ code: "custom", path: [...path], message });
      }
    }),
});
export type RulerConfig = z.output<typeof RulerConfig>;

/**
 * The webhook's address as it is now.
 *
 * @throws {ServiceError} `unavailable` when its file cannot be read or holds no http(s) URL; without the content.
 */
export async function readWebhookUrl(slack: SlackConfig, fs: FileSystem): Promise<string> {
  if (slack.webhook_url !== undefined) {
    return slack.webhook_url;
  }
  const path = slack.webhook_url_file ?? "";
  let text: string;
  try {
    text = new TextDecoder().decode(await fs.readFile(path)).trim();
  } catch (error) {
    throw new ServiceError("unavailable", `cannot read webhook_url_file ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (!/^https?:\/\//u.test(text) || !URL.canParse(text)) {
    throw new ServiceError("unavailable", `webhook_url_file ${path} holds no http(s) URL`);
  }
  return text;
}
