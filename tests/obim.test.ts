/** OBIM both sides: every identity of the population, through IDENT's bytes and the subgraph, as its file has it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type FaultyProxy, faultyProxy } from "../mocks/faults.ts";
import { ident } from "../mocks/obim/ident.ts";
import type { IdentIdentity, PersonFile } from "../mocks/population/types.ts";
import { createClock, createWorld } from "../mocks/population/world.ts";
import type { Act, Clock, Simulator, World } from "../mocks/world.ts";
import { startObim } from "../subgraphs/obim/main.ts";

const worldNow = "2026-10-19T14:00:00Z";
const people = 300;
/** Enough for what is rare to be there. */
const populationSize = 2_000;

/** The first 300 persons, and whoever shares an A-number with somebody else, as they are before any act. */
let files: readonly PersonFile[];
/** All of the population. */
let everybody: readonly IdentIdentity[];
/** By canonical A-number: the clusters in whose encounters it stands. */
const clustersOf = new Map<string, Set<string>>();

let world: World;
let clock: Clock;
let simulator: Simulator;
let proxy: FaultyProxy;
let url: string;
let exchanges = 0;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  world = createWorld({ size: populationSize, seed: 1, worldNow });
  const all = [...world.persons()];
  everybody = all.flatMap((file) => file.ident);
  for (const { clusterId, encounters } of everybody)
    for (const number of distinct(encounters.map(({ aNumberRaw }) => nineDigits(aNumberRaw))))
      clustersOf.set(number, (clustersOf.get(number) ?? new Set()).add(clusterId));
  files = all.filter(({ index, ident: identities }) => index < people || identities.some(sharesANumber));
  clock = createClock(worldNow);
  // Every answer of IDENT states its clock, once.
  const now = () => {
    exchanges += 1;
    return clock.now();
  };
  simulator = ident({
    world,
    clock: { now, onChange: clock.onChange },
    progress: () => undefined,
  });
  const upstream = await simulator.start();
  closers.push(upstream.close);
  proxy = await faultyProxy({ protocol: "http", upstreamPort: upstream.port });
  closers.push(proxy.close);
  const subgraph = await startObim({
    identUrl: `http://127.0.0.1:${proxy.port}`,
    sourceTimeoutMs: 2_000,
    port: 0,
  });
  closers.push(subgraph.close);
  url = subgraph.url;
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});
beforeEach(() => {
  proxy.set({ kind: "none" });
  exchanges = 0;
});

// biome-ignore lint/suspicious/noExplicitAny: whatever the query asked for.
type Result = { data?: any; errors?: { path?: (string | number)[]; extensions: Record<string, unknown> }[] };

async function ask(query: string, variables: unknown): Promise<Result> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Result;
}

const allFields = `fin fins aNumbers aNumberRecords { value raw sharedWithAnotherPerson source { system asOf } }
  names { family given kind } birthDate citizenship i94Numbers passports { number country } receiptNumbers sevisIds
  fbiNumbers eidSubjectIds encounters { id at sender reason source { system asOf } } source { system asOf }`;

const person = (by: Record<string, unknown>) =>
  ask(`query($by: PersonIdentifier!) { person(by: $by) { ${allFields} } }`, { by });
const entities = (fins: readonly string[]) =>
  ask(`query($of: [_Any!]!) { _entities(representations: $of) { ... on Person { ${allFields} } } }`, {
    of: fins.map((fin) => ({ __typename: "Person", fin })),
  });

/** The test's own reading of a typed A-number. */
function nineDigits(raw: string | null): string | null {
  const [, digits] = /^[Aa]?(\d{7,9})$/.exec((raw ?? "").replaceAll(/[ -]/g, "")) ?? [];
  return digits === undefined ? null : digits.padStart(9, "0");
}

const held = <T>(values: readonly (T | null)[]): T[] => values.filter((value): value is T & {} => value !== null);
const distinct = (values: readonly (string | null)[]) => [...new Set(held(values))].sort();

