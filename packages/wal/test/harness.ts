import type { FileSystem, LogFields, Logger } from "@sluice/model";
import { systemClock } from "@sluice/model/node";
import { quietLogger, quietMetrics } from "@sluice/testkit";
import { type LockOwner, openWal, type Position, type Wal, type WalOptions } from "@sluice/wal";

export const directory = "/wal";

let starts = 0;

/** A process that is dead as soon as another one asks. */
function deadOwner(): LockOwner {
  starts += 1;
  return { name: `start${starts}`, isAlive: () => false };
}

/** Opens the log of {@link directory}; a failure of the disk ends the test unless it is expected. */
export function openTestWal(fs: FileSystem, options: Partial<WalOptions> = {}): Promise<Wal> {
  return openWal({
    directory,
    fs,
    logger: quietLogger,
    metrics: quietMetrics,
    clock: systemClock,
    lockOwner: deadOwner(),
    onFatal(error) {
      throw error;
    },
    ...options,
  });
}

export function record(text: string): Uint8Array[] {
  return [new TextEncoder().encode(text)];
}

/** Positions and texts of all records from `from` on, as `["1 text", ...]`. */
export async function readTexts(wal: Wal, from: Position = 1): Promise<string[]> {
  const texts: string[] = [];
  for await (const { position, record } of wal.read(from)) {
    texts.push(`${position} ${new TextDecoder().decode(record)}`);
  }
  return texts;
}

export interface LoggedMessage {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** Keeps what was logged at warn and error. */
export function recordingLogger(): Logger & { readonly messages: LoggedMessage[] } {
  const messages: LoggedMessage[] = [];
  return {
    ...quietLogger,
    messages,
    warn: (message, fields = {}) => void messages.push({ level: "warn", message, fields }),
    error: (message, fields = {}) => void messages.push({ level: "error", message, fields }),
  };
}
