/** References to one entity at several places, and fields of it that each of two subgraphs can give. */
import { broken, type GraphDefinition, type Row } from "../world.ts";

const lists = `
  type Query { pair: Pair pairs: [Pair] board: [[Item]] }
  type Pair { left: Item right: Item rest: [Item!] }
  type Item @key(fields: "id", resolvable: false) { id: ID! }`;

const first = `
  type Query { dear: [Item] }
  type Item @key(fields: "id") { id: ID! name: String @shareable box: Box @shareable price: Int! near: Item }
  type Box @shareable { width: Int }`;

const second = `
  type Query { rare: Item }
  type Item @key(fields: "id") { id: ID! name: String @shareable box: Box @shareable stock: Int parts: [Item!] }
  type Box @shareable { width: Int }`;

function build() {
  const item = (id: string, more: Record<string, unknown> = {}): Row => ({
    __typename: "Item",
    id,
    name: `name ${id}`,
    box: { __typename: "Box", width: id.length },
    price: 10,
    stock: 20,
    ...more,
  });
  const [a, b, c] = [item("a"), item("b", { price: broken(), name: null }), item("c", { box: null, stock: broken() })];
  Object.assign(a, { near: b, parts: [a, b, a] });
  Object.assign(b, { near: b, parts: [] });
  Object.assign(c, { near: null, parts: [c, a] });
  const pair = (left: unknown, right: unknown, rest: unknown): Row => ({ __typename: "Pair", left, right, rest });
  const pairs = [pair(a, a, [a, b, a]), pair(b, a, null), null, pair(null, c, [c, c])];
  return {
    entities: [a, b, c],
    computed: {
      "Query.pair": () => pairs[0],
      "Query.pairs": () => pairs,
      "Query.board": () => [[a, a, b], null, [c, null, a]],
      "Query.dear": () => [a, c, a],
      "Query.rare": () => c,
    },
  };
}

export const doubles: GraphDefinition = {
  name: "doubles",
  subgraphs: { lists, first, second },
  build,
};
