/** What local police may ask, over the whole graph: every state, every role, and that nobody can be told from no one. */
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { Fault } from "../mocks/faults.ts";
import { scenarios } from "../mocks/population/scenarios.ts";
import type { PersonFile } from "../mocks/population/types.ts";
import { DEFAULT_WORLD_NOW } from "../mocks/population/world.ts";
import type { SystemName } from "../mocks/world.ts";
import { type Answer, type Graph, patient, startGraph } from "./graph.ts";
import { type Asked, recorder } from "./recorded-subgraphs.ts";
import { readAskers } from "./reference/callers.ts";

const document = readFileSync(new URL("../schema/documents/hold-check.graphql", import.meta.url), "utf8");
const { asked, before } = recorder();
let graph: Graph;

beforeAll(async () => {
  graph = await startGraph({ sourceTimeoutMs: 2_000, config: patient, before });
  await check({ aNumber: nobody.aNumber });
});
afterAll(() => graph?.close());
afterEach(async () => {
  graph.mocks.clock.set(DEFAULT_WORLD_NOW);
  for (const system of ["eid", "ident", "elis"] as const) await graph.mocks.setFault(system, { kind: "none" });
  // EID's clock is a row in its database: it follows a moment later.
  while ((await check({ aNumber: nobody.aNumber })).body.data.holdCheck.asOf !== DEFAULT_WORLD_NOW);
});

const identifiersOf = (scenario: string) => {
  const found = scenarios.find(({ id }) => id === scenario)?.identifiers;
  if (found === undefined) throw new Error(`no scenario ${scenario}`);
  return found as { readonly fin: string; readonly aNumber: string; readonly childANumber?: string };
};

const held = identifiersOf("S10");
const withoutWarrant = identifiersOf("S6");
const withoutHold = identifiersOf("S9");
const protectedPerson = identifiersOf("S8");
const child = { aNumber: identifiersOf("S4").childANumber as string };
const nobody = { fin: "9999999999", aNumber: "199999999" };

type By = { readonly aNumber: string } | { readonly fin: string };

const check = (by: By, persona = "police-287g-jail", releaseAt?: string): Promise<Answer> =>
  graph.ask(document, { by, ...(releaseAt === undefined ? {} : { releaseAt }) }, { persona });

const stateOf = async (by: By) => (await check(by)).body.data?.holdCheck?.state as unknown;

const lodge = (aNumber: string, more = {}) => graph.mocks.act("eid", { act: "lodge-detainer", aNumber, ...more });
const lift = (aNumber: string) => graph.mocks.act("eid", { act: "lift-detainer", aNumber });

const always = {
  legalNature: "ADMINISTRATIVE_REQUEST",
  confirmationRequired: true,
  judicialWarrant: null,
  callback: expect.stringMatching(/\+1-\d{3}-555-01\d\d$/) as unknown,
  asOf: DEFAULT_WORLD_NOW,
  source: { system: "EID", asOf: DEFAULT_WORLD_NOW },
};
const nothingTold = {
  warrantForm: null,
  basis: null,
  servedAt: null,
  expiresAt: null,
  expiresAtExcludingNonBusinessDays: null,
  expiryCountedFrom: null,
  requestedNotifyBy: null,
};

