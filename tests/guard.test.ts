/** What the guard promises of every record: decided by its own facts, on the data, whatever is asked and however. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { EngineAnswer } from "../gateway/execution/engine.ts";
import type { EngineIncrement } from "../gateway/execution/in-parts.ts";
import { allRights } from "../gateway/execution/rights.ts";
import { operations, rulings, worlds } from "./guarded-cases.ts";
import {
  type GuardedGraph,
  type RuleSpec,
  rightsOf,
  startGuardedGraph,
  type World,
  withholding,
} from "./guarded-graph.ts";
import { openNaive } from "./guarded-oracle.ts";

let graph: GuardedGraph;
const nobody: World = { persons: [], cases: [] };
beforeAll(async () => {
  graph = await startGuardedGraph(nobody);
});
afterEach(() => {
  graph.fault = null;
  graph.requests.length = 0;
});
afterAll(() => graph?.close());

type Whole = { readonly data: unknown; readonly errors: readonly string[] };

/** An answer with all of its parts put together. */
function whole({
  data,
  errors,
  increments,
}: EngineAnswer & { readonly increments: readonly EngineIncrement[] }): Whole {
  const all = JSON.parse(JSON.stringify(data)) as unknown;
  const told = [...errors];
  for (const { parts } of increments)
    for (const part of parts) {
      told.push(...part.errors);
      let at = all as Record<string | number, unknown>;
      for (const step of part.path) at = at[step] as typeof at;
      if (part.data) merge(at, JSON.parse(JSON.stringify(part.data)) as typeof at);
    }
  const lines = told.map(({ code, path, authority, callback }) =>
    `${JSON.stringify(path)} ${code} ${authority ?? callback ?? ""}`.trim(),
  );
  return { data: all, errors: [...new Set(lines)].sort() };
}

function merge(into: Record<string | number, unknown>, from: Record<string | number, unknown>): void {
  for (const [key, value] of Object.entries(from)) {
    const known = into[key];
    if (typeof known === "object" && known !== null && typeof value === "object" && value !== null)
      merge(known as typeof into, value as typeof from);
    else into[key] = value;
  }
}

describe("every record, field and person", () => {
  const rounds = Number(process.env.PROOF_ROUNDS ?? 120);
  test(`is shown or withheld as by a monolith that decides where it resolves (${rounds} operations)`, async () => {
    let [withheld, shown] = [0, 0];
    await fc.assert(
      fc.asyncProperty(worlds, rulings, operations, async (world, { rights, naive }, operation) => {
        graph.world = world;
        const expected = await openNaive(world, naive).answer(operation.replaceAll("@defer", ""));
        const given = whole(await graph.ask(operation, rights));
        expect(given).toEqual(expected);
        const inParts = whole(await graph.ask(operation, rights, { acceptsDefer: true }));
        expect(inParts.data).toEqual(expected.data);
        // A part tells of its own: what a whole answer tells once may be told in two.
        expect(inParts.errors).toEqual(expected.errors);
        withheld += expected.errors.length;
        shown += 1;
      }),
      { numRuns: rounds },
    );
    expect(withheld).toBeGreaterThan(0);
    console.log(`result: ${shown} operations, each whole and in parts; ${withheld} withheld with an error`);
  }, 600_000);
});

const person = {
  aNumbers: ["A1"],
  name: "One",
  sealed: false,
  ours: false,
  relatives: [],
  guardian: null,
  stays: [],
};
const plain = { marked: false, kind: "RMV", rider: null, hearing: null, linked: [] };
const world: World = {
  persons: [
    { ...person, fin: "FIN001", cases: ["C1", "C2", "C3"] },
    { ...person, fin: "FIN002", aNumbers: ["A2"], sealed: true, cases: [] },
  ],
  cases: [
    { ...plain, id: "C1", subject: "FIN001" },
    { ...plain, id: "C2", subject: "FIN001", marked: true, hearing: { at: "9", closed: true } },
    { ...plain, id: "C3", subject: "FIN001", linked: [["C2", "C1"]] },
  ],
};
const on = (policy: string, fact: string, effect: "hide" | "refer" | "mask"): RuleSpec => ({
  policy,
  facts: [fact],
  forbids: ([is]) => (is ? withholding(effect, policy) : null),
});
const lines = async (query: string, rights: ReturnType<typeof rightsOf>) => {
  graph.world = world;
  const { data, errors } = await graph.ask(query, rights);
  return { data: JSON.parse(JSON.stringify(data)) as unknown, errors };
};

