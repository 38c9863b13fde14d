/** GraphiQL at GET / in development: the whole page comes from this gateway, nothing from a content network. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

export type Page = { readonly html: string; readonly headers: Readonly<Record<string, string>> };

const headers = { authorization: "Bearer PASTE-A-TOKEN-HERE", "crosswalk-purpose": "CUSTODY" };

/** Stands above the first operation. Without a token the gateway says nothing, not even its schema. */
const guide = `# 1. In a terminal:
#      npm run -s token -- ero-officer
# 2. Paste what it prints under Headers.
# 3. The arrows at the lower left load
#    the schema (refused until then).
# 4. The button at the upper right asks.
# Others worth asking for:
#      npm run -s scenarios
`;

/** S1 of `npm run -s scenarios`. */
const scenario = 'person(by: { fin: "4141592653" })';

/** The committed document about S1, with no variables to be filled in first. */
function example(): string {
  const text = readFileSync(new URL("../../schema/documents/person-record.graphql", import.meta.url), "utf8");
  const operation = text.slice(text.indexOf("query PersonRecord"));
  return guide + operation.replace("($by: PersonIdentifier!)", "").replace("person(by: $by)", scenario);
}

/**
 * Only the page's own script runs, and it talks to nothing but this gateway. Megabytes, and in no production image:
 * loaded on the first visit and not before.
 */
export async function graphiqlPage(): Promise<Page> {
  const { renderGraphiQL } = await import("@graphql-yoga/render-graphiql");
  const page = renderGraphiQL({
    title: "Crosswalk",
    endpoint: "/graphql",
    defaultQuery: example(),
    headers: JSON.stringify(headers, null, 2),
    defaultEditorToolsVisibility: "headers",
  });
  const html = page.replace("<style>", "<style>html, body, #root { height: 100%; margin: 0; overflow: hidden; }");
  const script = html.slice(html.indexOf("<script>") + "<script>".length, html.lastIndexOf("</script>"));
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${createHash("sha256").update(script).digest("base64")}'`,
    "worker-src blob:",
    "style-src 'unsafe-inline'",
    "img-src data:",
    "font-src data:",
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
