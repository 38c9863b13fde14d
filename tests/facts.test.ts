/**
 * The facts that decisions are made on, of every person of a population, against the population itself: who is protected,
 * who is whose case, who may be a child, and which records tell of a claim. Over the simulated systems, on real wires.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { Mocks } from "../mocks/main.ts";
import { type PersonFile, REDACTED } from "../mocks/population/types.ts";
import type { SystemName } from "../mocks/world.ts";
import { beforeSystem } from "./listeners.ts";
import { startSimulators, startSubgraphs } from "./systems.ts";

const agencies = ["obim", "cbp", "ice", "uscis", "eoir"] as const;
type Agency = (typeof agencies)[number];
// biome-ignore lint/suspicious/noExplicitAny: whatever was asked for.
type Json = any;

let mocks: Mocks;
let urls: Readonly<Record<Agency, string>>;
let files: readonly PersonFile[];
let persons: readonly Who[];
const calls = new Map<SystemName, number>();
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  mocks = await startSimulators(1_008);
  closers.push(mocks.close);
  files = [...mocks.world.persons()];
  persons = files.flatMap(clustersOf);
  const counted = { ...mocks.urls };
  // EID is asked over another wire.
  for (const system of ["ident", "adis", "i94", "e3", "global", "elis", "case"] as const)
    counted[system] = await counting(system, mocks.urls[system]);
  const subgraphs = await startSubgraphs(counted, { only: agencies });
  closers.push(subgraphs.close);
  urls = subgraphs.urls;
}, 120_000);
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});
afterEach(async () => {
  for (const system of ["ident", "e3", "eid", "global", "elis", "case"] as const)
    await mocks.setFault(system, { kind: "none" });
});

/** Counts what is asked of the system; a token is not. */
async function counting(system: SystemName, upstream: string): Promise<string> {
  const { url, close } = await beforeSystem(upstream, (request) => {
    if (request.url !== "/oauth/accesstoken") calls.set(system, (calls.get(system) ?? 0) + 1);
  });
  closers.push(close);
  return url;
}

type Who = ReturnType<typeof clustersOf>[number];

/** Each identity cluster as IDENT would give it, read from the file by a reading of A-numbers of our own. */
function clustersOf({ ident }: PersonFile) {
  return [...Map.groupBy(ident, ({ clusterId }) => clusterId).values()].map((identities) => {
    const encounters = identities.flatMap((identity) => identity.encounters);
    const typed = encounters.flatMap(({ aNumberRaw }) => (aNumberRaw === null ? [] : [aNumberRaw]));
    const digits = typed.map((raw) => /^A?(\d{7,9})$/i.exec(raw.replaceAll(/[ -]/g, ""))?.[1]);
    return {
      fin: identities[0]!.fin,
      fins: identities.map(({ fin }) => fin),
      aNumbers: [...new Set(digits.flatMap((each) => (each === undefined ? [] : [each.padStart(9, "0")])))],
      i94Numbers: [...new Set(encounters.flatMap(({ i94Number }) => (i94Number === null ? [] : [i94Number])))],
      eidSubjectIds: [
        ...new Set(encounters.flatMap((each) => (each.eidSubjectId === null ? [] : [each.eidSubjectId]))),
      ],
      birthDates: identities.flatMap(({ birthDate }) => (birthDate === null ? [] : [birthDate])),
    };
  });
}

async function ask(agency: Agency, whom: readonly Who[], fields: string) {
  const representations = whom.map(({ birthDates: _, ...keys }) => ({ __typename: "Person", ...keys }));
  const response = await fetch(urls[agency], {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      query: `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Person { ${fields} } } }`,
      variables: { of: representations },
    }),
  });
  const { data, errors = [] } = (await response.json()) as { data: { _entities: Json[] }; errors?: Json[] };
  return { entities: data._entities, errors };
}

/** The answers for everybody, fifty at a time. */
async function askAll(agency: Agency, fields: string) {
  const entities: Json[] = [];
  const errors: Json[] = [];
  for (let from = 0; from < persons.length; from += 50) {
    const answer = await ask(agency, persons.slice(from, from + 50), fields);
    entities.push(...answer.entities);
    errors.push(...answer.errors);
  }
  return { entities, errors };
}

const under = <Row extends { aNumber: string | null }>({ aNumbers }: Who, rows: (file: PersonFile) => readonly Row[]) =>
  files.flatMap((file) => rows(file).filter(({ aNumber }) => aNumber !== null && aNumbers.includes(aNumber)));
