import { type Clock, ServiceError } from "@sluice/model";

/**
 * Asks again and again until the answer is yes.
 *
 * @returns false when the deadline passed, or the signal aborted, before that.
 */
export async function waitUntil(
  isTrue: () => Promise<boolean>,
  deadlineMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const endMs = clock.nowMs() + deadlineMs;
  for (; clock.nowMs() < endMs && !signal.aborted; await clock.sleep(100, signal)) {
    if (await isTrue()) {
      return true;
    }
  }
  return false;
}

/** Whether the server says that it is ready; not reachable is no. */
export async function isReady(url: string): Promise<boolean> {
  const answer = await ask(`${url}/ready`);
  await answer?.body?.cancel();
  return answer?.status === 200;
}

/** Whether the server has streams with this label. */
export async function hasLabelValue(url: string, label: string, value: string): Promise<boolean> {
  const answer = await ask(`${url}/loki/api/v1/label/${label}/values`);
  if (answer?.status !== 200) {
    await answer?.body?.cancel();
    return false;
  }
  const body = (await answer.json()) as { readonly data?: readonly string[] };
  return body.data?.includes(value) === true;
}

async function ask(url: string): Promise<Response | undefined> {
  try {
    return await fetch(url, { signal: AbortSignal.timeout(5000) });
  } catch {
    return undefined; // Not up yet: the next question comes soon.
  }
}

/** Rejects with what ended first; for racing against work that needs all of them. */
export async function untilOneEnds(parts: readonly { readonly ended: Promise<string> }[]): Promise<never> {
  throw new ServiceError("unavailable", await Promise.race(parts.map((part) => part.ended)));
}
