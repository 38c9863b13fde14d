/** For tests of gate and guard: a graph of four subgraphs in this process, whose world, rights and faults are made by hand. */
import { composeServices } from "@apollo/composition";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { GraphQLError, type GraphQLSchema, graphql, parse } from "graphql";
import type { EngineAnswer } from "../gateway/execution/engine.ts";
import type { EngineIncrement } from "../gateway/execution/in-parts.ts";
import { openPlanner, type Planner } from "../gateway/execution/planner.ts";
import type { Guard, Rights, Verdict } from "../gateway/execution/rights.ts";
import { type ExecutedCall, type Freshness, SubgraphFailure } from "../gateway/subgraph/call.ts";
import { readSupergraph, type Supergraph } from "../gateway/supergraph/supergraph.ts";

export type CaseRow = {
  readonly id: string;
  readonly subject: string;
  readonly marked: boolean;
  readonly kind: string;
  readonly rider: string | null;
  readonly hearing: { readonly at: string; readonly closed: boolean } | null;
  /** Ids of other cases, in rows. */
  readonly linked: readonly (readonly string[])[];
};
export type StayRow = { readonly id: string; readonly subject: string; readonly reason: string };
export type PersonRow = {
  readonly fin: string;
  readonly aNumbers: readonly string[];
  readonly name: string;
  readonly sealed: boolean;
  readonly ours: boolean;
  readonly relatives: readonly string[];
  readonly guardian: string | null;
  readonly cases: readonly string[];
  readonly stays: readonly StayRow[];
};
/** Of whom nothing is special but what is said. */
export const person = (fin: string, more: Partial<PersonRow> = {}): PersonRow => ({
  fin,
  aNumbers: [`A${fin}`],
  name: `name of ${fin}`,
  sealed: false,
  ours: false,
  relatives: [],
  guardian: null,
  cases: [],
  stays: [],
  ...more,
});
export type World = { readonly persons: readonly PersonRow[]; readonly cases: readonly CaseRow[] };

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@requires", "@external", "@shareable", "@inaccessible"])
  scalar Fin
  scalar ANumber`;

export const sdls = {
  people: `
    type Query { person(fin: Fin!): Person  people(fins: [Fin!]!): [Person!]  anything(fin: Fin!): [Thing!]  node(fin: Fin!): Node }
    type Mutation { touch(fin: Fin!): Person }
    interface Node { fin: Fin! }
    union Thing = Person | Place
    type Place { town: String }
    type Person implements Node @key(fields: "fin") {
      fin: Fin!
      aNumbers: [ANumber!]
      name: String
      relatives: [Person!]
      guardian: Person
    }`,
  safety: `
    type Person @key(fields: "fin") {
      fin: Fin!
      aNumbers: [ANumber!] @external
      sealed: Boolean @requires(fields: "aNumbers") @inaccessible
      filings: [Filing!] @requires(fields: "aNumbers")
    }
    type Filing { form: String  sensitive: Boolean @inaccessible }`,
  court: `
    type Person @key(fields: "fin") {
      fin: Fin!
      aNumbers: [ANumber!] @external
      cases: [Case!] @requires(fields: "aNumbers")
      mainCase: Case @requires(fields: "aNumbers")
      records: [Record!] @requires(fields: "aNumbers")
      caseCount: Int @requires(fields: "aNumbers")
    }
    interface Record { id: ID! }
    type Case implements Record @key(fields: "id") {
      id: ID!
      kind: String
      code: String
      subject: Person @inaccessible
      marked: Boolean @inaccessible
      rider: Person
      hearing: Hearing
      linked: [[Case!]!]
    }
    type Notice implements Record { id: ID! text: String }
    type Hearing { at: String  place: String  closed: Boolean @inaccessible }`,
  custody: `
    type Person @key(fields: "fin") {
      fin: Fin!
      ours: Boolean @inaccessible
      stays: [Stay!]
    }
    type Stay { id: ID!  reason: String  subject: Person @inaccessible }
    type Case @key(fields: "id") { id: ID!  transfers: [String!] }`,
};
export type SubgraphName = keyof typeof sdls;
export const subgraphNames = Object.keys(sdls) as SubgraphName[];

/** Resolvers of a subgraph, and of the monolith: a parent is a row or a representation. */
export function resolversOf(world: () => World) {
  const personOf = (fin: string) => world().persons.find((each) => each.fin === fin) ?? null;
  const rowOf = ({ fin }: { fin: string }) => personOf(fin);
  const caseOf = (id: string) => world().cases.find((each) => each.id === id) ?? null;
  const byNumbers = (numbers: readonly string[] | null | undefined) =>
    world().persons.find(({ aNumbers }) => aNumbers.some((each) => numbers?.includes(each))) ?? null;
  const casesOf = (row: PersonRow | null) => (row?.cases ?? []).flatMap((id) => caseOf(id) ?? []);
  type Ref = { readonly fin: string; readonly aNumbers?: readonly string[] };
  // biome-ignore lint/suspicious/noExplicitAny: resolver maps are of any shape.
  const resolvers: Record<SubgraphName, any> = {
    people: {
      Query: {
        person: (_: unknown, { fin }: { fin: string }) => personOf(fin),
        people: (_: unknown, { fins }: { fins: readonly string[] }) => fins.flatMap((each) => personOf(each) ?? []),
        anything: (_: unknown, { fin }: { fin: string }) => [personOf(fin), { town: "Mesa" }].filter(Boolean),
        node: (_: unknown, { fin }: { fin: string }) => personOf(fin),
      },
      Mutation: { touch: (_: unknown, { fin }: { fin: string }) => personOf(fin) },
      Node: { __resolveType: () => "Person" },
      Thing: { __resolveType: (each: object) => ("town" in each ? "Place" : "Person") },
      Person: {
        __resolveReference: rowOf,
        relatives: ({ relatives }: PersonRow) => relatives.map(personOf),
        guardian: ({ guardian }: PersonRow) => (guardian === null ? null : personOf(guardian)),
      },
    },
    safety: {
      Person: {
        __resolveReference: (ref: Ref) => ref,
        sealed: ({ aNumbers }: Ref) => byNumbers(aNumbers)?.sealed ?? false,
        filings: ({ aNumbers }: Ref) =>
          byNumbers(aNumbers)?.cases.map((each, index) => ({ form: `F${each}`, sensitive: index % 2 === 0 })) ?? [],
      },
    },
    court: {
      Person: {
        __resolveReference: (ref: Ref) => ref,
        cases: ({ aNumbers }: Ref) => casesOf(byNumbers(aNumbers)),
        mainCase: ({ aNumbers }: Ref) => casesOf(byNumbers(aNumbers))[0] ?? null,
        records: ({ aNumbers }: Ref) => {
          const cases = casesOf(byNumbers(aNumbers));
          return [...cases, ...cases.map(({ id }) => ({ id: `N${id}`, text: "notice" }))];
        },
        caseCount: ({ aNumbers }: Ref) => casesOf(byNumbers(aNumbers)).length,
      },
      Record: { __resolveType: (each: object) => ("text" in each ? "Notice" : "Case") },
      Case: {
        __resolveReference: ({ id }: { id: string }) => caseOf(id),
        code: ({ kind }: CaseRow) => `code of ${kind}`,
        subject: ({ subject }: CaseRow) => ({ fin: subject }),
        rider: ({ rider }: CaseRow) => (rider ? { fin: rider } : null),
        hearing: ({ hearing, id }: CaseRow) => (hearing ? { ...hearing, place: `room of ${id}` } : null),
        linked: ({ linked }: CaseRow) => linked.map((row) => row.flatMap((each) => caseOf(each) ?? [])),
      },
    },
    custody: {
      Person: {
        __resolveReference: (ref: Ref) => ref,
        ours: ({ fin }: Ref) => personOf(fin)?.ours ?? false,
        stays: ({ fin }: Ref) => personOf(fin)?.stays ?? [],
      },
      Stay: { subject: ({ subject }: StayRow) => ({ fin: subject }) },
      Case: {
        __resolveReference: (ref: { id: string }) => ref,
        transfers: ({ id }: { id: string }) => [`to ${id}`],
      },
    },
  };
  return resolvers;
}

export type Sent = {
  readonly subgraph: SubgraphName;
  readonly query: string;
  readonly variables: Record<string, unknown>;
};
/** Stands in the place of a subgraph's answer, or changes it; undefined: as it is. */
export type Fault = (answer: () => Promise<unknown>, sent: Sent) => Promise<unknown> | undefined;

export type GuardedGraph = {
  world: World;
  readonly requests: Sent[];
  fault: Fault | null;
  readonly supergraph: Supergraph;
  ask(
    query: string,
    rights: Rights,
    options?: AskOptions,
  ): Promise<EngineAnswer & { readonly increments: EngineIncrement[] }>;
  close(): Promise<void>;
};
export type AskOptions = {
  readonly variables?: Record<string, unknown>;
  readonly acceptsDefer?: boolean;
  readonly freshness?: Freshness;
};

export function composeGuarded(): string {
  const { supergraphSdl, errors } = composeServices(
    subgraphNames.map((name) => ({ name, url: `http://${name}.example`, typeDefs: parse(`${link}\n${sdls[name]}`) })),
  );
  if (errors) throw new Error(errors.map(({ message }) => message).join("\n"));
  return supergraphSdl;
}

