/**
 * The same questions answered by a monolith: each record is decided where it is resolved, by rules evaluated over the rows
 * themselves. Written apart from the gateway's guards: there are no facts here that come along, no gate, no places.
 */
import { buildSchema, type GraphQLSchema, graphql } from "graphql";
import type { Verdict } from "../gateway/execution/rights.ts";
import { type CaseRow, type PersonRow, resolversOf, type StayRow, type World } from "./guarded-graph.ts";

/** Rules over rows; null permits. */
export type NaiveRules = {
  readonly person: (person: PersonRow) => boolean;
  readonly case: (row: CaseRow, subject: PersonRow) => Verdict | null;
  readonly kind: (row: CaseRow) => Verdict | null;
  readonly hearing: (closed: boolean) => Verdict | null;
  readonly stay: (row: StayRow, subject: PersonRow) => Verdict | null;
};

const sdl = `
  scalar Fin
  scalar ANumber
  type Query { person(fin: Fin!): Person  people(fins: [Fin!]!): [Person!]  anything(fin: Fin!): [Thing!]  node(fin: Fin!): Node }
  type Mutation { touch(fin: Fin!): Person }
  interface Node { fin: Fin! }
  union Thing = Person | Place
  type Place { town: String }
  type Person implements Node {
    fin: Fin!  aNumbers: [ANumber!]  name: String  relatives: [Person!]  guardian: Person
    cases: [Case!]  mainCase: Case  records: [Record!]  caseCount: Int  stays: [Stay!]
  }
  interface Record { id: ID! }
  type Case implements Record {
    id: ID!  kind: String  code: String  rider: Person  hearing: Hearing  linked: [[Case!]!]  transfers: [String!]
  }
  type Notice implements Record { id: ID!  text: String }
  type Hearing { at: String  place: String }
  type Stay { id: ID!  reason: String }`;

type Told = Map<string, string>;

export type Naive = {
  answer(query: string): Promise<{ readonly data: unknown; readonly errors: readonly string[] }>;
};

export function openNaive(world: World, rules: NaiveRules): Naive {
  const { people, court, custody } = resolversOf(() => world);
  const schema: GraphQLSchema = buildSchema(sdl);
  const personOf = (fin: string) => world.persons.find((each) => each.fin === fin) as PersonRow;
  let told: Told = new Map();
  type Info = { readonly path: { readonly key: string | number; readonly prev?: Info["path"] } };
  const pathOf = ({ path }: Info): string => {
    const steps: (string | number)[] = [];
    for (let each: Info["path"] | undefined = path; each; each = each.prev) steps.unshift(each.key);
    return JSON.stringify(steps);
  };
  const tell = (info: Info, verdict: Verdict) => {
    if (verdict.permits || verdict.effect === "hide") return;
    const code = verdict.effect === "mask" ? `MASKED ${verdict.authority}` : `OWNER_REFER ${verdict.callback}`;
    told.set(`${pathOf(info)} ${code}`, code);
  };
  /** What of a value may be seen, lists in lists too. */
  const seen = (value: unknown, info: Info, decide: (row: never) => Verdict | null): unknown => {
    if (value === null || value === undefined) return null;
    if (Array.isArray(value)) return value.flatMap((each) => listElement(each, info, decide));
    const verdict = decide(value as never);
    if (verdict === null || verdict.permits) return value;
    tell(info, verdict);
    return null;
  };
  const listElement = (each: unknown, info: Info, decide: (row: never) => Verdict | null): readonly unknown[] => {
    if (Array.isArray(each)) return [seen(each, info, decide)];
    const kept = seen(each, info, decide);
    return kept === null ? [] : [kept];
  };
  const hidden: Verdict = { permits: false, effect: "hide", policy: "", authority: "" };
  const ofPerson = (row: PersonRow) => ("town" in row || rules.person(row) ? null : hidden);
  const ofCase = (row: CaseRow) => ("text" in row ? null : rules.case(row, personOf(row.subject)));
  const ofStay = (row: StayRow) => rules.stay(row, personOf(row.subject));
  // biome-ignore lint/suspicious/noExplicitAny: resolvers take whatever their parent gave.
  type Resolve = (parent: any, args: any, context: any, info: any) => unknown;
  const guarded =
    (resolve: Resolve, decide: (row: never) => Verdict | null): Resolve =>
    (parent, args, context, info) =>
      seen(resolve(parent, args, context, info), info, decide);
  const resolvers: Record<string, Record<string, Resolve>> = {
    Query: {
      person: guarded(people.Query.person, ofPerson),
      people: guarded(people.Query.people, ofPerson),
      anything: guarded(people.Query.anything, ofPerson),
      node: guarded(people.Query.node, ofPerson),
    },
    Mutation: { touch: guarded(people.Mutation.touch, ofPerson) },
    Person: {
      relatives: guarded(people.Person.relatives, ofPerson),
      guardian: guarded(people.Person.guardian, ofPerson),
      cases: guarded(court.Person.cases, ofCase),
      mainCase: guarded(court.Person.mainCase, ofCase),
      records: guarded(court.Person.records, ofCase),
      caseCount: court.Person.caseCount,
      stays: guarded(custody.Person.stays, ofStay),
    },
    Case: {
      code: court.Case.code,
      rider: guarded(({ rider }: CaseRow) => (rider ? personOf(rider) : null), ofPerson),
      linked: guarded(court.Case.linked, ofCase),
      transfers: custody.Case.transfers,
      kind: (row: CaseRow, _args, _context, info) => {
        const verdict = rules.kind(row);
        if (verdict) tell(info, verdict);
        return verdict ? null : row.kind;
      },
      hearing: (row: CaseRow, args, context, info) =>
        seen(court.Case.hearing(row, args, context, info), info, () => rules.hearing(row.hearing?.closed ?? false)),
    },
  };
  for (const [type, fields] of Object.entries(resolvers))
    for (const [field, resolve] of Object.entries(fields)) {
      // biome-ignore lint/suspicious/noExplicitAny: a type of this schema that has fields.
      (schema.getType(type) as any).getFields()[field].resolve = resolve;
    }
  // biome-ignore lint/suspicious/noExplicitAny: abstract types of this schema.
  const typed = (name: string, of: (each: object) => string) => ((schema.getType(name) as any).resolveType = of);
  typed("Node", () => "Person");
  typed("Thing", (each) => ("town" in each ? "Place" : "Person"));
  typed("Record", (each) => ("text" in each ? "Notice" : "Case"));
  return {
    async answer(query) {
      told = new Map();
      const { data, errors } = await graphql({ schema, source: query });
      if (errors) throw new Error(errors.map(({ message }) => message).join("\n"));
      return { data: JSON.parse(JSON.stringify(data)) as unknown, errors: [...told.keys()].sort() };
    },
  };
}
