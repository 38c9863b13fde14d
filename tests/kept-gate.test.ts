/**
 * Gate and guard over answers that are kept: one cache for every caller changes nothing that any of them sees, and tells
 * nobody apart who is hidden from who is not there.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { ExecutedCall } from "../gateway/subgraph/call.ts";
import { lifetimeNode, naiveCache, ownCache, sentText, withLifetimes } from "./differential/kept.ts";
import { operations, rulings, worlds } from "./guarded-cases.ts";
import { type GuardedGraph, person, rightsOf, startGuardedGraph, type World, withholding } from "./guarded-graph.ts";

const everywhere = (sdl: string): string =>
  withLifetimes(sdl, { ofType: () => [], ofField: () => [lifetimeNode(60, "one")] });

const fronts = { "the simplest cache": naiveCache, "the gateway's own": ownCache };
type Title = keyof typeof fronts;

/** A graph in front of which a cache stands that is emptied with the world. */
async function startKept(world: World, title: Title) {
  let front: ReturnType<typeof naiveCache> | ReturnType<typeof ownCache> | null = null;
  const around = (call: ExecutedCall) => {
    front = fronts[title](call);
    return front.call;
  };
  const graph = await startGuardedGraph(world, { isCommon: true, edit: everywhere, around });
  const kept = front as unknown as ReturnType<typeof naiveCache> | ReturnType<typeof ownCache>;
  return {
    graph,
    kept,
    use(next: World) {
      graph.world = next;
      if ("entries" in kept) kept.clear();
      else kept.lose(0);
      graph.requests.length = 0;
    },
    async close() {
      if ("close" in kept) kept.close();
      await graph.close();
    },
  };
}
type Kept = Awaited<ReturnType<typeof startKept>>;

const seen = [person("FIN001"), person("FIN003", { relatives: ["FIN001"], guardian: "FIN001" })];
const hidden = ["FIN002", "FIN004"].map((fin) => person(fin, { sealed: true, guardian: "FIN003" }));
const withHidden: World = { persons: [...seen, ...hidden], cases: [] };
const without: World = { persons: seen, cases: [] };
const gated = rightsOf({
  gates: {
    Person: [
      {
        policy: "person",
        facts: ["sealed", "ours"],
        forbids: ([sealed, ours]) => (sealed && !ours ? withholding("hide", "1367") : null),
      },
    ],
  },
});

/** What is answered, and which subgraphs are asked for it. */
async function step({ graph }: Kept, query: string) {
  graph.requests.length = 0;
  const { data, errors } = await graph.ask(query, gated);
  return { answer: JSON.stringify({ data, errors }), asked: graph.requests.map(({ subgraph }) => subgraph).sort() };
}

describe.each(Object.keys(fronts) as Title[])("T01, T19, T24: behind %s", (title) => {
  let one: Kept;
  let other: Kept;
  let plain: GuardedGraph;
  beforeAll(async () => {
    one = await startKept(withHidden, title);
    other = await startKept(without, title);
    plain = await startGuardedGraph(withHidden);
  }, 60_000);
  beforeEach(() => {
    one.use(withHidden);
    other.use(without);
  });
  afterAll(async () => {
    await Promise.all([one?.close(), other?.close(), plain?.close()]);
  });

  test.each([
    ["somebody who may be seen", "FIN001", ["custody", "people", "safety"]],
    ["somebody who is hidden", "FIN002", ["custody", "people", "safety"]],
    ["nobody", "FIN999", ["custody", "people", "safety"]],
  ])("%s: the gate costs fetches the first time, and none the second", async (_title, fin, asked) => {
    const query = `{ person(fin: "${fin}") { name } }`;
    expect((await step(one, query)).asked).toEqual(asked);
    expect((await step(one, query)).asked).toEqual([]);
  });

  test("nobody is kept as another who is nobody: each is asked about as if for the first time", async () => {
    const first = await step(one, '{ person(fin: "FIN998") { name } }');
    const second = await step(one, '{ person(fin: "FIN999") { name } }');
    expect(second.asked).toEqual(first.asked);
    expect(second.asked).toEqual((await step(one, '{ person(fin: "FIN002") { name } }')).asked);
  });

  test("nobody is kept whatever else is asked along with it, as somebody is", async () => {
    const ask = async (fin: string) => {
      await step(one, `{ person(fin: "${fin}") { name } }`);
      return step(one, `{ again: person(fin: "${fin}") { name guardian { fin } } }`);
    };
    expect((await ask("FIN999")).asked).toEqual((await ask("FIN002")).asked);
  });

  const fins = fc.constantFrom("FIN001", "FIN002", "FIN003", "FIN004", "FIN999");
  const queries = fc.oneof(
    fins.map((fin) => `{ person(fin: "${fin}") { name } }`),
    fins.map((fin) => `{ p: person(fin: "${fin}") { fin name stays { id } } }`),
    fins.map((fin) => `{ node(fin: "${fin}") { fin } }`),
    fc.tuple(fins, fins).map(([a, b]) => `{ a: person(fin: "${a}") { name } b: person(fin: "${b}") { name } }`),
    fins.map((fin) => `{ person(fin: "${fin}") { guardian { name } } }`),
  );

  test("two worlds, one without those who are hidden in the other: no sequence of questions tells them apart", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(queries, { minLength: 2, maxLength: 6 }), async (sequence) => {
        one.use(withHidden);
        other.use(without);
        for (const query of sequence) expect(await step(one, query)).toEqual(await step(other, query));
      }),
      { numRuns: Number(process.env.PROOF_ROUNDS ?? 24) },
    );
  }, 600_000);

  test("one cache for every caller gives each of them what they would see without it", async () => {
    const asked = fc.array(fc.tuple(operations, rulings), { minLength: 2, maxLength: 5 });
    let notPrintedAgain = 0;
    await fc.assert(
      fc.asyncProperty(worlds, asked, async (world, all) => {
        one.use(world);
        plain.world = world;
        for (const [query, { rights }] of [...all, ...all, ...all, ...all]) {
          const [given, right] = [await one.graph.ask(query, rights), await plain.ask(query, rights)];
          if (given.printed?.kept) notPrintedAgain += 1;
          expect(sentText(given)).toBe(sentText(right));
          expect(given.decisions).toEqual(right.decisions);
        }
      }),
      { numRuns: Number(process.env.PROOF_ROUNDS ?? 24) },
    );
    const { counts } = one.kept;
    expect("whole" in counts ? counts.whole : counts.hits).toBeGreaterThan(50);
    if ("again" in counts) expect(counts.again).toBeGreaterThan(50);
    expect(notPrintedAgain).toBeGreaterThan(10);
    if ("unlikeBodies" in one.kept) expect(one.kept.unlikeBodies).toEqual([]);
  }, 600_000);
});

