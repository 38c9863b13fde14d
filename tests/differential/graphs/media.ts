/** Interfaces, unions whose members differ from subgraph to subgraph, entity interfaces and interface objects. */
import { broken, type GraphDefinition, type Row } from "../world.ts";

const library = `
  type Query { media: [Media!]! medium(id: ID!): Media shelf: [Item] first: Item @shareable node(id: ID!): Node odds: [Hidden] allOdd: [Hidden!] }
  interface Node { id: ID! }
  interface Media @key(fields: "id") { id: ID! title: String! related: [Media!] }
  type Book implements Media & Node @key(fields: "id") { id: ID! title: String! related: [Media!] pages: Int author: Person }
  type Film implements Media & Node @key(fields: "id") { id: ID! title: String! related: [Media!] minutes: Int! cast: [Person] }
  type Song implements Media @key(fields: "id") { id: ID! title: String! related: [Media!] key: String }
  union Item = Book | Film | Person
  interface Hidden { id: ID! }
  type Seen implements Hidden { id: ID! plain: String }
  type Unseen implements Hidden @inaccessible { id: ID! secret: String }
  type Person implements Node @key(fields: "id") { id: ID! name: String! favourite: Item }`;

const ratings = `
  type Query { rated: [Media!] topPerson: Person }
  type Media @key(fields: "id") @interfaceObject {
    id: ID!
    title: String! @external
    score(scale: Int = 5): Float
    blurb: String @requires(fields: "title")
    opinions: [Opinion!]!
  }
  type Opinion { text: String by: Person of: Media! }
  type Person @key(fields: "id") { id: ID! opinions: [Opinion] }`;

const screens = `
  type Query { first: Item @shareable showing: [Screening!] agenda: [Thing!]! }
  union Item = Film | Person
  union Thing = Screening | Film | Pause
  interface Timed { at: String! ends: Ending }
  type Ending { at: String  by: Timed }
  type Pause implements Timed { at: String! ends: Ending minutes: String }
  type Screening implements Timed & Node @key(fields: "id") { id: ID! at: String! ends: Ending film: Film what: Item minutes: Int! seats: [[Seat]!] }
  interface Node { id: ID! }
  type Seat { row: Int! taken: Person }
  type Film implements Node @key(fields: "id") { id: ID! minutes: Int! @external screenings: [Screening!] long: String @requires(fields: "minutes") rating: Age }
  type Person @key(fields: "id") { id: ID! seat: Seat }
  enum Age { ALL ADULT BANNED @inaccessible }`;

function build() {
  const person = (id: string): Row => ({ __typename: "Person", id, name: `name ${id}`, favourite: null, opinions: [] });
  const [h1, h2, h3] = [person("h1"), person("h2"), person("h3")];
  const media = (type: string, id: string, more: Record<string, unknown> = {}): Row => ({
    __typename: type,
    id,
    title: `title ${id}`,
    related: [],
    opinions: [],
    score: 2.5,
    ...more,
  });
  const b1 = media("Book", "b1", { pages: 100, author: h1 });
  const b2 = media("Book", "b2", { pages: null, author: broken(), score: null });
  const f1 = media("Film", "f1", { minutes: 90, cast: [h1, null, h2], rating: "ALL" });
  const f2 = media("Film", "f2", { minutes: 200, cast: null, rating: "BANNED", score: broken() });
  const f3 = media("Film", "f3", { minutes: 30, cast: [broken(), h3], rating: null });
  const s1 = media("Song", "s1", { key: "C", related: null });
  const s2 = media("Song", "s2", { key: broken() });
  b1.related = [f1, s1, b2];
  f1.related = [b1, f2];
  f2.related = broken();
  const opinion = (text: unknown, by: unknown, of: unknown): Row => ({ __typename: "Opinion", text, by, of });
  b1.opinions = [opinion("good", h1, b1), opinion(null, null, f1)];
  f1.opinions = [opinion(broken(), h2, s1)];
  s1.opinions = [opinion("so so", broken(), b1)];
  h1.favourite = f1;
  h2.favourite = h1;
  h1.opinions = [opinion("one", h2, f1), null, opinion("two", h1, b1)];
  h2.opinions = broken();
  h3.opinions = null;
  const seat = (row: unknown, taken: unknown): Row => ({ __typename: "Seat", row, taken });
  h1.seat = seat(1, h2);
  h2.seat = null;
  h3.seat = seat(broken(), h1);
  const ending = (at: unknown, by: unknown): Row => ({ __typename: "Ending", at, by });
  const pause: Row = { __typename: "Pause", at: "noon", minutes: "15 min", ends: null };
  const screening = (id: string, more: Record<string, unknown>): Row => ({
    __typename: "Screening",
    id,
    at: `at ${id}`,
    ends: null,
    film: f1,
    what: f1,
    minutes: 100,
    seats: [[seat(1, h1), null], []],
    ...more,
  });
  const v1 = screening("v1", {});
  const v2 = screening("v2", { film: f2, what: h1, ends: ending("late", pause), seats: null });
  const v3 = screening("v3", { film: null, what: null, seats: [[seat(broken(), h2)], [seat(2, null)]] });
  pause.ends = ending(broken(), v1);
  v1.ends = ending(null, null);
  f1.screenings = [v1, v2];
  f2.screenings = [];
  f3.screenings = [v3];
  const all = [b1, b2, f1, f2, f3, s1, s2];
  const nodes = [h1, h2, h3, b1, b2, f1, f2, f3];
  const odd: Row = { __typename: "Seen", id: "o1", plain: "plain" };
  const unseen: Row = { __typename: "Unseen", id: "o2", secret: "secret" };
  return {
    entities: [...nodes, s1, s2, v1, v2, v3],
    computed: {
      "Query.media": () => all,
      "Query.medium": (_: Row, { id }: Record<string, unknown>) => all.find((each) => each.id === id) ?? null,
      "Query.shelf": () => [b1, f1, null, h1, b2, f2, broken(), h2, f3],
      "Query.first": () => f1,
      "Query.node": (_: Row, { id }: Record<string, unknown>) => nodes.find((each) => each.id === id) ?? null,
      "Query.odds": () => [odd, unseen, null],
      "Query.allOdd": () => [odd, unseen],
      "Query.rated": () => [s1, b1, f2, b1],
      "Query.topPerson": () => h1,
      "Query.showing": () => [v1, v2, v3],
      "Query.agenda": () => [v1, f2, pause, v3, f1],
      "Media.score": (row: Row, { scale }: Record<string, unknown>) =>
        typeof row.score === "number" ? row.score * Number(scale ?? 1) : row.score,
    },
  };
}

export const media: GraphDefinition = { name: "media", subgraphs: { library, ratings, screens }, build };