describe("what is withheld", () => {
  const query = '{ person(fin: "FIN001") { all: cases { id } } }';
  const ids = (...all: string[]) => ({ person: { all: all.map((id) => ({ id })) } });

  test("and hidden leaves its list before there are indexes, and no error", async () => {
    const rights = rightsOf({ types: { Case: [on("h", "marked", "hide")] } });
    expect(await lines(query, rights)).toEqual({ data: ids("C1", "C3"), errors: [] });
  });

  test("and masked leaves its list, and one error at the list that names the authority", async () => {
    const rights = rightsOf({ types: { Case: [on("m", "marked", "mask")] } });
    const errors = [{ code: "MASKED", path: ["person", "all"], authority: "authority of m" }];
    expect(await lines(query, rights)).toEqual({ data: ids("C1", "C3"), errors });
  });

  test("and referred says whom to call, and not why", async () => {
    const rights = rightsOf({ types: { Case: [on("r", "marked", "refer")] } });
    const errors = [{ code: "OWNER_REFER", path: ["person", "all"], callback: "callback of r" }];
    expect(await lines(query, rights)).toEqual({ data: ids("C1", "C3"), errors });
  });

  test.each([
    [["mask", "refer"], ["OWNER_REFER"]],
    [["refer", "mask"], ["OWNER_REFER"]],
    [["mask", "hide"], []],
    [["hide", "refer"], []],
  ] as const)("by %j is withheld by the stricter of them: %j", async (effects, codes) => {
    const rules = effects.map((effect) => on(effect, "marked", effect));
    const { data, errors } = await lines(query, rightsOf({ types: { Case: rules } }));
    expect(data).toEqual(ids("C1", "C3"));
    expect(errors.map(({ code }) => code)).toEqual(codes);
  });

  test("is what stands there, not what it is declared as, nor what a client calls it", async () => {
    const rights = rightsOf({ types: { Case: [on("h", "marked", "hide")] } });
    const { data } = await lines('{ person(fin: "FIN001") { marked: records { subject: id } } }', rights);
    expect(data).toEqual({
      person: { marked: ["C1", "C3", "NC1", "NC2", "NC3"].map((subject) => ({ subject })) },
    });
  });

  test("is withheld from lists in lists, whose other elements keep what is theirs", async () => {
    const rights = rightsOf({
      types: { Case: [on("h", "marked", "hide")] },
      fields: { "Case.kind": [{ policy: "k", facts: ["marked"], forbids: () => withholding("mask", "k") }] },
    });
    const { data, errors } = await lines('{ person(fin: "FIN001") { cases { linked { kind } } } }', rights);
    expect(data).toEqual({ person: { cases: [{ linked: [] }, { linked: [[{ kind: null }]] }] } });
    expect(errors.map(({ path }) => path)).toEqual([["person", "cases", 1, "linked", 0, 0, "kind"]]);
  });

  test("T21: and of which something has failed has no error of its own, and others have theirs where they stand", async () => {
    const rights = rightsOf({ types: { Case: [on("h", "marked", "hide")] } });
    graph.fault = async (answer, { subgraph }) => {
      if (subgraph !== "court") return answer();
      const body = (await answer()) as { data: { _entities: { cases: { code: string | null }[] }[] } };
      const { cases } = body.data._entities[0] as { cases: { code: string | null }[] };
      for (const each of cases) each.code = null;
      const errors = cases.flatMap((_, index) => [
        { message: "secret", path: ["_entities", 0, "cases", index] },
        { message: "secret", path: ["_entities", 0, "cases", index, "code"] },
      ]);
      return { ...body, errors };
    };
    const { data, errors } = await lines('{ person(fin: "FIN001") { cases { id code } } }', rights);
    expect(data).toEqual({
      person: {
        cases: [
          { id: "C1", code: null },
          { id: "C3", code: null },
        ],
      },
    });
    expect(errors.map(({ path }) => path)).toEqual([
      ["person", "cases", 0],
      ["person", "cases", 0, "code"],
      ["person", "cases", 1],
      ["person", "cases", 1, "code"],
    ]);
  });

  test("T21: and of which another subgraph tells an error without a place tells nothing by it", async () => {
    graph.fault = async (answer, { subgraph, query }) => {
      const body = (await answer()) as object;
      return subgraph === "custody" && query.includes("transfers")
        ? { ...body, errors: [{ message: "secret" }] }
        : body;
    };
    const all = rightsOf({ types: { Case: [{ policy: "a", facts: ["marked"], forbids: () => withholding("hide") }] } });
    const one = '{ person(fin: "FIN001") { mainCase { transfers } } }';
    expect(await lines(one, all)).toEqual({ data: { person: { mainCase: null } }, errors: [] });
    const { errors } = await lines(one, rightsOf({ types: { Case: [on("h", "marked", "hide")] } }));
    expect(errors).toEqual([{ code: "SUBGRAPH_ERROR", path: [], agency: "custody" }]);
  });

  test("T21: no path leads into a list of which nobody can say who may see what", async () => {
    const rights = rightsOf({ types: { Case: [on("h", "marked", "hide")] } });
    graph.fault = async (answer, { subgraph }) =>
      subgraph === "court"
        ? {
            data: { _entities: [{ fin: "FIN001", cases: null }] },
            errors: [{ message: "secret", path: ["_entities", 0, "cases", 2, "id"] }],
          }
        : answer();
    const { data, errors } = await lines('{ person(fin: "FIN001") { cases { id } } }', rights);
    expect(data).toEqual({ person: { cases: null } });
    expect(errors).toEqual([{ code: "GUARD_UNAVAILABLE", path: ["person", "cases"] }]);
  });

  test.each([
    [
      ["person", "mainCase", "linked", 2, 0, "id"],
      ["person", "mainCase"],
    ],
    [
      ["person", "guardian", "cases", 3, "id"],
      ["person", "guardian", "cases"],
    ],
  ])("T21: nor does one that comes from above it: %j", async (path, told) => {
    const rights = rightsOf({ types: { Case: [on("h", "marked", "hide")] } });
    graph.fault = async (answer, { subgraph }) => {
      if (subgraph !== "people") return answer();
      const [key = ""] = Object.keys(((await answer()) as { data: object }).data);
      return { data: { [key]: null }, errors: [{ message: "secret", path: [key, ...path.slice(1)] }] };
    };
    const query = '{ person(fin: "FIN001") { name mainCase { linked { id } } guardian { name cases { id } } } }';
    const { data, errors } = await lines(query, rights);
    expect(data).toEqual({ person: null });
    expect(errors.map((each) => each.path)).toEqual([told]);
  });

  test("is told as data, each distinct decision once and without a value", async () => {
    graph.world = world;
    const rights = rightsOf({ types: { Case: [on("h", "marked", "hide"), on("s", "subject.sealed", "hide")] } });
    const { decisions } = await graph.ask(query, rights);
    expect(decisions).toEqual([
      { subject: "FIN001", element: "Case", effect: "permit", policy: "h", authority: null },
      { subject: "FIN001", element: "Case", effect: "permit", policy: "s", authority: null },
      { subject: "FIN001", element: "Case", effect: "hide", policy: "h", authority: "authority of h" },
    ]);
  });

  test("is told as data also where it holds whatever the facts, of nobody in particular", async () => {
    graph.world = world;
    const refusal = { permits: false, effect: "refer", policy: "b", authority: "a law", callback: "a desk" } as const;
    const isIt = (type: string, field: string | null) => type === "Person" && field === "name";
    const rights = {
      ...rightsOf({}),
      refusesField: isIt,
      refusalOf: (type: string, field: string | null) => (isIt(type, field) ? refusal : null),
    };
    for (const asked of ['{ person(fin: "FIN001") { fin name } }', '{ person(fin: "nobody") { fin name } }']) {
      const { decisions } = await graph.ask(asked, rights);
      expect(decisions).toEqual([
        { subject: null, element: "Person.name", effect: "refer", policy: "b", authority: "a law" },
      ]);
    }
  });
});

