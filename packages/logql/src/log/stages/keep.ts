import { compileMatcher } from "@sluice/model";
import type { KeepNode } from "../../syntax/index.ts";
import { errorDetailsLabel, errorLabel, preserveErrorLabel } from "../line-labels.ts";
import type { Stage } from "../line.ts";

const alwaysKept: ReadonlySet<string> = new Set([errorLabel, errorDetailsLabel, preserveErrorLabel]);

/** `| keep label, label="value"`: takes all other labels away, but never the reports of errors. */
export function compileKeep({ labels: choices }: KeepNode): Stage {
  const tests = new Map<string, ((value: string) => boolean)[]>();
  for (const { name, matcher } of choices) {
    const test = matcher === undefined ? () => true : compileMatcher(matcher);
    tests.set(name, [...(tests.get(name) ?? []), test]);
  }
  const isKept = (name: string, value: string): boolean =>
    alwaysKept.has(name) || tests.get(name)?.some((test) => test(value)) === true;
  return ({ labels }) => {
    labels.retain(isKept);
    return true;
  };
}
