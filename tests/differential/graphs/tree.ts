/** Recursion, and null and failure at every place: nullable and not, alone and in lists of lists, across subgraphs. */
import { broken, type GraphDefinition, type Row } from "../world.ts";

const trees = `
  type Query { root: Node! loose: Node nodes: [Node] strict: [Node!]! grid: [[Node]!] }
  type Node @key(fields: "id") {
    id: ID!
    name: String
    must: String!
    left: Node
    right: Node
    parent: Node
    children: [Node!]!
    some: [Node]
    grid: [[Node!]]
    leaf: Leaf
    sure: Leaf!
  }
  type Leaf { a: Int b: Int! next: Leaf all: [Leaf!] }`;

const colours = `
  type Query { painted(colour: String = "red"): [Node!] }
  type Node @key(fields: "id") {
    id: ID!
    name: String @external
    colour: String
    shade: String!
    near: Node
    next: Node!
    pairs: [[Node!]!]
    hasOwnProperty: Boolean
    valueOf: String! @requires(fields: "name")
    label: String @requires(fields: "name colour2")
    colour2: String @external
  }`;

const labels = `
  type Query { labelled: Node }
  type Node @key(fields: "id") {
    id: ID!
    colour2: String
    leaf: Leaf @external
    children: [Node!]! @external
    tag: String
    tags: [String!]
    rare: String
    byLeaf: String @requires(fields: "leaf { a next { a } }")
    byChildren: String @requires(fields: "children { tone }")
    tone: String @external
    again: Node
  }
  type Leaf { a: Int @external next: Leaf @external }`;

const tones = `
  type Query { toned: [Node] }
  type Node @key(fields: "id") { id: ID! tone: String louder: Node quiet: [Node] }`;

function build() {
  const leaf = (a: unknown, b: unknown, next: unknown = null, all: unknown = null): Row => ({
    __typename: "Leaf",
    a,
    b,
    next,
    all,
  });
  const node = (id: string, more: Record<string, unknown> = {}): Row => ({
    __typename: "Node",
    id,
    name: `name ${id}`,
    must: `must ${id}`,
    children: [],
    sure: leaf(1, 2, leaf(null, 3)),
    colour: "red",
    colour2: `second ${id}`,
    shade: `shade ${id}`,
    hasOwnProperty: true,
    tag: `tag ${id}`,
    tags: ["x", id],
    rare: `rare ${id}`,
    tone: `tone ${id}`,
    ...more,
  });
  const n = Array.from({ length: 8 }, (_, index) => node(`n${index}`));
  const [n0, n1, n2, n3, n4, n5, n6, n7] = n as [Row, Row, Row, Row, Row, Row, Row, Row];
  for (const each of n) each.next = n0;
  Object.assign(n0, { left: n1, right: n2, children: [n1, n2, n3], some: [n1, null, n4], grid: [[n1, n2], null, []] });
  Object.assign(n1, { left: n3, parent: n0, children: [n4], near: n2, next: n2, leaf: leaf(1, 2, leaf(3, 4)) });
  Object.assign(n2, { name: null, must: broken(), parent: n0, near: n0, pairs: [[n0, n1], []], tags: null, next: n1 });
  Object.assign(n3, { name: broken(), left: n4, shade: broken(), leaf: leaf(null, broken()), near: n3, again: n1 });
  Object.assign(n4, { right: n5, sure: broken(), colour: broken(), tags: ["a", broken()], louder: n0, tone: null });
  Object.assign(n5, {
    colour: "none",
    children: [n6],
    some: [n6, broken()],
    tone: broken(),
    grid: [[n1], [n2, broken()]],
  });
  Object.assign(n6, {
    left: broken(),
    leaf: leaf(broken(), 1, null, [leaf(1, 1), leaf(2, null)]),
    next: n3,
    louder: n5,
  });
  Object.assign(n7, {
    name: "last",
    near: broken(),
    next: broken(),
    quiet: [n0, broken(), null, n5],
    children: [n5, n0],
  });
  Object.assign(n0, {
    quiet: [n1, n2],
    again: n7,
    pairs: [[n7], [n0, n0]],
    leaf: leaf(7, 8, leaf(9, 10), [leaf(1, 2)]),
  });
  return {
    entities: n,
    computed: {
      "Query.root": () => n0,
      "Query.loose": () => n3,
      "Query.nodes": () => [n0, null, n2, broken(), n5, n7],
      "Query.strict": () => [n0, n1, n6],
      "Query.grid": () => [[n0, null], [], [n4, n5, n0]],
      "Query.painted": (_: Row, { colour }: Record<string, unknown>) => n.filter((each) => each.colour === colour),
      "Query.labelled": () => n7,
      "Query.toned": () => [n1, null, n5, n6],
    },
  };
}

export const tree: GraphDefinition = {
  name: "tree",
  subgraphs: { trees, colours, labels, tones },
  build,
  unknown: { colours: ["Node:n5"] },
};
