import type { Client } from "@sluice/api";
import { useEffect } from "react";

const askEveryMs = 3000;

/** While the server is down, asks whether it is ready again, and then says so once. */
export function useServerBack(client: Client, isDown: boolean, onBack: () => void): void {
  useEffect(() => {
    if (!isDown) {
      return undefined;
    }
    const abort = new AbortController();
    const timer = setInterval(() => {
      client.ready(abort.signal).then(onBack, () => undefined);
    }, askEveryMs);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [client, isDown, onBack]);
}
