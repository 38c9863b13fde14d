/** What is asked of the shop: one deep document, and fifty that differ in what they select and in their variables. */

export type BenchOperation = { readonly query: string; readonly variables: Readonly<Record<string, unknown>> };

export const deepOperation: BenchOperation = {
  query: `query Deep {
  customers { ...Buyer reviews { ...Said product { ...Ware reviews { ...Said author { ...Buyer reviews { ...Said product { ...Ware } } } } } } }
  topProducts { ...Ware reviews { ...Said author { ...Buyer reviews { ...Said product { ...Ware } } } } }
}
fragment Buyer on Customer { id handle name }
fragment Said on Review { id text }
fragment Ware on Product { inStock name price shippingEstimate sku grams }`,
  variables: {},
};

type TypeName = "Customer" | "Product" | "Review";
const leaves: Readonly<Record<TypeName, readonly string[]>> = {
  Customer: ["id", "handle", "name", "since"],
  Product: ["sku", "name", "price", "grams", "inStock", "shelf", "shippingEstimate"],
  Review: ["id", "text", "stars"],
};
const branches: Readonly<Record<TypeName, Readonly<Record<string, TypeName>>>> = {
  Customer: { reviews: "Review" },
  Product: { reviews: "Review" },
  Review: { author: "Customer", product: "Product" },
};
const roots: readonly (readonly [field: string, args: string, type: TypeName])[] = [
  ["customers", "(first: $first)", "Customer"],
  ["customer", "(id: $id)", "Customer"],
  ["topProducts", "(first: $first)", "Product"],
  ["product", "(sku: $sku)", "Product"],
];

/** A small generator of numbers (mulberry32): the same seed gives the same operation on every machine. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function selection(type: TypeName, depth: number, next: (below: number) => number): string {
  const chosen = leaves[type].filter(() => next(5) < 3);
  const fields = chosen.length > 0 ? chosen : [leaves[type][0] as string];
  // Here and there under another name, as clients do.
  const written = fields.map((field) => (next(8) === 0 ? `my_${field}: ${field}` : field));
  for (const [field, target] of Object.entries(branches[type])) {
    if (depth === 0 || next(4) === 0) continue;
    const args = target === "Review" ? ["", "(minStars: $stars)", "(first: 2)"][next(3)] : "";
    written.push(`${field}${args} { ${selection(target, depth - 1, next)} }`);
  }
  return written.join(" ");
}

/** Any seed gives a valid operation; how large its answer is, is seen when it is asked. */
export function variedOperation(seed: number): BenchOperation {
  const next = numbersFrom(seed * 7919 + 13);
  const root = [roots[next(roots.length)], roots[next(roots.length)]].slice(0, 1 + next(2));
  const parts = root.flatMap((each, index) =>
    each ? [`r${index}: ${each[0]}${each[1]} { ${selection(each[2], 2 + next(3), next)} }`] : [],
  );
  const body = parts.join("\n  ");
  const values = { first: 3 + next(5), id: `C${1 + next(8)}`, sku: `SKU-${100 + next(10)}`, stars: 1 + next(4) };
  const types = { first: "Int", id: "ID!", sku: "ID!", stars: "Int" };
  const used = (Object.keys(types) as (keyof typeof types)[]).filter((name) => body.includes(`$${name}`));
  const declared = used.map((name) => `$${name}: ${types[name]}`).join(", ");
  return {
    query: `query Varied${seed}${declared === "" ? "" : `(${declared})`} {\n  ${body}\n}`,
    variables: Object.fromEntries(used.map((name) => [name, values[name]])),
  };
}
