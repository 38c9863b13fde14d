/** Whatever a client calls its fields, it gets the same values, and so does every agency that is asked. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  answerJson,
  type Fault,
  persons,
  startTestGateway,
  startTinyGraph,
  type TestGateway,
  type TinyGraph,
} from "./gateway-graph.ts";

let graph: TinyGraph;
let gateway: TestGateway;

beforeAll(async () => {
  graph = await startTinyGraph();
  gateway = await startTestGateway(graph.sdl);
});
afterAll(async () => {
  await gateway.close();
  await graph.close();
});

type Person = (typeof persons)[number];
const caseIds = ({ aNumbers }: Person) => (aNumbers ?? []).map((each) => ({ id: `C${each}` }));

/** What can be selected of a person, and what it must give, from the rows alone. */
const selections: readonly {
  readonly field: string;
  readonly rest: string;
  readonly expected: (person: Person) => unknown;
}[] = [
  { field: "fin", rest: "", expected: ({ fin }) => fin },
  { field: "aNumbers", rest: "", expected: ({ aNumbers }) => aNumbers },
  { field: "fbiNumbers", rest: "", expected: ({ fbiNumbers }) => fbiNumbers },
  { field: "birthDate", rest: "", expected: () => null },
  { field: "courtCases", rest: " { id }", expected: caseIds },
  { field: "courtCases", rest: "(first: 1) { id }", expected: (person) => caseIds(person).slice(0, 1) },
  { field: "courtCases", rest: "(first: 0) { id }", expected: () => [] },
  { field: "nextCourt", rest: " { id }", expected: (person) => caseIds(person)[0] },
  { field: "custodyStays", rest: " { id }", expected: ({ fin }) => [{ id: `S${fin}` }] },
  { field: "__typename", rest: "", expected: () => "Person" },
];
const dangerous = [
  "aNumbers",
  "fin",
  "courtCases",
  "fbiNumbers",
  "__typename",
  "__proto__",
  "constructor",
  "c1_",
  "c2_",
  "v1_",
  "toString",
];

const selected = fc.record({
  of: fc.constantFrom(...selections),
  /** Null: under its own name. */
  alias: fc.option(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...dangerous) },
      { weight: 1, arbitrary: fc.stringMatching(/^[a-z]\w{0,6}$/) },
    ),
  ),
  wrap: fc.constantFrom("", "... on Person", "... @include(if: true)", "... @skip(if: $no)"),
});
const operation = fc
  .uniqueArray(selected, { minLength: 1, maxLength: 7, selector: ({ of, alias }) => alias ?? of.field })
  .map((fields) => ({
    fields,
    query: `query ($no: Boolean = false) { people { ${fields
      .map(({ of, alias, wrap }) => {
        const field = `${alias === null ? "" : `${alias}: `}${of.field}${of.rest}`;
        return wrap === "" ? field : `${wrap} { ${field} }`;
      })
      .join(" ")} } ${fields.some(({ wrap }) => wrap.includes("$no")) ? "" : "unused: __typename @skip(if: $no)"} }`,
  }));

test("any aliasing of an operation gives what the rows hold, under the client's names, in the client's order", async () => {
  await fc.assert(
    fc.asyncProperty(operation, async ({ fields, query }) => {
      const { body } = await gateway.ask(query);
      expect(body.errors).toBeUndefined();
      for (const [index, person] of persons.entries()) {
        const given = body.data.people[index];
        expect(Object.keys(given)).toEqual(fields.map(({ of, alias }) => alias ?? of.field));
        expect(Object.values(given)).toEqual(fields.map(({ of }) => of.expected(person)));
      }
    }),
    { numRuns: 150 },
  );
}, 60_000);

test("an alias that is the name of a required field does not change what the court is asked", async () => {
  graph.subgraphs.court.requests.length = 0;
  const { body } = await gateway.ask("{ people { aNumbers: fbiNumbers fin: birthDate courtCases { id } } }");
  expect(body.data.people[0]).toEqual({
    aNumbers: persons[0]?.fbiNumbers,
    fin: null,
    courtCases: [{ id: "C000000011" }, { id: "C000000012" }],
  });
  const sent = graph.subgraphs.court.requests[0]?.variables.representations;
  expect(sent).toEqual(persons.map(({ fin, aNumbers }) => ({ __typename: "Person", fin, aNumbers })));
});

test("errors come back at the client's names too: once for a whole fetch, in its place for one entity", async () => {
  const query = "{ all: people { aNumbers: courtCases(first: 1) { id } } }";
  const pathsOf = async (fault: Fault) => {
    graph.subgraphs.court.fault = fault;
    const { body } = await gateway.ask(query);
    graph.subgraphs.court.fault = null;
    expect(body.data.all).toContainEqual({ aNumbers: null });
    return body.errors?.map(({ path }) => path);
  };
  graph.subgraphs.court.requests.length = 0;
  expect(await pathsOf((request) => void request.socket.destroy())).toEqual([["all"]]);
  const entities = persons.map(({ fin }) => ({ fin, c2_: null }));
  const errors = [{ path: ["_entities", 1, "c2_"], extensions: { code: "SOURCE_TIMEOUT" } }];
  expect(await pathsOf(answerJson({ data: { _entities: entities }, errors }))).toEqual([["all", 1, "aNumbers"]]);
});

test("an alias that repeats the field's own name merges with it", async () => {
  const { body } = await gateway.ask(
    "{ people { courtCases { id } courtCases: courtCases { caseType } } people: people { fin } }",
  );
  expect(body.data.people[1]).toEqual({ courtCases: [{ id: "C000000021", caseType: "RMV" }], fin: "FIN000002" });
});
