/** Fields that require others with arguments, which the client asks for with other arguments, and conflicting ones. */
import { broken, type GraphDefinition, type Row } from "../world.ts";

const goods = `
  type Query { goods: [Good!]! good: Good }
  type Good @key(fields: "id") {
    id: ID!
    price(currency: String! = "EUR", round: Boolean): Int
    comments(limit: Int, newest: Boolean = false): [Comment]
    place(deep: Int = 1): Place
  }
  type Comment @key(fields: "id") { id: ID! text(chars: Int = 3): String }
  type Place { name(long: Boolean = false): String at: [Int!] }`;

const estimates = `
  type Query { offers: [Good] }
  type Good @key(fields: "id") {
    id: ID!
    price(currency: String! = "EUR", round: Boolean): Int @external
    comments(limit: Int, newest: Boolean = false): [Comment] @external
    place(deep: Int = 1): Place @external
    inEuro: String @requires(fields: "price(currency: \\"EUR\\")")
    inDollar(times: Int = 1): String @requires(fields: "price(currency: \\"USD\\", round: true)")
    feedback: String @requires(fields: "comments(limit: 2) { id text(chars: 1) }")
    where: String @requires(fields: "place(deep: 2) { name(long: true) }")
  }
  type Comment @key(fields: "id") { id: ID! text(chars: Int = 3): String @external  author: String shout: String @requires(fields: "text(chars: 9)") }
  type Place { name(long: Boolean = false): String @external }`;

const totals = `
  type Query { total: Int }
  type Good @key(fields: "id") {
    id: ID!
    inEuro: String @external
    price(currency: String! = "EUR", round: Boolean): Int @external
    summary: String @requires(fields: "inEuro price(currency: \\"GBP\\")")
  }`;

function build() {
  const comment = (id: string, text: unknown = `text of ${id}`): Row => ({
    __typename: "Comment",
    id,
    text,
    author: `by ${id}`,
  });
  const c = [comment("c1"), comment("c2"), comment("c3", null), comment("c4", broken()), comment("c5")];
  const [c1, c2, c3, c4, c5] = c as [Row, Row, Row, Row, Row];
  const good = (id: string, comments: unknown, price: unknown = 100): Row => ({
    __typename: "Good",
    id,
    comments,
    price,
  });
  const goods = [
    good("g1", [c1, c2, c5]),
    good("g2", [c3, null, c4], null),
    good("g3", null, broken()),
    good("g4", [c4]),
    good("g5", broken()),
  ];
  const rates: Record<string, number> = { EUR: 1, USD: 2, GBP: 3 };
  return {
    entities: [...goods, ...c],
    computed: {
      "Query.goods": () => goods,
      "Query.good": () => goods[0],
      "Query.offers": () => [goods[1], null, goods[0], goods[4]],
      "Query.total": () => 5,
      "Good.price": ({ price }: Row, { currency, round }: Record<string, unknown>) =>
        typeof price === "number" ? price * (rates[String(currency)] ?? 7) + (round ? 1000 : 0) : price,
      "Good.comments": ({ comments }: Row, { limit, newest }: Record<string, unknown>) => {
        if (!Array.isArray(comments)) return comments;
        const ordered = newest ? [...comments].reverse() : comments;
        return typeof limit === "number" ? ordered.slice(0, Math.max(0, limit)) : ordered;
      },
      "Comment.text": ({ text }: Row, { chars }: Record<string, unknown>) =>
        typeof text === "string" ? text.slice(0, Math.max(0, Number(chars ?? 99))) : text,
      "Good.place": (row: Row, { deep }: Record<string, unknown>) =>
        row.id === "g4" ? null : { __typename: "Place", label: `${row.id} ${String(deep)}`, at: [1, 2] },
      "Place.name": ({ label }: Row, { long }: Record<string, unknown>) => (long ? `place ${label}` : label),
    },
  };
}

export const requiredArguments: GraphDefinition = {
  name: "required-arguments",
  subgraphs: { goods, estimates, totals },
  build,
};
