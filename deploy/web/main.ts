import { ServiceError } from "@sluice/model";
import { createLogger, parseFlags, parseListenAddress, runProcess, type Running } from "@sluice/service";
import { loadPage } from "./page.ts";
import { createWebServer } from "./web-server.ts";

/** The Explore page on a web server of its own, for clusters where the page and the API are exposed apart. */
const usage = "node deploy/web/main.ts --ui <dir> --api <url> [--listen <host:port>]";

await runProcess(start, 10_000);

async function start(): Promise<Running | undefined> {
  const flags = parseFlags(
    usage,
    {
      ui: { value: "<dir>", help: "Directory of the built Explore page." },
      api: { value: "<url>", help: "The server, for example http://sluice-server:3100." },
      listen: { value: "<host:port>", help: "Address to listen on (default 127.0.0.1:8080)." },
    },
    process.argv.slice(2),
  );
  if (flags === "help") {
    return undefined;
  }
  const directory = flags.text("ui");
  const apiText = flags.text("api");
  if (directory === undefined || apiText === undefined) {
    throw new ServiceError("bad_data", "--ui <dir> and --api <url> are both needed (see --help)");
  }
  const api = URL.parse(apiText);
  if (api?.protocol !== "http:") {
    throw new ServiceError("bad_data", `--api '${apiText}' is not a URL that starts with http://`);
  }
  const { host, port } = parseListenAddress(flags.text("listen") ?? "127.0.0.1:8080");
  const web = createWebServer({ page: loadPage(directory), api });
  await new Promise<void>((resolve, reject) => {
    web.server.once("error", (error: NodeJS.ErrnoException) =>
      reject(new ServiceError("unavailable", `cannot listen on ${host}:${port}: ${error.code}`, { cause: error })),
    );
    web.server.listen(port, host, resolve);
  });
  createLogger("info").info("serving the Explore page", { listen: `${host}:${port}`, api: api.origin });
  return web;
}
