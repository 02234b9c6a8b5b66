const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** As Go's dustin/go-humanize prints sizes: `1.5 KiB`, `79 MiB`. */
export function printBinarySize(bytes: number): string {
  const power = bytes < 10 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const amount = Math.floor((bytes / 1024 ** power) * 10 + 0.5) / 10;
  return `${amount < 10 && power > 0 ? amount.toFixed(1) : amount.toFixed(0)} ${units[power]}`;
}
