import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { Fault } from "../mocks/faults.ts";
import { scenarios } from "../mocks/population/scenarios.ts";
import type { SystemName } from "../mocks/world.ts";
import { type Answer, type Graph, personRecord, startGraph } from "./graph.ts";

let graph: Graph;
let healthy: Answer;
const s1 = { by: { fin: scenarios.find(({ id }) => id === "S1")?.identifiers.fin } };

beforeAll(async () => {
  graph = await startGraph({ sourceTimeoutMs: 1_000 });
  // The first answer of all pays for what is made once; it would be measured against the time a system has.
  await graph.ask(personRecord, s1);
  healthy = await graph.ask(personRecord, s1);
});
afterAll(() => graph?.close());
afterEach(async () => {
  for (const system of Object.keys(withheldBy) as SystemName[]) await graph.mocks.setFault(system, { kind: "none" });
});

/** What cannot be answered without this system, and the agency that an error names. */
type Withheld = {
  readonly agency: string;
  readonly paths: readonly string[];
  /** What may be seen only when it is known what this system knows. */
  readonly unsettled?: readonly string[];
};
const withheldBy: Readonly<Record<Exclude<SystemName, "ident">, Withheld>> = {
  adis: { agency: "cbp", paths: ["arrivals", "departures"] },
  i94: { agency: "cbp", paths: ["arrivals"] },
  e3: { agency: "cbp", paths: ["apprehensions", "addresses"] },
  eid: { agency: "ice", paths: ["custodyStays", "detainers", "removals", "enforcementCases"] },
  global: { agency: "uscis", paths: ["asylum.screenings", "asylum.applications"] },
  // Whether somebody is protected by 8 USC 1367, and so where somebody lives, hangs on ELIS.
  elis: { agency: "uscis", paths: ["asylum.applications", "benefitRequests"], unsettled: ["addresses"] },
  case: { agency: "eoir", paths: ["courtCases"] },
};

const faults: readonly (Fault & { title: string; codes: readonly string[] })[] = [
  { title: "is down", kind: "down", codes: ["SOURCE_UNAVAILABLE"] },
  { title: "takes 5 seconds", kind: "slow", ms: 5_000, codes: ["SOURCE_TIMEOUT"] },
  { title: "refuses", kind: "refuse", codes: ["SOURCE_UNAVAILABLE", "SOURCE_REFUSED"] },
  { title: "breaks off", kind: "truncate", codes: ["SOURCE_UNAVAILABLE", "SOURCE_INVALID"] },
  { title: "talks nonsense", kind: "garbage", codes: ["SOURCE_INVALID"] },
];

const at = (person: Record<string, unknown>, path: string) =>
  path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], person);

/** The person as when all is well, but for what hangs on the system that fails. */
function without(person: Record<string, unknown>, paths: readonly string[]): Record<string, unknown> {
  const copy = structuredClone(person);
  for (const path of paths) {
    const keys = path.split(".");
    const parent = keys.slice(0, -1).reduce((value, key) => value[key] as Record<string, unknown>, copy);
    parent[keys.at(-1) as string] = null;
  }
  return copy;
}

test("when every system answers, a scenario person has a record in every part and no errors", () => {
  expect(healthy.status).toBe(200);
  expect(healthy.body.errors).toBeUndefined();
  // S1 has never left the country and asked for no other benefit.
  const none = ["departures", "benefitRequests"];
  for (const { paths } of Object.values(withheldBy))
    for (const path of paths.filter((each) => !none.includes(each)))
      expect([path, at(healthy.body.data.person, path)]).toEqual([path, expect.arrayContaining([expect.anything()])]);
});

