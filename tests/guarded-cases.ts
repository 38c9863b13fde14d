/** Worlds, rules and operations, made up: for comparing gate and guard with a monolith. */
import fc from "fast-check";
import type { Rights, Verdict } from "../gateway/execution/rights.ts";
import { type CaseRow, type PersonRow, rightsOf, type World, withholding } from "./guarded-graph.ts";
import type { NaiveRules } from "./guarded-oracle.ts";

const fins = ["FIN001", "FIN002", "FIN003", "FIN004"];
const caseIds = ["C1", "C2", "C3", "C4", "C5"];
const some = <Value>(values: readonly Value[], maxLength = 3) =>
  fc.uniqueArray(fc.constantFrom(...values), { maxLength });

const caseRow = (id: string): fc.Arbitrary<CaseRow> =>
  fc.record({
    id: fc.constant(id),
    subject: fc.constantFrom(...fins),
    marked: fc.boolean(),
    kind: fc.constantFrom("RMV", "AOC"),
    rider: fc.option(fc.constantFrom(...fins), { nil: null }),
    hearing: fc.option(fc.record({ at: fc.constant(`at ${id}` as string), closed: fc.boolean() })),
    linked: fc.array(some(caseIds), { maxLength: 2 }),
  });
const personRow = (fin: string): fc.Arbitrary<PersonRow> =>
  fc.record({
    fin: fc.constant(fin),
    aNumbers: fc.constant([`A${fin}`]),
    name: fc.constant(`name of ${fin}`),
    sealed: fc.boolean(),
    ours: fc.boolean(),
    relatives: some(fins),
    guardian: fc.option(fc.constantFrom(...fins)),
    cases: some(caseIds),
    stays: fc.array(
      fc.record({ id: fc.constantFrom("S1", "S2", "S3"), subject: fc.constantFrom(...fins), reason: fc.constant("r") }),
      { maxLength: 3 },
    ),
  });
export const worlds: fc.Arbitrary<World> = fc.record({
  persons: fc.tuple(...fins.map(personRow)),
  cases: fc.tuple(...caseIds.map(caseRow)),
});

/** What becomes of each combination of facts. */
type Table = readonly (Verdict | null)[];
const verdict = (policy: string) =>
  fc.option(
    fc.constantFrom("hide" as const, "mask" as const, "refer" as const).map((effect) => withholding(effect, policy)),
    { freq: 2 },
  );
const table = (policy: string, facts: number): fc.Arbitrary<Table> =>
  fc.array(verdict(policy), { minLength: 2 ** facts, maxLength: 2 ** facts });
const rowOf = (values: readonly boolean[]) => values.reduce((row, each) => row * 2 + (each ? 1 : 0), 0);
const by = (each: Table) => (values: readonly boolean[]) => each[rowOf(values)] ?? null;

const order = ["hide", "refer", "mask"];
const strictest = (verdicts: readonly (Verdict | null)[]): Verdict | null => {
  const refusals = verdicts.filter((each) => each !== null && !each.permits);
  for (const effect of order)
    for (const each of refusals) if (each && !each.permits && each.effect === effect) return each;
  return null;
};

export type Ruling = { readonly rights: Rights; readonly naive: NaiveRules };
export const rulings: fc.Arbitrary<Ruling> = fc
  .record({
    isGated: fc.boolean(),
    hidden: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    marks: table("marks", 1),
    subjects: table("subjects", 2),
    kinds: table("kinds", 1),
    hearings: table("hearings", 1),
    stays: table("stays", 1),
  })
  .map(({ isGated, hidden, marks, subjects, kinds, hearings, stays }) => ({
    rights: rightsOf({
      gates: isGated
        ? {
            Person: [
              {
                policy: "person",
                facts: ["sealed", "ours"],
                forbids: (values) => (hidden[rowOf(values)] ? withholding("hide", "person") : null),
              },
            ],
          }
        : {},
      types: {
        Case: [
          { policy: "marks", facts: ["marked"], forbids: by(marks) },
          { policy: "subjects", facts: ["subject.sealed", "subject.ours"], forbids: by(subjects) },
        ],
        Hearing: [{ policy: "hearings", facts: ["closed"], forbids: by(hearings) }],
        Stay: [{ policy: "stays", facts: ["subject.ours"], forbids: by(stays) }],
      },
      fields: { "Case.kind": [{ policy: "kinds", facts: ["marked"], forbids: by(kinds) }] },
    }),
    naive: {
      person: ({ sealed, ours }) => !isGated || !hidden[(sealed ? 2 : 0) + (ours ? 1 : 0)],
      case: ({ marked }, { sealed, ours }) =>
        strictest([marks[marked ? 1 : 0] ?? null, subjects[(sealed ? 2 : 0) + (ours ? 1 : 0)] ?? null]),
      kind: ({ marked }) => kinds[marked ? 1 : 0] ?? null,
      hearing: (closed) => hearings[closed ? 1 : 0] ?? null,
      stay: (_, { ours }) => stays[ours ? 1 : 0] ?? null,
    },
  }));

