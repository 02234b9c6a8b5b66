/**
 * Several tenants that are read as one travel as one text, `a|b`: in order. No tenant's id has a `|` in it, so
 * that the text of one tenant is its id.
 */
const separator = "|";

/** @param tenants each once. */
export function joinTenants(tenants: readonly string[]): string {
  return tenants.toSorted().join(separator);
}

export function splitTenants(tenants: string): readonly string[] {
  return tenants.split(separator);
}