const inEid = ({ aNumbers, eidSubjectIds }: Who, { eid }: PersonFile) =>
  [...eid.stays, ...eid.detainers, ...eid.removals, ...eid.cases].some(
    ({ subjectId, aFileNumber }) =>
      eidSubjectIds.includes(subjectId) || (aFileNumber !== REDACTED && aNumbers.includes(aFileNumber ?? "")),
  );

/** By fact: who knows it, the system that must answer, and what the files say. */
const personFacts: Readonly<Record<string, readonly [Agency, SystemName, (who: Who) => boolean | null]>> = {
  protected1367: [
    "uscis",
    "elis",
    (who) => under(who, ({ elis }) => elis.cases).some(({ protection }) => protection === "1367"),
  ],
  uscisCase: [
    "uscis",
    "elis",
    (who) =>
      under(who, ({ elis }) => elis.cases).length +
        under(who, ({ global }) => [...global.screenings, ...global.applications]).length >
      0,
  ],
  iceCase: ["ice", "eid", (who) => files.some((file) => inEid(who, file))],
  cbpCase: [
    "cbp",
    "e3",
    ({ fins, aNumbers }) =>
      files.some(({ e3 }) => e3.some((row) => fins.includes(row.fin ?? "") || aNumbers.includes(row.aNumber ?? ""))),
  ],
  eoirCase: ["eoir", "case", (who) => under(who, ({ cases }) => cases).length > 0],
  minor: [
    "obim",
    "ident",
    // Born after 19 October 2008. The one that makes a child of the person counts.
    ({ birthDates }) => (birthDates.length === 0 ? null : birthDates.some((each) => each > "2008-10-19")),
  ],
};

describe.each(Object.entries(personFacts))("Person.%s", (fact, [agency, system, expected]) => {
  test("of every person is what the population says", async () => {
    const { entities, errors } = await askAll(agency, `fin ${fact}`);
    expect(errors).toEqual([]);
    expect(entities).toEqual(persons.map((who) => ({ fin: who.fin, [fact]: expected(who) })));
    expect(new Set(entities.map((each) => each[fact]))).toEqual(
      new Set(fact === "minor" ? [true, false, null] : [true, false]),
    );
  });

  test(`is null with an error while ${system} is down, never false`, async () => {
    await mocks.setFault(system, { kind: "down" });
    const who = persons.find(
      (each) => each.aNumbers.length > 0 && under(each, ({ global: g }) => g.screenings).length === 0,
    )!;
    const { entities, errors } = await ask(agency, [who], fact);
    // Without IDENT there is no person at all.
    expect(entities).toEqual([system === "ident" ? null : { [fact]: null }]);
    expect(errors.map(({ extensions }) => extensions)).toEqual([
      expect.objectContaining({ code: "SOURCE_UNAVAILABLE", system: system.toUpperCase() }),
    ]);
  });
});

test("a person who is known to one of USCIS's systems is USCIS's case, though the other is down", async () => {
  const screened = persons.find((who) => under(who, ({ global: g }) => g.screenings).length > 0)!;
  const filed = persons.find((who) => under(who, ({ elis }) => elis.cases).length > 0)!;
  await mocks.setFault("elis", { kind: "down" });
  expect(await ask("uscis", [screened], "uscisCase")).toEqual({ entities: [{ uscisCase: true }], errors: [] });
  await mocks.setFault("elis", { kind: "none" });
  await mocks.setFault("global", { kind: "down" });
  expect(await ask("uscis", [filed], "uscisCase")).toEqual({ entities: [{ uscisCase: true }], errors: [] });
});

test("facts about somebody whose identifiers IDENT could not give are not known, never false", async () => {
  for (const [fact, [agency]] of Object.entries(personFacts)) {
    if (agency === "obim") continue;
    const nobody = { fin: persons[0]!.fin, i94Numbers: [] } as unknown as Who;
    const { entities, errors } = await ask(agency, [nobody], fact);
    expect([fact, entities, errors[0]?.extensions.system]).toEqual([fact, [{ [fact]: null }], "IDENT"]);
  }
});

