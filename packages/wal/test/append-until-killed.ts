import { nodeFileSystem, systemClock } from "@sluice/model/node";
import { quietLogger, quietMetrics } from "@sluice/testkit";
import { openWal } from "@sluice/wal";

/**
 * The child of kill.test.ts and lock.test.ts: appends records as fast as it can until it is killed, and prints each position once it is
 * acknowledged. The record of position n is n as text, repeated n % 1000 times.
 */
const wal = await openWal({
  directory: process.argv[2]!,
  fs: nodeFileSystem,
  logger: quietLogger,
  metrics: quietMetrics,
  clock: systemClock,
  segmentBytesMax: 100_000,
  onFatal(error) {
    throw error;
  },
});

let next = wal.lastPosition + 1;
const end = next + 50_000;

async function appendOneByOne(): Promise<void> {
  while (next < end) {
    const position = next;
    next += 1;
    const acknowledged = await wal.append([Buffer.from(String(position).repeat(position % 1000))]);
    process.stdout.write(`${acknowledged}\n`);
  }
}

await Promise.all([appendOneByOne(), appendOneByOne(), appendOneByOne(), appendOneByOne()]);
