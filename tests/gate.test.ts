/** What the gate promises: whoever is hidden cannot be told from nobody, in the answer and in what is asked of subgraphs. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Rights } from "../gateway/execution/rights.ts";
import { SubgraphFailure } from "../gateway/subgraph/call.ts";
import { operations } from "./guarded-cases.ts";
import {
  type CaseRow,
  type Fault,
  type GuardedGraph,
  person,
  rightsOf,
  type Sent,
  startGuardedGraph,
  type World,
  withholding,
} from "./guarded-graph.ts";

const caseRow = (id: string, subject: string, more: Partial<CaseRow> = {}): CaseRow => ({
  id,
  subject,
  marked: false,
  kind: "RMV",
  rider: null,
  hearing: null,
  linked: [],
  ...more,
});
const cases = [
  caseRow("C1", "FIN001", { rider: "FIN003", hearing: { at: "9", closed: false }, linked: [["C2"], ["C1"]] }),
  caseRow("C2", "FIN003", { marked: true }),
  caseRow("C3", "FIN002"),
];
const visible = [
  person("FIN001", { cases: ["C1", "C2"], stays: [{ id: "S1", subject: "FIN001", reason: "r" }] }),
  person("FIN003", { relatives: ["FIN001"], guardian: "FIN001" }),
];
const hidden = person("FIN002", {
  sealed: true,
  cases: ["C3", "C1"],
  relatives: ["FIN001"],
  guardian: "FIN003",
  stays: [{ id: "S2", subject: "FIN002", reason: "r" }],
});
const withHidden: World = { persons: [...visible, hidden], cases };
const without: World = { persons: visible, cases };

const bySealed = [
  {
    policy: "person",
    facts: ["sealed", "ours"],
    forbids: ([sealed, ours]: readonly boolean[]) => (sealed && !ours ? withholding("hide", "1367") : null),
  },
];
const caseBySubject = [
  {
    policy: "case",
    facts: ["subject.sealed"],
    forbids: ([sealed]: readonly boolean[]) => (sealed ? withholding("hide", "case") : null),
  },
];
const gated = rightsOf({ gates: { Person: bySealed } });
const gatedAndGuarded = rightsOf({ gates: { Person: bySealed }, types: { Case: caseBySubject, Stay: caseBySubject } });
const guarded = rightsOf({ types: { Case: caseBySubject } });

let graph: GuardedGraph;
beforeAll(async () => {
  graph = await startGuardedGraph(withHidden);
});
afterEach(() => {
  graph.world = withHidden;
  graph.fault = null;
  graph.requests.length = 0;
});
afterAll(() => graph?.close());

/** What a client sees, and what subgraphs do, identifiers apart. */
async function seenIn(world: World, query: string, rights: Rights, fault: Fault | null = null) {
  graph.world = world;
  graph.fault = fault;
  graph.requests.length = 0;
  const { data, errors } = await graph.ask(query, rights);
  const asked = graph.requests.map(({ subgraph, query: text, variables }) =>
    `${subgraph} ${text} ${JSON.stringify(variables)}`
      .replaceAll(/9999999999|FIN002/g, "<fin>")
      .replaceAll(/999999999|A<fin>/g, "<aNumber>"),
  );
  return { answer: JSON.stringify({ data, errors }), asked: asked.sort() };
}

