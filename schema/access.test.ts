/** The document of who may see what says what the rules say: no more, no less, and in as few words. */
import { describe, expect, test } from "@jest/globals";
import { type AccessRow, accessRows, askingOf, type Caller } from "./access.ts";
import { accessDocument } from "./access-document.ts";
import { type PolicyBook, type PolicyTexts, readPolicyBook } from "./check-policies.ts";
import { readGraph } from "./contract.ts";

const sources = [
  {
    name: "registry",
    url: "http://registry.test",
    files: [
      {
        path: "schema/shared.graphql",
        text: `extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@inaccessible", "@composeDirective", "@authenticated", "@requiresScopes", "@policy"])
          @link(url: "https://crosswalk.example/core/v1.0", import: ["@guard", "@open", "@release"])
          @composeDirective(name: "@guard") @composeDirective(name: "@open") @composeDirective(name: "@release")
        directive @guard(policy: String!, facts: String) repeatable on OBJECT | FIELD_DEFINITION
        directive @open(reason: String!) on OBJECT | FIELD_DEFINITION
        directive @release(to: [String!]!) on FIELD_DEFINITION`,
      },
      {
        path: "subgraphs/registry/schema.graphql",
        text: `
          type Query {
            person: Person @requiresScopes(scopes: [["person:read", "more"], ["all"]])
            known: String @authenticated
            ruled: String @policy(policies: [["plain"]])
          }
          type Person @key(fields: "fin") @guard(policy: "person", facts: "hot mine minor") {
            fin: ID! @open(reason: "the key")
            cases: [Case!] @guard(policy: "plain")
            photos: [Photo] @open(reason: "each is guarded")
            hot: Boolean @inaccessible
            mine: Boolean @inaccessible
            minor: Boolean @inaccessible
          }
          type Case @guard(policy: "plain") { id: ID! name: Name basis: String @guard(policy: "basis", facts: "sealed") sealed: Boolean @inaccessible }
          type Name @open(reason: "below a case") { given: String }
          type Photo @guard(policy: "photo") { id: ID! }`,
      },
    ],
  },
];

const head = "appliesTo { principal: [Caller], resource: [Record], context: { purpose: String";
const schema = `namespace Crosswalk {
  entity Caller = { agency: String, jurisdiction: String, roles: Set<String>, scopes: Set<String>, clearances: Set<String> };
  entity Record;
  action "person" ${head}, hot: Bool, mine: Bool, minor: Bool } };
  action "plain", "photo" ${head} } };
  action "basis" ${head}, sealed: Bool } };
}`;
const rules = `
@id("court") @authority("28 USC 1")
permit (principal, action in [Crosswalk::Action::"person", Crosswalk::Action::"plain", Crosswalk::Action::"basis"], resource)
when { principal.agency == "EOIR" };
@id("hot") @authority("8 USC 1367") @effect("hide")
forbid (principal, action == Crosswalk::Action::"person", resource) when { context.hot && !context.mine };
@id("sealed") @authority("an order") @effect("mask")
forbid (principal, action == Crosswalk::Action::"basis", resource) when { context.sealed };
@id("sealed-and-called") @authority("a rule") @effect("refer") @callback("+1")
forbid (principal, action == Crosswalk::Action::"basis", resource) when { context.sealed && context.purpose == "CUSTODY" };
@id("photos-next-year") @authority("a law to come") @effective("2027-01-01/")
permit (principal, action == Crosswalk::Action::"photo", resource);
`;

const claims = { jurisdiction: "", roles: [], clearances: [], persona: "" };
const callers: readonly Caller[] = [
  { ...claims, title: "clerk", agency: "EOIR", scopes: ["all"], purposes: ["COURT_PROCEEDING", "CUSTODY"] },
  { ...claims, title: "guest", agency: "NONE", scopes: ["person:read"], purposes: ["OVERSIGHT"] },
  { ...claims, title: "nobody", agency: "NONE", scopes: [], purposes: [] },
];

function book(texts: string): PolicyBook {
  const read = readPolicyBook({ schema, policies: new Map([["a.cedar", texts]]) });
  if (!("rules" in read)) throw new Error(read.join("\n"));
  return read;
}

