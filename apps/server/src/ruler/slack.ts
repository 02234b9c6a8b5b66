import { exploreUrl } from "@sluice/api";
import { defaultTenant, labelValue, messageOf, type Clock, type Labels } from "@sluice/model";
import type { DeliveryResult, LogRange, Notification, Notify } from "./notification.ts";

export interface SlackOptions {
  /** The webhook's address, asked for before every message; a secret that is never logged. */
  readonly webhookUrl: () => Promise<string>;
  /** Where people reach the Explore page; undefined leaves the link out. */
  readonly externalUrl: string | undefined;
  /** The tenant whose lines the link shows. */
  readonly tenant: string;
  readonly clock: Clock;
  /** Longest time of one attempt. */
  readonly timeoutMs: number;
}

/** The body of a post to an incoming webhook, as far as we use it. */
export interface SlackMessage {
  readonly attachments: readonly [SlackAttachment];
}

export interface SlackAttachment {
  readonly color: "danger" | "good";
  /** Plain text for notifications and for clients that show no attachments. */
  readonly fallback: string;
  readonly title: string;
  readonly title_link?: string;
  readonly text: string;
  readonly fields: readonly SlackField[];
  readonly footer: string;
  /** Seconds since the epoch. */
  readonly ts: number;
  /** Empty: nothing in the texts is markup, whatever a label or a line holds. */
  readonly mrkdwn_in: readonly [];
}

export interface SlackField {
  readonly title: string;
  readonly value: string;
  readonly short: boolean;
}

const titleCharsMax = 256;
const fieldCharsMax = 256;
const fieldsMax = 20;
const textCharsMax = 3000;
/** Of an error answer, no more than this is read and told. */
const answerBytesMax = 1024;

/** Notifies through a Slack incoming webhook (or anything that takes the same posts, such as Mattermost). */
export function slackNotifier(options: SlackOptions): Notify {
  return async (notification, signal) => {
    const body = JSON.stringify(slackMessage(notification, options));
    let response: Response;
    try {
      response = await fetch(await options.webhookUrl(), {
        method: "POST",
        headers: { "Content-Type": "application/json", "Idempotency-Key": encodeURIComponent(notification.key) },
        body,
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]),
      });
    } catch (error) {
      return { outcome: "retry", reason: reasonOf(error) };
    }
    return resultOf(response, options.clock.nowMs());
  };
}

/**
 * One message for one notification: title with status and count in the colour of the status, `summary` and
 * `description`, the labels as fields, and a link to the lines behind it.
 */
export function slackMessage(
  notification: Notification,
  { externalUrl, tenant }: Pick<SlackOptions, "externalUrl" | "tenant">,
): SlackMessage {
  const { status, alertCount, name, logs, commonLabels, atMs } = notification;
  const title = clip(`[${status === "firing" ? `FIRING:${alertCount}` : "RESOLVED"}] ${name}`, titleCharsMax);
  const text = clip(textOf(notification), textCharsMax);
  const attachment: SlackAttachment = {
    color: status === "firing" ? "danger" : "good",
    fallback: escapeSlack(text === "" ? title : `${title}: ${text}`),
    title: escapeSlack(title),
    ...(externalUrl !== undefined && logs !== undefined && { title_link: linkOf(externalUrl, tenant, logs) }),
    text: escapeSlack(text),
    fields: fieldsOf(commonLabels),
    footer: "Sluice",
    ts: Math.floor(atMs / 1000),
    mrkdwn_in: [],
  };
  return { attachments: [attachment] };
}

/** One alert: its summary and description. Several: a line for each, with what tells it from the others. */
function textOf({ alerts, alertCount, commonLabels }: Notification): string {
  const lines = alerts.map((alert) => {
    const told = ["summary", "description"]
      .map((name) => labelValue(alert.annotations, name))
      .filter((text) => text !== "");
    if (alertCount === 1) {
      return told.join("\n");
    }
    const own = alert.labels.filter(({ name }) => labelValue(commonLabels, name) === "");
    return [`• ${own.map(({ name, value }) => `${name}=${value}`).join(", ")}`, ...told].join(": ");
  });
  const rest = alertCount - alerts.length;
  return [...lines, ...(rest > 0 ? [`… and ${rest} more`] : [])].filter((line) => line !== "").join("\n");
}

function fieldsOf(labels: Labels): readonly SlackField[] {
  return labels
    .filter(({ name }) => name !== "alertname")
    .slice(0, fieldsMax)
    .map(({ name, value }) => ({
      title: escapeSlack(clip(name, fieldCharsMax)),
      value: escapeSlack(clip(value, fieldCharsMax)),
      short: value.length <= 40,
    }));
}

function linkOf(externalUrl: string, tenant: string, { query, fromMs, toMs }: LogRange): string {
  const instant = (ms: number): { type: "absolute"; ns: bigint } => ({ type: "absolute", ns: BigInt(ms) * 1_000_000n });
  return exploreUrl(externalUrl, {
    query,
    from: instant(fromMs),
    to: instant(toMs),
    tenant: tenant === defaultTenant ? "" : tenant,
  });
}

/** The three characters that Slack reads as control in every text: `<!channel>` in a label must not call anybody. */
function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function clip(text: string, charsMax: number): string {
  const chars = Array.from(text.slice(0, 2 * charsMax));
  return chars.length <= charsMax && text.length <= 2 * charsMax ? text : `${chars.slice(0, charsMax - 1).join("")}…`;
}

async function resultOf(response: Response, nowMs: number): Promise<DeliveryResult> {
  const answer = await readSome(response);
  if (response.ok) {
    return { outcome: "delivered" };
  }
  const reason = `status ${response.status}${answer === "" ? "" : `: ${answer}`}`;
  if (response.status === 429 || response.status >= 500) {
    return { outcome: "retry", reason, afterMs: retryAfterMs(response.headers.get("Retry-After"), nowMs) };
  }
  return { outcome: "refused", reason };
}

/** The beginning of the body as text; the rest is not waited for. */
async function readSome(response: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const part of response.body ?? []) {
      text += decoder.decode(part as Uint8Array, { stream: true });
      if (text.length >= answerBytesMax) {
        break;
      }
    }
  } catch {
    // The status has come, and it alone decides; a body that breaks off is only a shorter reason.
  }
  return text.slice(0, answerBytesMax).trim();
}

/** Reads `Retry-After`: seconds, or a date. */
function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) {
    return undefined;
  }
  const ms = /^\d+$/u.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** Why a fetch failed; Node hides it in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : `${messageOf(error)}: ${messageOf(cause)}`;
}
