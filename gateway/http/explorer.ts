/**
 * The explorer at GET / in development: a page of our own, whole in one file, for writing an operation and reading its
 * answer. (GraphiQL itself comes as a bundle of megabytes, or from a content network.)
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

export type Page = { readonly html: string; readonly headers: Readonly<Record<string, string>> };

/** Only the page's own script and style run; it can talk to nothing but this gateway. */
export function explorerPage(): Page {
  const html = readFileSync(new URL("./explorer.html", import.meta.url), "utf8");
  const hashOf = (tag: string) => {
    const text = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(html)?.[1] ?? "";
    return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  };
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf("script")}`,
    `style-src ${hashOf("style")}`,
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    html,
    headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": policy.join("; ") },
  };
}