export type GuardedSettings = {
  readonly isCommon?: boolean;
  /** The supergraph with more in it. */
  readonly edit?: (sdl: string) => string;
  /** Stands in front of the subgraphs. */
  readonly around?: (call: ExecutedCall) => ExecutedCall;
  readonly generation?: (subgraphs: readonly string[]) => string;
};

export async function startGuardedGraph(
  world: World,
  { isCommon = false, edit = (sdl) => sdl, around = (call) => call, generation = () => "" }: GuardedSettings = {},
): Promise<GuardedGraph> {
  const planner: Planner = openPlanner({ softMs: 20_000, hardMs: 30_000, heapMb: 512 });
  const resolvers = resolversOf(() => graph.world);
  const schemas = Object.fromEntries(
    subgraphNames.map((name) => [
      name,
      buildSubgraphSchema([{ typeDefs: parse(`${link}\n${sdls[name]}`), resolvers: resolvers[name] }]),
    ]),
  ) as Record<SubgraphName, GraphQLSchema>;
  const call: ExecutedCall = async ({ subgraph, body }) => {
    const { query, variables } = JSON.parse(body) as { query: string; variables: Record<string, unknown> };
    const sent: Sent = { subgraph: subgraph as SubgraphName, query, variables };
    graph.requests.push(sent);
    const answer = async () =>
      JSON.parse(
        JSON.stringify(await graphql({ schema: schemas[sent.subgraph], source: query, variableValues: variables })),
      ) as unknown;
    const answered = (await graph.fault?.(answer, sent)) ?? (await answer());
    return { body: answered, isShared: false };
  };
  const supergraph = await readSupergraph(edit(composeGuarded()), {
    planner,
    introspection: true,
    maxCost: 0,
    isPartial: () => false,
    isCommon: () => isCommon,
    keptMaxBytes: 10_000_000,
    onPlan: (make) => make(),
    callOf: () => around(call),
    generation,
  });
  const graph: GuardedGraph = {
    world,
    requests: [],
    fault: null,
    supergraph,
    async ask(query, rights, { variables = {}, acceptsDefer = false, freshness } = {}) {
      const operation = supergraph.prepare({ query, operationName: null, variables }, { acceptsDefer });
      if ("refused" in operation) throw new Error(operation.refused.map(({ message }) => message).join("\n"));
      const signal = new AbortController().signal;
      const asked = { signal, deadline: performance.now() + 30_000, rights };
      const answer = await supergraph.execute(operation, { ...asked, ...(freshness ? { freshness } : {}) });
      const increments: EngineIncrement[] = [];
      for await (const each of answer.deferred ?? []) increments.push(each);
      return { ...answer, increments };
    },
    close: () => planner.close(),
  };
  return graph;
}

