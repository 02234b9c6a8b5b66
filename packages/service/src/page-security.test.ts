import { expect, test } from "vitest";
import { pageSecurityHeaders } from "./page-security.ts";

test("inline elements of the page are allowed by their hash, everything else only from its own server", () => {
  const html = `<style>a{}</style><script type="module">1</script><script src="/assets/x.js"></script>`;
  const policy = pageSecurityHeaders(html)["Content-Security-Policy"]!.split("; ");
  expect(policy).toContain("script-src 'self' 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='");
  expect(policy).toContain("style-src 'self' 'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk='");
  expect(policy).toContain("default-src 'none'");
  expect(policy.join()).not.toContain("unsafe");
});
