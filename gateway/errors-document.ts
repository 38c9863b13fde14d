/** Writes `docs/errors.md` from the table in errors.ts: `node gateway/errors-document.ts`. A test fails when it is stale. */
import { writeFileSync } from "node:fs";
import { type ErrorKind, errorTable } from "./errors.ts";

export const errorsDocumentPath = new URL("../docs/errors.md", import.meta.url);

const chapters: Readonly<Record<ErrorKind, string>> = {
  request: "## Refused requests\n\nThe request as such is refused: no `data`, this status whatever the media type.",
  document:
    "## Refused documents and values\n\nA well-formed request whose document or variables are refused: no `data`. The status holds for\n`application/graphql-response+json`, `*/*` and no `Accept`; `application/json` answers 200.",
  part: "## Missing parts\n\nThe answer stands, with status 200; the part at `path` is null or incomplete. It never means that there is nothing.",
};

/** The document as it must be committed. */
export function errorsDocument(): string {
  const sections = (Object.keys(chapters) as ErrorKind[]).map((kind) => {
    const rows = Object.entries(errorTable)
      .filter(([, entry]) => entry.kind === kind)
      .map(([code, { status, text, shows }]) => `| \`${code}\` | ${status} | ${text} | ${shows.join(", ") || "–"} |`);
    return `${chapters[kind]}\n\n| code | status | message | also shown |\n|---|---|---|---|\n${rows.join("\n")}\n`;
  });
  return [
    "<!-- Generated from gateway/errors.ts by `node gateway/errors-document.ts`. -->",
    "# Errors\n",
    "Every error has `extensions.code`. No message contains a value, anything a client typed, or text of a subgraph.",
    "`extensions.agency` is the subgraph's name, `extensions.system` the agency's own system. Where a value of the",
    "wrong form is refused, the message names the type and the forms it takes, from the schema. The messages below stand",
    "where nothing more exact can be said: which field there is not, which limit was passed, which purposes there are.\n",
    ...sections,
  ].join("\n");
}

if (import.meta.main) writeFileSync(errorsDocumentPath, errorsDocument());
