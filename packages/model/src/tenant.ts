import { ServiceError } from "./error.ts";

/** The tenant of requests that name none, as in Loki with `auth_enabled: false`. */
export const defaultTenant = "fake";

const tenantLengthMax = 150;
const unsupportedCharacter = /[^a-zA-Z0-9!\-_.*'()]/u;

/**
 * Checks a tenant id as Loki (dskit `tenant.ValidTenantID`) does.
 *
 * @throws {ServiceError} `bad_data` with Loki's text.
 */
export function checkTenant(tenant: string): string {
  const bad = unsupportedCharacter.exec(tenant);
  if (bad !== null) {
    throw new ServiceError("bad_data", `tenant ID '${tenant}' contains unsupported character '${bad[0]}'`);
  }
  if (tenant.length > tenantLengthMax) {
    throw new ServiceError("bad_data", `tenant ID is too long: max ${tenantLengthMax} characters`);
  }
  if (tenant === "." || tenant === "..") {
    throw new ServiceError("bad_data", "tenant ID is '.' or '..'");
  }
  return tenant;
}
