/** Writes `docs/access.md` from the supergraph and the policies: `npm run access`. Stale is refused. */
import { readFileSync, writeFileSync } from "node:fs";
import { type Access, type AccessRow, type Asking, accessRows, askingOf, type Caller, readCallers } from "./access.ts";
import { type PolicyBook, type PolicyTexts, readPolicyBook, readPolicyTexts } from "./check-policies.ts";
import { unfitGuards } from "./check-policy-use.ts";
import { readSources, type SchemaSource } from "./compose.ts";
import { type Contract, fieldsOf, readGraph, texts } from "./contract.ts";

const accessDocumentPath = new URL("../docs/access.md", import.meta.url);

/** The document as it must be committed. Throws what the checks find, where they find something. */
export function accessDocument(
  sources: readonly SchemaSource[],
  policies: PolicyTexts,
  callers: readonly Caller[],
): string {
  const book = readPolicyBook(policies);
  if (!("rules" in book)) throw new Error(book.join("\n"));
  const graph = readGraph(sources);
  const { supergraph, subgraphs } = graph;
  const unfit = unfitGuards(graph, book);
  if (unfit.length > 0) throw new Error(unfit.join("\n"));
  const asking = askingOf(callers);
  const rows = accessRows(supergraph, book, asking);
  const columns = columnsOf(rows, asking);
  const notes = [...new Set(rows.flatMap(({ access }) => access.flatMap((each) => each.notes)))];
  return [
    "<!-- Generated from the subgraphs' schemas and schema/policies/ by `npm run access`. -->",
    opening,
    columnsTable(columns, callers),
    notesList(notes),
    ...chapters(rows, columns, notes),
    rulesTable(book),
    releasesTable([...subgraphs.values()]),
  ].join("\n\n");
}

const opening = `# Who may see what

Every field that a client can ask for, and what becomes of it for each kind of caller and purpose. What is not in these
tables is not served.

| sign | meaning |
|---|---|
| ● | permitted |
| – | refused to all such callers alike, before anything is asked: null, and \`UNAUTHORIZED_FIELD_OR_TYPE\` |
| a, b, … | decided for each record, by the notes below; otherwise permitted |

*Hidden*: as if no such record existed. *Referred*: null, and whom to call. *Masked*: null, and under which authority.
Several: the first of these that applies. A note without a condition holds for every record, and nobody is asked. A field is seen only in a record that may be seen, and a record only of a person
who may be: rules of a type come before those of its fields, and the rules of \`Person\` before all. A part of a record is
not seen by those who see no such record. Where a fact that matters could not be had, the record is withheld with
\`GUARD_UNAVAILABLE\`, whether there is one or not.`;

type Column = { readonly letter: string; readonly asking: readonly Asking[]; readonly at: number };

/** Callers and purposes for whom everything is alike share a column. */
function columnsOf(rows: readonly AccessRow[], asking: readonly Asking[]): readonly Column[] {
  const alike = Map.groupBy(asking.keys(), (at) => JSON.stringify(rows.map(({ access }) => access[at])));
  return [...alike.values()].map((places, index) => ({
    letter: letterOf(index).toUpperCase(),
    asking: places.map((at) => asking[at] as Asking),
    at: places[0] as number,
  }));
}

function columnsTable(columns: readonly Column[], callers: readonly Caller[]): string {
  const lines = columns.flatMap(({ letter, asking }) =>
    [...Map.groupBy(asking, ({ title, agency }) => `${title} | ${agency}`)].map(
      ([who, alike], at) =>
        `| ${at === 0 ? `**${letter}**` : ""} | ${who} | ${alike.map(({ purpose }) => purpose).join(", ")} |`,
    ),
  );
  const without = callers.filter(({ purposes }) => purposes.length === 0).map(({ title }) => title);
  return [
    "## Callers\n",
    "| | role | agency | purpose |",
    "|---|---|---|---|",
    ...lines,
    `\nWithout any purpose, and so permitted nothing: ${without.join(", ")}.`,
  ].join("\n");
}

