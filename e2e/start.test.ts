import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { launchBrowser } from "./world/browser.ts";
import { eventually, freePort } from "./world/local.ts";
import { queryLines } from "./world/loki-client.ts";
import { startProcess, type WorldProcess } from "./world/process.ts";

/** `npm start` without its install step, which has run already. */
function start(...args: readonly string[]): WorldProcess {
  return startProcess("node", ["deploy/local/start.ts", ...args]);
}

test("npm start: lines of the demo are in the browser within ten seconds of ready, Ctrl-C stops it, and a second start finds them", async () => {
  await using directory = await temporaryDirectory();
  const port = await freePort();
  const args = ["--data", join(directory.path, "data"), "--port", String(port)];
  const url = `http://127.0.0.1:${port}`;

  await using first = start(...args);
  await first.waitFor(new RegExp(`Sluice is ready: ${url}`, "u"), 120_000);
  const readyMs = Date.now();
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(`${url}/explore?${new URLSearchParams({ q: '{namespace="ai-prod"}' })}`);
    await page.getByTestId("log-line").first().waitFor({ timeout: 10_000 });
    expect(Date.now() - readyMs).toBeLessThan(15_000);
  } finally {
    await browser.close();
  }
  const apps = await eventually("every service of the demo has lines", 30_000, async () => {
    const names = new Set((await queryLines(url, '{namespace="ai-prod"}')).map(({ labels }) => labels["app"]));
    return names.size >= 5 ? names : undefined;
  });
  expect(apps).toEqual(new Set(["ai-agent", "gateway", "retriever", "llm", "tool"]));
  const before = await queryLines(url, '{namespace="ai-prod"}');
  first.signal("SIGINT");
  expect(await first.ended()).toBe(0);

  await using second = start(...args, "--no-demo");
  await second.waitFor(/Sluice is ready/u, 60_000);
  const after = await queryLines(url, '{namespace="ai-prod"}');
  // Services send side by side: a line of one may come later than a younger one of another.
  const known = new Set(after.map(({ timestampNs, line }) => `${timestampNs} ${line}`));
  expect(before.filter(({ timestampNs, line }) => !known.has(`${timestampNs} ${line}`))).toEqual([]);
  expect(after.length).toBeGreaterThanOrEqual(before.length);
  expect(await second.stop()).toBe(0);
}, 240_000);

test("npm start -- --no-demo --path follows the user's own files", async () => {
  await using directory = await temporaryDirectory();
  const port = await freePort();
  const file = join(directory.path, "own.log");
  writeFileSync(file, "a line of my own\n");
  await using started = start(
    "--data",
    join(directory.path, "data"),
    "--port",
    String(port),
    "--no-demo",
    "--path",
    join(directory.path, "*.log"),
  );
  await started.waitFor(/Sluice is ready/u, 60_000);
  const line = await eventually(
    "the line is queryable",
    20_000,
    async () => (await queryLines(`http://127.0.0.1:${port}`, `{filename="${file}"}`))[0],
  );
  expect(line.line).toBe("a line of my own");
  expect(await started.stop()).toBe(0);
}, 120_000);

interface BadStart {
  readonly title: string;
  readonly args: (busyPort: number) => readonly string[];
  readonly told: RegExp;
}

const badStarts: readonly BadStart[] = [
  {
    title: "a busy port",
    args: (port: number) => ["--port", String(port)],
    told: /^[^\n]*port \d+[^\n]*in use[^\n]*$|^[^\n]*:\d+: the port is in use[^\n]*$/mu,
  },
  { title: "an unusable directory", args: () => ["--data", "/dev/null/x"], told: /^[^\n]*\/dev\/null\/x[^\n]*$/mu },
  { title: "an unknown flag", args: () => ["--dta"], told: /Unknown option '--dta'/u },
];

test.for(badStarts)(
  "npm start with $title ends with one clear sentence",
  { timeout: 90_000 },
  async ({ args, told }) => {
    await using directory = await temporaryDirectory();
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve));
    const given = args((busy.address() as AddressInfo).port);
    const data = given.includes("--data") ? [] : ["--data", join(directory.path, "data")];
    await using started = start(...data, ...given, "--no-demo");
    expect(await started.ended()).toBe(1);
    expect(started.output()).toMatch(told);
    expect(started.output()).not.toMatch(/\n\s+at /u);
    busy.close();
  },
);
