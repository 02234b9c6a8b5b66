import { labelValue, type LabelPair } from "@sluice/model";

/** The label by which Grafana and others find the logs of a service. */
export const serviceNameLabel = "service_name";
const unknownService = "unknown_service";

/**
 * Adds the label `service_name` where a stream has none: the value of the first of `sources` that it has, else
 * `unknown_service`. No sources switch it off.
 */
export function withServiceName(labels: readonly LabelPair[], sources: readonly string[]): readonly LabelPair[] {
  if (sources.length === 0 || labelValue(labels, serviceNameLabel) !== "") {
    return labels;
  }
  const source = sources.find((name) => labelValue(labels, name) !== "");
  const value = source === undefined ? unknownService : labelValue(labels, source);
  const place = labels.findIndex(({ name }) => name > serviceNameLabel);
  return labels.toSpliced(place === -1 ? labels.length : place, 0, { name: serviceNameLabel, value });
}
