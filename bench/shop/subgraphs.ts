/** The shop as four subgraphs, and as one tree of values: what a single server over the same records would answer. */
import * as shop from "./records.ts";

// biome-ignore lint/suspicious/noExplicitAny: graphql-js types a resolver's parent and arguments as any.
type Resolve = (parent: any, args: any) => unknown;
export type BenchSubgraph = {
  readonly sdl: string;
  readonly resolvers: Readonly<Record<string, Readonly<Record<string, Resolve>>>>;
};
export type BenchGraph = {
  readonly subgraphs: Readonly<Record<string, BenchSubgraph>>;
  /** The root value under which the API schema, executed as one, gives the right answers. */
  readonly root: unknown;
};

const link = (...names: readonly string[]) =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [${names.map((name) => `"@${name}"`).join(", ")}])`;

type Page = { readonly first?: number | null; readonly minStars?: number | null };
type Measures = { readonly sku: string; readonly price: number; readonly grams: number };

const page = (list: readonly shop.Review[], { first, minStars }: Page) =>
  shop.first(shop.atLeast(list, minStars), first);

const customers: BenchSubgraph = {
  sdl: `
    ${link("key", "shareable")}
    type Query { customers(first: Int): [Customer!]! customer(id: ID!): Customer }
    type Customer @key(fields: "id") { id: ID! handle: String! @shareable name: String! since: Int! }`,
  resolvers: {
    Query: {
      customers: (_, { first }: Page) => shop.first(shop.customers, first),
      customer: (_, { id }: { id: string }) => shop.customer(id),
    },
    Customer: { __resolveReference: ({ id }: { id: string }) => shop.customer(id) },
  },
};

const products: BenchSubgraph = {
  sdl: `
    ${link("key")}
    type Query { topProducts(first: Int = 5): [Product!]! product(sku: ID!): Product }
    type Product @key(fields: "sku") { sku: ID! name: String! price: Int! grams: Int! }`,
  resolvers: {
    Query: {
      topProducts: (_, { first }: Page) => shop.first(shop.products, first),
      product: (_, { sku }: { sku: string }) => shop.product(sku),
    },
    Product: { __resolveReference: ({ sku }: { sku: string }) => shop.product(sku) },
  },
};

const reviews: BenchSubgraph = {
  sdl: `
    ${link("key", "external", "provides")}
    type Query { review(id: ID!): Review }
    type Review @key(fields: "id") {
      id: ID!
      text: String!
      stars: Int!
      author: Customer! @provides(fields: "handle")
      product: Product!
    }
    type Customer @key(fields: "id") { id: ID! handle: String! @external reviews(first: Int, minStars: Int): [Review!]! }
    type Product @key(fields: "sku") { sku: ID! reviews(first: Int, minStars: Int): [Review!]! }`,
  resolvers: {
    Query: { review: (_, { id }: { id: string }) => shop.reviews.find((each) => each.id === id) ?? null },
    Review: {
      author: ({ authorId }: shop.Review) => shop.customer(authorId),
      product: ({ sku }: shop.Review) => ({ sku }),
      __resolveReference: ({ id }: { id: string }) => shop.reviews.find((each) => each.id === id),
    },
    Customer: { reviews: ({ id }: { id: string }, args: Page) => page(shop.reviewsBy(id), args) },
    Product: { reviews: ({ sku }: { sku: string }, args: Page) => page(shop.reviewsOf(sku), args) },
  },
};

const warehouse: BenchSubgraph = {
  sdl: `
    ${link("key", "external", "requires")}
    type Product @key(fields: "sku") {
      sku: ID!
      price: Int! @external
      grams: Int! @external
      inStock: Boolean!
      shelf: String!
      shippingEstimate: Int! @requires(fields: "price grams")
    }`,
  resolvers: {
    Product: {
      __resolveReference: (reference: Measures) => ({ ...shop.product(reference.sku), asked: reference }),
      // From what the gateway sent: a wrong price or weight gives a wrong estimate.
      shippingEstimate: ({ asked }: { asked: Measures }) => shop.shippingEstimate(asked),
    },
  },
};

const wholeReview = (review: shop.Review): unknown => ({
  ...review,
  author: () => wholeCustomer(shop.customer(review.authorId)),
  product: () => wholeProduct(shop.product(review.sku)),
});
const wholeCustomer = (customer: shop.Customer | null): unknown =>
  customer && { ...customer, reviews: (args: Page) => page(shop.reviewsBy(customer.id), args).map(wholeReview) };
const wholeProduct = (product: shop.Product | null): unknown =>
  product && {
    ...product,
    shippingEstimate: shop.shippingEstimate(product),
    reviews: (args: Page) => page(shop.reviewsOf(product.sku), args).map(wholeReview),
  };

export const shopGraph: BenchGraph = {
  subgraphs: { customers, products, reviews, warehouse },
  root: {
    customers: ({ first }: Page) => shop.first(shop.customers, first).map(wholeCustomer),
    customer: ({ id }: { id: string }) => wholeCustomer(shop.customer(id)),
    topProducts: ({ first }: Page) => shop.first(shop.products, first).map(wholeProduct),
    product: ({ sku }: { sku: string }) => wholeProduct(shop.product(sku)),
    review: ({ id }: { id: string }) => shop.reviews.filter((each) => each.id === id).map(wholeReview)[0] ?? null,
  },
};

/** Subgraphs in a row, each with a part of one type: for the time from start to the first answer. */
export function rowGraph(length: number): BenchGraph {
  const names = Array.from({ length }, (_, index) => `part${index}`);
  const fieldsOf = (name: string) => Array.from({ length: 8 }, (_, n) => `${name}Field${n}`);
  const valuesOf = (name: string) => Object.fromEntries(fieldsOf(name).map((field) => [field, `${field} of it`]));
  const ids = ["T1", "T2"];
  const subgraphs = names.map((name, index): readonly [string, BenchSubgraph] => {
    const thing = (id: string) => ({ id, ...valuesOf(name) });
    const fields = fieldsOf(name).map((field) => `${field}: String!`);
    return [
      name,
      {
        sdl: `
          ${link("key")}
          ${index === 0 ? "type Query { things: [Thing!]! }" : ""}
          type Thing @key(fields: "id") { id: ID! ${fields.join(" ")} }`,
        resolvers: {
          ...(index === 0 ? { Query: { things: () => ids.map(thing) } } : {}),
          Thing: { __resolveReference: ({ id }: { id: string }) => thing(id) },
        },
      },
    ];
  });
  const whole = Object.assign({}, ...names.map(valuesOf)) as object;
  return { subgraphs: Object.fromEntries(subgraphs), root: { things: ids.map((id) => ({ id, ...whole })) } };
}

/** One field of every part. */
export const rowDocument = (length: number): string =>
  `{ things { id ${Array.from({ length }, (_, index) => `part${index}Field${index % 8}`).join(" ")} } }`;