describe("the state", () => {
  test("is HOLD for a person with an active detainer, with both computations from its service", async () => {
    const { status, body } = await check({ aNumber: held.aNumber });
    expect(status).toBe(200);
    // Served Monday 12 October 2026 at 14:30 UTC, Columbus Day: at the jail that whole day does not count.
    expect(body).toEqual({
      data: {
        holdCheck: {
          ...always,
          state: "HOLD",
          warrantForm: "I200",
          basis: ["PENDING_PROCEEDINGS", "BIOMETRIC_MATCH"],
          servedAt: "2026-10-12T14:30:00Z",
          expiresAt: "2026-10-14T14:30:00Z",
          expiresAtExcludingNonBusinessDays: "2026-10-15T05:00:00Z",
          expiryCountedFrom: "SERVICE",
          requestedNotifyBy: null,
        },
      },
    });
  });

  test("is counted from the release that the jail names", async () => {
    // Friday evening in Chicago.
    const { body } = await check({ fin: held.fin }, "police-287g-jail", "2026-10-23T18:00:00-05:00");
    expect(body.data.holdCheck).toMatchObject({
      state: "HOLD",
      expiresAt: "2026-10-25T23:00:00Z",
      expiresAtExcludingNonBusinessDays: "2026-10-27T23:00:00Z",
      expiryCountedFrom: "RELEASE_GIVEN",
      requestedNotifyBy: "2026-10-21T23:00:00Z",
    });
  });

  test.each(["2026-10-23", "2026-10-23T18:00", "2026-02-30T18:00:00Z", "soon"])(
    "is refused for a release at %j: 48 hours hang on it",
    async (releaseAt) => {
      const { body } = await check({ fin: held.fin }, "police-287g-jail", releaseAt);
      expect(body).toEqual({
        errors: [
          {
            message: expect.stringMatching(/^not a value that DateTime takes: .*in arguments with its zone/),
            locations: expect.anything(),
            extensions: { code: "BAD_USER_INPUT" },
          },
        ],
      });
    },
  );

  test("is REFER for a detainer on a database match alone, without a warrant (S6)", async () => {
    const { body } = await check({ aNumber: withoutWarrant.aNumber });
    expect(body).toEqual({ data: { holdCheck: { ...always, ...nothingTold, state: "REFER" } } });
  });

  test("is NONE_FOUND for a person whom ICE knows and asks nobody to hold", async () => {
    const { body } = await check({ fin: withoutHold.fin });
    expect(body).toEqual({ data: { holdCheck: { ...always, ...nothingTold, state: "NONE_FOUND" } } });
  });

  test("follows a detainer that is lodged and lifted", async () => {
    const { aNumber } = withoutHold;
    await lodge(aNumber);
    const { body } = await check({ aNumber });
    expect(body.data.holdCheck).toMatchObject({ state: "HOLD", servedAt: null, expiresAt: null, warrantForm: "I200" });
    await lift(aNumber);
    expect(await stateOf({ aNumber })).toBe("NONE_FOUND");
  });

  test("is REFER while two active detainers say different things", async () => {
    const { aNumber } = withoutHold;
    await lodge(aNumber);
    await lodge(aNumber, { warrantForm: "I-205" });
    expect(await stateOf({ aNumber })).toBe("REFER");
    await lift(aNumber);
    await lift(aNumber);
    expect(await stateOf({ aNumber })).toBe("NONE_FOUND");
  });
});

const failing: readonly (Fault & { readonly title: string })[] = [
  { title: "is down", kind: "down" },
  { title: "takes 5 seconds", kind: "slow", ms: 5_000 },
  { title: "refuses", kind: "refuse" },
  { title: "breaks off", kind: "truncate" },
  { title: "talks nonsense", kind: "garbage" },
];

describe.each(["eid", "ident", "elis"] as const)("when %s", (system: SystemName) => {
  test.each(failing)("$title, the state is UNKNOWN, whoever is asked about", async ({ title: _, ...fault }) => {
    await graph.mocks.setFault(system, fault);
    const unknown =
      system === "eid"
        ? { ...always, ...nothingTold, state: "UNKNOWN", asOf: null, source: null }
        : { ...always, ...nothingTold, state: "UNKNOWN" };
    const told = await Promise.all(
      [held, withoutHold, protectedPerson, child, nobody].map(({ aNumber }) => check({ aNumber })),
    );
    for (const { body } of told) expect(body).toEqual({ data: { holdCheck: unknown } });
  });

  test("is stale, the state is UNKNOWN, with EID's own instant", async () => {
    await graph.mocks.setFault(system, { kind: "stale" });
    const moved = "2026-10-19T15:00:01Z";
    graph.mocks.clock.set(moved);
    const asOf = system === "eid" ? DEFAULT_WORLD_NOW : moved;
    for (const { aNumber } of [held, withoutHold, protectedPerson, nobody])
      expect((await check({ aNumber })).body.data.holdCheck).toMatchObject({ state: "UNKNOWN", asOf });
  });
});

