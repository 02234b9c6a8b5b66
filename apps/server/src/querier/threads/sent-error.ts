import { isServiceError, messageOf, ServiceError, type ErrorCode } from "@sluice/model";

/** An error as plain data: those that a caller can act on stay what they are, of bugs text and stack are left. */
export interface SentError {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly stack: string | undefined;
}

export function sendError(error: unknown): SentError {
  const code = isServiceError(error) ? error.code : undefined;
  return { code, message: messageOf(error), stack: error instanceof Error ? error.stack : undefined };
}

export function receiveError({ code, message, stack }: SentError): Error {
  const error = code === undefined ? new Error(message) : new ServiceError(code, message);
  if (stack !== undefined) {
    error.stack = stack;
  }
  return error;
}