function notesList(notes: readonly string[]): string {
  return ["## Notes\n", "| | |", "|---|---|", ...notes.map((each, at) => `| **${letterOf(at)}** | ${each} |`)].join(
    "\n",
  );
}

function letterOf(at: number): string {
  const letter = String.fromCharCode(97 + (at % 26));
  return at < 26 ? letter : `${letterOf(Math.floor(at / 26) - 1)}${letter}`;
}

function chapters(rows: readonly AccessRow[], columns: readonly Column[], notes: readonly string[]): readonly string[] {
  const head = columns.map(({ letter }) => letter).join(" | ");
  return [...Map.groupBy(rows, ({ type }) => type)].map(([type, of]) =>
    [
      `## ${type}\n`,
      `| | ${head} | rules |`,
      `|---|${":-:|".repeat(columns.length)}---|`,
      ...merged(of, columns, notes).map(
        ({ names, cells, rules }) => `| ${names.join(", ")} | ${cells.join(" | ")} | ${rules} |`,
      ),
    ].join("\n"),
  );
}

type Line = { readonly names: readonly string[]; readonly cells: readonly string[]; readonly rules: string };

/** Fields of one type with the same rules and cells share a line; those without rules of their own, the record's. */
function merged(rows: readonly AccessRow[], columns: readonly Column[], notes: readonly string[]): readonly Line[] {
  const record = rows.find(({ field }) => field === null);
  const lines = rows.map(({ field, rules, access }): Line => {
    const cells = columns.map(({ at }) => cellOf(access[at] as Access, notes));
    const ruled = rules.length > 0 ? rules : (record?.rules ?? []);
    return { names: [field === null ? "*the record*" : `\`${field}\``], cells, rules: ruled.join("; ") };
  });
  return [...Map.groupBy(lines, ({ cells, rules }) => JSON.stringify([cells, rules])).values()].map((alike) => ({
    ...(alike[0] as Line),
    names: alike.flatMap(({ names }) => names),
  }));
}

function cellOf({ kind, notes }: Access, all: readonly string[]): string {
  if (kind !== "depends") return kind === "permitted" ? "●" : "–";
  return notes.map((each) => letterOf(all.indexOf(each))).join(" ");
}

function rulesTable({ rules }: PolicyBook): string {
  const lines = rules.map(
    ({ id, effect, authority, actions, effective }) =>
      `| \`${id}\` | ${effect} | ${[...actions].sort().join(", ")} | ${authority} | ${effective ?? ""} |`,
  );
  return [
    "## Policies and their authorities\n",
    "Nothing is permitted but by a rule that permits it; any of the others takes it away. Rules for some days only are",
    "counted above as if they held where they forbid, and as if they did not where they permit.\n",
    "| rule | effect | policies | authority | days |",
    "|---|---|---|---|---|",
    ...lines.sort(),
  ].join("\n");
}

/** What one agency's subgraph gets of another's, for its own answers or for checks; clients may see less of it, or none. */
function releasesTable(subgraphs: readonly Contract[]): string {
  const released = subgraphs
    .flatMap(fieldsOf)
    .flatMap(({ type, name, labels }) =>
      labels
        .filter((each) => each.name === "release")
        .map(({ given }) => [`${type}.${name}`, texts(given.to)] as const),
    );
  return [
    "## Released between agencies\n",
    "What a subgraph receives of another's, for answers of its own. Keys (`fin`) apart, it receives nothing else.\n",
    "| field | to |",
    "|---|---|",
    ...[...new Map(released)]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([field, to]) => `| \`${field}\` | ${to.join(", ")} |`),
    "",
  ].join("\n");
}

/** Whether the committed document is the one that the schemas and policies make. */
export function staleAccessDocument(): readonly string[] {
  const isFresh = readFileSync(accessDocumentPath, "utf8") === currentDocument();
  return isFresh ? [] : ["docs/access.md is not what schemas and policies say: run `npm run access` and commit it"];
}

function currentDocument(): string {
  return accessDocument(readSources(), readPolicyTexts(), readCallers());
}

if (import.meta.main) writeFileSync(accessDocumentPath, currentDocument());
