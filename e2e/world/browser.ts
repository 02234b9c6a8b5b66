import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

const knownPaths = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** A headless Chromium: the one in `CHROMIUM_PATH`, one that is installed, or one installed now where apt and root allow. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

function findChromium(): string {
  const path = installedChromium() ?? installChromium();
  if (path === undefined) {
    throw new Error("the end-to-end tests need Chromium: install it, or name it in CHROMIUM_PATH");
  }
  return path;
}

function installedChromium(): string | undefined {
  const named = process.env["CHROMIUM_PATH"];
  return named ?? knownPaths.find((path) => existsSync(path));
}

function installChromium(): string | undefined {
  const prefix = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const apt = (...args: string[]): boolean => {
    const [command, ...rest] = [...prefix, "apt-get", ...args];
    return (
      spawnSync(command!, rest, { stdio: "inherit", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } })
        .status === 0
    );
  };
  const packages = ["chromium", "fonts-dejavu-core"];
  return apt("update") && apt("install", "-y", "--no-install-recommends", ...packages)
    ? installedChromium()
    : undefined;
}
