import { labelsFromRecord } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expandTemplate, parseTemplate } from "./template.ts";

const labels = labelsFromRecord({ pod: "api-1", namespace: "ai-prod" });

test.for([
  { text: "plain", want: "plain" },
  { text: "", want: "" },
  { text: "{{ $labels.pod }} has {{$value}} errors", want: "api-1 has 7.5 errors" },
  { text: "{{ .Labels.namespace }}/{{ .Value }}", want: "ai-prod/7.5" },
  { text: "[{{ $labels.nothing }}]", want: "[]" },
  { text: "a  {{- $value -}}  b", want: "a7.5b" },
  { text: "a {{ $value -}} {{ $labels.pod }}", want: "a 7.5api-1" },
  { text: "single { brace } and }} stay", want: "single { brace } and }} stay" },
])("expand $text", ({ text, want }) => {
  expect(expandTemplate(parseTemplate(text), labels, 7.5)).toBe(want);
});

test.for([
  { text: "{{ $labels.pod", want: 'unclosed action in template: "{{ $labels.pod"' },
  {
    text: "{{ humanize $value }}",
    want: "unsupported template action {{ humanize $value }}: use {{ $labels.name }} or {{ $value }}",
  },
  {
    text: "{{ if $value }}x{{ end }}",
    want: "unsupported template action {{ if $value }}: use {{ $labels.name }} or {{ $value }}",
  },
  { text: "{{}}", want: "unsupported template action {{  }}: use {{ $labels.name }} or {{ $value }}" },
  {
    text: "{{ $labels.a-b }}",
    want: "unsupported template action {{ $labels.a-b }}: use {{ $labels.name }} or {{ $value }}",
  },
])("refuse $text", ({ text, want }) => {
  expect(() => parseTemplate(text)).toThrow(want);
});

test("property: text without actions expands to itself", () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes("{{")),
      (text) => {
        expect(expandTemplate(parseTemplate(text), labels, 1)).toBe(text);
      },
    ),
  );
});