test("a source that is behind by less than the bound is none the worse for it", async () => {
  await graph.mocks.setFault("eid", { kind: "stale" });
  graph.mocks.clock.set("2026-10-19T15:00:00Z");
  expect(await stateOf({ aNumber: held.aNumber })).toBe("HOLD");
});

describe("a person who is hidden from police", () => {
  /** What was asked, and about how many; never about whom. */
  const shapeOf = (requests: readonly Asked[]) =>
    requests
      .map(({ subgraph, query, variables }) => {
        const { representations, ...others } = variables as { representations?: readonly object[] };
        const told = representations?.map((each) => Object.keys(each));
        return JSON.stringify([subgraph, query, told ?? null, Object.keys(others)]);
      })
      .sort();

  const observed = async (by: By, persona?: string) => {
    asked.length = 0;
    const { status, text } = await check(by, persona);
    return { status, text, requests: shapeOf(asked) };
  };

  const hidden = [
    ["whom 8 USC 1367 protects", protectedPerson.aNumber],
    ["who is a child", child.aNumber],
  ] as const;
  const personas = ["police-patrol", "police-jail", "police-287g-jail", "police-287g-warrant"];

  beforeAll(async () => {
    for (const [, aNumber] of hidden) await lodge(aNumber);
  });
  afterAll(async () => {
    for (const [, aNumber] of hidden) await lift(aNumber);
  });

  test.each(hidden)(
    "(%s) reads as one nobody holds, and as nobody: the same bytes, the same requests",
    async (_, each) => {
      for (const persona of personas) {
        const answer = await observed({ aNumber: each }, persona);
        expect(answer.text).toContain("NONE_FOUND");
        expect(answer).toEqual(await observed({ aNumber: nobody.aNumber }, persona));
        expect(answer).toEqual(await observed({ aNumber: withoutHold.aNumber }, persona));
        expect(answer.requests.map((request) => JSON.parse(request)[0])).toEqual([
          "ice",
          "obim",
          "safeguards",
          "uscis",
        ]);
      }
    },
  );

  test("reads so by FIN as well", async () => {
    expect(await observed({ fin: protectedPerson.fin })).toEqual(await observed({ fin: nobody.fin }));
  });

  test("but was looked for, and is held in EID: the positive control", async () => {
    const { data } = (
      await graph.ask("query ($by: PersonIdentifier!) { person(by: $by) { detainers { status } } }", {
        by: { aNumber: child.aNumber },
      })
    ).body;
    expect(data.person.detainers).toContainEqual({ status: "ACTIVE" });
  });
});

test("an A-number that stands in two persons' records is refused, as `person` refuses it", async () => {
  const { aNumber } = withoutHold;
  const last = [...graph.mocks.world.persons()].at(-1) as PersonFile;
  graph.mocks.world.change(last.index, (file) => withANumber(file, aNumber));
  const { body } = await check({ aNumber });
  graph.mocks.world.change(last.index, () => last);
  expect(body.data).toEqual({ holdCheck: null });
  expect(body.errors).toMatchObject([{ path: ["holdCheck"], extensions: { code: "AMBIGUOUS_IDENTIFIER" } }]);
  expect(await stateOf({ aNumber })).toBe("NONE_FOUND");
});

/** Typed at one encounter of theirs. */
function withANumber(file: PersonFile, aNumber: string): PersonFile {
  const [identity, ...others] = file.ident as [PersonFile["ident"][number]];
  const [encounter] = identity.encounters as [(typeof identity.encounters)[number]];
  const typed = { ...encounter, encounterId: `${encounter.encounterId}9`, aNumberRaw: `A${aNumber}` };
  return { ...file, ident: [{ ...identity, encounters: [...identity.encounters, typed] }, ...others] };
}

