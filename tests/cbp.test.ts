/** The CBP subgraph over the simulated ADIS, I-94 and e3, for the real population: nothing lost, nothing invented. */
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { adis } from "../mocks/cbp/adis.ts";
import { e3 } from "../mocks/cbp/e3.ts";
import { i94 } from "../mocks/cbp/i94.ts";
import { type E3Subject, type PersonFile, REDACTED } from "../mocks/population/types.ts";
import { createClock, createWorld } from "../mocks/population/world.ts";
import type { Act, Clock, Simulator, World } from "../mocks/world.ts";
import { startCbp } from "../subgraphs/cbp/main.ts";
import { beforeSystem } from "./listeners.ts";

const now = "2026-10-19T14:00:00Z";
const systems = ["adis", "i94", "e3"] as const;
type System = (typeof systems)[number];

let world: World;
let clock: Clock;
let simulators: Readonly<Record<System, Simulator>>;
let subgraphUrl: string;
const calls: Record<System, number> = { adis: 0, i94: 0, e3: 0 };
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  world = createWorld({ size: 512, seed: 1, worldNow: now });
  clock = createClock(now);
  const context = { world, clock, progress: () => undefined };
  simulators = { adis: adis(context), i94: i94(context), e3: e3(context) };
  const urls: Record<string, string> = {};
  for (const system of systems) {
    const { port, close } = await simulators[system].start();
    closers.push(close);
    urls[`${system}Url`] = await counting(system, port);
  }
  const { adisUrl = "", i94Url = "", e3Url = "" } = urls;
  const subgraph = await startCbp({ adisUrl, i94Url, e3Url, sourceTimeoutMs: 5_000, port: 0, host: "127.0.0.1" });
  closers.push(subgraph.close);
  subgraphUrl = subgraph.url;
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});
beforeEach(() => void Object.assign(calls, { adis: 0, i94: 0, e3: 0 }));

/** Counts the calls that reach the simulator. */
async function counting(system: System, port: number): Promise<string> {
  const { url, close } = await beforeSystem(`http://127.0.0.1:${port}`, () => (calls[system] += 1));
  closers.push(close);
  return url;
}

type Representation = {
  readonly __typename: "Person";
  readonly fin: string;
  readonly fins: readonly string[];
  readonly aNumbers: readonly string[];
  readonly i94Numbers: readonly string[];
};

/** What IDENT gives for each identity cluster of a person. */
function representationsOf({ ident }: PersonFile): Representation[] {
  const clusters = [...new Set(ident.map(({ clusterId }) => clusterId))];
  return clusters.map((cluster) => {
    const identities = ident.filter(({ clusterId }) => clusterId === cluster);
    const encounters = identities.flatMap((identity) => identity.encounters);
    const aNumbers = encounters.map(
      ({ aNumberRaw }) => /^A?(\d{7,9})$/i.exec((aNumberRaw ?? "").replace(/[ -]/g, ""))?.[1],
    );
    return {
      __typename: "Person",
      fin: identities[0]!.fin,
      fins: identities.map(({ fin }) => fin),
      aNumbers: [...new Set(aNumbers.filter((each) => each !== undefined).map((each) => each.padStart(9, "0")))],
      i94Numbers: [...new Set(encounters.map(({ i94Number }) => i94Number).filter((each) => each !== null))],
    };
  });
}

const fields = `
  arrivals { id i94Number arrivedAt portOfEntry classOfAdmission admitUntil durationOfStatus source { system asOf } }
  departures { id i94Number departedAt portOfExit source { system asOf } }
  apprehensions {
    id eventNumber apprehendedAt arrestedAt sector familyUnit { number type } familyMember { entered derived }
    unaccompaniedChild { entered derived } fearClaim { entered derived } disposition bookedOutAt transferredTo
    source { system asOf }
  }
  addresses { lines status since undeliverable source { system asOf } }
`;

// biome-ignore lint/suspicious/noExplicitAny: whatever was asked for.
type Json = any;

async function ask(representations: readonly Representation[], selected = fields): Promise<Json> {
  const response = await fetch(subgraphUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      query: `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Person { ${selected} } } }`,
      variables: { r: representations },
    }),
  });
  return response.json();
}