test("callers of different rights who ask the same at once get each their own answer, in whatever they share", async () => {
  const common = await startGuardedGraph(world, { isCommon: true });
  try {
    const rights = rightsOf({
      gates: { Person: [on("p", "sealed", "hide")] },
      types: { Case: [on("h", "marked", "hide")] },
    });
    const query = '{ people(fins: ["FIN001", "FIN002"]) { fin cases { id } } }';
    const asked = [rights, allRights, rights, allRights, rights];
    const answers = await Promise.all(asked.map((each) => common.ask(query, each)));
    for (const [index, { data }] of answers.entries()) {
      const text = JSON.stringify(data);
      expect(text.includes("C2")).toBe(asked[index] === allRights);
      expect(text.includes("FIN002")).toBe(asked[index] === allRights);
    }
  } finally {
    await common.close();
  }
});

test("about a record that no client may know of nothing is decided, and no policy is told", async () => {
  const closed = await startGuardedGraph(world, {
    edit: (sdl) =>
      sdl.replace(/(type Notice implements Record[^{]*)\{/, "$1 @inaccessible {").replace("[Record!]", "[Record]"),
  });
  try {
    const rights = rightsOf({ types: { Notice: [{ policy: "n", facts: [], forbids: () => withholding("refer") }] } });
    const { data, errors, decisions } = await closed.ask('{ person(fin: "FIN001") { records { id } } }', rights);
    const open = await closed.ask('{ person(fin: "FIN001") { records { id } } }', allRights);
    expect([data, errors]).not.toEqual([null, []]);
    expect(JSON.stringify(open.data)).toContain("null");
    expect(errors.filter(({ code }) => code === "OWNER_REFER")).toEqual([]);
    expect(decisions.filter(({ element }) => element.startsWith("Notice"))).toEqual([]);
  } finally {
    await closed.close();
  }
});
