/** Keys of every form, requirements of requirements, provided fields, shared value types, overrides, arguments, faults. */
import { broken, canonical, type GraphDefinition, type Row } from "../world.ts";

const inputs = `
  scalar Any
  enum Kind { NEW USED SECRET @inaccessible }
  input Filter { min: Int = 1 max: Int kind: Kind tags: [String!] = ["a"] inner: Filter any: Any }`;

const products = `${inputs}
  type Query {
    products(first: Int = 5, filter: Filter): [Product]
    product(id: ID!): Product
    best: Product!
    echo(filter: Filter = { min: 2 }, n: Int = 3, kind: Kind = NEW, any: Any, grid: [[Int]!] = [[1]]): String!
    toString: String
  }
  type Product @key(fields: "id") @key(fields: "sku brand { code }") {
    id: ID!
    sku: String!
    brand: Brand!
    name(upper: Boolean = false): String
    kind: Kind
    dims: Dims
    price(currency: String = "EUR"): Int
    cost: Int @inaccessible
    parts: [[Part!]]!
    legacy: String
    constructor: String
  }
  type Brand { code: String! name: String maker: Maker }
  type Maker @key(fields: "id") { id: ID! }
  type Part { label: String! weight: Float deep: [[[Int]]] }
  type Dims @shareable { w: Int h: Int! unit: Kind }`;

const inventory = `${inputs}
  type Query { warehouses: [Warehouse!] }
  type Product @key(fields: "id") {
    id: ID!
    dims: Dims @external
    cost: Int @external
    brand: Brand! @external
    legacy: String @override(from: "products")
    inStock: Boolean
    shipping: String @requires(fields: "cost dims { w h }")
    margin(percent: Int = 10): String! @requires(fields: "cost")
    held: [Holding!]
    packed: Dims
    makerLabel: String @requires(fields: "brand { name maker { id } }")
  }
  type Brand { name: String @external maker: Maker @external }
  type Maker @key(fields: "id", resolvable: false) { id: ID! }
  type Dims @shareable { w: Int h: Int! unit: Kind }
  type Holding { count: Int! at: Warehouse! }
  type Warehouse @key(fields: "place { zone shelf }") { place: Place! city: String boss: User items: [Product!] }
  type Place { zone: Int! shelf: String! }
  type User @key(fields: "id", resolvable: false) { id: ID! }`;

const reviews = `${inputs}
  type Query { latest(first: Int! = 3): [Review!]! }
  type Review @key(fields: "id") { id: ID! body: String stars: Int! product: Product author: User! @provides(fields: "name") critic: User }
  type Product @key(fields: "sku brand { code }") {
    sku: String!
    brand: Brand!
    shipping: String @external
    reviews(stars: Int): [Review]
    verdict: String @requires(fields: "shipping")
    rating: Float!
  }
  type Brand { code: String! }
  type User @key(fields: "email") { email: String! name: String @external reviews: [Review!] nick: String @requires(fields: "name") }`;

const users = `${inputs}
  type Query { me: User  users(ids: [ID!]): [User!]! }
  type User @key(fields: "id") @key(fields: "email") { id: ID! email: String! name: String @shareable friends: [User!] address: Address mood: Kind }
  type Address @shareable { lines: [String]! zip: String }
  type Maker @key(fields: "id") { id: ID! address: Address founder: User country: String! }`;

