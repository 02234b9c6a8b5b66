const names = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/** The names of OpenTelemetry's severity numbers, each at its number: four of each of six. */
export const severityNumbers: readonly string[] = Object.freeze([
  "SEVERITY_NUMBER_UNSPECIFIED",
  ...names.flatMap((name) => ["", "2", "3", "4"].map((suffix) => `SEVERITY_NUMBER_${name}${suffix}`)),
]);
