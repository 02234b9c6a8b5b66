import { parseDurationMs, quoteGo, ServiceError } from "@sluice/model";

const units = new Set(["ms", "s", "m", "h", "d", "w", "y"]);

/**
 * Reads the duration of a range, `5m` or `1h30m`, in milliseconds.
 *
 * @throws {ServiceError} `bad_data` with the text of Prometheus' `model.ParseDuration`, which names an unknown unit.
 */
export function parseRangeMs(text: string): number {
  try {
    return parseDurationMs(text);
  } catch (error) {
    for (const [, unit] of text.matchAll(/\d+(\D*)/gu)) {
      if (!/^\d/u.test(text) || unit === "") {
        break;
      }
      if (!units.has(unit!)) {
        throw new ServiceError("bad_data", `unknown unit ${quoteGo(unit!)} in duration ${quoteGo(text)}`, {
          cause: error,
        });
      }
    }
    throw error;
  }
}
