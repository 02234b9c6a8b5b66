const secretKeys = new Set(["secret_access_key", "session_token", "webhook_url"]);
const masked = "********";

/** A copy of a configuration that may be shown: what only this server should know is masked, as Loki does. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutSecrets);
  }
  if (typeof value === "string") {
    return value.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/@:\s]*):[^/\s]*@/iu, `$1:${masked}@`);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      secretKeys.has(key) && typeof inner === "string" ? masked : withoutSecrets(inner),
    ]),
  );
}
