/** What went wrong, as far as a caller can act on it. The HTTP error handler maps each code to one status. */
export type ErrorCode =
  | "bad_data"
  | "too_large"
  | "rate_limited"
  | "not_found"
  | "already_exists"
  | "unprocessable"
  | "unauthorized"
  | "corrupt"
  | "unavailable"
  | "cancelled"
  | "timeout";

/** An expected failure that a caller can act on. Everything else is a bug and stays a plain Error. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export function isServiceError(error: unknown, code?: ErrorCode): error is ServiceError {
  return error instanceof ServiceError && (code === undefined || error.code === code);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** States what must be true; a failure is a bug in Sluice, never the user's fault. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) {
    throw new Error(`assertion failed: ${message}`);
  }
}