/** Everybody in whose file one of the identifiers stands. */
function filesWith({ fins, aNumbers, i94Numbers }: Representation): PersonFile[] {
  const found = [
    ...fins.map((each) => world.find("fin", each)),
    ...aNumbers.map((each) => world.find("aNumber", each)),
    ...i94Numbers.map((each) => world.find("i94Number", each)),
  ];
  return [...new Map(found.flat().map((file) => [file.index, file])).values()];
}

const order = (a: string | null, b: string | null) => (a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? -1 : 1);
const adisSource = { system: "ADIS", asOf: now };
const e3Source = { system: "E3", asOf: now };
const shownOf = <T>(value: T | typeof REDACTED) => (value === REDACTED ? null : value);

/** What the population holds for a person, computed from the files alone. */
function expected(person: Representation): Json {
  const files = filesWith(person);
  const mine = (each: { fin: string; i94Number: string | null }) =>
    person.fins.includes(each.fin) || person.i94Numbers.includes(each.i94Number ?? "");
  const crossings = files.flatMap((file) => file.adis).filter(mine);
  const inwards = crossings.filter(({ direction }) => direction === "ARRIVAL");
  const admissions = files.flatMap((file) => file.i94);
  const stayOf = (number: string | null) => {
    const { classOfAdmission = null, admitUntil = null } =
      admissions.find(({ i94Number }) => i94Number === number) ?? {};
    const durationOfStatus = admitUntil === null ? null : admitUntil === "D/S";
    return { classOfAdmission, admitUntil: durationOfStatus ? null : admitUntil, durationOfStatus };
  };
  const unshown = admissions.filter(
    ({ i94Number }) => person.i94Numbers.includes(i94Number) && !inwards.some((each) => each.i94Number === i94Number),
  );
  const subjects = files
    .flatMap((file) => file.e3)
    .filter(({ fin, aNumber }) => person.fins.includes(fin ?? "") || person.aNumbers.includes(aNumber ?? ""));
  return {
    arrivals: [
      ...inwards.map(({ recordId: id, i94Number, at, port }) => ({
        ...{ id, i94Number, arrivedAt: at, portOfEntry: port, ...stayOf(i94Number), source: adisSource },
      })),
      ...unshown.map(({ i94Number, admittedAt, port }) => ({
        ...{ id: `i94:${i94Number}`, i94Number, arrivedAt: admittedAt, portOfEntry: port, ...stayOf(i94Number) },
        source: { system: "I94", asOf: now },
      })),
    ].sort((a, b) => order(a.arrivedAt, b.arrivedAt) || order(a.id, b.id)),
    departures: crossings
      .filter(({ direction }) => direction === "DEPARTURE")
      .map(({ recordId: id, i94Number, at, port }) => ({
        id,
        i94Number,
        departedAt: at,
        portOfExit: port,
        source: adisSource,
      }))
      .sort((a, b) => order(a.departedAt, b.departedAt) || order(a.id, b.id)),
    apprehensions: subjects
      .map(apprehensionOf)
      .sort((a, b) => order(a.apprehendedAt, b.apprehendedAt) || order(a.id, b.id)),
    addresses: subjects
      .filter(({ releaseAddress }) => releaseAddress !== null)
      .map(({ releaseAddress }) => addressOf(releaseAddress!))
      .sort((a, b) => (a.since === null || b.since === null ? order(a.since, b.since) : order(b.since, a.since))),
  };
}

function apprehensionOf(subject: E3Subject) {
  const {
    eventNumber,
    subjectKey,
    familyUnitNumber,
    familyUnitType,
    citizenship: _c,
    releaseAddress: _a,
    ...rest
  } = subject;
  const { fin: _f, aNumber: _n, sector, disposition, ...shown } = rest;
  return {
    ...shown,
    id: `${eventNumber}/${subjectKey}`,
    eventNumber,
    sector: shownOf(sector),
    disposition: shownOf(disposition),
    familyUnit: familyUnitNumber === null ? null : { number: familyUnitNumber, type: familyUnitType },
    source: e3Source,
  };
}

function addressOf({ lines, since, undeliverable }: NonNullable<E3Subject["releaseAddress"]>) {
  const given = lines.map((line) => line.trim()).filter((line) => line !== "");
  const provided = given.length > 0 && given.join("").toUpperCase() !== "FAILED TO PROVIDE ADDRESS";
  return {
    lines: provided ? given : null,
    status: provided ? "PROVIDED" : "NOT_PROVIDED",
    since,
    undeliverable,
    source: e3Source,
  };
}

