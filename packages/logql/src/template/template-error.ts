/** An execution of a template that failed, with the message of Go's `text/template`. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
}

/** What a function of a template reports; the call adds its name and place. */
export class CallError extends Error {
  override readonly name = "CallError";
}
