import { isServiceError } from "@sluice/model";
import { faultDisk, randomInt, seededRng } from "@sluice/testkit";
import { expect, test } from "vitest";
import { openTestWal } from "./harness.ts";

const rounds = 250;

/**
 * Lives of a log, one after the other, each ended by a power cut or a kill at any operation: appends of any size, full
 * disks, trims. After each, every acknowledged record is there with the position it was given, and none is wrong.
 */
test.for(Array.from({ length: rounds }, (_, i) => i))("no acknowledged record is lost, seed %i", async (seed) => {
  const rng = seededRng(seed);
  const fs = faultDisk();
  const acknowledged = new Map<number, string>();
  const everTried = new Set<string>();
  const refused = new Set<string>();
  let trimmedThrough = 0;
  for (let life = 0; life < 6; life++) {
    let operationsLeft = randomInt(rng, rng.next() < 0.3 ? 20 : 120);
    fs.capacityBytes = Number.POSITIVE_INFINITY;
    fs.intercept = (operation) => {
      operationsLeft -= 1;
      if (rng.next() < 0.1) {
        fs.writeBack();
      }
      if (operationsLeft < 0) {
        throw Object.assign(new Error(`power is off at ${operation}`), { code: "EIO" });
      }
    };
    try {
      const wal = await openTestWal(fs, {
        segmentBytesMax: seed % 3 === 0 ? 1 : 3000,
        trimmedBytesMax: seed % 2 === 0 ? 0 : 1500,
        onFatal: () => {},
      });
      // What the log says after the cut: all that was acknowledged, and nothing that nobody wrote.
      let last = 0;
      for await (const { position, record } of wal.read(trimmedThrough + 1)) {
        const text = new TextDecoder().decode(record);
        expect(everTried.has(text), `a record that nobody wrote at ${position}`).toBe(true);
        expect(refused.has(text), `a refused record at ${position}`).toBe(false);
        expect(position).toBe(Math.max(last, trimmedThrough) + 1);
        expect(acknowledged.get(position) ?? text).toBe(text);
        // It was read, so it must stay, acknowledged or not.
        acknowledged.set(position, text);
        last = position;
      }
      expect(wal.lastPosition, "positions go on behind what was trimmed").toBeGreaterThanOrEqual(trimmedThrough);
      for (const position of acknowledged.keys()) {
        expect(position, "an acknowledged record is lost").toBeLessThanOrEqual(wal.lastPosition);
      }
      for (let turn = 0; turn < 30; turn++) {
        const appends = Array.from({ length: 1 + randomInt(rng, 4) }, (_, i) => {
          const text = `${seed}/${life}/${turn}/${i} ${"x".repeat(randomInt(rng, 1500))}`;
          everTried.add(text);
          return wal.append([new TextEncoder().encode(text)]).then(
            (position) => acknowledged.set(position, text),
            (error: unknown) => {
              expect(isServiceError(error, "unavailable")).toBe(true);
              if ((error as Error).message.startsWith("no space left")) {
                refused.add(text);
              }
            },
          );
        });
        if (rng.next() < 0.7) {
          await Promise.all(appends);
        }
        if (rng.next() < 0.1) {
          const upTo = rng.next() < 0.5 ? wal.lastPosition : randomInt(rng, wal.lastPosition + 1);
          trimmedThrough = Math.max(trimmedThrough, upTo);
          await wal.trim(trimmedThrough);
        }
        fs.capacityBytes = rng.next() < 0.1 ? wal.sizeBytes + randomInt(rng, 2000) : Number.POSITIVE_INFINITY;
      }
      await wal.close();
    } catch (error) {
      if (operationsLeft >= 0) {
        throw error;
      }
    }
    // Whatever still runs of this life must come to its end before the next one begins.
    await new Promise((resolve) => setTimeout(resolve, 1));
    fs.intercept = undefined;
    if (life % 2 === 0) {
      fs.kill();
    } else {
      fs.powerCut(rng);
    }
  }
  fs.capacityBytes = Number.POSITIVE_INFINITY;
  const wal = await openTestWal(fs);
  const found = new Map<number, string>();
  for await (const { position, record } of wal.read(trimmedThrough + 1)) {
    found.set(position, new TextDecoder().decode(record));
  }
  for (const [position, text] of acknowledged) {
    if (position > trimmedThrough) {
      expect(found.get(position), `position ${position}`).toBe(text);
    }
  }
});
