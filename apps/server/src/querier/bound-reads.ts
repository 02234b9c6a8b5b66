import { ServiceError, type Querier } from "@sluice/model";

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Has no data at all. */
export const emptyQuerier: Querier = { select: async () => [], series: async () => [] };

/**
 * A querier for one query that refuses to read more than it may, before it reads.
 *
 * @param bytesMax bytes of lines in the blocks that may hold what is wanted; 0 is no limit.
 */
export function boundReads(querier: Querier, bytesMax: number): Querier {
  if (bytesMax === 0) {
    return querier;
  }
  let bytes = 0;
  return {
    async select(request, signal) {
      const blocks = await querier.select(request, signal);
      bytes += blocks.reduce((sum, { rawBytes }) => sum + rawBytes, 0);
      if (bytes > bytesMax) {
        throw new ServiceError(
          "bad_data",
          `the query would read too many bytes (query: ${printSize(bytes)}, limit: ${printSize(bytesMax)}); consider adding more specific stream selectors or reduce the time range of the query`,
        );
      }
      return blocks;
    },
    series: (request) => querier.series(request),
  };
}

/** As Go's dustin/go-humanize prints sizes: `1.5 KiB`, `79 MiB`. */
function printSize(bytes: number): string {
  const power = bytes < 10 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const amount = Math.floor((bytes / 1024 ** power) * 10 + 0.5) / 10;
  return `${amount < 10 && power > 0 ? amount.toFixed(1) : amount.toFixed(0)} ${units[power]}`;
}
