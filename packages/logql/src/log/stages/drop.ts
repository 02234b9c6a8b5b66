import { compileMatcher } from "@sluice/model";
import type { DropNode } from "../../syntax/index.ts";
import { errorDetailsLabel, errorLabel, type LineLabels } from "../line-labels.ts";
import type { Stage } from "../line.ts";

/** `| drop label, label="value"`: takes labels away, with a matcher only where it fits. `__error__` can be dropped. */
export function compileDrop({ labels: choices }: DropNode): Stage {
  const drops = choices.map(({ name, matcher }) => ({ name, test: matcher && compileMatcher(matcher) }));
  return ({ labels }) => {
    for (const { name, test } of drops) {
      const value = valueOf(labels, name);
      if (test === undefined ? value !== undefined : test(value ?? "")) {
        drop(labels, name);
      }
    }
    return true;
  };
}

function valueOf(labels: LineLabels, name: string): string | undefined {
  switch (name) {
    case errorLabel:
      return labels.error;
    case errorDetailsLabel:
      return labels.errorDetails;
    default:
      return labels.get(name);
  }
}

function drop(labels: LineLabels, name: string): void {
  switch (name) {
    case errorLabel:
      labels.error = "";
      break;
    case errorDetailsLabel:
      labels.errorDetails = "";
      break;
    default:
      labels.delete(name);
  }
}
