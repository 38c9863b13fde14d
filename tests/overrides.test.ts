/** Fields that move from one subgraph to another: `@override` with a label, for a share of the requests or by name. */
import { afterAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parse } from "graphql";
import { labelsOf, overridesOf } from "../gateway/execution/overrides.ts";
import { type Arena, openArena } from "./differential/arena.ts";
import { judge, newTally } from "./differential/judge.ts";
import { compose } from "./differential/monolith.ts";
import { sizes } from "./differential/sizes.ts";
import { broken, type GraphDefinition, type Row } from "./differential/world.ts";
import { startTestGateway } from "./gateway-graph.ts";

const moved = (label: string) => `@override(from: "old", label: "${label}")`;
const definition: GraphDefinition = {
  name: "moving",
  subgraphs: {
    old: `type Query { items: [Item] }
      type Item @key(fields: "id") { id: ID! never: String always: String third: String most: String named: String part: Part next: Item plain: String }
      type Part @shareable { name: String size: Int }`,
    new: `type Query { other: Item }
      type Item @key(fields: "id") { id: ID! never: String ${moved("percent(0)")} always: String ${moved("percent(100)")}
        third: String ${moved("percent(33.3)")} most: String ${moved("percent(70)")} named: String ${moved("move-it")}
        part: Part ${moved("percent(50)")} }
      type Part @shareable { name: String size: Int }`,
    reader: `type Query { read: [Item!] }
      type Item @key(fields: "id") { id: ID! steady: String @shareable derived: String @requires(fields: "plain") plain: String @external }`,
  },
  build() {
    const item = (id: string, more: Record<string, unknown> = {}): Row => ({
      __typename: "Item",
      id,
      never: `never ${id}`,
      always: `always ${id}`,
      third: `third ${id}`,
      most: `most ${id}`,
      named: `named ${id}`,
      part: { __typename: "Part", name: `part ${id}`, size: 3 },
      next: null,
      ...more,
    });
    const [a, b, c] = [
      item("a"),
      item("b", { third: null, always: broken() }),
      item("c", { named: broken(), part: null }),
    ];
    a.next = b;
    return {
      entities: [a, b, c],
      computed: { "Query.items": () => [a, null, b, c], "Query.other": () => c, "Query.read": () => [b, a] },
    };
  },
};

const sdl = compose(definition, {});
/** The labels in force where this was drawn. */
const drawn = (random: number, ...named: readonly string[]) =>
  labelsOf(overridesOf(parse(sdl), new Set(named), () => random).draw());

describe("of labels those are in force", () => {
  test.each<[string, number, readonly string[], readonly string[]]>([
    ["whose share covers what is drawn", 0.4, [], ["percent(100)", "percent(50)", "percent(70)"]],
    ["each share with those that are larger", 0.3, [], ["percent(100)", "percent(33.3)", "percent(50)", "percent(70)"]],
    ["none of no share at all", 0, [], ["percent(100)", "percent(33.3)", "percent(50)", "percent(70)"]],
    ["one of the whole share always", 0.999, [], ["percent(100)"]],
    ["that are named", 0.999, ["move-it"], ["move-it", "percent(100)"]],
    ["and no other by that", 0.999, ["move", "percent", "toString"], ["percent(100)"]],
  ])("%s", (_, random, named, expected) => {
    expect(drawn(random, ...named)).toEqual(expected);
  });

  test("each that can be drawn is known, the one that holds for everybody last", () => {
    const { possible, unknown } = overridesOf(parse(sdl), new Set(["move-it", "mvoe-it"]));
    expect([possible.at(0), possible.length, possible.at(-1)]).toEqual([
      "move-it percent(100) percent(33.3) percent(50) percent(70)",
      4,
      "move-it percent(100)",
    ]);
    expect(unknown).toEqual(["mvoe-it"]);
  });

  test("none where the supergraph has none", () => {
    const none = overridesOf(parse("type Query { a: Int }"), new Set(["move-it"]), () => 0);
    expect([labelsOf(none.draw()), none.possible, none.unknown]).toEqual([[], [""], ["move-it"]]);
  });
});

describe("over a graph with moving fields", () => {
  let opened: Promise<Arena> | null = null;
  const arena = () => (opened ??= openArena(definition));
  afterAll(async () => (await opened)?.close());

  const askedOf = async (ask: () => Promise<unknown>, field: string) => {
    const { subgraphs } = await arena();
    subgraphs.requests.splice(0);
    await ask();
    return subgraphs.requests.filter(({ query }) => query.includes(field)).map(({ subgraph }) => subgraph);
  };

  test("a field is asked of the subgraph that it is in", async () => {
    const { ask } = await arena();
    const where = (field: string) =>
      askedOf(() => ask({ document: parse(`{ items { ${field} } }`), variables: {}, operationName: null }), field);
    expect([await where("never"), await where("always"), await where("named")]).toEqual([["old"], ["new"], ["old"]]);
    const seen = new Set<string | undefined>();
    for (let asked = 0; asked < 200 && seen.size < 2; asked += 1) seen.add((await where("third"))[0]);
    expect([...seen].sort()).toEqual(["new", "old"]);
  });

  test("one whose label the operator names has moved, and a name that is nobody's is told of", async () => {
    const named = await startTestGateway((await arena()).sdl, { GATEWAY_OVERRIDES: "move-it" });
    const asking = () => named.ask("{ items { named } }");
    expect(await askedOf(asking, "named")).toEqual(["new"]);
    expect(named.lines.filter((line) => line.includes("overrides-unknown"))).toEqual([]);
    await named.close();
    const misspelt = await startTestGateway((await arena()).sdl, { GATEWAY_OVERRIDES: "mvoe-it" });
    expect(misspelt.lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ event: "overrides-unknown", labels: ["mvoe-it"] }),
    );
    await misspelt.close();
  });

  test(
    "every answer is the monolith's, wherever the fields are",
    async () => {
      const over = await arena();
      const tally = newTally();
      const property = fc.asyncProperty(over.operations, async (operation) => {
        expect(await judge(over, operation, tally)).toEqual([]);
      });
      await fc.assert(property, { numRuns: sizes.operations, seed: sizes.seed });
      expect(tally.compared).toBeGreaterThan(sizes.operations * 0.9);
    },
    60_000 + sizes.operations * 300,
  );
});