type TypeName = "person" | "case" | "record" | "stay" | "hearing";
type Fields = Readonly<Record<string, TypeName | null>>;
const personFields: Fields = {
  fin: null,
  name: null,
  aNumbers: null,
  caseCount: null,
  relatives: "person",
  guardian: "person",
  cases: "case",
  mainCase: "case",
  records: "record",
  stays: "stay",
};
const caseFields: Fields = {
  id: null,
  kind: null,
  code: null,
  transfers: null,
  rider: "person",
  hearing: "hearing",
  linked: "case",
};
const typeFields: Readonly<Record<TypeName, Fields>> = {
  person: personFields,
  case: caseFields,
  record: { id: null },
  stay: { id: null, reason: null },
  hearing: { at: null, place: null },
};

/** Aliases are those of other fields now and then: nothing may depend on what a client calls a field. */
function selection(type: TypeName, depth: number, alias: () => string | null): fc.Arbitrary<string> {
  const fields = Object.entries(typeFields[type]).filter(([, below]) => below === null || depth > 0);
  const one = ([name, below]: (typeof fields)[number]): fc.Arbitrary<string> => {
    const as = alias();
    const written = as === null ? name : `${as}: ${name}`;
    return below === null
      ? fc.constant(written)
      : selection(below, depth - 1, alias).map((set) => `${written} { ${set} }`);
  };
  const deferrable = type === "person" || type === "case";
  return fc
    .tuple(
      fc
        .subarray(fields, { minLength: 1, maxLength: Math.min(4, fields.length) })
        .chain((chosen) => fc.tuple(...chosen.map(one))),
      deferrable ? fc.nat(3) : fc.constant(1),
    )
    .chain(([written, deferred]) => {
      const [first, ...rest] = written;
      const set = deferred === 0 && rest.length > 0 ? `${first} ... @defer { ${rest.join(" ")} }` : written.join(" ");
      if (type !== "record") return fc.constant(set);
      return selection("case", depth - 1 < 0 ? 0 : depth - 1, alias).map(
        (more) => `__typename ${set} ... on Case { ${more} } ... on Notice { text }`,
      );
    });
}

export const operations: fc.Arbitrary<string> = fc.infiniteStream(fc.nat(9)).chain((chances) => {
  let count = 0;
  const alias = () => {
    count += 1;
    const chance = chances.next().value as number;
    return chance < 3 ? `${["subject", "sealed", "marked"][chance]}_${count}` : null;
  };
  const root = (text: string) => selection("person", 3, alias).map((set) => `${text} { ${set} }`);
  return fc
    .oneof(
      { weight: 4, arbitrary: fc.constantFrom(...fins, "FIN009").chain((fin) => root(`person(fin: "${fin}")`)) },
      { weight: 2, arbitrary: some(fins, 4).chain((all) => root(`people(fins: ${JSON.stringify(all)})`)) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom(...fins), selection("person", 2, alias))
          .map(([fin, set]) => `anything(fin: "${fin}") { __typename ... on Person { ${set} } ... on Place { town } }`),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom(...fins), selection("person", 2, alias))
          .map(([fin, set]) => `node(fin: "${fin}") { fin ... on Person { ${set} } }`),
      },
      { weight: 1, arbitrary: fc.constantFrom(...fins).chain((fin) => root(`mutation:touch(fin: "${fin}")`)) },
    )
    .map((text) =>
      text.startsWith("mutation:") ? `mutation { ${text.slice("mutation:".length)} }` : `query { ${text} }`,
    );
});