const rows = (texts = rules) => accessRows(readGraph(sources).supergraph, book(texts), askingOf(callers));
const cells = (element: string, of: readonly AccessRow[] = rows()) =>
  of
    .find((each) => each.element === element)
    ?.access.map(({ kind, notes }) => (kind === "depends" ? notes.join("; ") : kind));

describe("who may see what", () => {
  test.each<[string, readonly string[]]>([
    ["Query.person", ["permitted", "permitted", "refused"]],
    ["Query.known", ["permitted", "permitted", "permitted"]],
    ["Query.ruled", ["permitted", "permitted", "refused"]],
    ["Person", ["hidden (8 USC 1367) if hot and not mine", "hidden (8 USC 1367) if hot and not mine", "refused"]],
    ["Person.cases", ["hidden (8 USC 1367) if hot and not mine", "hidden (8 USC 1367) if hot and not mine", "refused"]],
    ["Case.id", ["permitted", "permitted", "refused"]],
    ["Case.basis", ["masked (an order) if sealed", "referred (a rule) if sealed", "refused"]],
  ])("%s: by its own rules and its type's, the strictest effect first", (element, said) => {
    expect(cells(element)).toEqual(said);
  });

  test("what is open is refused to whom no way leads there", () => {
    expect(cells("Name.given")).toEqual(["permitted", "permitted", "refused"]);
  });

  test("a field is refused where all that it gives is", () => {
    expect(cells("Person.photos")).toEqual(["refused", "refused", "refused"]);
    expect(cells("Photo.id")).toEqual(["refused", "refused", "refused"]);
  });

  test("rules for some days only hold where they forbid, not where they permit", () => {
    const forbidden = rules.replace('@authority("28 USC 1")', '@authority("28 USC 1") @effective("2027-01-01/")');
    expect(cells("Case.id", rows(forbidden))).toEqual(["refused", "refused", "refused"]);
    const onDays = rules.replace('@effect("hide")', '@effect("hide") @effective("2027-01-01/")');
    expect(cells("Person", rows(onDays))).toEqual(cells("Person"));
  });

  test("what depends on more facts is said in as few words as say it", () => {
    const conditions = (condition: string) => {
      const changed = rules.replace("context.hot && !context.mine", condition);
      return cells("Person", rows(changed))?.[0];
    };
    expect(conditions("context.hot")).toBe("hidden (8 USC 1367) if hot");
    expect(conditions("context.hot || context.minor")).toBe("hidden (8 USC 1367) if hot, or minor");
    expect(conditions("context.hot != context.minor")).toBe(
      "hidden (8 USC 1367) if hot and not minor, or not hot and minor",
    );
    expect(conditions("(context.hot && context.mine) || (!context.hot && context.minor)")).toBe(
      "hidden (8 USC 1367) if hot and mine, or not hot and minor",
    );
    expect(conditions("context.hot || !context.hot")).toBe("refused");
  });

  test("facts and labels that fit no policy are told, not evaluated", () => {
    const texts: PolicyTexts = {
      schema: schema.replace("sealed: Bool", "sealed: Bool, old: Bool"),
      policies: new Map(),
    };
    expect(() => accessDocument(sources, { ...texts, policies: new Map([["a.cedar", rules]]) }, callers)).toThrow(
      /subgraphs\/registry\/schema\.graphql:15: the guard on Case\.basis has the facts \(sealed\)/,
    );
  });

  test("the document has columns for those who differ, and names who has no purpose", () => {
    const document = accessDocument(sources, { schema, policies: new Map([["a.cedar", rules]]) }, callers);
    expect(document).toContain("| **A** | clerk | EOIR | COURT_PROCEEDING |");
    expect(document).toContain("| **B** | clerk | EOIR | CUSTODY |");
    expect(document).toContain("permitted nothing: nobody.");
    expect(document).toContain("| `basis` | b | c | – | basis |");
    expect(document).toContain("| *the record*, `id`, `name` | ● | ● | – | plain |");
    expect(document).toContain("| `photos-next-year` | permit | photo | a law to come | 2027-01-01/ |");
  });
});