const seenBy: Readonly<Record<string, readonly string[]>> = {
  "police-patrol": [],
  "police-jail": [
    "servedAt",
    "expiresAt",
    "expiresAtExcludingNonBusinessDays",
    "expiryCountedFrom",
    "requestedNotifyBy",
  ],
  "police-287g-warrant": ["warrantForm"],
  "police-287g-jail": Object.keys(nothingTold),
};

describe("of a hold", () => {
  test.each(Object.entries(seenBy))("%s sees what its role may, and nothing else", async (persona, fields) => {
    const { body } = await check({ aNumber: held.aNumber }, persona, "2026-10-23T18:00:00-05:00");
    const { holdCheck } = body.data;
    expect(holdCheck).toMatchObject({ ...always, state: "HOLD" });
    const seen = Object.keys(nothingTold).filter((field) => holdCheck[field] !== null);
    expect(seen).toEqual(Object.keys(nothingTold).filter((field) => fields.includes(field)));
    const refused = Object.keys(nothingTold).filter((field) => !fields.includes(field));
    const codes = (body.errors ?? []).map(({ path, extensions }) => [path?.join("."), extensions.code]);
    expect(codes.sort()).toEqual(refused.map((field) => [`holdCheck.${field}`, "UNAUTHORIZED_FIELD_OR_TYPE"]).sort());
  });

  test.each(["ero-officer", "cbp-officer", "asylum-officer", "court-clerk", "oversight", "integrator", "nobody"])(
    "%s is told nothing: it has other questions to ask",
    async (persona) => {
      asked.length = 0;
      const { body } = await check({ aNumber: held.aNumber }, persona);
      expect(body.data ?? { holdCheck: null }).toEqual({ holdCheck: null });
      expect(body.errors).toMatchObject([{ extensions: { code: "UNAUTHORIZED_FIELD_OR_TYPE" } }]);
      expect(asked).toEqual([]);
    },
  );

  test.each([held.aNumber, nobody.aNumber])(
    "police of a state that ICE does not answer are told whom to call, about %s as about nobody, and nobody is asked",
    async (aNumber) => {
      const askers = (await readAskers()).filter(({ caller }) => caller.jurisdiction === "MD");
      expect(askers).not.toEqual([]);
      for (const { headers } of askers) {
        asked.length = 0;
        const { status, body } = await graph.ask(document, { by: { aNumber } }, { headers });
        expect([status, body.data, asked]).toEqual([200, { holdCheck: null }, []]);
        expect(body.errors?.map(({ path, extensions }) => [path, extensions])).toEqual([
          [["holdCheck"], { code: "OWNER_REFER", callback: expect.stringMatching(/\+1-\d{3}-555-01\d\d$/) }],
        ]);
      }
    },
  );

  test.each(Object.keys(seenBy))("%s cannot ask for the person", async (persona) => {
    const query = "query ($by: PersonIdentifier!) { person(by: $by) { fin } }";
    const { body } = await graph.ask(query, { by: { aNumber: held.aNumber } }, { persona });
    expect(body.data ?? { person: null }).toEqual({ person: null });
    expect(body.errors).toMatchObject([{ extensions: { code: "UNAUTHORIZED_FIELD_OR_TYPE" } }]);
  });
});

test.each(["fin", "aNumbers", "eidSubjectIds", "identity", "detainerFacts", "protection", "releaseAt"])(
  "%s, by which agencies find each other's answers, is no field for a client",
  async (field) => {
    const query = `query ($by: HoldCheckIdentifier!) { holdCheck(by: $by) { ${field} } }`;
    const { status, body } = await graph.ask(query, { by: { aNumber: held.aNumber } }, { persona: "police-287g-jail" });
    expect([status, body.data, body.errors?.[0]?.extensions.code]).toEqual([
      400,
      undefined,
      "GRAPHQL_VALIDATION_FAILED",
    ]);
  },
);
