import { quoteGo, ServiceError } from "@sluice/model";

/** Characters of a name that an error tells; nobody wants to read the megabytes that one may have. */
const toldLengthMax = 1000;

/**
 * The name under which Loki stores structured metadata and OpenTelemetry attributes: letters, digits and `_`, runs of all
 * else as one `_`, `key_` before a leading digit.
 *
 * @throws {ServiceError} `bad_data` when a name holds no ASCII letter or digit.
 * @see Prometheus' otlptranslator label_namer.go
 */
export function normalizeLabelName(name: string): string {
  if (name === "") {
    throw new ServiceError("bad_data", "label name is empty");
  }
  const reserved = /^__(.*)__$/su.exec(name);
  const inner = (reserved?.[1] ?? name).replace(/[^a-zA-Z0-9]+/gu, "_");
  const sanitized = reserved === null ? inner : `__${inner}__`;
  const normal = /^\d/u.test(sanitized) ? `key_${sanitized}` : sanitized;
  if (/^_*$/u.test(normal)) {
    throw new ServiceError(
      "bad_data",
      `normalization for label name ${told(name)} resulted in invalid name ${told(normal)}`,
    );
  }
  return normal;
}

function told(name: string): string {
  return quoteGo(name.slice(0, toldLengthMax));
}