test("facts asked for with the records cost no further call", async () => {
  const records: Readonly<Record<Agency, readonly [string, string]>> = {
    obim: ["encounters { id }", "minor encounters { asylumRelated filingRelated subject { fin } }"],
    cbp: ["apprehensions { id } addresses { since }", "cbpCase addresses { subject { fin } }"],
    ice: ["custodyStays { id }", "iceCase"],
    uscis: [
      "asylum { screenings { id } applications { filedAt } } benefitRequests { form }",
      "protected1367 uscisCase asylum { applications { protectedFiling } } benefitRequests { protectedFiling }",
    ],
    eoir: [
      "courtCases { id } stays { state }",
      "eoirCase courtCases { asylumRelated noticeAddress { subject { fin } } }",
    ],
  };
  const counted = async (agency: Agency, fields: string) => {
    calls.clear();
    await ask(agency, persons.slice(0, 50), fields);
    return Object.fromEntries(calls);
  };
  for (const agency of agencies) {
    const [plain, facts] = records[agency];
    const without = await counted(agency, plain);
    expect([agency, await counted(agency, `${plain} ${facts}`)]).toEqual([agency, without]);
  }
});

describe("records", () => {
  const asylumTypes = ["AOC", "WHO", "CFR", "RFR"];

  test("of the court tell of a claim by their type, hearing, decision or motion, as the population has them", async () => {
    const { entities } = await askAll(
      "eoir",
      `courtCases { id asylumRelated nextHearing { kind asylumRelated } orders { kind asylumRelated }
        motions { kind asylumRelated } noticeAddress { subject { fin } } }`,
    );
    const typeOf = new Map(files.flatMap(({ cases }) => cases).map((each) => [String(each.idncase), each.caseType]));
    const seen = new Map<string, number>();
    const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
    entities.forEach(({ courtCases }, place) => {
      for (const { id, asylumRelated, nextHearing, orders, motions, noticeAddress } of courtCases ?? []) {
        // A proceeding whose row is damaged leaves the type in doubt, which is never "no".
        const isAsylum = asylumTypes.includes(typeOf.get(id) as string);
        if (asylumRelated !== null) expect([id, asylumRelated]).toEqual([id, isAsylum]);
        count(`case ${asylumRelated}`);
        const kinds = [
          ["hearing", nextHearing === null ? [] : [nextHearing], ["MA", "IA", "RR"]],
          ["motion", motions ?? [], ["MC"]],
        ] as const;
        for (const [what, list, telling] of kinds)
          for (const each of list) {
            expect([what, each]).toEqual([
              what,
              { kind: each.kind, asylumRelated: telling.includes(each.kind as never) },
            ]);
            count(`${what} ${each.asylumRelated}`);
          }
        for (const order of orders ?? []) {
          const tells = /DHS Decision|Withholding/.test(order.kind);
          expect(order).toEqual({ kind: order.kind, asylumRelated: tells });
          count(`order ${tells}`);
        }
        if (noticeAddress !== null) expect(noticeAddress).toEqual({ subject: { fin: persons[place]!.fin } });
        count(`address ${noticeAddress !== null}`);
      }
    });
    for (const what of ["case", "hearing", "motion", "order", "address"])
      for (const answer of [true, false]) expect([what, answer, seen.get(`${what} ${answer}`) ?? 0]).not.toContain(0);
  });

  test("of addresses name the person under whom they were found", async () => {
    const { entities } = await askAll("cbp", "fin addresses { subject { fin } }");
    const held = entities.filter(({ addresses }) => addresses.length > 0);
    expect(held.length).toBeGreaterThan(20);
    for (const { fin, addresses } of held) for (const each of addresses) expect(each).toEqual({ subject: { fin } });
  });

  test("of encounters say whose they are, and which go back to a filing", async () => {
    const { entities } = await askAll("obim", "fin encounters { id filingRelated asylumRelated subject { fin } }");
    const senders = new Map(
      files.flatMap(({ ident }) =>
        ident.flatMap(({ encounters }) => encounters.map((each) => [each.encounterId, each])),
      ),
    );
    const seen = { true: 0, false: 0 };
    for (const { fin, encounters } of entities)
      for (const { id, filingRelated, asylumRelated, subject } of encounters) {
        const { sender, receiptNumber } = senders.get(id)!;
        expect([id, filingRelated]).toEqual([id, sender === "USCIS" || receiptNumber !== null]);
        expect([asylumRelated, subject]).toEqual([false, { fin }]);
        seen[String(filingRelated) as "true" | "false"] += 1;
      }
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(20);
  });
});
