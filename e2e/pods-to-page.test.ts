import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { launchBrowser } from "./world/browser.ts";
import { createPod } from "./world/kubelet.ts";
import { eventually, startAgent, startServer } from "./world/local.ts";
import { queryLines } from "./world/loki-client.ts";

const podNames = ["web-7d9f8b6c5d-22222", "web-7d9f8b6c5d-bbbbb", "web-7d9f8b6c5d-ccccc"];
const lineCount = 10_000;

test("10,000 numbered lines of three pods reach the API and the page, in order, none missing, none twice; deleting the pods' files changes nothing", async () => {
  await using directory = await temporaryDirectory();
  const podLogs = join(directory.path, "pods");
  mkdirSync(podLogs);
  await using server = await startServer({ dataDirectory: join(directory.path, "data") });
  await using agent = await startAgent({
    directory: directory.path,
    pushUrl: `${server.url}/loki/api/v1/push`,
    podLogs,
  });

  const pods = podNames.map((name) => createPod(podLogs, "shop", name, "web"));
  const written: string[] = [];
  for (let i = 0; i < lineCount; i++) {
    const line = `number=${String(i).padStart(5, "0")} level=info msg="request served"`;
    pods[i % pods.length]!.log(line);
    written.push(line);
    if (i === 4000) {
      pods[0]!.rotate();
    }
  }

  const lines = await eventually("all lines are queryable", 60_000, async () => {
    const found = await queryLines(server.url, '{namespace="shop"}');
    return found.length >= lineCount ? found : undefined;
  });
  expect(lines.map(({ line }) => line)).toEqual(written);
  expect(new Set(lines.map(({ labels }) => labels["pod"]))).toEqual(new Set(podNames));
  expect(lines[0]!.labels).toMatchObject({ namespace: "shop", container: "web", app: "web", stream: "stdout" });

  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    const params = new URLSearchParams({ q: '{namespace="shop"}', from: "now-1h", to: "now", dir: "f" });
    await page.goto(`${server.url}/explore?${params}`);
    const seen = await collectLines(page, lineCount);
    expect(seen).toEqual(written);
    expect(problems).toEqual([]);
  } finally {
    await browser.close();
  }

  for (const pod of pods) {
    pod.remove();
  }
  await agent.stop();
  expect((await queryLines(server.url, '{namespace="shop"}')).map(({ line }) => line)).toEqual(written);
}, 240_000);

/** Scrolls through the list from its top, asks for more at its end, and reads every line. */
async function collectLines(page: Page, wanted: number): Promise<readonly string[]> {
  const seen = new Map<string, string>();
  const list = page.getByTestId("log-list");
  await list.waitFor();
  await page.getByTestId("log-row").first().waitFor();
  let idleRounds = 0;
  while (seen.size < wanted && idleRounds < 50) {
    const rows = await page
      .getByTestId("log-row")
      .evaluateAll((elements) =>
        elements
          .filter((element) => (element as HTMLElement).style.display !== "none" && !(element as HTMLElement).hidden)
          .map((element) => [
            element.getAttribute("data-ts") ?? "",
            element.querySelector('[data-testid="log-line"]')?.textContent ?? "",
          ]),
      );
    const before = seen.size;
    for (const [timestamp, line] of rows) {
      seen.set(timestamp!, line!);
    }
    idleRounds = seen.size === before ? idleRounds + 1 : 0;
    const isAtEnd = await list.evaluate(async (element) => {
      element.scrollBy(0, element.clientHeight * 0.8);
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      return element.scrollTop + element.clientHeight >= element.scrollHeight - 1;
    });
    const more = page.getByTestId("load-more");
    if (isAtEnd && (await more.isVisible())) {
      // Not click(): it would scroll to wherever the button is by then.
      await more.dispatchEvent("click");
    }
  }
  return [...seen].sort(([a], [b]) => (BigInt(a) < BigInt(b) ? -1 : 1)).map(([, line]) => line);
}