function build() {
  const user = (id: string, more: Record<string, unknown> = {}): Row => ({
    __typename: "User",
    id,
    email: `${id}@x`,
    name: `Name ${id}`,
    friends: [],
    address: { __typename: "Address", lines: [`${id} street`, null], zip: null },
    mood: "NEW",
    reviews: [],
    ...more,
  });
  const [u1, u2, u3] = [user("u1"), user("u2", { name: broken(), mood: "SECRET" }), user("u3", { address: null })];
  u1.friends = [u2, u3, u1];
  u2.friends = null;
  u3.friends = [u1];
  const maker = (id: string, more: Record<string, unknown> = {}): Row => ({
    __typename: "Maker",
    id,
    address: { __typename: "Address", lines: [id], zip: "1" },
    founder: u1,
    country: "X",
    ...more,
  });
  const makers = [maker("m1"), maker("m2", { founder: null, country: broken() }), maker("m3", { address: broken() })];
  const brand = (code: string, at: number | null): Row => ({
    __typename: "Brand",
    code,
    name: `brand ${code}`,
    maker: at === null ? null : makers[at],
  });
  const product = (id: string, at: number | null, more: Record<string, unknown> = {}): Row => ({
    __typename: "Product",
    id,
    sku: `sku-${id}`,
    brand: brand(id === "p2" ? "b1" : `b${id}`, at),
    kind: "USED",
    dims: { __typename: "Dims", w: 1, h: 2, unit: "NEW" },
    cost: 100,
    parts: [[{ __typename: "Part", label: "a", weight: 1.5, deep: [[[1, null], []], null] }], null, []],
    legacy: `old ${id}`,
    constructor: `made ${id}`,
    inStock: true,
    packed: { __typename: "Dims", w: null, h: 5, unit: "SECRET" },
    held: [],
    reviews: [],
    rating: 4.5,
    ...more,
  });
  const products = [
    product("p1", 0),
    product("p2", 1, { dims: null, cost: null, kind: "SECRET", inStock: null }),
    product("p3", 2, { cost: broken(), reviews: null }),
    product("p4", null, { rating: broken() }),
    product("p5", 0, { dims: broken(), parts: [[{ __typename: "Part", label: null, weight: null, deep: null }]] }),
    product("p6", 1, { held: broken() }),
    product("p7", 0, { legacy: null, constructor: null }),
  ];
  const [p1, p2, p3, p4, p5, p6] = products as [Row, Row, Row, Row, Row, Row];
  const warehouse = (zone: number, shelf: string, more: Record<string, unknown>): Row => ({
    __typename: "Warehouse",
    place: { __typename: "Place", zone, shelf },
    city: `city ${zone}`,
    ...more,
  });
  const warehouses = [
    warehouse(1, "a", { boss: u1, items: [p1, p2, p1, p6] }),
    warehouse(1, "b", { boss: u2, city: broken(), items: [p3] }),
    warehouse(2, "a", { boss: null, items: null }),
  ];
  const holding = (count: unknown, at: number): Row => ({ __typename: "Holding", count, at: warehouses[at] });
  p1.held = [holding(1, 0), holding(2, 1)];
  p2.held = [holding(3, 0), holding(broken(), 2)];
  p3.held = null;
  const review = (id: string, product: Row | null, author: unknown, more: Record<string, unknown> = {}): Row => ({
    __typename: "Review",
    id,
    body: `body ${id}`,
    stars: 3,
    product,
    author,
    critic: u3,
    ...more,
  });
  const all = [
    review("r1", p1, u1),
    review("r2", p1, u3, { body: null, critic: null }),
    review("r3", p2, u1, { body: broken(), critic: u2 }),
    review("r4", null, u3, { critic: broken() }),
    review("r5", p4, u1, { critic: u2 }),
    review("r6", p5, u3),
  ];
  const [r1, r2, r3, r4, r5] = all as [Row, Row, Row, Row, Row];
  p1.reviews = [r1, null, r2];
  p2.reviews = [r3, broken(), r3];
  p4.reviews = [r5];
  u1.reviews = [r1, r3, r5];
  u3.reviews = [r2, r4];
  const price = { EUR: 10, USD: 12 } as Record<string, number>;
  return {
    entities: [u1, u2, u3, ...makers, ...products, ...warehouses, ...all],
    computed: {
      "Query.products": (_: Row, { first, filter }: Record<string, unknown>) =>
        products
          .filter(({ kind }) => !(filter as Row | null)?.kind || kind === (filter as Row).kind)
          .slice(0, Math.max(0, (first as number | null) ?? 2)),
      "Query.product": (_: Row, { id }: Record<string, unknown>) => products.find((each) => each.id === id) ?? null,
      "Query.best": () => p1,
      "Query.echo": (_: Row, args: Record<string, unknown>) => canonical(args),
      "Query.toString": () => "a string",
      "Query.warehouses": () => warehouses,
      "Query.latest": (_: Row, { first }: Record<string, unknown>) => all.slice(0, Math.max(0, first as number)),
      "Query.me": () => u1,
      "Query.users": (_: Row, { ids }: Record<string, unknown>) =>
        [u1, u2, u3].filter(({ id }) => !ids || (ids as string[]).includes(id as string)),
      "Product.name": (row: Row, { upper }: Record<string, unknown>) =>
        upper ? `PRODUCT ${row.id}` : `product ${row.id}`,
      "Product.price": (row: Row, { currency }: Record<string, unknown>) =>
        row.id === "p5" ? broken() : ((price[String(currency)] ?? null) as unknown),
      "Product.reviews": (row: Row, { stars }: Record<string, unknown>) =>
        typeof stars === "number" && stars > 3 ? [] : row.reviews,
    },
  };
}

export const shop: GraphDefinition = {
  name: "shop",
  subgraphs: { products, inventory, reviews, users },
  build,
};
