import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: string;
}

/** Prints a figure. */
export type Report = (name: string, value: number, unit: string, goal?: string) => void;

/** Figures as they are measured: printed at once, and written to `results/<title>.json` at the end. */
export function openReport(title: string): { readonly report: Report; readonly write: () => void } {
  const figures: Figure[] = [];
  return {
    report(name, value, unit, goal = "") {
      const figure = { name, value: Number(value.toPrecision(3)), unit, goal };
      figures.push(figure);
      console.log(`${name.padEnd(72)} ${String(figure.value).padStart(8)} ${unit.padEnd(12)} ${goal}`);
    },
    write() {
      const results = join(import.meta.dirname, "results");
      mkdirSync(results, { recursive: true });
      const content = { title, node: process.version, platform: `${process.platform} ${process.arch}`, figures };
      writeFileSync(join(results, `${title}.json`), `${JSON.stringify(content, undefined, 2)}\n`);
    },
  };
}