test("what has no lifetime is asked for each time, however much of the rest is kept", async () => {
  const withoutOne = (sdl: string): string => {
    // It would be inherited from what it stands in.
    const fields = /^( +(?:name: String|person\(fin: Fin!\): Person)\b[^\n]*?) @lifetime\([^)]*\)/gm;
    expect(everywhere(sdl).match(fields)?.length).toBeGreaterThan(1);
    return everywhere(sdl).replace(fields, "$1");
  };
  let cache: ReturnType<typeof naiveCache> | null = null;
  const around = (call: ExecutedCall) => {
    cache = naiveCache(call);
    return cache.call;
  };
  const graph = await startGuardedGraph(without, { isCommon: true, edit: withoutOne, around });
  try {
    const nameNow = async () => (await graph.ask('{ person(fin: "FIN001") { name stays { id } } }', gated)).data;
    for (let times = 0; times < 3; times += 1)
      expect(await nameNow()).toMatchObject({ person: { name: "name of FIN001" } });
    graph.world = { ...without, persons: [person("FIN001", { name: "another" })] };
    expect(await nameNow()).toMatchObject({ person: { name: "another" } });
    expect((cache as unknown as ReturnType<typeof naiveCache>).counts.whole).toBeGreaterThan(0);
  } finally {
    await graph.close();
  }
}, 60_000);

describe("T02: identical operations under way at once", () => {
  const query = '{ people(fins: ["FIN001"]) { name stays { id } } }';
  const everything = rightsOf({});
  const soon = { maxAgeMs: 0, atLeast: new Map() };
  const handed: unknown[] = [];
  let generation = "1";
  let graph: GuardedGraph;
  beforeAll(async () => {
    graph = await startGuardedGraph(withHidden, {
      isCommon: true,
      generation: (subgraphs) => `${generation} ${subgraphs}`,
      around: (call) => (request) => {
        handed.push(request.freshness);
        return call(request);
      },
    });
    // Its plan is made before anything is counted.
    await graph.ask(query, everything);
  }, 60_000);
  afterAll(() => graph?.close());

  /** How often people's subgraph is asked, where the second comes while the first waits for it. */
  async function asks(
    before: () => unknown,
    ...freshness: readonly [first: typeof soon | null, second: typeof soon | null]
  ) {
    generation = "1";
    handed.length = 0;
    graph.requests.length = 0;
    const [held, release] = gate();
    const [begun, begin] = gate();
    graph.fault = (answer) => {
      begin();
      return held.then(answer);
    };
    const optionsOf = (each: typeof soon | null) => (each === null ? {} : { freshness: each });
    const first = graph.ask(query, everything, optionsOf(freshness[0]));
    await begun;
    // What is asked meanwhile is not held.
    graph.fault = null;
    await before();
    const second = graph.ask(query, everything, optionsOf(freshness[1]));
    // Whoever would ask has asked by then: nothing stands between but what is in hand.
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    release();
    const answers = await Promise.all([first, second]);
    graph.fault = null;
    expect(answers[1]?.data).toEqual(answers[0]?.data);
    return graph.requests.filter(({ subgraph }) => subgraph === "people").length;
  }

  test.each([
    ["at once", 'mutation { touch(fin: "FIN001") { fin } }'],
    ["in parts", 'mutation { touch(fin: "FIN001") { fin ... @defer { name } } }'],
  ])("are two, where a mutation was answered between them, %s", async (_title, mutation) => {
    const asked = await asks(
      async () => {
        const { data, increments } = await graph.ask(mutation, everything, { acceptsDefer: true });
        expect([data, increments.length]).toMatchObject([
          { touch: { fin: "FIN001" } },
          mutation.includes("@defer") ? 1 : 0,
        ]);
        graph.requests.length = 1;
      },
      null,
      null,
    );
    expect(asked).toBe(2);
  });

  test.each([
    ["are one, while nothing changes", () => {}, null, null, 1],
    [
      "are two, where anything changed between them",
      () => {
        generation = "2";
      },
      null,
      null,
      2,
    ],
    ["are two, where the second wants it fresher than it is kept", () => {}, null, soon, 2],
    ["are two, where the first does", () => {}, soon, null, 2],
  ] as const)("%s", async (_title, before, first, second, count) => {
    expect(await asks(before, first, second)).toBe(count);
  });

  test("each request of it is told how fresh it is to be", async () => {
    handed.length = 0;
    await graph.ask('{ people(fins: ["FIN001"]) { name cases { id } } }', everything, { freshness: soon });
    expect(handed.length).toBeGreaterThan(1);
    expect(handed.every((each) => each === soon)).toBe(true);
  });
});

function gate(): readonly [Promise<void>, () => void] {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return [opened, () => open()];
}
