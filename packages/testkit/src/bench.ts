import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** One thing to measure. */
export interface BenchCase {
  readonly name: string;
  /** Raw log bytes that one call of `run` works on. */
  readonly bytes: number;
  /** Lines that one call of `run` works on. */
  readonly lines: number;
  readonly run: () => unknown;
}

export interface BenchFigure {
  readonly name: string;
  /** Raw log bytes per second of CPU time (user and system, all threads of the process), in millions. */
  readonly mbPerCpuSecond: number;
  readonly linesPerCpuSecond: number;
  /** Against the first case of the run. */
  readonly ratio: number;
  readonly rounds: number;
}

const roundMsMin = 300;
const roundCount = 5;

/**
 * Measures every case and prints a table; figures are the best of five rounds, since the machines are shared. CPU
 * time, not wall time: the neighbours must not count.
 *
 * @param title names the JSON file `bench/results/<title>.json` under `packageDirectory`.
 */
export async function runBench(
  title: string,
  packageDirectory: string,
  cases: readonly BenchCase[],
): Promise<readonly BenchFigure[]> {
  const figures: BenchFigure[] = [];
  for (const benchCase of cases) {
    const secondsPerCall = await measure(benchCase);
    const mbPerCpuSecond = benchCase.bytes / secondsPerCall / 1e6;
    figures.push({
      name: benchCase.name,
      mbPerCpuSecond: Number(mbPerCpuSecond.toPrecision(4)),
      linesPerCpuSecond: Math.round(benchCase.lines / secondsPerCall),
      ratio: Number((mbPerCpuSecond / (figures[0]?.mbPerCpuSecond ?? mbPerCpuSecond)).toPrecision(3)),
      rounds: roundCount,
    });
  }
  console.log(`\n${title} (per core, raw bytes per CPU-second)`);
  console.table(
    figures.map(({ name, mbPerCpuSecond, linesPerCpuSecond, ratio }) => ({
      case: name,
      "MB/s": mbPerCpuSecond,
      "lines/s": linesPerCpuSecond,
      ratio,
    })),
  );
  const directory = join(packageDirectory, "bench", "results");
  mkdirSync(directory, { recursive: true });
  const report = { title, node: process.version, platform: `${process.platform} ${process.arch}`, figures };
  writeFileSync(join(directory, `${title}.json`), `${JSON.stringify(report, undefined, 2)}\n`);
  return figures;
}

async function measure(benchCase: BenchCase): Promise<number> {
  await benchCase.run();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < roundCount; round++) {
    const startCpu = process.cpuUsage();
    const startMs = performance.now();
    let calls = 0;
    do {
      await benchCase.run();
      calls += 1;
    } while (performance.now() - startMs < roundMsMin);
    const used = process.cpuUsage(startCpu);
    best = Math.min(best, (used.user + used.system) / 1e6 / calls);
  }
  return best;
}
