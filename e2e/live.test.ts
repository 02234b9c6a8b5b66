import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { launchBrowser } from "./world/browser.ts";
import { createPod } from "./world/kubelet.ts";
import { eventually, pause, startAgent, startServer } from "./world/local.ts";
import { nowNs, pushLines } from "./world/loki-client.ts";

test("Live shows a new line in under a second, pause holds it back and resume brings it", async () => {
  await using directory = await temporaryDirectory();
  const podLogs = join(directory.path, "pods");
  mkdirSync(podLogs);
  await using server = await startServer({ dataDirectory: join(directory.path, "data") });
  await using _agent = await startAgent({
    directory: directory.path,
    pushUrl: `${server.url}/loki/api/v1/push`,
    podLogs,
  });
  const pod = createPod(podLogs, "live", "web-0", "web");
  pod.log("before");

  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(`${server.url}/explore?${new URLSearchParams({ q: '{namespace="live"}' })}`);
    await page.getByTestId("live").click();
    await page.getByText("before", { exact: true }).waitFor({ timeout: 15_000 });

    const delaysMs: number[] = [];
    for (let i = 0; i < 5; i++) {
      const line = `live line ${i}`;
      const startMs = Date.now();
      await pushLines(server.url, { namespace: "live", app: "push" }, [[nowNs(), line]]);
      await page.getByText(line, { exact: true }).waitFor({ timeout: 10_000 });
      delaysMs.push(Date.now() - startMs);
      await pause(50);
    }
    delaysMs.sort((a, b) => a - b);
    expect(delaysMs[2], `delays ${delaysMs.join(", ")} ms`).toBeLessThan(1000);

    pod.log("through the agent");
    await page.getByText("through the agent", { exact: true }).waitFor({ timeout: 5000 });

    // More lines than the window shows: what comes while paused waits below it.
    const many = Array.from({ length: 80 }, (_, i) => [nowNs() + BigInt(i), `filling ${i}`] as const);
    await pushLines(server.url, { namespace: "live", app: "push" }, many);
    await page.getByText("filling 79", { exact: true }).waitFor({ timeout: 5000 });
    await page.getByTestId("pause").click();
    await pushLines(server.url, { namespace: "live", app: "push" }, [[nowNs(), "while paused"]]);
    await page.getByText(/1 new/u).waitFor({ timeout: 5000 });
    expect(await isInView(page, "while paused")).toBe(false);
    expect(await isInView(page, "filling 79")).toBe(true);
    await page.getByTestId("pause").click();
    await eventually("the line is in view", 5000, async () => (await isInView(page, "while paused")) || undefined);
  } finally {
    await browser.close();
  }
}, 120_000);

/** Whether the line is in the visible part of the list. */
async function isInView(page: Page, line: string): Promise<boolean> {
  const list = await page.getByTestId("log-list").boundingBox();
  const found = page.getByText(line, { exact: true });
  const box = (await found.count()) === 0 ? null : await found.boundingBox();
  return list !== null && box !== null && box.y >= list.y && box.y + box.height <= list.y + list.height;
}
