import { labelsFromRecord, labelsToRecord } from "@sluice/model";
import { expect, test } from "vitest";
import { withServiceName } from "./service-name.ts";

test.for([
  { title: "the first that it has", labels: { job: "j", app: "a" }, sources: ["service", "app", "job"], want: "a" },
  { title: "none of them", labels: { pod: "p" }, sources: ["app"], want: "unknown_service" },
  { title: "no labels at all", labels: {}, sources: ["app"], want: "unknown_service" },
  { title: "its own", labels: { service_name: "s", app: "a" }, sources: ["app"], want: "s" },
  { title: "switched off", labels: { app: "a" }, sources: [], want: undefined },
])("a stream is named by $title", ({ labels, sources, want }) => {
  const named = withServiceName(labelsFromRecord(labels), sources);
  expect(labelsToRecord(named)["service_name"]).toBe(want);
});
