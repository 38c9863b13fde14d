/** Arguments that come from what stands above (`@context`, `@fromContext`). */
import { broken, type GraphDefinition, type Row } from "../world.ts";

const people = `
  type Query { me: Person! people: [Person] team: Team }
  type Person @key(fields: "id") @context(name: "who") { id: ID! locale: String currency: String! account: Account accounts: [Account] }
  type Team @key(fields: "id") @context(name: "who") { id: ID! locale: String members: [Person!] account: Account }
  type Account @key(fields: "id") {
    id: ID!
    plain: String
    greeting(mood: String = "kind", locale: String @fromContext(field: "$who { locale }")): String
    owner: Person
    inner: Account
    limits: [Limit!]
  }
  type Limit { amount: Int }`;

const money = `
  type Query { bank: String }
  type Account @key(fields: "id") { id: ID! balance: Int worth(times: Int = 1): String inner2: Account }
  type Person @key(fields: "id") { id: ID! spare: Account }`;

function build() {
  const account = (id: string, more: Record<string, unknown> = {}): Row => ({
    __typename: "Account",
    id,
    plain: `plain ${id}`,
    balance: 5,
    limits: [
      { __typename: "Limit", amount: 1 },
      { __typename: "Limit", amount: null },
    ],
    ...more,
  });
  const [a1, a2, a3] = [
    account("a1"),
    account("a2", { balance: broken(), limits: null }),
    account("a3", { plain: null }),
  ];
  const person = (id: string, more: Record<string, unknown>): Row => ({
    __typename: "Person",
    id,
    locale: `locale-${id}`,
    currency: "EUR",
    account: null,
    accounts: [],
    ...more,
  });
  const p1 = person("p1", { account: a1, accounts: [a1, null, a2], spare: a3 });
  const p2 = person("p2", { account: a2, locale: null, accounts: [a3] });
  const p3 = person("p3", { account: broken(), spare: broken(), accounts: null });
  Object.assign(a1, { owner: p2, inner: a2, inner2: a3 });
  Object.assign(a2, { owner: p1, inner: null, inner2: a1 });
  Object.assign(a3, { owner: null, inner: a1 });
  const team: Row = { __typename: "Team", id: "t1", locale: "team", members: [p1, p2], account: a1 };
  return {
    entities: [a1, a2, a3, p1, p2, p3, team],
    computed: {
      "Query.me": () => p1,
      "Query.people": () => [p1, p2, null, p3],
      "Query.team": () => team,
      "Query.bank": () => "bank",
      "Account.greeting": (row: Row, { mood, locale }: Record<string, unknown>) => `${row.id} ${mood} in ${locale}`,
      "Account.worth": (row: Row, { times }: Record<string, unknown>) => `${row.id} ${String(times)}`,
    },
  };
}

export const contexts: GraphDefinition = { name: "contexts", subgraphs: { people, money }, build };
