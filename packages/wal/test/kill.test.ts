import { spawn } from "node:child_process";
import { once } from "node:events";
import { nodeFileSystem } from "@sluice/model/node";
import { randomInt, seededRng, temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { openTestWal } from "./harness.ts";

const rounds = 6;

test("kill -9 in the middle of appending loses nothing that was acknowledged", async () => {
  await using temporary = await temporaryDirectory();
  const rng = seededRng(Date.now());
  let acknowledged = 0;
  for (let round = 0; round < rounds; round++) {
    acknowledged = Math.max(acknowledged, await appendUntilKilled(temporary.path, randomInt(rng, 150)));
    const wal = await openTestWal(nodeFileSystem, { directory: temporary.path });
    let last = 0;
    for await (const { position, record } of wal.read(1)) {
      expect(position).toBe(last + 1);
      const text = Buffer.from(record.buffer, record.byteOffset, record.length).toString();
      expect(text === String(position).repeat(position % 1000), `content of record ${position}`).toBe(true);
      last = position;
    }
    expect(last, `round ${round}`).toBeGreaterThanOrEqual(acknowledged);
    await wal.close();
  }
  expect(acknowledged).toBeGreaterThan(rounds);
});

/** Resolves to the last position that the child said was acknowledged. */
async function appendUntilKilled(directory: string, killAfterMs: number): Promise<number> {
  const child = spawn(process.execPath, [`${import.meta.dirname}/append-until-killed.ts`, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(child.stdout, "data");
  setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  await once(child, "close");
  // What comes after the last line feed may be half a number.
  const lines = output.slice(0, output.lastIndexOf("\n")).split("\n");
  return Math.max(...lines.map(Number));
}
