/** The shop's whole world: who buys, what is sold, and what is said of it. Made up by counting, the same every time. */

export type Customer = { readonly id: string; readonly handle: string; readonly name: string; readonly since: number };
export type Product = {
  readonly sku: string;
  readonly name: string;
  readonly price: number;
  readonly grams: number;
  readonly inStock: boolean;
  readonly shelf: string;
};
export type Review = {
  readonly id: string;
  readonly text: string;
  readonly stars: number;
  readonly authorId: string;
  readonly sku: string;
};

const givenNames = ["Ada", "Bruno", "Chidi", "Dagny", "Emeka", "Fenna", "Goran", "Hanae"];
const familyNames = ["Quill", "Reyes", "Sandoval", "Tamm", "Uzun", "Vance", "Wolff", "Yilmaz"];
const wares = ["Trowel", "Lantern", "Kettle", "Rope", "Ledger", "Chisel", "Parasol", "Hammock", "Sextant", "Whisk"];
const verdicts = [
  "Would buy again.",
  "Broke in a week.",
  "Does what it says.",
  "Bigger than it looks.",
  "A gift; she liked it.",
  "Not for left hands.",
  "Fine.",
];

const counted = <Item>(length: number, make: (index: number) => Item): readonly Item[] =>
  Array.from({ length }, (_, index) => make(index));
const at = <Item>(list: readonly Item[], index: number): Item => list[index % list.length] as Item;

export const customers: readonly Customer[] = counted(8, (index) => ({
  id: `C${index + 1}`,
  handle: `@${at(givenNames, index).toLowerCase()}${index}`,
  name: `${at(givenNames, index)} ${at(familyNames, index * 3 + 1)}`,
  since: 2009 + ((index * 5) % 14),
}));

export const products: readonly Product[] = counted(10, (index) => ({
  sku: `SKU-${100 + index}`,
  name: at(wares, index),
  price: index === 3 ? 1250 : 15 + index * 37,
  grams: 120 + index * 410,
  inStock: index % 4 !== 1,
  shelf: `${at(["A", "B", "C"], index)}${index}`,
}));

export const reviews: readonly Review[] = counted(31, (index) => ({
  id: `R${index + 1}`,
  text: at(verdicts, index * 2),
  stars: 1 + ((index * 3) % 5),
  authorId: at(customers, index * 5 + 1).id,
  sku: at(products, index * 3 + (index >> 2)).sku,
}));

export const customer = (id: string): Customer | null => customers.find((each) => each.id === id) ?? null;
export const product = (sku: string): Product | null => products.find((each) => each.sku === sku) ?? null;
export const reviewsBy = (authorId: string): readonly Review[] => reviews.filter((each) => each.authorId === authorId);
export const reviewsOf = (sku: string): readonly Review[] => reviews.filter((each) => each.sku === sku);
export const first = <Item>(list: readonly Item[], count: number | null | undefined): readonly Item[] =>
  list.slice(0, count ?? list.length);
export const atLeast = (list: readonly Review[], stars: number | null | undefined): readonly Review[] =>
  list.filter((each) => each.stars >= (stars ?? 0));

/** Dear things are sent free; others by weight. */
export const shippingEstimate = ({ price, grams }: { readonly price: number; readonly grams: number }): number =>
  price > 1000 ? 0 : Math.round(grams * 0.5);
