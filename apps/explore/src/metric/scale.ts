import { roundStepMs } from "../time/round-step.ts";

/** Round values for an axis from 0 or `min` to at least `max`, about `count` of them. */
export function niceTicks(min: number, max: number, count: number): readonly number[] {
  const span = max - min;
  if (!(span > 0) || !Number.isFinite(span)) {
    return [min];
  }
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * 0.999)!;
  const ticks: number[] = [];
  // Counted, not added up: sums of 0.1 drift.
  for (let i = Math.ceil(min / step - 1e-9); i * step <= max + step * 1e-9; i++) {
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return ticks;
}

export interface TimeTicks {
  readonly stepMs: number;
  readonly ticks: readonly number[];
}

/** Round times of a zone's wall clock between two instants, at most `count` of them. */
export function timeTicks(startMs: number, endMs: number, count: number, offsetMs: number): TimeTicks {
  const stepMs = roundStepMs(endMs - startMs, count);
  const ticks: number[] = [];
  for (let at = Math.ceil((startMs + offsetMs) / stepMs) * stepMs - offsetMs; at <= endMs; at += stepMs) {
    ticks.push(at);
  }
  return { stepMs, ticks };
}

/** A number for people: `48 212`, `1.25`, `3.2e-7`. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "−Inf";
  }
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) {
    return value.toExponential(2);
  }
  const rounded = Number(value.toPrecision(size >= 1e4 ? 15 : 4));
  const [whole, fraction] = (size >= 1e4 ? Math.round(value).toString() : rounded.toString()).split(".");
  const grouped = groupDigits(whole!);
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** Digits in groups of three: `48 212`. */
export function groupDigits(digits: string | number): string {
  return String(digits).replaceAll(/\B(?=(?:\d{3})+$)/gu, " ");
}
