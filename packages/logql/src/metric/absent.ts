import { labelsFrom, type Labels, type Matcher } from "@sluice/model";
import { newSeries, type Series } from "./series.ts";
import type { Steps } from "./steps.ts";

/** `absent_over_time`: 1 at every step at which none of the series has a sample, under the labels that were asked for. */
export function absenceOf(found: readonly Series[], matchers: readonly Matcher[], { count }: Steps): Series {
  const series = newSeries(labelsAskedFor(matchers), count);
  for (let k = 0; k < count; k++) {
    if (!found.some(({ present }) => present[k] === 1)) {
      series.present[k] = 1;
      series.values[k] = 1;
    }
  }
  return series;
}

/** Labels that the selector names once, with `=`. */
function labelsAskedFor(matchers: readonly Matcher[]): Labels {
  const asked = new Map<string, string>();
  const others = new Set(["__name__"]);
  for (const { name, operator, value } of matchers) {
    if (operator !== "=" || asked.has(name)) {
      others.add(name);
    } else if (value !== "") {
      asked.set(name, value);
    }
  }
  const kept = [...asked].filter(([name]) => !others.has(name));
  return labelsFrom(kept.map(([name, value]) => ({ name, value })));
}
