import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { type Part, startPart } from "./part.ts";

/** A part that runs this source; it says that it runs by making the file `up`. */
function start(directory: string, source: string, stopDeadlineMs = 10_000): Part {
  const script = join(directory, "part.ts");
  writeFileSync(script, `import { writeFileSync } from "node:fs";\n${source}`);
  const logPath = join(directory, "part.log");
  return startPart({ name: "the part", command: [script], workingDirectory: directory, logPath, stopDeadlineMs });
}

const up = 'writeFileSync("up", String(process.pid));';
const stays = `setInterval(() => {}, 1000); ${up}`;

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 15_000; !isTrue();) {
    expect(Date.now(), what).toBeLessThan(deadline);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function untilUp(directory: string): Promise<number> {
  await until(
    "the part is up",
    () => existsSync(join(directory, "up")) && readFileSync(join(directory, "up")).length > 0,
  );
  return Number(readFileSync(join(directory, "up"), "utf8"));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("a part is asked to stop and may finish its work", async () => {
  await using directory = await temporaryDirectory();
  const work = 'process.on("SIGTERM", () => setTimeout(() => { console.log("done"); process.exit(0); }, 100));';
  const part = start(directory.path, `${work} ${stays}`);
  await untilUp(directory.path);
  await part.stop();
  expect(await part.ended).toMatch(/^the part ended \(exit code 0\)/u);
  expect(readFileSync(join(directory.path, "part.log"), "utf8")).toBe("done\n");
});

test("a part that does not stop is killed after its deadline", async () => {
  await using directory = await temporaryDirectory();
  const part = start(directory.path, `process.on("SIGTERM", () => {}); ${stays}`, 200);
  const pid = await untilUp(directory.path);
  await part.stop();
  expect(await part.ended).toMatch(/^the part ended \(killed by SIGKILL\)/u);
  expect(isAlive(pid)).toBe(false);
});

test("stopping a part that has ended is done at once", async () => {
  await using directory = await temporaryDirectory();
  const part = start(directory.path, "");
  await part.ended;
  await part.stop();
});

test("a part that dies tells how, and its last lines", async () => {
  await using directory = await temporaryDirectory();
  const part = start(directory.path, 'for (let i = 1; i <= 20; i++) console.error("line " + i); process.exitCode = 3;');
  const log = join(directory.path, "part.log");
  const lines = Array.from({ length: 8 }, (_, index) => `  line ${index + 13}`);
  expect(await part.ended).toBe([`the part ended (exit code 3); its last lines in ${log}:`, ...lines].join("\n"));
});

test("a part ends when its starter is killed", async () => {
  await using directory = await temporaryDirectory();
  writeFileSync(join(directory.path, "part.ts"), `import { writeFileSync } from "node:fs"; ${stays}`);
  const options = {
    name: "the part",
    command: [join(directory.path, "part.ts")],
    workingDirectory: directory.path,
    logPath: join(directory.path, "part.log"),
    stopDeadlineMs: 10_000,
  };
  const partModule = new URL("part.ts", import.meta.url).href;
  const starterSource = `import { startPart } from ${JSON.stringify(partModule)}; startPart(${JSON.stringify(options)});`;
  const starter = spawn(process.execPath, ["--input-type=module", "--eval", starterSource]);
  const pid = await untilUp(directory.path);
  starter.kill("SIGKILL");
  await until("the part has ended", () => !isAlive(pid));
});

test("the tether does not keep a part running that has nothing more to do", async () => {
  await using directory = await temporaryDirectory();
  expect(await start(directory.path, up).ended).toMatch(/exit code 0/u);
});
