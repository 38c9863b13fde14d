/** Ways from key to key over several subgraphs, keys that may not be resolved, and fields that several can give. */
import { broken, type GraphDefinition, type Row } from "../world.ts";

const alpha = `
  type Query { things: [Thing] thing: Thing  composite: [Pair!] }
  type Thing @key(fields: "a") { a: ID! one: String shared: String @shareable box: Box @shareable boxes: [Box!] @shareable slots: [Slot!] }
  type Slot @key(fields: "zone shelf") { zone: Int! shelf: String! label: String }
  type Box @shareable { left: Int inside: Inside }
  type Inside @shareable { x: Int }
  type Pair @key(fields: "id") @key(fields: "owner { name org { code } }") { id: ID! owner: Owner! own: String }
  type Owner @shareable { name: String! org: Org! }
  type Org @shareable { code: Int! }`;

const beta = `
  type Query { byB(b: ID!): Thing }
  type Thing @key(fields: "a") @key(fields: "b { k }") { a: ID! b: Bee! two: String shared: String @shareable box: Box @shareable boxes: [Box!] @shareable }
  type Bee @shareable { k: ID! }
  type Box @shareable { left: Int right: Int inside: Inside }
  type Inside @shareable { x: Int y: Int }
  type Pair @key(fields: "owner { name org { code } }") { owner: Owner! spouse: Pair links: [Pair] }
  type Owner @shareable { name: String! org: Org! }
  type Org @shareable { code: Int! }`;

const gamma = `
  type Query { gamma: [Thing!] }
  type Thing @key(fields: "b { k }") @key(fields: "c") { b: Bee! c: ID! three: String back: Thing list: [Thing] }
  type Bee @shareable { k: ID! }
  type Pair @key(fields: "id") { id: ID! weight: Int! late: String @requires(fields: "own") own: String @external }`;

const delta = `
  type Query { last: Thing }
  type Thing @key(fields: "c") { c: ID! four: String three: String @external fourOf: String @requires(fields: "three") home: Home }
  type Slot @key(fields: "zone shelf") { zone: Int! shelf: String! holds: String weight: Int! }
  type Home @key(fields: "id") { id: ID! of: Thing street: String }`;

const mash = `
  type Query { mash: [Mash!] }
  type Mash @key(fields: "id") @key(fields: "id composite { two three }") { id: ID! composite: Composite! name: String }
  type Composite @shareable { two: ID! three: ID! one: ID! }`;

const mashed = `
  type Query { other: Int }
  type Mash @key(fields: "id composite { one two }", resolvable: false) @key(fields: "id composite { two three }") {
    id: ID!
    composite: Composite! @shareable
    name: String @external
    derived: String @requires(fields: "name")
  }
  type Composite @shareable { one: ID! two: ID! three: ID! }`;

const box = (left: number): Row => ({
  __typename: "Box",
  left,
  right: left + 1,
  inside: { __typename: "Inside", x: left + 2, y: left + 3 },
});

function build() {
  const thing = (id: string, more: Record<string, unknown> = {}): Row => ({
    __typename: "Thing",
    id,
    a: `a${id}`,
    b: { __typename: "Bee", k: `b${id}` },
    c: `c${id}`,
    one: `one ${id}`,
    two: `two ${id}`,
    three: `three ${id}`,
    four: `four ${id}`,
    shared: `shared ${id}`,
    box: box(1),
    boxes: [box(5), box(6), box(7)],
    slots: [],
    ...more,
  });
  const t = [
    thing("1"),
    thing("2", { two: null, three: null, box: null }),
    thing("3", { three: broken(), shared: null }),
    thing("4", { one: broken(), four: broken() }),
  ];
  const [t1, t2, t3, t4] = t as [Row, Row, Row, Row];
  const home = (id: string, of: unknown): Row => ({ __typename: "Home", id, of, street: `street ${id}` });
  Object.assign(t1, { back: t2, list: [t2, null, t3, t1], home: home("h1", t4) });
  Object.assign(t2, { back: t1, list: null, home: null });
  Object.assign(t3, { back: null, list: [broken(), t4], home: home("h2", t1) });
  Object.assign(t4, { back: broken(), list: [], home: broken() });
  const slot = (zone: number, shelf: string, more: Record<string, unknown> = {}): Row => ({
    __typename: "Slot",
    zone,
    shelf,
    label: `label ${zone} ${shelf}`,
    holds: `in ${zone} ${shelf}`,
    weight: zone,
    ...more,
  });
  const slots = [
    slot(1, "a"),
    slot(1, "b"),
    slot(2, "a"),
    slot(1, "c", { holds: null }),
    slot(2, "b", { holds: broken() }),
  ];
  Object.assign(t1, { slots });
  Object.assign(t2, { slots: slots.slice(1, 4), boxes: null });
  Object.assign(t4, { slots: null, boxes: [] });
  const pair = (id: string, name: string, code: number, more: Record<string, unknown> = {}): Row => ({
    __typename: "Pair",
    id,
    owner: { __typename: "Owner", name, org: { __typename: "Org", code } },
    own: `own ${id}`,
    weight: code * 10,
    ...more,
  });
  const [q1, q2, q3] = [
    pair("q1", "n", 1),
    pair("q2", "n", 2, { own: broken() }),
    pair("q3", "m", 1, { weight: broken() }),
  ];
  Object.assign(q1, { spouse: q2, links: [q3, q2, q3, null] });
  Object.assign(q2, { spouse: q1, links: null });
  Object.assign(q3, { spouse: null, links: [q1, broken()] });
  const mash = (id: string): Row => ({
    __typename: "Mash",
    id,
    composite: { __typename: "Composite", one: `${id}1`, two: `${id}2`, three: `${id}3` },
    name: `name ${id}`,
  });
  const mashes = [mash("m1"), mash("m2")];
  return {
    entities: [...t, ...slots, q1, q2, q3, ...mashes, t1.home as Row, t3.home as Row],
    computed: {
      "Query.things": () => [t1, t2, null, t3, t4, t1],
      "Query.thing": () => t1,
      "Query.byB": (_: Row, { b }: Record<string, unknown>) => t.find((each) => (each.b as Row).k === b) ?? null,
      "Query.gamma": () => [t3, t1],
      "Query.last": () => t4,
      "Query.composite": () => [q1, q2, q3],
      "Query.mash": () => mashes,
      "Query.other": () => 1,
    },
  };
}

export const hops: GraphDefinition = {
  name: "hops",
  subgraphs: { alpha, beta, gamma, delta, mash, mashed },
  build,
};