describe.each(Object.entries(withheldBy))("when %s", (system, { agency, paths, unsettled = [] }) => {
  test.each(faults)(
    "$title, its part is null with an error that names the agency; the rest is untouched",
    async ({ title: _, codes, ...fault }) => {
      await graph.mocks.setFault(system as SystemName, fault);
      const { status, body } = await graph.ask(personRecord, s1);
      expect(status).toBe(200);
      const { stays, ...person } = body.data.person;
      const { stays: stood, ...expected } = without(healthy.body.data.person, [...paths, ...unsettled]);
      expect(person).toEqual(expected);
      if (system === "case") expect(stays).toMatchObject([{ state: "UNKNOWN" }]);
      else expect(stays).toEqual(stood);
      for (const path of unsettled) {
        const error = body.errors?.find((each) => each.path?.join(".") === `person.${path}`);
        expect(error?.extensions).toEqual({ code: "GUARD_UNAVAILABLE" });
      }
      for (const path of paths) {
        const error = body.errors?.find((each) => each.path?.join(".") === `person.${path}`);
        expect([path, error?.extensions]).toMatchObject([path, { agency, system: system.toUpperCase() }]);
        expect(codes).toContain(error?.extensions.code);
      }
      expect(body.errors).toHaveLength(paths.length + unsettled.length);
    },
  );

  test("recovers, the next answer is whole again", async () => {
    await graph.mocks.setFault(system as SystemName, { kind: "down" });
    await graph.ask(personRecord, s1);
    await graph.mocks.setFault(system as SystemName, { kind: "none" });
    expect((await graph.ask(personRecord, s1)).body).toEqual(healthy.body);
  });
});

test.each(faults)(
  "when IDENT $title, nobody is found to be absent: the person is null with an error",
  async ({ title: _, codes, ...fault }) => {
    await graph.mocks.setFault("ident", fault);
    const { body } = await graph.ask(personRecord, s1);
    await graph.mocks.setFault("ident", { kind: "none" });
    expect(body.data).toEqual({ person: null });
    expect(body.errors).toMatchObject([{ path: ["person"], extensions: { agency: "obim", system: "IDENT" } }]);
    expect(codes).toContain(body.errors?.[0]?.extensions.code);
  },
);

test("a person whom IDENT does not know is null without an error", async () => {
  const { body } = await graph.ask(personRecord, { by: { fin: "NOBODY0000" } });
  expect(body).toEqual({ data: { person: null } });
});

test("the clock of a stopped system stands in its records while the others move on", async () => {
  const asOf = async () => {
    const { person } = (await graph.ask(personRecord, s1)).body.data;
    return [person.custodyStays[0].source.asOf, person.apprehensions[0].source.asOf];
  };
  const started = graph.mocks.clock.now();
  const moved = "2026-10-19T15:30:00Z";
  await graph.mocks.setFault("e3", { kind: "stale" });
  graph.mocks.clock.set(moved);
  try {
    // EID's replication table follows the clock by itself, a moment later.
    for (let reads = 0; (await asOf())[0] !== moved && reads < 200; reads += 1);
    expect(await asOf()).toEqual([moved, started]);
  } finally {
    graph.mocks.clock.set(started);
  }
});

test("T64: that CASE could not be asked is told, and never kept: when it can be, stays are what they are", async () => {
  const watched = await startGraph({ sourceTimeoutMs: 1_000, announces: true });
  const asked = (fields: string) => watched.ask(`query($by: PersonIdentifier!) { person(by: $by) { ${fields} } }`, s1);
  /** Until it is kept by CASE's announcements. */
  const whileHeard = async (fields: string) => {
    for (;;) {
      const { body, freshness } = await asked(fields);
      if (freshness.find(({ system }) => system === "CASE")?.live) return body.data.person;
    }
  };
  try {
    // Who may be seen is known from here on: what follows asks CASE for stays alone.
    const { stays: stood } = await whileHeard("names { family } stays { state basis }");
    await watched.mocks.setFault("case", { kind: "refuse" });
    const { body } = await asked("stays { state }");
    expect(body.data.person.stays).toEqual([{ state: "UNKNOWN" }]);
    await watched.mocks.setFault("case", { kind: "none" });
    const { stays } = await whileHeard("stays { state }");
    expect(stays).toEqual(stood.map(({ state }: { state: string }) => ({ state })));
  } finally {
    await watched.close();
  }
});
