/** One sound graph, and every way in which `npm run check` refuses to let it become unsound. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { lostLabels } from "./check-composition.ts";
import { contractFindings } from "./check-contract.ts";
import { readContract } from "./contract.ts";

const shared = readFileSync(new URL("./shared.graphql", import.meta.url), "utf8");

const registry = `
type Query {
  person(fin: Fin!): Person @requiresScopes(scopes: [["person:read"]])
}
type Person @key(fields: "fin") @guard(policy: "person", facts: "hot minor") {
  fin: Fin! @open(reason: "Asked for by it.")
  names: [Name!] @guard(policy: "identity")
  aNumbers: [ANumber!] @guard(policy: "identity") @release(to: ["court"])
  minor: Boolean @inaccessible
}
type Name @open(reason: "Below a guarded field.") {
  given: String
}
`;
const court = `
type Person @key(fields: "fin") {
  fin: Fin!
  aNumbers: [ANumber!] @external
  cases: [Case!] @requires(fields: "aNumbers") @authenticated
  hot: Boolean @requires(fields: "aNumbers") @inaccessible
}
type Case @guard(policy: "case", facts: "sealed subject { hot }") {
  id: ID!
  kind: String
  judge: String @guard(policy: "judge", facts: "sealed") @sparse
  source: Source!
  sealed: Boolean @inaccessible
  subject: Person @inaccessible
}
`;
const cedarSchema = `namespace Crosswalk {
  entity Caller = { agency: String, jurisdiction: String, roles: Set<String>, scopes: Set<String>, clearances: Set<String> };
  entity Record;
  action "person" appliesTo { principal: [Caller], resource: [Record], context: { purpose: String, hot: Bool, minor: Bool } };
  action "identity" appliesTo { principal: [Caller], resource: [Record], context: { purpose: String } };
  action "case" appliesTo { principal: [Caller], resource: [Record], context: { purpose: String, sealed: Bool, hot: Bool } };
  action "judge", "asylum-stay-basis" appliesTo { principal: [Caller], resource: [Record], context: { purpose: String, sealed: Bool } };
}`;
const cedar = `
@id("courts") @authority("28 USC 1")
permit (principal, action in [Crosswalk::Action::"person", Crosswalk::Action::"identity", Crosswalk::Action::"case", Crosswalk::Action::"judge"], resource)
when { context.purpose == "COURT_PROCEEDING" };

@id("hot-persons") @authority("8 USC 1367") @effect("hide")
forbid (principal, action in [Crosswalk::Action::"person", Crosswalk::Action::"case"], resource) when { context.hot };

@id("sealed-judges") @authority("a court's order") @effect("hide")
forbid (principal, action == Crosswalk::Action::"judge", resource) when { context.sealed };
`;

const systems: Readonly<Record<string, readonly string[]>> = { registry: ["REG"], court: ["DOCKET", "BENCH"] };

type Texts = { shared: string; registry: string; court: string; cedarSchema: string; cedar: string };
const sound: Texts = { shared, registry, court, cedarSchema: cedarSchema.replace(', "asylum-stay-basis"', ""), cedar };

function findings({ shared, registry, court, cedarSchema, cedar }: Texts): readonly string[] {
  const sources = Object.entries({ registry, court }).map(([name, text]) => ({
    name,
    url: `http://${name}.test`,
    systems: systems[name] ?? [],
    files: [
      { path: "schema/shared.graphql", text: shared },
      { path: `subgraphs/${name}/schema.graphql`, text },
    ],
  }));
  return contractFindings(sources, { schema: cedarSchema, policies: new Map([["a.cedar", cedar]]) });
}

/** Replaced in one of the texts; what is replaced must be there. */
type Edit = readonly [text: keyof Texts, from: string, to: string];

function edited(edits: readonly Edit[]): Texts {
  const texts = { ...sound };
  for (const [name, from, to] of edits) {
    if (!texts[name].includes(from)) throw new Error(`nothing to replace in ${name}: ${from}`);
    texts[name] = texts[name].replace(from, () => to);
  }
  return texts;
}

const inRegistry = (from: string, to: string): Edit => ["registry", from, to];
const inCourt = (from: string, to: string): Edit => ["court", from, to];
const inShared = (from: string, to: string): Edit => ["shared", from, to];
const inCedar = (from: string, to: string): Edit => ["cedar", from, to];
const inCedarSchema = (from: string, to: string): Edit => ["cedarSchema", from, to];

