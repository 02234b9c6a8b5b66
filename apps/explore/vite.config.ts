import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = "http://127.0.0.1:3100";

export default defineConfig({
  // Relative, so that the page works under any path.
  base: "./",
  plugins: [react()],
  build: {
    target: "es2023",
    // The policy allows scripts of files only: nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      "/loki": { target: server, ws: true },
      "/prometheus": server,
      "/ready": server,
    },
  },
});
