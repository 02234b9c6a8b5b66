import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { launchBrowser } from "./world/browser.ts";
import { createPod } from "./world/kubelet.ts";
import { pause, startAgent, startServer } from "./world/local.ts";
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

    await page.getByTestId("pause").click();
    await pushLines(server.url, { namespace: "live", app: "push" }, [[nowNs(), "while paused"]]);
    await page.getByText(/1 new/u).waitFor({ timeout: 5000 });
    expect(await page.getByText("while paused", { exact: true }).count()).toBe(0);
    await page.getByTestId("pause").click();
    await page.getByText("while paused", { exact: true }).waitFor({ timeout: 5000 });
  } finally {
    await browser.close();
  }
}, 120_000);