describe("T19, T20: two worlds, one without the person who is hidden in the other", () => {
  const rounds = Number(process.env.PROOF_ROUNDS ?? 100);
  test(`are the same to who asks, and ask the same of subgraphs (${rounds} operations)`, async () => {
    await fc.assert(
      fc.asyncProperty(operations, fc.constantFrom(gated, gatedAndGuarded), async (operation, rights) => {
        const about = operation.replaceAll(/fins?: (\[.*?\]|"FIN\d+")/g, (whole) =>
          whole.startsWith("fins") ? 'fins: ["FIN002"]' : 'fin: "FIN002"',
        );
        const isList = about.includes("fins:") || about.includes("anything(");
        const [one, other] = [await seenIn(withHidden, about, rights), await seenIn(without, about, rights)];
        expect(one.answer).toBe(other.answer);
        // A list without them is shorter by them: nobody stands there whose place a decoy could take.
        if (!isList) expect(one.asked).toEqual(other.asked);
      }),
      { numRuns: rounds },
    );
  }, 600_000);

  test("are asked alike: facts of the hidden one, and facts of a decoy, and nothing else", async () => {
    const query = '{ person(fin: "FIN002") { name cases { id } } }';
    const { asked, answer } = await seenIn(without, query, gated);
    expect(asked.map((each) => each.split(" ")[0])).toEqual(["custody", "people", "safety"]);
    expect(answer).toBe('{"data":{"person":null},"errors":[]}');
    const inList = await graph.ask('{ people(fins: ["FIN001", "FIN002", "FIN003"]) { fin } }', gated);
    expect(inList.errors).toEqual([]);
  });

  test("have no decoy, and wait for nothing, where nothing depends on facts", async () => {
    const { asked } = await seenIn(without, '{ person(fin: "FIN002") { name cases { id } } }', rightsOf({}));
    expect(asked.map((each) => each.split(" ")[0])).toEqual(["people"]);
  });

  const failures: readonly (readonly [string, Fault])[] = [
    ["is down", (_, { subgraph }) => (subgraph === "safety" ? failing("SUBREQUEST_HTTP_ERROR") : undefined)],
    ["answers too late", (_, { subgraph }) => (subgraph === "safety" ? failing("GATEWAY_TIMEOUT") : undefined)],
    [
      "answers null for the fact",
      (answer, { subgraph }) => (subgraph === "safety" ? spoiled(answer, null) : undefined),
    ],
    [
      "answers with an error that has no place",
      (answer, { subgraph }) =>
        subgraph === "safety"
          ? answer().then((body) => ({ ...(body as object), errors: [{ message: "A<secret>" }] }))
          : undefined,
    ],
  ];
  test.each(failures)("are the same where the source of a fact %s", async (_, fault) => {
    const query = '{ person(fin: "FIN002") { name cases { id } } }';
    const [one, other] = [await seenIn(withHidden, query, gated, fault), await seenIn(without, query, gated, fault)];
    expect(one).toEqual(other);
    expect(one.answer).toBe('{"data":{"person":null},"errors":[{"code":"GUARD_UNAVAILABLE","path":["person"]}]}');
  });

  test("are the same where one of two rules hides, and a fact of the other cannot be had", async () => {
    const bySafety = {
      policy: "safety",
      facts: ["sealed"],
      forbids: ([sealed]: readonly boolean[]) => (sealed ? withholding("hide", "1367") : null),
    };
    const byCustody = {
      policy: "custody",
      facts: ["ours"],
      forbids: ([ours]: readonly boolean[]) => (ours ? withholding("hide", "own") : null),
    };
    const query = '{ person(fin: "FIN002") { name cases { id } } }';
    const rights = rightsOf({ gates: { Person: [bySafety, byCustody] } });
    const down: Fault = (_, { subgraph }) => (subgraph === "custody" ? failing("SUBREQUEST_HTTP_ERROR") : undefined);
    const [one, other] = [await seenIn(withHidden, query, rights, down), await seenIn(without, query, rights, down)];
    expect(one).toEqual(other);
    expect(one.answer).toBe('{"data":{"person":null},"errors":[{"code":"GUARD_UNAVAILABLE","path":["person"]}]}');
  });

  const query = '{ person(fin: "FIN002") { name cases { id } } }';
  const isHidden = '{"data":{"person":null},"errors":[]}';
  const isUnavailable = '{"data":{"person":null},"errors":[{"code":"GUARD_UNAVAILABLE","path":["person"]}]}';
  /** Something of the hidden person's own: nobody has any such thing. */
  const ofTheirs =
    (name: string, code: string): Fault =>
    async (answer, { query: text, variables }) =>
      text.includes(name) && JSON.stringify(variables).includes("FIN002")
        ? withErrors(await answer(), name, code)
        : undefined;
  const ownCodes = ["RECORD_UNREADABLE", "VALUE_UNREADABLE", "REDACTED_BY_SOURCE"];
  const unreadable = ["aNumbers", "sealed", "ours"].flatMap((name) => ownCodes.map((code) => [code, name] as const));
  test.each(unreadable)("are the same where %s is said of the hidden person's own %s", async (code, name) => {
    const fault = ofTheirs(name, code);
    const [one, other] = [await seenIn(withHidden, query, gated, fault), await seenIn(without, query, gated, fault)];
    expect(one).toEqual(other);
    expect(one.answer).toBe(isHidden);
  });

  test.each(ownCodes)("are the same where a source is down beside %s", async (code) => {
    const unread = ofTheirs("aNumbers", code);
    const fault: Fault = (answer, sent) =>
      sent.subgraph === "custody" ? failing("SUBREQUEST_HTTP_ERROR") : unread(answer, sent);
    const [one, other] = [await seenIn(withHidden, query, gated, fault), await seenIn(without, query, gated, fault)];
    expect(one).toEqual(other);
    expect(one.answer).toBe(isUnavailable);
  });

  test.each(ownCodes)("show nobody by what was read beside %s", async (code) => {
    const unsealed: World = { persons: [...visible, { ...hidden, sealed: false }], cases };
    expect((await seenIn(unsealed, query, gated, ofTheirs("aNumbers", code))).answer).toBe(isUnavailable);
    const fault: Fault = async (answer, { subgraph }) =>
      subgraph === "safety" ? withErrors(await spoiled(answer, null), "sealed", code) : undefined;
    expect((await seenIn(withHidden, query, gated, fault)).answer).toBe(isUnavailable);
  });

  test("are the same where it knows nobody by such an identifier", async () => {
    const knowsNobody: Fault = (answer, { subgraph, variables }) =>
      subgraph === "custody" && JSON.stringify(variables).includes("9999999999")
        ? Promise.resolve({ data: { _entities: [null] } })
        : answer();
    const query = '{ person(fin: "FIN002") { name } }';
    expect(await seenIn(without, query, gated, knowsNobody)).toEqual(await seenIn(withHidden, query, gated));
  });
});

