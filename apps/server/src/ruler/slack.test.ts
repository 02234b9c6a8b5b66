import { labelsFromRecord } from "@sluice/model";
import { compileRule, type Alert } from "@sluice/rules";
import { virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { fakeSlack, type FakeAnswer } from "./fake-slack.ts";
import { notificationsOf, type Notification } from "./notification.ts";
import { slackMessage, slackNotifier } from "./slack.ts";

const atMs = Date.UTC(2026, 0, 2, 3, 4, 5);

function alert(labels: Record<string, string>, annotations: Record<string, string> = {}): Alert {
  return {
    labels: labelsFromRecord({ alertname: "TooManyErrors", ...labels }),
    annotations: labelsFromRecord(annotations),
    value: "7",
    state: "firing",
    activeAtMs: atMs - 60_000,
    firedAtMs: atMs,
  };
}

function notification(alerts: readonly Alert[], status: "firing" | "resolved" = "firing"): Notification {
  const source = { tenant: "fake", group: "ai", ruleKey: "0 TooManyErrors", name: "TooManyErrors" };
  const [made] = notificationsOf(
    source,
    undefined,
    alerts.map((of) => ({ to: status, alert: of })),
    atMs,
  );
  return { ...made!, logs: { query: '{namespace="ai-prod"} |= "error"', fromMs: atMs - 120_000, toMs: atMs } };
}

const site = { externalUrl: "https://logs.example.com/", tenant: "fake" };

test("one firing alert", () => {
  const told = { summary: "7 errors in a minute", description: "See the runbook." };
  expect(slackMessage(notification([alert({ severity: "page" }, told)]), site)).toEqual({
    attachments: [
      {
        color: "danger",
        fallback: "[FIRING:1] TooManyErrors: 7 errors in a minute\nSee the runbook.",
        title: "[FIRING:1] TooManyErrors",
        title_link:
          "https://logs.example.com/explore?q=%7Bnamespace%3D%22ai-prod%22%7D+%7C%3D+%22error%22" +
          "&from=2026-01-02T03%3A02%3A05Z&to=2026-01-02T03%3A04%3A05Z",
        text: "7 errors in a minute\nSee the runbook.",
        fields: [{ title: "severity", value: "page", short: true }],
        footer: "Sluice",
        ts: atMs / 1000,
        mrkdwn_in: [],
      },
    ],
  });
});

test("a resolved alert is green and says so", () => {
  const [attachment] = slackMessage(notification([alert({})], "resolved"), site).attachments;
  expect(attachment).toMatchObject({
    color: "good",
    title: "[RESOLVED] TooManyErrors",
    fallback: "[RESOLVED] TooManyErrors",
  });
});

test("several alerts share one message that tells them apart", () => {
  const alerts = Array.from({ length: 12 }, (_, i) =>
    alert({ severity: "page", pod: `api-${i}` }, { summary: `s${i}` }),
  );
  const [attachment] = slackMessage(notification(alerts), site).attachments;
  expect(attachment.title).toBe("[FIRING:12] TooManyErrors");
  expect(attachment.fields).toEqual([{ title: "severity", value: "page", short: true }]);
  const lines = attachment.text.split("\n");
  expect(lines[0]).toBe("• pod=api-0: s0");
  expect(lines).toHaveLength(11);
  expect(lines[10]).toBe("… and 2 more");
});

test("without an external URL, or without lines behind the rule, there is no link", () => {
  expect(
    slackMessage(notification([alert({})]), { ...site, externalUrl: undefined }).attachments[0],
  ).not.toHaveProperty("title_link");
  expect(slackMessage({ ...notification([alert({})]), logs: undefined }, site).attachments[0]).not.toHaveProperty(
    "title_link",
  );
});

test("the link covers the lines of a query whose offset has parts of milliseconds", () => {
  const rule = compileRule({ alert: "Late", expr: 'count_over_time({a="b"}[1m] offset 1500us) > 0' });
  const firing = { to: "firing", alert: alert({}) } as const;
  const [made] = notificationsOf({ tenant: "fake", group: "g", ruleKey: "0 Late", name: "Late" }, rule, [firing], atMs);
  expect(made!.logs).toMatchObject({ fromMs: firing.alert.activeAtMs - 60_002, toMs: atMs - 1 });
  expect(slackMessage(made!, site).attachments[0]).toHaveProperty("title_link");
});

test("a link for another tenant than the default one names it", () => {
  const [attachment] = slackMessage(notification([alert({})]), { ...site, tenant: "team-a" }).attachments;
  expect(new URL(attachment.title_link!).searchParams.get("org")).toBe("team-a");
});

test("hostile labels call nobody, link nowhere and stay short", () => {
  const hostile = "<!channel> <https://evil.example|click> & more";
  const [attachment] = slackMessage(
    notification([
      alert({ pod: hostile, long: "x".repeat(10_000) }, { summary: hostile, description: "y".repeat(10_000) }),
    ]),
    site,
  ).attachments;
  const escaped = "&lt;!channel&gt; &lt;https://evil.example|click&gt; &amp; more";
  expect(attachment.fields).toContainEqual({ title: "pod", value: escaped, short: false });
  expect(attachment.text.startsWith(`${escaped}\n`)).toBe(true);
  expect(attachment.mrkdwn_in).toEqual([]);
  expect(JSON.stringify(attachment).length).toBeLessThan(8000);
});

test("a text is never cut inside a character", () => {
  const [attachment] = slackMessage(notification([alert({ pod: "🙂".repeat(400) })]), site).attachments;
  expect(attachment.fields[0]!.value).toBe(`${"🙂".repeat(255)}…`);
});

async function attempt(answer: FakeAnswer): Promise<unknown> {
  await using slack = await fakeSlack([answer]);
  const clock = virtualClock(Date.UTC(2026, 0, 1));
  const notify = slackNotifier({ ...site, webhookUrl: async () => slack.url, clock, timeoutMs: 200 });
  return await notify(notification([alert({})]), new AbortController().signal);
}

test.for([
  { answer: { status: 200, body: "ok" }, want: { outcome: "delivered" } },
  { answer: { status: 204 }, want: { outcome: "delivered" } },
  { answer: { status: 500, body: "oops\n" }, want: { outcome: "retry", reason: "status 500: oops" } },
  {
    answer: { status: 429, headers: { "Retry-After": "30" } },
    want: { outcome: "retry", reason: "status 429", afterMs: 30_000 },
  },
  {
    answer: { status: 503, headers: { "Retry-After": "Thu, 01 Jan 2026 00:01:00 GMT" } },
    want: { outcome: "retry", reason: "status 503", afterMs: 60_000 },
  },
  {
    answer: { status: 429, headers: { "Retry-After": "soon" } },
    want: { outcome: "retry", reason: "status 429", afterMs: undefined },
  },
  { answer: { status: 403, body: "invalid_token" }, want: { outcome: "refused", reason: "status 403: invalid_token" } },
  {
    answer: { status: 302, headers: { Location: "http://elsewhere" } },
    want: { outcome: "refused", reason: "status 302" },
  },
  {
    answer: { status: 200, hang: true },
    want: { outcome: "retry", reason: expect.stringContaining("timeout") as string },
  },
])("an answer of $answer.status gives $want.outcome", async ({ answer, want }) => {
  expect(await attempt(answer)).toEqual(want);
});

test("a huge error answer is told in short", async () => {
  const result = (await attempt({ status: 400, body: "z".repeat(1_000_000) })) as { readonly reason: string };
  expect(result.reason.length).toBeLessThan(1100);
});

test("what a receiver gets: JSON, and a key that is the same for the same notification", async () => {
  await using slack = await fakeSlack();
  const notify = slackNotifier({ ...site, webhookUrl: async () => slack.url, clock: virtualClock(), timeoutMs: 5000 });
  const told = notification([alert({ pod: "ü" })]);
  await notify(told, new AbortController().signal);
  await notify(told, new AbortController().signal);
  expect(slack.posts.map(({ message }) => message)).toEqual([slackMessage(told, site), slackMessage(told, site)]);
  expect(slack.posts[0]!.headers["content-type"]).toBe("application/json");
  expect(slack.posts[0]!.headers["idempotency-key"]).toBe(encodeURIComponent(told.key));
  expect(slack.posts[1]!.headers["idempotency-key"]).toBe(encodeURIComponent(told.key));
});

test("a webhook that nobody listens on, or whose address cannot be read, is tried again", async () => {
  const clock = virtualClock();
  const signal = new AbortController().signal;
  const closed = slackNotifier({ ...site, webhookUrl: async () => "http://127.0.0.1:1/x", clock, timeoutMs: 5000 });
  expect(await closed(notification([alert({})]), signal)).toMatchObject({ outcome: "retry" });
  const unreadable = slackNotifier({
    ...site,
    webhookUrl: () => Promise.reject(new Error("cannot read webhook_url_file /x")),
    clock,
    timeoutMs: 5000,
  });
  expect(await unreadable(notification([alert({})]), signal)).toEqual({
    outcome: "retry",
    reason: "cannot read webhook_url_file /x",
  });
});
