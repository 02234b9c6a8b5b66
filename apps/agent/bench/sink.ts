import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { logLine, seededRng } from "@sluice/testkit";

/**
 * The other process of the bench: writes a CRI file of about so many bytes, then takes pushes and throws them away.
 * Tells on stdout, in one line of JSON, how large the file is and where it listens.
 *
 *     node bench/sink.ts <file> <bytes>
 */
const [path, sizeText] = process.argv.slice(2);
const wantedBytes = Number(sizeText);
const startMs = Date.UTC(2026, 0, 5);

const file = createWriteStream(path!);
const rng = seededRng(42);
let bytes = 0;
let lines = 0;
while (bytes < wantedBytes) {
  let text = "";
  for (let i = 0; i < 1000; i++, lines++) {
    const ms = startMs + lines;
    text += `${new Date(ms).toISOString().slice(0, -1)}123456Z stdout F ${logLine(rng, ms)}\n`;
  }
  const chunk = Buffer.from(text);
  bytes += chunk.length;
  if (!file.write(chunk)) {
    await once(file, "drain");
  }
}
file.end();
await once(file, "close");

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => response.writeHead(204).end());
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
console.log(JSON.stringify({ bytes, lines, port: (server.address() as AddressInfo).port }));