function failing(code: "SUBREQUEST_HTTP_ERROR" | "GATEWAY_TIMEOUT" | "SUBREQUEST_NOT_SENT"): Promise<never> {
  return Promise.reject(new SubgraphFailure(code));
}

/** Every value of this key, wherever it stands. */
async function spoiled(answer: () => Promise<unknown>, value: unknown, fact = "sealed"): Promise<unknown> {
  return JSON.parse(JSON.stringify(await answer()), (key, given) => (key === fact ? value : given)) as unknown;
}

describe("persons first", () => {
  test("nothing else is asked about a person until it is known whether this caller may see them", async () => {
    let factsAreThere = false;
    const seen: string[] = [];
    graph.fault = async (answer, { query, subgraph }) => {
      if (query.includes("cases{") || query.includes("transfers")) seen.push(`${subgraph} ${factsAreThere}`);
      const given = await answer();
      if (query.includes("sealed")) {
        await new Promise((resolve) => setImmediate(resolve));
        factsAreThere = true;
      }
      return given;
    };
    const { data } = await graph.ask('{ person(fin: "FIN001") { cases { id transfers } } }', gated);
    expect(data).toHaveProperty("person.cases.0.transfers");
    expect(seen).toEqual(["court true", "custody true"]);
  });

  test("who is hidden in a list is asked about nowhere else, and leaves no gap", async () => {
    const { data, errors } = await graph.ask(
      '{ people(fins: ["FIN001", "FIN002", "FIN003"]) { fin cases { id } } }',
      gated,
    );
    expect(JSON.stringify(data)).toContain('[{"fin":"FIN001"');
    expect((data as { people: unknown[] }).people).toHaveLength(2);
    expect(errors).toEqual([]);
    const about = graph.requests.filter(({ query }) => query.includes("cases{"));
    expect(JSON.stringify(about)).not.toContain("FIN002");
  });

  test("T17: a person is decided alike wherever they turn up", async () => {
    graph.world = {
      persons: [
        person("FIN001", { relatives: ["FIN002"], guardian: "FIN002", cases: ["C1"] }),
        hidden,
        person("FIN003"),
      ],
      cases: [caseRow("C1", "FIN001", { rider: "FIN002", linked: [["C1"]] })],
    };
    const { data, decisions } = await graph.ask(
      `{ person(fin: "FIN001") { relatives { name } guardian { name } cases { rider { name } linked { rider { name } } } records { ... on Case { rider { name } } } }
         node(fin: "FIN002") { fin } anything(fin: "FIN002") { ... on Person { name } ... on Place { town } } }`,
      gated,
    );
    expect(JSON.stringify(data)).toBe(
      '{"person":{"relatives":[],"guardian":null,"cases":[{"rider":null,"linked":[[{"rider":null}]]}],"records":[{"rider":null},{}]},"node":null,"anything":[{"town":"Mesa"}]}',
    );
    expect(decisions).toContainEqual({
      subject: "FIN002",
      element: "Person",
      effect: "hide",
      policy: "1367",
      authority: "authority of 1367",
    });
  });

  test("a mutation's person passes the gate too, and is written once", async () => {
    const { data } = await graph.ask('mutation { touch(fin: "FIN002") { name cases { id } } }', gated);
    expect(data).toEqual({ touch: null });
    expect(graph.requests.filter(({ query }) => query.startsWith("mutation"))).toHaveLength(1);
  });
});

