import type { Logger } from "@sluice/model";
import { pino } from "pino";

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/** A logger that can be told to say more, or less, while the process runs. */
export interface ProcessLogger extends Logger {
  level: LogLevel;
}

/** The process' own log: JSON lines on stderr, so that stdout stays for what the user asked for. */
export function createLogger(level: LogLevel): ProcessLogger {
  const out = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
  return {
    get level() {
      return out.level as LogLevel;
    },
    set level(wanted) {
      out.level = wanted;
    },
    debug: (message, fields) => out.debug(fields ?? {}, message),
    info: (message, fields) => out.info(fields ?? {}, message),
    warn: (message, fields) => out.warn(fields ?? {}, message),
    error: (message, fields) => out.error(fields ?? {}, message),
  };
}