/** The basis of a stay is referred: of every one, or of those alone that a fact tells of. */
const referredBasis = (facts: string): readonly Edit[] => [
  inCedarSchema(
    'action "judge"',
    `action "asylum-stay-basis" appliesTo { principal: [Caller], resource: [Record], context: { purpose: String${facts && `, ${facts}: Bool`} } };
  action "judge"`,
  ),
  inCourt("kind: String", `kind: String @guard(policy: "asylum-stay-basis"${facts && `, facts: "${facts}"`})`),
  inCedar(
    '@id("sealed-judges")',
    `@id("basis") @authority("8 CFR 1208.6") @effect("refer")
forbid (principal, action == Crosswalk::Action::"asylum-stay-basis", resource) ${facts ? `when { context.${facts} }` : 'unless { context.purpose == "COURT_PROCEEDING" }'};
@id("bases") @authority("28 USC 1")
permit (principal, action == Crosswalk::Action::"asylum-stay-basis", resource);
@id("sealed-judges")`,
  ),
];

/** A title, what is broken, and what the only finding says (several: one each). */
type Row = readonly [title: string, edits: readonly Edit[], ...said: readonly RegExp[]];

const rows: readonly Row[] = [
  // Nothing lost in composition.
  [
    "a label whose @composeDirective is forgotten",
    [inShared('  @composeDirective(name: "@sparse")\n', "")],
    /^subgraphs\/court\/schema\.graphql:11: @sparse on Case\.judge is lost .*: write `@composeDirective\(name: "@sparse"\)` beside/,
    /judge is one value/,
  ],
  [
    "two different reasons for one open element, of which composition keeps one",
    [inCourt("  fin: Fin!\n", '  fin: Fin! @open(reason: "Because.")\n')],
    /^subgraphs\/(court|registry)\/.*: @open on Person\.fin is lost .* alike in every subgraph/,
  ],
  [
    "two different releases of one shared field, of which composition keeps one",
    [
      inRegistry(
        "  minor: Boolean",
        '  a: Int @shareable @open(reason: "x") @release(to: ["court"])\n  minor: Boolean',
      ),
      inCourt("  hot: Boolean", '  a: Int @shareable @release(to: ["registry"])\n  hot: Boolean'),
    ],
    /@release on Person\.a is lost/,
    /Person\.a is released to court, which does not ask/,
    /Person\.a is released to registry, which does not ask/,
  ],
  [
    "two different guards, where the directive is not repeatable",
    [
      inShared("@guard(policy: String!, facts: String) repeatable on", "@guard(policy: String!, facts: String) on"),
      inRegistry("  minor: Boolean", '  a: [Name!] @shareable @guard(policy: "identity")\n  minor: Boolean'),
      inCourt("  hot: Boolean", '  a: [Name!] @shareable @guard(policy: "identity", facts: "")\n  hot: Boolean'),
      [
        "court",
        "type Case",
        'type Name @open(reason: "Below a guarded field.") { given: String @shareable }\ntype Case',
      ],
      inRegistry("given: String", "given: String @shareable"),
    ],
    /@guard on Person\.a is lost/,
    /facts that are no plain field set/,
  ],
  [
    "a rule on a field that another subgraph resolves",
    [inCourt("aNumbers: [ANumber!] @external", 'aNumbers: [ANumber!] @external @guard(policy: "person")')],
    /schema\.graphql:4: @guard on Person\.aNumbers is lost .* where the element is resolved/,
    /facts \(\) where `person` decides on \(hot minor\)/,
  ],
  [
    "a renamed directive",
    [inShared('"@authenticated"', '{ name: "@authenticated", as: "@known" }'), inCourt("@authenticated", "@known")],
    /^schema\/shared\.graphql:\d+: a directive has one name: write `import: \["@name"\]`, without `as`/,
    /@known is none that schema\/shared\.graphql imports/,
    /Person\.cases has no label/,
  ],
  [
    "a namespaced directive",
    [inCourt("@authenticated", '@federation__tag(name: "x") @authenticated')],
    /court\/schema\.graphql:5: @federation__tag is none that .* imports: write `import: /,
  ],
  [
    "a link of a subgraph's own",
    [inCourt("type Person", 'extend schema @link(url: "https://example.test/x/v1.0", import: ["@x"])\ntype Person')],
    /court\/schema\.graphql:2: links and directives have one place/,
  ],
  // Deny by default.
  [
    "T16: a new field of a keyed type without a label",
    [inCourt("  hot: Boolean", "  judges: [String!]\n  hot: Boolean")],
    /^subgraphs\/court\/schema\.graphql:6: Person\.judges has no label, so it is not served: write `@guard.* on the field: Person's own speaks for none/,
  ],
  [
    "a root field without a label",
    [inRegistry(' @requiresScopes(scopes: [["person:read"]])', "")],
    /^subgraphs\/registry\/schema\.graphql:3: Query\.person has no label.* on the field/,
  ],
  [
    "a record type without a label",
    [inRegistry(' @open(reason: "Below a guarded field.")', "")],
    /Name\.given has no label, .* on it or on Name$/,
  ],
  [
    "an element that is open and has a rule",
    [inCourt("@authenticated", '@authenticated @open(reason: "x")')],
    /court\/schema\.graphql:5: Person\.cases is open and has a rule: write either/,
  ],
  [
    "an element that is open for no reason",
    [inRegistry("Below a guarded field.", " ")],
    /Name is open without a reason: write `@open\(reason: "…"\)`/,
  ],
  [
    "a rule that demands no scope by name",
    [inRegistry('scopes: [["person:read"]]', 'scopes: [["person:read"], []]')],
    /^subgraphs\/registry\/schema\.graphql:3: @requiresScopes on Query\.person demands nothing by name: write `@requiresScopes/,
  ],
  [
    "a rule that demands no policy by name",
    [inCourt("@authenticated", "@policy(policies: [[]])")],
    /@policy on Person\.cases demands nothing by name: write `@policy/,
  ],
  [
    "a root type that is open as a whole",
    [inRegistry("type Query {", 'type Query @open(reason: "x") {')],
    /Query speaks for no field: write `@open` on its fields/,
  ],
  [
    "a root type with a rule",
    [inRegistry("type Query {", "type Query @authenticated {")],
    /Query has a rule: write it on each of its fields/,
  ],
  // Where guards may stand.
  [
    "a guard on an interface's field",
    [
      inCourt(
        "type Case ",
        'interface Kinded { kind: String @guard(policy: "identity") }\ntype Case implements Kinded ',
      ),
    ],
    /court\/schema\.graphql:8: @guard on Kinded\.kind stands on an interface.* every type that implements Kinded/,
  ],
  [
    "a guard on what is an interface elsewhere (@interfaceObject)",
    [
      inShared('"@key"', '"@key" "@interfaceObject"'),
      inRegistry(
        "type Name",
        'interface Media @key(fields: "id") { id: ID! }\ntype Photo implements Media @key(fields: "id") { id: ID! @open(reason: "x") }\ntype Name',
      ),
      inCourt(
        "type Case",
        'type Media @key(fields: "id") @interfaceObject { id: ID! note: String @guard(policy: "identity") }\ntype Case',
      ),
    ],
    /@guard on Media\.note stands on an interface/,
  ],
  // T10: a rule stands where it is held, or nowhere.
  ...(
    [
      ["a scalar", 'scalar Kind @guard(policy: "identity")', "SCALAR"],
      ["an enum", 'enum Kind @guard(policy: "identity") { A }', "ENUM"],
      ["an enum's value", 'enum Kind { A @guard(policy: "identity") }', "ENUM_VALUE"],
      ["a union", 'union Kind @guard(policy: "identity") = Case', "UNION"],
      ["an interface", 'interface Kind @guard(policy: "identity") { id: ID! }', "INTERFACE"],
      ["an input", 'input Kind @guard(policy: "identity") { a: Int }', "INPUT_OBJECT"],
      ["an input's field", 'input Kind { a: Int @guard(policy: "identity") }', "INPUT_FIELD_DEFINITION"],
      ["an argument", 'type Kind { a(b: Int @guard(policy: "identity")): Int }', "ARGUMENT_DEFINITION"],
    ] as const
  ).map(
    ([where, text, location]): Row => [
      `T10: a guard on ${where}`,
      [inCourt("type Case", `${text}\ntype Case`)],
      new RegExp(`^the subgraphs do not compose: \\[court\\] Directive "@guard" may not be used on ${location}`),
    ],
  ),
  [
    "T10: a rule of federation's on an interface",
    [inCourt("type Case ", "interface Kinded @authenticated { kind: String }\ntype Case implements Kinded ")],
    /^the subgraphs do not compose: .*@authenticated/,
  ],
  [
    "T10: a policy that there is none, on a scalar",
    [
      inCourt("type Case", 'scalar Kind @policy(policies: [["kinds"]])\ntype Case'),
      inCourt("kind: String", "kind: Kind"),
    ],
    /court\/schema\.graphql:8: @policy on Kind names `kinds`/,
  ],
  // What may be withheld can be absent.
  [
    "a non-null guarded field",
    [inRegistry("names: [Name!] @guard", "names: [Name!]! @guard")],
    /registry\/schema\.graphql:7: Person\.names is guarded and cannot be withheld: write `names: Name` or `names: \[Name!\]`/,
  ],
  [
    "a non-null field of a guarded type",
    [
      inCourt("subject: Person @", "subject: Person! @"),
      inCourt('"sealed subject { hot }"', '"sealed subject { hot }"'),
    ],
    /Case\.subject is of a guarded type and cannot be withheld/,
    /does not say whom it is about: write `subject: Person @inaccessible` there/,
  ],
  [
    "a non-null list of a guarded type",
    [inCourt("cases: [Case!]", "cases: [Case!]!")],
    /Person\.cases is of a guarded type/,
  ],
  [
    "a list of lists of a guarded type",
    [inCourt("cases: [Case!]", "cases: [[Case!]]")],
    /Person\.cases is of a guarded type/,
  ],
  [
    "a non-null field of a union with a guarded member",
    [
      inCourt(
        "type Case",
        'union Matter = Case | Other\ntype Other @open(reason: "x") { n: Int matter: Matter! }\ntype Case',
      ),
    ],
    /court\/schema\.graphql:9: Other\.matter is of a guarded type/,
  ],
  [
    "a non-null field of an interface with a guarded implementer",
    [
      inCourt(
        "type Case",
        'interface Matter { id: ID! }\ntype Other @open(reason: "x") { matter: Matter! }\ntype Case implements Matter',
      ),
    ],
    /court\/schema\.graphql:9: Other\.matter is of a guarded type/,
  ],
  [
    "a guard on a root field that decides by facts",
    [inRegistry("@requiresScopes", '@guard(policy: "judge", facts: "person") @requiresScopes')],
    /Query\.person has no record to take facts from/,
    /needs Query\.person, which is no Boolean/,
    /facts \(person\) where `judge` decides on \(sealed\)/,
  ],
  [
    "a leaf that may be hidden, and is not absent for others",
    [inCourt(" @sparse", "")],
    /court\/schema\.graphql:11: Case\.judge is one value that `judge` may hide: write `@sparse`/,
  ],
  [
    "an alert about records that stand nowhere",
    [inCourt("type Person", "enum AlertKind { FILED }\ntype Person")],
    /court\/schema\.graphql:2: FILED is about records of no field: write `@alerts/,
  ],
  [
    "an alert of a kind that is none",
    [inCourt("@authenticated", '@authenticated @alerts(kinds: ["FILED"])')],
    /court\/schema\.graphql:5: @alerts on Person\.cases names FILED, which is no AlertKind/,
  ],
  // Facts.
  [
    "a fact that is not there",
    [inCourt('judge", facts: "sealed"', 'judge", facts: "secret"')],
    /court\/schema\.graphql:11: the guard on Case\.judge needs Case\.secret, which is not there: write `secret: Boolean @inaccessible`/,
    /facts \(secret\) where `judge` decides on \(sealed\)/,
  ],
  [
    "a fact that is no Boolean",
    [inCourt("sealed: Boolean", "sealed: String")],
    /the guard on Case needs Case\.sealed, which is no Boolean/,
    /the guard on Case\.judge needs Case\.sealed, which is no Boolean/,
  ],
  [
    "a fact that is a list",
    [inCourt("hot: Boolean", "hot: [Boolean]")],
    /on Person needs Person\.hot, which is no/,
    /on Case needs Person\.hot/,
  ],
  [
    "a fact that takes arguments",
    [inRegistry("minor: Boolean", "minor(at: Date): Boolean")],
    /on Person needs Person\.minor, which takes arguments/,
  ],
  [
    "a fact that clients may ask for, though it is not open",
    [inRegistry("minor: Boolean @inaccessible", "minor: Boolean @authenticated")],
    /on Person needs Person\.minor, which clients may ask for: write `minor: Boolean @inaccessible` \(or `@open`/,
  ],
  [
    "facts that are no plain field set",
    [inCourt('facts: "sealed subject { hot }"', 'facts: "sealed subject { hot: fin }"')],
    /on Case has facts that are no plain field set: write `facts: "asylumRelated subject/,
    /facts \(fin sealed\) where/,
  ],
  [
    "facts that cannot be read",
    [inCourt('judge", facts: "sealed"', 'judge", facts: "sealed {"')],
    /on Case\.judge has facts that are no plain field set/,
    /facts \(\) where `judge`/,
  ],
  [
    "two facts of one name in a guard",
    [
      inCourt('facts: "sealed subject { hot }"', 'facts: "sealed hot subject { hot }"'),
      inCourt("sealed: Boolean", "hot: Boolean @inaccessible sealed: Boolean"),
    ],
    /on Case has two facts named hot/,
    /facts \(hot hot sealed\) where/,
  ],
  [
    "a person's facts read through another field than subject",
    [inCourt("subject { hot }", "holder { hot }"), inCourt("subject: Person", "holder: Person")],
    /on Case reads hot by holder\.hot; facts stand on the record or, one level down, on its `subject`/,
  ],
  [
    "a person's facts read through the person",
    [
      inRegistry('"hot minor"', '"minor subject { hot }"'),
      inCourt("hot: Boolean", "subject: Person @inaccessible\n  hot: Boolean"),
      inRegistry("minor: Boolean", "subject: Person @inaccessible\n  minor: Boolean"),
      inRegistry("subject: Person", "subject: Person @shareable"),
      inCourt("subject: Person", "subject: Person @shareable"),
    ],
    /on Person reads hot by subject\.hot; facts stand on Person itself: write `facts: "hot"`/,
  ],
  [
    "a record that does not say whom it is about",
    [inCourt("  subject: Person @inaccessible\n", "")],
    /^subgraphs\/court\/schema\.graphql:8: the guard on Case reads facts of the person, and court's Case \(.*:8\) does not say .* `subject: Person @inaccessible`/,
    /facts \(sealed\) where/,
  ],
  [
    "a subject that clients may ask for",
    [inCourt("subject: Person @inaccessible", "subject: Person")],
    /court's Case .* does not say whom it is about/,
  ],
  [
    "a subject that one of the record's subgraphs does not give",
    [
      inCourt("type Case ", "type Case @shareable "),
      inRegistry("type Name", "type Case @shareable { id: ID! kind: String }\ntype Name"),
      inCourt("  source: Source!\n", ""),
    ],
    /registry's Case .* does not say whom it is about/,
  ],
  // Released fields.
  [
    "T08: a required field that its owner does not release",
    [inRegistry(' @release(to: ["court"])', "")],
    /^subgraphs\/registry\/schema\.graphql:8: Person\.aNumbers goes to court for Person\.cases \(subgraphs\/court\/schema\.graphql:5\), and registry does not release it: write `@release\(to: \["court"\]\)`/,
    /goes to court for Person\.hot/,
  ],
  [
    "T08: a required field below another that is released",
    [
      inRegistry("names: [Name!] @guard", 'names: [Name!] @release(to: ["court"]) @guard'),
      inCourt(
        "  hot: Boolean",
        '  names: [Name!] @external\n  called: String @open(reason: "x") @requires(fields: "names { given }")\n  hot: Boolean',
      ),
      inCourt("type Case", "type Name { given: String @external }\ntype Case"),
    ],
    /Name\.given goes to court for Person\.called .*, and registry does not release it/,
  ],
  [
    "T08: the middle of a chain of three that releases nothing on",
    [
      inCourt("  hot: Boolean", '  kind: String @open(reason: "x") @requires(fields: "aNumbers")\n  hot: Boolean'),
      inRegistry(
        "  minor: Boolean",
        '  kind: String @external\n  label: String @open(reason: "x") @requires(fields: "kind")\n  minor: Boolean',
      ),
    ],
    /court\/schema\.graphql:6: Person\.kind goes to registry for Person\.label .*, and court does not release it: write `@release\(to: \["registry"\]\)`/,
  ],
  [
    "T08: a field received by @fromContext",
    [
      inShared('"@key"', '"@key" "@context" "@fromContext"'),
      inCourt("type Person ", 'type Person @context(name: "about") '),
      inRegistry("minor: Boolean @inaccessible", 'minor: Boolean @inaccessible\n  kind: String @open(reason: "x")'),
      inCourt("  hot: Boolean", "  kind: String @external\n  hot: Boolean"),
      inCourt(
        "type Case",
        'type Paper @key(fields: "id") @open(reason: "x") { id: ID! @open(reason: "x") note(kind: String @fromContext(field: "$about { kind }")): String @open(reason: "x") }\ntype Case',
      ),
      inCourt("cases: [Case!]", "papers: [Paper!] @authenticated cases: [Case!]"),
    ],
    /Person\.kind goes to court for Paper\.note/,
  ],
  [
    "a release to a subgraph that does not ask",
    [inRegistry("minor: Boolean @inaccessible", 'minor: Boolean @inaccessible @release(to: ["court"])')],
    /registry\/schema\.graphql:9: Person\.minor is released to court, which does not ask for it: take `@release` away/,
  ],
  [
    "a release to a subgraph that there is none",
    [inRegistry('@release(to: ["court"])', '@release(to: ["court", "police"])')],
    /Person\.aNumbers is released to police, which does not ask for it: write `@release\(to: \["court"\]\)`/,
  ],
  [
    "a key of the receiver's own making",
    [
      inCourt('@key(fields: "fin") {', '@key(fields: "fin") @key(fields: "mark") {\n  mark: ID @shareable'),
      inRegistry("  minor: Boolean", '  mark: ID @shareable @open(reason: "x")\n  minor: Boolean'),
    ],
    /^subgraphs\/court\/schema\.graphql:2: Person\.mark is a key in court and none in registry, which resolves it: write `@requires` here and `@release\(to: \["court"\]\)` there/,
  ],
  [
    "a key under a guard",
    [
      inRegistry('fin: Fin! @open(reason: "Asked for by it.")', 'fin: Fin @guard(policy: "identity")'),
      inCourt("fin: Fin!", "fin: Fin"),
    ],
    /registry\/schema\.graphql:6: Person\.fin is guarded and a key of Person/,
    /court\/schema\.graphql:3: Person\.fin is guarded and a key of Person/,
  ],
  // Policies.
  [
    "a guard that names no policy",
    [inRegistry('names: [Name!] @guard(policy: "identity")', 'names: [Name!] @guard(policy: "identities")')],
    /registry\/schema\.graphql:7: the guard on Person\.names names no policy, `identities`: write one of \(case, identity, judge, person\)/,
  ],
  [
    "a guard without a fact that its policy decides on",
    [inCourt("sealed subject { hot }", "sealed")],
    /court\/schema\.graphql:8: the guard on Case has the facts \(sealed\) where `case` decides on \(hot sealed\)/,
  ],
  [
    "a @policy that would need facts",
    [inCourt("@authenticated", '@policy(policies: [["identity"], ["judge"]])')],
    /court\/schema\.graphql:5: @policy on Person\.cases names `judge`: write a policy without facts/,
  ],
  [
    "a @policy that there is none",
    [inCourt("@authenticated", '@policy(policies: [["identities"]])')],
    /@policy on Person\.cases names `identities`/,
  ],
  [
    "a policy that nothing is guarded by",
    [inCourt(' @guard(policy: "judge", facts: "sealed") @sparse', "")],
    /policies\.cedarschema: nothing is guarded by `judge`/,
  ],
  ...["8 USC 1367", "8 CFR 208.6", "8 CFR 1208.6(b)", "49 CFR 1520 (watch list)"].map(
    (authority): Row => [
      `an effect other than hide under ${authority}`,
      [inCedar(`@authority("a court's order") @effect("hide")`, `@authority("${authority}") @effect("mask")`)],
      /^schema\/policies\/a\.cedar:9: sealed-judges has the effect mask under .*: write `@effect\("hide"\)`/,
    ],
  ),
  [
    "the one policy that may refer, where it masks",
    [
      inCedarSchema('action "judge"', 'action "judge", "asylum-stay-basis"'),
      ["court", 'policy: "judge"', 'policy: "asylum-stay-basis"'],
      inCedar('action == Crosswalk::Action::"judge"', 'action == Crosswalk::Action::"asylum-stay-basis"'),
      inCedar(`@authority("a court's order") @effect("hide")`, '@authority("8 CFR 1208.6") @effect("mask")'),
    ],
    /sealed-judges has the effect mask under 8 CFR 1208\.6/,
    /nothing is guarded by `judge`/,
  ],
  [
    "the one policy that may refer, where a fact decides",
    referredBasis("sealed"),
    /basis has the effect refer under 8 CFR 1208\.6/,
  ],
  [
    "the one policy that may refer, where another refers with it",
    [
      inCedarSchema('action "judge"', 'action "judge", "asylum-stay-basis"'),
      inCourt("kind: String", 'kind: String @guard(policy: "asylum-stay-basis", facts: "sealed")'),
      inCedar(
        'action == Crosswalk::Action::"judge"',
        'action in [Crosswalk::Action::"judge", Crosswalk::Action::"asylum-stay-basis"]',
      ),
      inCedar(`@authority("a court's order") @effect("hide")`, '@authority("8 CFR 1208.6") @effect("refer")'),
    ],
    /sealed-judges has the effect refer under 8 CFR 1208\.6/,
  ],
  [
    "a rule without a name",
    [inCedar('@id("courts") ', "")],
    /^schema\/policies\/a\.cedar:2: a rule without a name: write `@id/,
  ],
  ["a rule without an authority", [inCedar('@authority("28 USC 1")', "")], /a\.cedar:2: courts has no authority/],
  [
    "a forbid without an effect",
    [inCedar(`@authority("a court's order") @effect("hide")`, `@authority("a court's order")`)],
    /a\.cedar:9: sealed-judges has no effect/,
  ],
  ["two rules of one name", [inCedar("sealed-judges", "courts")], /a\.cedar:9: @id\("courts"\) is taken/],
  ["a policy that is no Cedar", [inCedar("permit (", "permits (")], /^schema\/policies\/a\.cedar:3: /],
  [
    "a policy that takes a fact which its context has not",
    [inCedar("context.sealed", "context.hot")],
    /a\.cedar:9: sealed-judges: /,
  ],
  [
    "a schema that is no Cedar",
    [inCedarSchema("entity Record;", "entity")],
    /^schema\/policies\/policies\.cedarschema:4: /,
  ],
  [
    "subgraphs that do not compose",
    [inCourt('@requires(fields: "aNumbers") @auth', '@requires(fields: "secrets") @auth')],
    /^the subgraphs do not compose: \[court\]/,
  ],
  // How long what is answered may be kept.
  [
    "a lifetime under a feed of another subgraph's system",
    [inCourt("cases: [Case!]", 'cases: [Case!] @lifetime(seconds: 60, feed: "REG")')],
    /^subgraphs\/court\/schema\.graphql:5: the lifetime of Person\.cases is under the feed "REG", which is none of court's systems: write `@lifetime\(seconds: 60, feed: "DOCKET"\)` or `@lifetime\(seconds: 60, feed: "BENCH"\)`$/,
  ],
  ...[0, -1, 86_401].map(
    (seconds): Row => [
      `a lifetime of ${seconds} seconds`,
      [inCourt("cases: [Case!]", `cases: [Case!] @lifetime(seconds: ${seconds}, feed: "BENCH")`)],
      /^subgraphs\/court\/.*:5: the lifetime of Person\.cases is -?\d+ seconds long: write 1 to 86400, as in `@lifetime\(seconds: 300, feed: "BENCH"\)`$/,
    ],
  ),
  [
    "a feed that is named twice",
    [
      inCourt(
        "cases: [Case!]",
        'cases: [Case!] @lifetime(seconds: 60, feed: "DOCKET") @lifetime(seconds: 300, feed: "DOCKET")',
      ),
    ],
    /the lifetime of Person\.cases names the feed DOCKET twice: write it once/,
  ],
  [
    "a lifetime where the field is not resolved",
    [
      inCourt(
        "aNumbers: [ANumber!] @external",
        'aNumbers: [ANumber!] @external @lifetime(seconds: 60, feed: "DOCKET")',
      ),
    ],
    /@lifetime on Person\.aNumbers is lost in composition/,
    /the lifetime of Person\.aNumbers stands where it is not resolved: write it in its owner's schema/,
  ],
  [
    "a type's lifetime that would speak for another subgraph's fields",
    [
      inRegistry(
        'type Person @key(fields: "fin")',
        'type Person @key(fields: "fin") @lifetime(seconds: 60, feed: "REG")',
      ),
    ],
    /the lifetime of Person would speak for court's fields: write `@lifetime\(seconds: 300, feed: "REG"\)` on its own fields/,
  ],
  [
    "a lifetime on a root type",
    [inRegistry("type Query {", 'type Query @lifetime(seconds: 60, feed: "REG") {')],
    /the lifetime of Query speaks for no field: write `@lifetime\(seconds: 300, feed: "REG"\)` on its fields/,
  ],
  [
    "a shared field that its subgraphs keep differently",
    [
      inRegistry(
        "  minor: Boolean",
        '  a: Int @shareable @open(reason: "x") @lifetime(seconds: 60, feed: "REG")\n  minor: Boolean',
      ),
      inCourt("  hot: Boolean", '  a: Int @shareable @lifetime(seconds: 60, feed: "BENCH")\n  hot: Boolean'),
    ],
    /^subgraphs\/registry\/.*: Person\.a is resolved by registry, court, and they keep it differently: write the same lifetime in each, or none$/,
    /Person\.minor decides about Person and is not kept under the same feeds/,
  ],
  [
    "a shared field that one of its subgraphs keeps",
    [
      inRegistry("  minor: Boolean", '  a: Int @shareable @open(reason: "x")\n  minor: Boolean'),
      inCourt("  hot: Boolean", '  a: Int @shareable @lifetime(seconds: 60, feed: "BENCH")\n  hot: Boolean'),
    ],
    /^subgraphs\/court\/.*: Person\.a is resolved by registry, court, and they keep it differently/,
  ],
  [
    "a fact that is kept under another feed than the record that it decides about",
    [inCourt("sealed: Boolean", 'sealed: Boolean @lifetime(seconds: 60, feed: "BENCH")')],
    /^subgraphs\/court\/.*: Case\.sealed decides about Case and is not kept under the same feeds: write no lifetime on it/,
    /Case\.sealed decides about Case\.judge and is not kept under the same feeds/,
  ],
  [
    "a person's fact that is not kept as the person's fields of the same owner are",
    [inRegistry("names: [Name!]", 'names: [Name!] @lifetime(seconds: 60, feed: "REG")')],
    /^subgraphs\/registry\/.*: Person\.minor decides about Person and is not kept under the same feeds: write `@lifetime\(seconds: 300, feed: "REG"\)` on it/,
  ],
  [
    "a lifetime whose @composeDirective is forgotten",
    [
      inShared('  @composeDirective(name: "@lifetime")\n', ""),
      inCourt("cases: [Case!]", 'cases: [Case!] @lifetime(seconds: 60, feed: "BENCH")'),
    ],
    /@lifetime on Person\.cases is lost in composition: write `@composeDirective\(name: "@lifetime"\)` beside/,
  ],
];

/** What looks like one of them, and is sound. */
const accepted: readonly (readonly [title: string, edits: readonly Edit[]])[] = [
  ["a fact that is open itself", [inRegistry("minor: Boolean @inaccessible", 'minor: Boolean @open(reason: "x")')]],
  [
    "a type without a label that no client can get to",
    [
      inCourt("type Case", "type Facts @inaccessible { n: Int }\ntype Case"),
      inCourt("  hot: Boolean", "  facts: Facts @inaccessible\n  hot: Boolean"),
    ],
  ],
  ["a guarded list whose elements may be null", [inCourt("cases: [Case!]", "cases: [Case]")]],
  ["the protected basis of every stay, referred", referredBasis("")],
  [
    "a leaf that is masked, not hidden",
    [
      inCourt(" @sparse", ""),
      inCedar(`@authority("a court's order") @effect("hide")`, `@authority("a court's order") @effect("mask")`),
    ],
  ],
  [
    "a policy without facts, by federation's own directive",
    [inCourt("@authenticated", '@policy(policies: [["identity"]])')],
  ],
  [
    "T10: rules of federation's on a scalar and an enum, from two subgraphs",
    [
      inCourt("type Case", 'scalar Kind @authenticated\nenum Side @policy(policies: [["identity"]]) { A }\ntype Case'),
      inRegistry(
        "type Name",
        'scalar Kind @requiresScopes(scopes: [["x"]])\nenum Side @policy(policies: [["identity"]]) { A }\ntype Name',
      ),
      inCourt("kind: String", "kind: Kind side: Side"),
      inRegistry("given: String", "given: Kind side: Side"),
    ],
  ],
  [
    "T09: scopes of two subgraphs, of which both are demanded",
    [
      inRegistry(
        "  minor: Boolean",
        '  a: Int @shareable @requiresScopes(scopes: [["x"], ["y", "z"]])\n  minor: Boolean',
      ),
      inCourt("  hot: Boolean", '  a: Int @shareable @requiresScopes(scopes: [["u", "v"], ["w"]])\n  hot: Boolean'),
    ],
  ],
  [
    "T08: a chain of three that every owner releases on",
    [
      inCourt(
        "  hot: Boolean",
        '  kind: String @open(reason: "x") @release(to: ["registry"]) @requires(fields: "aNumbers")\n  hot: Boolean',
      ),
      inRegistry(
        "  minor: Boolean",
        '  kind: String @external\n  label: String @open(reason: "x") @requires(fields: "kind")\n  minor: Boolean',
      ),
    ],
  ],
  [
    "a nested type that the owner of the record labels",
    [
      inCourt("  kind: String", "  kind: Kind"),
      inCourt("type Case", 'type Kind @open(reason: "x") { code: String! }\ntype Case'),
    ],
  ],
  [
    "a field that is kept for as long as two feeds hold, and one that is not kept",
    [
      inCourt(
        "cases: [Case!]",
        'cases: [Case!] @lifetime(seconds: 60, feed: "DOCKET") @lifetime(seconds: 86400, feed: "BENCH")',
      ),
    ],
  ],
  [
    "a lifetime of a type that one subgraph has, and a person's with the facts of the same owner",
    [
      inCourt("type Case ", 'type Case @lifetime(seconds: 1, feed: "BENCH") '),
      inRegistry("names: [Name!]", 'names: [Name!] @lifetime(seconds: 60, feed: "REG")'),
      inRegistry("minor: Boolean", 'minor: Boolean @lifetime(seconds: 300, feed: "REG")'),
    ],
  ],
];

describe("npm run check", () => {
  test.each(accepted.map(([title, edits]) => ({ title, edits })))("lets be $title", ({ edits }) => {
    expect(findings(edited(edits))).toEqual([]);
  });

  test("finds nothing in a sound graph", () => {
    expect(findings(sound)).toEqual([]);
  });

  test.each(rows.map(([title, edits, ...said]) => ({ title, edits, said })))("refuses $title", ({ edits, said }) => {
    const found = findings(edited(edits));
    for (const each of said) expect(found).toContainEqual(expect.stringMatching(each));
    expect(found).toHaveLength(said.length);
  });
});

describe("T09: rules of two subgraphs on one field", () => {
  const field = (groups: string) => `type Query { a: Int @requiresScopes(scopes: ${groups}) }`;
  const contract = (text: string, path = "supergraph") => readContract([{ path, text }]);
  const lost = (arrived: string) =>
    lostLabels({
      subgraphs: new Map([
        ["one", contract(field('[["x"], ["y", "z"]]'), "one")],
        ["other", contract(field('[["w"]]'), "other")],
      ]),
      supergraph: contract(field(arrived)),
    }).length;

  test.each([
    ["both demanded", '[["x", "w"], ["y", "z", "w"]]', 0],
    ["more demanded than both", '[["x", "w", "v"]]', 0],
    ["one or the other", '[["x"], ["y", "z"], ["w"]]', 2],
    ["one alone", '[["x"], ["y", "z"]]', 1],
    ["one alone of the other", '[["w"]]', 1],
    ["part of a group", '[["x", "w"], ["y", "w"]]', 1],
  ])("%s: nothing of either may be lost", (_, arrived, count) => {
    expect(lost(arrived)).toBe(count);
  });
});