describe("facts of a record's person", () => {
  const ask = '{ person(fin: "FIN001") { cases { id } stays { id } } }';
  const aboutSubjects = ({ query, variables }: Sent) =>
    query.includes("sealed") ? JSON.stringify(variables.representations) : "";

  test("are asked for once where every record is about the person above it", async () => {
    graph.world = { ...withHidden, cases: cases.map((each) => ({ ...each, subject: "FIN001" })) };
    const { errors } = await graph.ask(ask, gatedAndGuarded);
    expect(errors).toEqual([]);
    expect(graph.requests.filter(({ query }) => query.includes("sealed"))).toHaveLength(1);
  });

  test("are those of the rider in a rider's case, never those of the person above", async () => {
    graph.world = {
      persons: [person("FIN001", { cases: ["C1", "C2"] }), { ...hidden, ours: true }],
      cases: [caseRow("C1", "FIN001"), caseRow("C2", "FIN002")],
    };
    const { data } = await graph.ask(ask, gatedAndGuarded);
    expect(data).toHaveProperty("person.cases", [expect.objectContaining({ id: "C1" })]);
    expect(graph.requests.map(aboutSubjects).join()).toContain("FIN002");
    // And the other way round: the person above is protected, whose case it is is not.
    graph.world = {
      persons: [{ ...hidden, fin: "FIN001", aNumbers: ["AFIN001"], ours: true, cases: ["C1", "C2"] }, person("FIN002")],
      cases: [caseRow("C1", "FIN001"), caseRow("C2", "FIN002")],
    };
    const other = await graph.ask(ask, gatedAndGuarded);
    expect(other.data).toHaveProperty("person.cases", [expect.objectContaining({ id: "C2" })]);
  });
});

const ifSo = ([is]: readonly boolean[]) => (is ? withholding("hide", "m") : null);