/** What the file alone says of the person with this FIN. */
function expected(file: PersonFile, fin: string) {
  const own = file.ident.find((each) => each.fin === fin) as IdentIdentity;
  const cluster = file.ident.filter(({ clusterId }) => clusterId === own.clusterId);
  const others = cluster.filter((each) => each !== own).sort((a, b) => (a.fin < b.fin ? -1 : 1));
  const encounters = [own, ...others].flatMap((each) => each.encounters);
  const source = { system: "IDENT", asOf: worldNow };
  const names = [own, ...others].flatMap((each) => each.names);
  const uniqueNames = [...new Map(names.map((name) => [JSON.stringify(name), name])).values()];
  const typed = [...new Set(held(encounters.map(({ aNumberRaw }) => aNumberRaw)))];
  const readable = distinct(encounters.map(({ aNumberRaw }) => nineDigits(aNumberRaw)));
  return {
    fin,
    fins: [own, ...others].map((each) => each.fin),
    // No readable one of those typed: not an empty list, which would say that none was.
    aNumbers: readable.length === 0 && typed.length > 0 ? null : readable,
    aNumberRecords: typed
      .map((raw) => ({ value: nineDigits(raw), raw, source }))
      .map((each) => ({
        ...each,
        sharedWithAnotherPerson: each.value !== null && (clustersOf.get(each.value)?.size ?? 0) > 1,
      }))
      .sort((a, b) => (a.value ?? "x").localeCompare(b.value ?? "x", "en") || (a.raw < b.raw ? -1 : 1)),
    names: ["PRIMARY", "ALIAS", "NATIVE_SCRIPT"].flatMap((kind) => uniqueNames.filter((name) => name.kind === kind)),
    birthDate: own.birthDate,
    citizenship: own.citizenship,
    i94Numbers: distinct(encounters.map(({ i94Number }) => i94Number)),
    passports: distinct(encounters.map(({ passport }) => passport && `${passport.country}:${passport.number}`)).map(
      (key) => ({ country: key.split(":")[0], number: key.split(":")[1] }),
    ),
    receiptNumbers: distinct(encounters.map(({ receiptNumber }) => receiptNumber)),
    sevisIds: distinct(encounters.map(({ sevisId }) => sevisId)),
    fbiNumbers: distinct(encounters.map(({ fbiNumber }) => fbiNumber)),
    eidSubjectIds: distinct(encounters.map(({ eidSubjectId }) => eidSubjectId)),
    encounters: [...encounters]
      .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.encounterId < b.encounterId ? -1 : 1))
      .map(({ encounterId: id, at, sender, reason }) => ({ id, at, sender, reason, source })),
    source,
  };
}

describe("the first 300 persons, and those who share an A-number,", () => {
  test("come back as their files have them, fifty to a request and one call each", async () => {
    const wanted = files.flatMap((file) => file.ident.map(({ fin }) => ({ file, fin })));
    expect(wanted.length).toBeGreaterThanOrEqual(people);
    // What the comparison is there for must be among them.
    const cases = wanted.map(({ file, fin }) => expected(file, fin));
    expect(cases.some(({ fins }) => fins.length > 1)).toBe(true);
    expect(cases.some(({ aNumberRecords }) => aNumberRecords.some(({ value }) => value === null))).toBe(true);
    expect(cases.some(({ aNumberRecords }) => aNumberRecords.some((each) => each.sharedWithAnotherPerson))).toBe(true);
    for (let from = 0; from < wanted.length; from += 50) {
      exchanges = 0;
      const some = wanted.slice(from, from + 50);
      const { data, errors = [] } = await entities(some.map(({ fin }) => fin));
      expect(data._entities).toEqual(some.map(({ file, fin }) => expected(file, fin)));
      expect(exchanges).toBe(1);
      // Only A-numbers are ever typed so that nobody can read them: each is counted.
      const unreadable = some.flatMap(({ file, fin }, index) => {
        const { clusterId } = file.ident.find((each) => each.fin === fin) as IdentIdentity;
        const count = file.ident
          .filter((each) => each.clusterId === clusterId)
          .flatMap((each) => each.encounters)
          .filter(({ aNumberRaw }) => aNumberRaw !== null && nineDigits(aNumberRaw) === null).length;
        const extensions = { code: "RECORD_UNREADABLE", system: "IDENT", count };
        return count === 0 ? [] : [{ path: ["_entities", index, "aNumbers"], extensions }];
      });
      expect(errors.map(({ path, extensions }) => ({ path, extensions }))).toEqual(unreadable);
    }
  });

  test("are found by every identifier of theirs, in one call, unless it is several persons'", async () => {
    const seen = { found: 0, ambiguous: 0 };
    for (const file of [...files.slice(0, 30), ...files.slice(people)]) {
      for (const [by, carries] of identifiersOf(file)) {
        const carriers = everybody.filter(carries);
        const clusters = new Set(carriers.map(({ clusterId }) => clusterId));
        const [lowest] = distinct(carriers.map(({ fin }) => fin));
        exchanges = 0;
        const { data, errors } = await person(by);
        expect(exchanges).toBe(1);
        if (clusters.size > 1) {
          expect([data.person, errors?.[0]?.extensions.code]).toEqual([null, "AMBIGUOUS_IDENTIFIER"]);
          seen.ambiguous += 1;
        } else {
          expect([by, data.person.fin]).toEqual([by, lowest]);
          seen.found += 1;
        }
      }
    }
    expect(seen.found).toBeGreaterThan(50);
    expect(seen.ambiguous).toBeGreaterThan(0);
  });
});

