import { compileRe2Bytes } from "../src/index.ts";
import { evilPatterns, evilTexts, fixedEvilPatterns } from "../test/evil-patterns.ts";

/** Sets a thousand evil expressions on 1 MB of each text, and prints those that took longest. */
const texts = evilTexts(1_000_000);
const took: { readonly ms: number; readonly compileMs: number; readonly pattern: string }[] = [];
for (const pattern of [...fixedEvilPatterns, ...evilPatterns(1000 - fixedEvilPatterns.length)]) {
  const compileStart = process.cpuUsage();
  const regex = compileRe2Bytes(pattern, { anchored: false });
  const compileMs = cpuMs(compileStart);
  const ms = texts.map((bytes) => {
    const start = process.cpuUsage();
    regex.test(bytes, 0, bytes.length);
    return cpuMs(start);
  });
  took.push({ ms: Math.max(...ms), compileMs, pattern });
}
took.sort((a, b) => b.ms - a.ms);
console.table(
  took.slice(0, 10).map(({ ms, compileMs, pattern }) => ({ ms, compileMs, pattern: pattern.slice(0, 80) })),
);
console.log(`${took.length} expressions, ${took.filter(({ ms }) => ms > 100).length} took more than 100 ms for 1 MB`);

function cpuMs(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return Math.round((user + system) / 100) / 10;
}
