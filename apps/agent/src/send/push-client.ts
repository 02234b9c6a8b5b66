import { readFile } from "node:fs/promises";
import { messageOf, type Clock } from "@sluice/model";
import type { ClientConfig } from "../config.ts";

/** What a server said to a push, or why it said nothing. */
export interface PushAnswer {
  readonly verdict: PushVerdict;
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The server's text, or the error's; on one line. */
  readonly text: string;
  /** What `Retry-After` asks for, in milliseconds; 0 without it. */
  readonly retryAfterMs: number;
}

/**
 * `stored`: done. `busy`: the same again later. `refused`: not as we are (login, address, a gateway in change): again,
 * but slowly, nothing is wrong with the lines. `too_large`: again in halves. `invalid`: these lines will never be taken.
 */
export type PushVerdict = "stored" | "busy" | "refused" | "too_large" | "invalid";

const textLengthMax = 8192;
const retryAfterMsMax = 3_600_000;

export function verdictOf(status: number): PushVerdict {
  if (status >= 200 && status < 300) {
    return "stored";
  }
  if (status === 413) {
    return "too_large";
  }
  if (status === 400 || status === 422 || status === 501) {
    return "invalid";
  }
  return status === 429 || status >= 500 ? "busy" : "refused";
}

/** Posts bodies to one client's URL over connections that are kept open. */
export class PushClient {
  readonly #client: ClientConfig;
  readonly #clock: Clock;

  constructor(client: ClientConfig, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /**
   * @param body a logproto.PushRequest, snappy block format.
   * @param signal ends the request; the answer is then `busy`.
   */
  async post(body: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<PushAnswer> {
    const { url, timeout } = this.#client;
    try {
      const response = await fetch(withoutLogin(url), {
        method: "POST",
        headers: await requestHeaders(this.#client),
        body,
        // A redirected POST would become a GET.
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
      });
      const text = await readText(response);
      const { status } = response;
      return { verdict: verdictOf(status), status, text, retryAfterMs: this.#retryAfterMs(response) };
    } catch (error) {
      return { verdict: "busy", status: 0, text: causeOf(error), retryAfterMs: 0 };
    }
  }

  #retryAfterMs(response: Response): number {
    const text = response.headers.get("retry-after") ?? "";
    const ms = /^\d+$/u.test(text) ? Number(text) * 1000 : Date.parse(text) - this.#clock.nowMs();
    return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), retryAfterMsMax);
  }
}

/** Read for each request: tokens and passwords in files are changed while we run. */
async function requestHeaders(client: ClientConfig): Promise<Headers> {
  const headers = new Headers(client.headers);
  headers.set("content-type", "application/x-protobuf");
  headers.set("user-agent", "sluice-agent/0.1.0");
  if (client.tenant_id !== undefined) {
    headers.set("x-scope-orgid", client.tenant_id);
  }
  const { basic_auth: login, bearer_token: token, bearer_token_file: tokenFile } = client;
  const url = new URL(client.url);
  if (login !== undefined) {
    const password = login.password_file === undefined ? login.password : await readSecret(login.password_file);
    headers.set("authorization", basic(login.username, password ?? ""));
  } else if (token !== undefined || tokenFile !== undefined) {
    headers.set("authorization", `Bearer ${token ?? (await readSecret(tokenFile!))}`);
  } else if (url.username !== "") {
    headers.set("authorization", basic(decodeURIComponent(url.username), decodeURIComponent(url.password)));
  }
  return headers;
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

async function readSecret(path: string): Promise<string> {
  return (await readFile(path, "utf8")).trim();
}

function withoutLogin(url: string): URL {
  const plain = new URL(url);
  plain.username = "";
  plain.password = "";
  return plain;
}

/** Reads what is needed of an answer and lets go of the rest. */
async function readText(response: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > textLengthMax) {
      break;
    }
  }
  return text.slice(0, textLengthMax).replace(/\s+/gu, " ").trim();
}

/** fetch says only "fetch failed"; why is in the cause. */
function causeOf(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown };
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return cause === undefined ? messageOf(error) : `${messageOf(cause)}${code === undefined ? "" : ` (${code})`}`;
}
