/** GraphiQL at GET / in development: the whole page comes from this gateway, nothing from a content network. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

export type Page = { readonly html: string; readonly headers: Readonly<Record<string, string>> };

const headers = { authorization: "Bearer PASTE-A-TOKEN-HERE", "crosswalk-purpose": "CUSTODY" };

/** Stands above the first operation: without a token the gateway says nothing, not even its schema. */
const guide = `# Under Headers, put the token that this prints:  npm run -s token -- ero-officer
# Then the arrows at the lower left load the schema, and the button at the upper right asks.
# Other people worth asking for:  npm run -s scenarios
`;

/** S1 of `npm run -s scenarios`. */
const variables = { by: { fin: "4141592653" } };

/**
 * Only the page's own script runs, and it talks to nothing but this gateway. Megabytes, and in no production image:
 * loaded on the first visit and not before.
 */
export async function graphiqlPage(): Promise<Page> {
  const { renderGraphiQL } = await import("@graphql-yoga/render-graphiql");
  const query = guide + readFileSync(new URL("../../schema/documents/person-record.graphql", import.meta.url), "utf8");
  const html = renderGraphiQL({
    title: "Crosswalk",
    endpoint: "/graphql",
    defaultTabs: [{ query, variables: JSON.stringify(variables, null, 2), headers: JSON.stringify(headers, null, 2) }],
    defaultQuery: query,
    headers: JSON.stringify(headers, null, 2),
    defaultEditorToolsVisibility: "headers",
  });
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
