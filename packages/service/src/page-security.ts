import { createHash } from "node:crypto";

/**
 * The headers with which a page that shows log text is served. Log text is hostile: scripts and styles come from the
 * page's own server only, nothing may frame it, and its own inline elements are allowed by their hashes.
 *
 * @param html the page.
 */
export function pageSecurityHeaders(html: string): Readonly<Record<string, string>> {
  return {
    "Content-Security-Policy": [
      "default-src 'none'",
      `script-src 'self'${inlineHashes(html, "script")}`,
      `style-src 'self'${inlineHashes(html, "style")}`,
      "img-src 'self' data:",
      "font-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ].join("; "),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
  };
}

function inlineHashes(html: string, tag: "script" | "style"): string {
  const inline = html.matchAll(new RegExp(`<${tag}(?![^>]*\\bsrc=)[^>]*>([\\s\\S]*?)</${tag}>`, "gu"));
  return [...inline].map(([, body]) => ` 'sha256-${createHash("sha256").update(body!).digest("base64")}'`).join("");
}