test("for 512 persons every record that IDENT's identifiers find comes back, as the population holds it", async () => {
  const persons = [...world.persons()].flatMap(representationsOf);
  const counts: Record<string, number> = {};
  let redactions = 0;
  for (let from = 0; from < persons.length; from += 50) {
    const asked = persons.slice(from, from + 50);
    const { data, errors = [] } = await ask(asked);
    expect(data._entities).toEqual(asked.map(expected));
    for (const entity of data._entities)
      for (const [kind, records] of Object.entries(entity))
        counts[kind] = (counts[kind] ?? 0) + (records as Json[]).length;
    for (const { extensions } of errors) expect(extensions).toEqual({ code: "REDACTED_BY_SOURCE", system: "E3" });
    redactions += errors.length;
  }
  const withheld = persons
    .flatMap((person) => filesWith(person).flatMap((file) => file.e3.map((subject) => ({ person, subject }))))
    .filter(
      ({ person, subject }) =>
        person.fins.includes(subject.fin ?? "") || person.aNumbers.includes(subject.aNumber ?? ""),
    )
    .flatMap(({ subject }) => [subject.sector, subject.disposition])
    .filter((value) => value === REDACTED);
  expect(redactions).toBe(withheld.length);
  for (const kind of ["arrivals", "departures", "apprehensions", "addresses"]) expect(counts[kind]).toBeGreaterThan(20);
});

test.each([1, 50])("%d persons make at most two calls to each system", async (count) => {
  const persons = [...world.persons()].flatMap(representationsOf).slice(0, count);
  const { data } = await ask(persons);
  expect(data._entities).toHaveLength(count);
  for (const system of systems) {
    expect(calls[system]).toBeGreaterThan(0);
    expect(calls[system]).toBeLessThanOrEqual(2);
  }
});

test("a record that carries its own clock carries the system's, also when that moves on", async () => {
  const [person] = [...world.persons()].filter((file) => file.e3[0]?.fin).flatMap(representationsOf);
  clock.set("2026-10-20T09:00:00Z");
  try {
    const { data } = await ask([person!], "apprehensions { source { asOf } }");
    expect(data._entities[0].apprehensions[0].source.asOf).toBe("2026-10-20T09:00:00Z");
  } finally {
    clock.set(now);
  }
});

test("what an act changes is in the next answer", async () => {
  const file = [...world.persons()].find((each) => each.ident.length === 1 && each.e3.length === 1 && each.e3[0]!.fin)!;
  const [person] = representationsOf(file);
  const { fin } = person!;
  const act = (system: System, members: object) => simulators[system].act({ fin, ...members } as unknown as Act);
  const before = (await ask([person!])).data._entities[0];
  await act("adis", { act: "record-departure", port: "JFK" });
  await act("e3", { act: "change-address", lines: ["9 New St", "Houston TX"], undeliverable: true });
  await act("e3", { act: "new-apprehension", sector: "El Paso", familyUnitNumber: "FMU9" });
  const after = (await ask([person!])).data._entities[0];
  expect(after.departures).toHaveLength(before.departures.length + 1);
  expect(after.departures.at(-1)).toMatchObject({ departedAt: now, portOfExit: "JFK" });
  expect(after.addresses[0]).toMatchObject({ lines: ["9 New St", "Houston TX"], since: now, undeliverable: true });
  expect(after.apprehensions).toHaveLength(before.apprehensions.length + 1);
  expect(after.apprehensions.at(-1)).toMatchObject({
    apprehendedAt: now,
    sector: "El Paso",
    familyUnit: { number: "FMU9" },
  });
});

test("a stay extended in I-94 is in the arrival's next answer", async () => {
  const file = [...world.persons()].find((each) => each.i94.some(({ admitUntil }) => /^\d{4}/.test(admitUntil ?? "")))!;
  const { i94Number } = file.i94.find(({ admitUntil }) => /^\d{4}/.test(admitUntil ?? ""))!;
  const person = representationsOf(file).find(({ i94Numbers }) => i94Numbers.includes(i94Number))!;
  await simulators.i94.act({
    act: "extend-stay",
    fin: file.ident[0]!.fin,
    i94Number,
    until: "2027-06-05",
  } as unknown as Act);
  const { data } = await ask([person], "arrivals { i94Number admitUntil }");
  expect(data._entities[0].arrivals).toContainEqual({ i94Number, admitUntil: "2027-06-05" });
});
