import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { messageOf, ServiceError } from "@sluice/model";
import { pageSecurityHeaders } from "@sluice/service";

export interface PageFile {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

/**
 * Reads the built Explore page into memory: afterwards a request can name only what was there, whatever it asks for.
 *
 * @returns what to answer for a path; undefined when there is no such file.
 * @throws {ServiceError} `bad_data` when the directory holds no built page.
 */
export function loadPage(directory: string): (path: string) => PageFile | undefined {
  let index: Buffer;
  try {
    index = readFileSync(join(directory, "index.html"));
  } catch (error) {
    throw new ServiceError("bad_data", `no Explore page in ${directory}: ${messageOf(error)}`, { cause: error });
  }
  const security = pageSecurityHeaders(index.toString());
  const files = new Map<string, PageFile>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) {
      const file = join(entry.parentPath, entry.name);
      const path = file.slice(directory.length).replace(/^\/*/u, "/");
      files.set(path, {
        body: readFileSync(file),
        headers: {
          ...security,
          "Content-Type": contentTypes[extname(path)] ?? "application/octet-stream",
          // The build puts a hash into the names of the assets; everything else may change with the next version.
          "Cache-Control": path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
        },
      });
    }
  }
  const indexFile = files.get("/index.html");
  // The page's own places (/explore, /alerts) have no file: they all are the one page.
  return (path) => files.get(path) ?? (extname(path) === "" && !path.startsWith("/assets/") ? indexFile : undefined);
}