type Carries = (identity: IdentIdentity) => boolean;

function identifiersOf(file: PersonFile): [Record<string, unknown>, Carries][] {
  const some =
    (test: (encounter: IdentIdentity["encounters"][number]) => boolean): Carries =>
    ({ encounters }) =>
      encounters.some(test);
  return file.ident
    .flatMap(({ encounters }) => encounters)
    .flatMap((encounter): [Record<string, unknown>, Carries][] => {
      const { aNumberRaw, passport } = encounter;
      const aNumber = nineDigits(aNumberRaw);
      const kinds = ["i94Number", "receiptNumber", "sevisId", "fbiNumber", "eidSubjectId"] as const;
      return [
        ...kinds.flatMap((kind): [Record<string, unknown>, Carries][] => {
          const value = encounter[kind];
          return value === null ? [] : [[{ [kind]: value }, some((each) => each[kind] === value)]];
        }),
        ...(aNumber === null
          ? []
          : [
              [{ aNumber: aNumberRaw }, some((each) => nineDigits(each.aNumberRaw) === aNumber)] as [
                Record<string, unknown>,
                Carries,
              ],
            ]),
        ...(passport === null
          ? []
          : [
              [
                { passport },
                some((each) => each.passport?.number === passport.number && each.passport.country === passport.country),
              ] as [Record<string, unknown>, Carries],
            ]),
      ];
    });
}

describe("when IDENT fails", () => {
  test.each([
    ["down", "SOURCE_UNAVAILABLE"],
    ["slow", "SOURCE_TIMEOUT"],
    ["refuse", "SOURCE_UNAVAILABLE"],
    ["truncate", "SOURCE_UNAVAILABLE"],
    ["garbage", "SOURCE_INVALID"],
  ] as const)("(%s), persons are null with %s, never absent", async (kind, code) => {
    const fins = files.slice(0, 2).map(({ ident: [first] }) => first?.fin ?? "");
    proxy.set({ kind });
    const { data, errors } = await entities(fins);
    expect(data._entities).toEqual([null, null]);
    expect(errors?.map(({ extensions }) => extensions)).toEqual([
      { code, system: "IDENT" },
      { code, system: "IDENT" },
    ]);
    proxy.set({ kind: "none" });
    expect((await entities(fins)).data._entities).toMatchObject([{ fin: fins[0] }, { fin: fins[1] }]);
  });
});

describe("what an act changed", () => {
  test("is there on the next read, and says the instant of its clock", async () => {
    const [first, second] = files.filter(({ ident: [own] }) => own !== undefined && soleANumber(own) !== undefined);
    const aNumber = soleANumber(first?.ident[0] as IdentIdentity) as string;
    const [into, joining] = [first?.ident[0]?.fin as string, second?.ident[0]?.fin as string];
    clock.set("2026-10-19T15:00:00Z");
    await simulator.act({ act: "new-encounter", aNumber, typedANumber: "A 999-999-998", fin: into } as Act);
    const { data: before } = await person({ aNumber: "999999998" });
    expect(before.person).toMatchObject({ fin: into, source: { asOf: "2026-10-19T15:00:00Z" } });
    expect(before.person.encounters.at(-1)).toMatchObject({ at: "2026-10-19T15:00:00Z", sender: "ICE-ERO" });
    await simulator.act({ act: "link-identities", aNumber: "999999998", fin: joining } as Act);
    const { data: after } = await person({ fin: joining });
    expect(after.person.fins).toEqual(expect.arrayContaining([into, joining]));
    expect(after.person.aNumbers).toEqual(expect.arrayContaining([aNumber, "999999998"]));
  });
});

function sharesANumber({ encounters }: IdentIdentity): boolean {
  return encounters.some(({ aNumberRaw }) => (clustersOf.get(nineDigits(aNumberRaw) ?? "")?.size ?? 0) > 1);
}

/** An A-number of this identity that nobody else has. */
function soleANumber({ encounters }: IdentIdentity): string | undefined {
  return held(encounters.map(({ aNumberRaw }) => nineDigits(aNumberRaw))).find(
    (number) => clustersOf.get(number)?.size === 1,
  );
}