export const refusal = (code: string) => new GraphQLError(code);
export const down = (): never => {
  throw new SubgraphFailure("SUBREQUEST_HTTP_ERROR");
};

/** A rule of a test's own: `facts` are `name` or `subject.name`; `forbids` gives the verdict, null for a permit. */
export type RuleSpec = {
  readonly policy: string;
  readonly facts: readonly string[];
  readonly forbids: (values: readonly boolean[]) => Verdict | null;
};

export const permits: Verdict = { permits: true };
export const withholding = (effect: "hide" | "refer" | "mask", policy = effect as string): Verdict => ({
  permits: false,
  effect,
  policy,
  authority: `authority of ${policy}`,
  ...(effect === "refer" ? { callback: `callback of ${policy}` } : {}),
});

export function guardOf({ policy, facts, forbids }: RuleSpec): Guard {
  return {
    policy,
    facts: facts.map((each) =>
      each.startsWith("subject.")
        ? { name: each.slice("subject.".length), of: "subject" as const }
        : { name: each, of: "record" as const },
    ),
    decide(values) {
      if (values.length !== facts.length || values.some((each) => typeof each !== "boolean"))
        throw new Error("a guard was asked without its facts");
      return forbids(values) ?? permits;
    },
  };
}

let keys = 0;
/** `types`, `fields` (`Type.field`) and `gates`, by name. */
export function rightsOf(specs: {
  readonly gates?: Readonly<Record<string, readonly RuleSpec[]>>;
  readonly types?: Readonly<Record<string, readonly RuleSpec[]>>;
  readonly fields?: Readonly<Record<string, readonly RuleSpec[]>>;
}): Rights {
  const made = (rules: Readonly<Record<string, readonly RuleSpec[]>> = {}) =>
    new Map(Object.entries(rules).map(([name, each]) => [name, each.map(guardOf)]));
  const [gates, types, fields] = [made(specs.gates), made(specs.types), made(specs.fields)];
  keys += 1;
  return {
    key: `rights ${keys}`,
    refusesType: () => false,
    refusesField: () => false,
    refusalOf: () => null,
    guardsOf: (type) => types.get(type) ?? [],
    guardsOfField: (type, field) => fields.get(`${type}.${field}`) ?? [],
    gatesOf: (type) => gates.get(type) ?? [],
    mayHide: true,
  };
}