describe("T14: a fact that cannot be had", () => {
  type Shape = readonly [string, (answer: () => Promise<unknown>, fact: string) => Promise<unknown>];
  const shapes: readonly Shape[] = [
    ["is null", (answer, fact) => spoiled(answer, null, fact)],
    ["is absent", (answer, fact) => spoiled(answer, undefined, fact)],
    ["is null with an error", async (answer, fact) => withErrors(await spoiled(answer, null, fact), fact)],
    ["is told with an error", async (answer, fact) => withErrors(await answer(), fact)],
    ["comes too late", () => failing("GATEWAY_TIMEOUT")],
    ["is of another type", (answer, fact) => spoiled(answer, "false", fact)],
    ["is of a subgraph that is down", () => failing("SUBREQUEST_HTTP_ERROR")],
    ["is of a subgraph that is not asked for the moment", () => failing("SUBREQUEST_NOT_SENT")],
    ["stands in no answer that can be read", () => Promise.resolve({ data: { _entities: "?" } })],
  ];
  /** Each guard: its fact, a question, where it withholds, and what must not be in the answer. */
  const guards: readonly (readonly [string, string, Rights, string, readonly string[], RegExp])[] = [
    ["a gate", "sealed", gated, '{ person(fin: "FIN001") { name } }', ["person"], /name of/],
    ["a gate in a list", "sealed", gated, '{ people(fins: ["FIN001"]) { name } }', ["people"], /name of/],
    [
      "a type, by its person",
      "sealed",
      guarded,
      '{ person(fin: "FIN001") { cases { id } } }',
      ["person", "cases"],
      /C1/,
    ],
    [
      "an object, by its person",
      "sealed",
      guarded,
      '{ person(fin: "FIN001") { mainCase { id } } }',
      ["person", "mainCase"],
      /C1/,
    ],
    [
      "an abstract place",
      "sealed",
      guarded,
      '{ person(fin: "FIN001") { records { id } } }',
      ["person", "records"],
      /C1/,
    ],
    [
      "nothing, by the person above",
      "sealed",
      guarded,
      '{ person(fin: "FIN003") { cases { id } } }',
      ["person", "cases"],
      /\[\]/,
    ],
    [
      "a record, by itself",
      "marked",
      rightsOf({ types: { Case: [{ policy: "m", facts: ["marked"], forbids: ifSo }] } }),
      '{ person(fin: "FIN001") { cases { id } } }',
      ["person", "cases"],
      /C1/,
    ],
    [
      "a field, by its record",
      "marked",
      rightsOf({ fields: { "Case.kind": [{ policy: "m", facts: ["marked"], forbids: ifSo }] } }),
      '{ person(fin: "FIN001") { mainCase { kind } } }',
      ["person", "mainCase", "kind"],
      /RMV/,
    ],
    [
      "a field of a person",
      "sealed",
      rightsOf({ fields: { "Person.stays": [{ policy: "m", facts: ["sealed"], forbids: ifSo }] } }),
      '{ person(fin: "FIN001") { stays { id } } }',
      ["person", "stays"],
      /S1/,
    ],
  ];
  const all = guards.flatMap(([name, fact, rights, query, path, secret]) =>
    shapes.map(([shape, spoil]) => ({ name, shape, fact, rights, query, path, secret, spoil })),
  );
  test.each(all)("withholds $name, where it $shape", async ({ fact, rights, query, path, secret, spoil }) => {
    graph.fault = (answer, { query: text }) => (text.includes(fact) ? spoil(answer, fact) : undefined);
    const { data, errors } = await graph.ask(query, rights);
    const text = JSON.stringify({ data, errors });
    expect(text).not.toMatch(secret);
    expect(text).not.toContain(fact);
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) expect(path.slice(0, error.path.length)).toEqual(error.path);
    // A fact that comes with its record is missing with it: then the agency's own error stands there.
    if (fact === "sealed") expect(errors.map(({ code }) => code)).toEqual(["GUARD_UNAVAILABLE"]);
  });

  test("leaves everything as it is where it can be had", async () => {
    for (const { query, rights, secret } of all) {
      const { data, errors } = await graph.ask(query, rights);
      expect(errors).toEqual([]);
      expect(JSON.stringify(data)).toMatch(secret);
    }
  });
});

/** An error at each place where this fact stands. */
function withErrors(body: unknown, fact: string, code = "NOT_KNOWN"): unknown {
  const errors: unknown[] = [];
  const visit = (value: unknown, path: readonly (string | number)[]): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, below] of Object.entries(value)) {
      const at = [...path, Array.isArray(value) ? Number(key) : key];
      if (key === fact) errors.push({ message: "no", path: at, extensions: { code } });
      else visit(below, at);
    }
  };
  visit((body as { data: unknown }).data, []);
  return { ...(body as object), errors };
}
