import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { launchBrowser } from "./world/browser.ts";
import { eventually, startServer } from "./world/local.ts";
import { nowNs, pushLines } from "./world/loki-client.ts";

test("Escape closes the alerts, and the details of the lowest line come into sight", async () => {
  await using directory = await temporaryDirectory();
  const config = { ruler: { groups: [] } };
  await using server = await startServer({ dataDirectory: join(directory.path, "data"), config });
  const startNs = nowNs() - 60_000_000_000n;
  const lines = Array.from({ length: 200 }, (_, i) => [startNs + BigInt(i), `line ${i}`] as const);
  await pushLines(server.url, { app: "page" }, lines);

  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(`${server.url}/explore?${new URLSearchParams({ q: '{app="page"}' })}`);
    await page.getByTestId("log-line").first().waitFor({ timeout: 15_000 });

    // The focus stays on the button; Escape closes the panel nevertheless, and only then a line.
    await page.getByTestId("alerts").click();
    const quiet = page.getByText("All quiet");
    await quiet.waitFor({ timeout: 5000 });
    await page.keyboard.press("Escape");
    await quiet.waitFor({ state: "hidden", timeout: 5000 });

    const list = (await page.getByTestId("log-list").boundingBox())!;
    await page.mouse.click(list.x + 300, list.y + list.height - 12);
    const details = page.getByTestId("details");
    await eventually("the details are in sight", 5000, async () => {
      const box = await details.boundingBox();
      return (box !== null && box.y + box.height <= list.y + list.height) || undefined;
    });
    await page.keyboard.press("Escape");
    await expect.poll(() => details.count()).toBe(0);
  } finally {
    await browser.close();
  }
}, 60_000);
