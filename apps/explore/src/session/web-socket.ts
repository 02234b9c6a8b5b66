import type { OpenSocket } from "./live.ts";

/** The browser's WebSocket, for an `http:` or `https:` address. */
export const openWebSocket: OpenSocket = (url, { onOpen, onText, onClose }) => {
  const socket = new WebSocket(url.replace(/^http/u, "ws"));
  const events = new AbortController();
  const { signal } = events;
  socket.addEventListener("open", onOpen, { signal });
  socket.addEventListener("message", ({ data }) => onText(String(data)), { signal });
  socket.addEventListener("close", ({ code, reason }) => onClose(code, reason), { signal });
  return {
    close: () => {
      events.abort();
      socket.close();
    },
  };
};
