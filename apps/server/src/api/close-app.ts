import type { FastifyInstance } from "fastify";

/** How often connections that became idle are looked for. */
const idleCheckMs = 50;

/**
 * Stops listening and lets the requests under way be answered: a push that was cut off would be sent again.
 *
 * @param graceMs after this, connections that are still there are cut: clients that read or send too slowly.
 */
export async function closeApp(app: FastifyInstance, graceMs: number): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), idleCheckMs);
  const cut = setTimeout(() => {
    app.server.closeAllConnections();
    for (const socket of app.websocketServer.clients) {
      socket.terminate();
    }
  }, graceMs);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(cut);
  }
}
