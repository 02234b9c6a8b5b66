import { createClient } from "@sluice/api";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { openWebSocket } from "./session/web-socket.ts";
import "./styles.css";

/** The directory of the page is where the server's paths are, so that both can be moved under any path. */
const base = new URL("./", location.href).href;

createRoot(document.querySelector("#root")!).render(
  <App
    services={{
      base,
      clientOf: (tenant) => createClient({ baseUrl: base, tenant }),
      openSocket: openWebSocket,
      nowMs: () => Date.now(),
      setTimer: (run, ms) => window.setTimeout(run, ms),
      clearTimer: (timer) => clearTimeout(timer),
    }}
  />,
);
