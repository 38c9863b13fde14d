/**
 * Two worlds, equal but for what a caller may not see: somebody, or some records, are there in one of them and not in the
 * other. Whatever is asked, in whatever form, by whomever, the caller cannot tell in which world it is. T18, T19, T20, T21,
 * T25; THREATS F9, H1.
 */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { mintToken } from "../mocks/issuer/mint.ts";
import type { SystemName } from "../mocks/world.ts";
import { eventually } from "./redis-servers.ts";
import { type Observed, observe } from "./two-worlds/client.ts";
import {
  type Caller,
  callers,
  isHiddenFromPolice,
  isPersonHidden,
  isPolice,
  isRecordHidden,
  otherStay,
} from "./two-worlds/law.ts";
import { type Asking, askings, requestOf } from "./two-worlds/operations.ts";
import { type Identifier, protectMore, readPeople, type Someone } from "./two-worlds/people.ts";
import { type Absence, type Asked, nothingAbsent, representationsOf } from "./two-worlds/subgraph-without.ts";
import { startWorlds, type Worlds } from "./two-worlds/worlds.ts";

const size = Number(process.env.PROOF_WORLDS ?? 80);
const seed = Number(process.env.PROOF_SEED ?? 20_261_019);
const timeoutMs = 120_000 + size * 1_000;

let worlds: Worlds;
let people: readonly Someone[];
const tokens = new Map<string, string>();
/** What both worlds answer to the same question to every agency while nothing is wrong. */
let healthy: string;
beforeAll(async () => {
  worlds = await startWorlds({ population: 512, populate: protectMore });
  people = await readPeople(worlds.mocks, worlds.subgraphUrls);
  for (const { persona } of callers) tokens.set(persona, await mintToken(persona));
  [healthy = ""] = await healthOfBoth();
  expect(healthy).toMatch(/^\{"data":\{"person":\{"names":\[\{"given"/);
  expect(healthy).not.toMatch(/"errors"/);
}, 120_000);
afterAll(() => worlds?.close());

async function healthOfBoth(): Promise<readonly string[]> {
  const fields =
    "names { given } arrivals { id } custodyStays { id } courtCases { id } benefitRequests { receiptNumber } stays { state }";
  const { persona, purpose } = { persona: "ero-officer", purpose: "REMOVAL_OPERATIONS" } as const;
  const request = {
    method: "POST",
    path: "/graphql",
    headers: { ...headersOf({ persona, purpose }), "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ query: `{ person(by: { fin: "4141592653" }) { ${fields} } }` }),
  } as const;
  const worldsNow = [worlds.whole, worlds.without];
  for (const { subgraphs } of worldsNow) subgraphs.absence = nothingAbsent;
  return (await Promise.all(worldsNow.map(({ port }) => observe(port, request)))).map(({ chunks }) => chunks.join(""));
}

/** After trouble each world for itself may leave a subgraph unasked for a while. */
const bothHealthy = () =>
  eventually(async () => (await healthOfBoth()).every((each) => each === healthy), "both worlds as they were at first");

/** Asked in both worlds; the second lacks what is said. */
type Case = {
  readonly caller: Caller;
  readonly asking: Asking;
  readonly identified: Parameters<typeof requestOf>[1];
  readonly absence: Absence;
  /** Whether what subgraphs are asked with is the same to the last value, or only of one shape. */
  readonly sameValues: boolean;
};

type Outcome = {
  readonly differences: readonly string[];
  readonly cut: number;
  readonly status: string;
  readonly body: string;
};

async function compare({ caller, asking, identified, absence, sameValues }: Case): Promise<Outcome> {
  const { whole, without } = worlds;
  for (const world of [whole, without]) world.subgraphs.asked.length = 0;
  whole.subgraphs.absence = nothingAbsent;
  without.subgraphs.absence = absence;
  without.subgraphs.cut = 0;
  const { headers, ...request } = requestOf(asking, identified);
  const sent = { ...request, headers: { ...headers, ...headersOf(caller) } };
  const [one, other] = await Promise.all([observe(whole.port, sent), observe(without.port, sent)]);
  const differences = [...observedDifferences(one, other)];
  const [asked, askedWithout] = [whole, without].map(({ subgraphs }) =>
    subgraphs.asked.map((each) => shown(each, sameValues)).sort(),
  );
  if (!areAskedAlike(whole.subgraphs.asked, without.subgraphs.asked, sameValues))
    differences.push(`asked: ${JSON.stringify(asked, null, 1)}\n  without: ${JSON.stringify(askedWithout, null, 1)}`);
  return { differences, cut: without.subgraphs.cut, status: one.status, body: one.chunks.join("") };
}

function headersOf({ persona, purpose }: Caller): Readonly<Record<string, string>> {
  return {
    authorization: `Bearer ${tokens.get(persona)}`,
    ...(purpose === "" ? {} : { "crosswalk-purpose": purpose }),
    ...(purpose === "BREAK_GLASS" ? { "crosswalk-reason": "somebody's life is at stake" } : {}),
  };
}

function* observedDifferences(one: Observed, other: Observed): Generator<string> {
  if (one.status !== other.status) yield `status: ${one.status}\n  without: ${other.status}`;
  if (one.headers.join() !== other.headers.join())
    yield `headers: ${one.headers.join()}\n  without: ${other.headers.join()}`;
  if (one.chunks.join("\n") === other.chunks.join("\n")) return;
  if (partsOf(one) !== partsOf(other)) yield `body: ${one.chunks.join("|")}\n  without: ${other.chunks.join("|")}`;
}

/** Parts that come later come in any order, together or apart, as the machine has it. */
function partsOf({ headers, chunks }: Observed): string {
  if (!headers.some((each) => /multipart/.test(each))) return chunks.join("\n");
  const [first = "", ...later] = chunks;
  const increments = later.flatMap((each) => {
    const text = /\{.*\}/s.exec(each)?.[0];
    return text === undefined ? [] : (JSON.parse(text).incremental ?? []).map((part: unknown) => JSON.stringify(part));
  });
  return [first, ...increments.sort()].join("\n");
}

/**
 * Reads that are the same to the last value are one where they happen to be under way together, or several: in each world
 * as many of what looks alike as could be asked in the other.
 */
function areAskedAlike(one: readonly Asked[], other: readonly Asked[], sameValues: boolean): boolean {
  const [counts, others] = [one, other].map((all) => {
    const byLook = new Map<string, string[]>();
    for (const each of all) {
      const look = shown(each, sameValues);
      byLook.set(look, [...(byLook.get(look) ?? []), shown(each, true)]);
    }
    return byLook;
  }) as [Map<string, string[]>, Map<string, string[]>];
  const fewest = (all: readonly string[]) => new Set(all).size;
  return [...new Set([...counts.keys(), ...others.keys()])].every((look) => {
    const [here, there] = [counts.get(look) ?? [], others.get(look) ?? []];
    return fewest(here) <= there.length && fewest(there) <= here.length;
  });
}

function shown({ subgraph, query, variables, headers }: Asked, sameValues: boolean): string {
  const given = sameValues
    ? JSON.stringify(variables)
    : `${Object.keys(variables).sort().join()} ${representationsOf(variables).map((each) => Object.keys(each).sort().join())}`;
  return `${subgraph} ${query} ${given} ${headers.join()}`;
}

const nobody: Identifier = { by: { fin: "9999999998" }, value: "9999999998", nobodys: "9999999998" };

const pick = <Value>(values: readonly Value[], at: number): Value => values[at % values.length] as Value;

type Drawn = {
  readonly asking: Asking;
  readonly caller: number;
  readonly who: number;
  readonly by: number;
  readonly other: number;
};

/** Small numbers as often as others: fast-check would mostly begin at the first of everything. */
const anyone = fc.noBias(fc.nat(9_999));

const drawn = (roots: Parameters<typeof askings>[0]): fc.Arbitrary<Drawn> =>
  fc.record({
    asking: askings(roots),
    caller: anyone,
    who: anyone,
    by: anyone,
    other: anyone,
  });

const finOf = (person: Someone) => ({ fin: person.fins[0] });

/** (a) Somebody who is hidden is there, or is not. The other person in the operation is anybody. */
function hiddenPerson({ asking, caller: at, who, by, other }: Drawn, trouble: SystemName | null): Case | null {
  const caller = pick(
    callers.filter((each) => !isPolice(each) && each.persona !== "nobody" && each.purpose !== "PROTECTED_PERSONS_1367"),
    at,
  );
  // Of somebody without an A-number USCIS need not ask its systems, and cannot fail; of nobody it asks.
  const known = trouble === null ? people : people.filter(({ hasANumber }) => hasANumber);
  const hidden = known.filter(({ facts, identifiers }) => isPersonHidden(caller, facts) && identifiers.length > 0);
  if (hidden.length === 0) return null;
  const person = pick(hidden, who);
  const identifier = pick(person.identifiers, by);
  const another = pick(other % 3 === 0 ? hidden : known, other);
  const isGone = isPersonHidden(caller, another.facts);
  const gone = [...person.identifiers, ...(isGone ? another.identifiers : [])];
  return {
    caller,
    asking,
    identified: { person: identifier.by, another: other % 5 === 0 ? nobody.by : finOf(another), holdCheck: null },
    absence: { ...nothingAbsent, identifiers: new Map(gone.map(({ value, nobodys }) => [value, nobodys])) },
    sameValues: false,
  };
}

/** (b) Somebody is visible; records of theirs that are hidden are there, or are not. */
function hiddenRecords({ asking, caller: at, who, by, other }: Drawn, trouble: SystemName | null): Case | null {
  const caller = pick(
    callers.filter((each) => !isPolice(each) && each.persona !== "nobody" && each.purpose !== "PROTECTED_PERSONS_1367"),
    at,
  );
  const visible = people.filter(({ facts }) => isPersonHidden(caller, facts) === false);
  const telling = visible.filter(({ isTelling }) => isTelling);
  const from = (at: number) => (at % 4 === 0 || telling.length === 0 ? visible : telling);
  const person = pick(from(who), who >> 2);
  const another = pick(from(other), other >> 2);
  const factsOf = (fin: string) => people.find(({ fins }) => fins.includes(fin))?.facts;
  // Whose case it is lets them see the person; whether anything was filed, nothing tells. Only while all answer: the gate
  // permits what would be permitted whatever an unknown fact is, and that does tell.
  const isUnprotected =
    trouble === null && by % 2 === 0 && ["CBP", "ICE", "EOIR"].some((agency) => agencyOf(caller) === agency);
  return {
    caller,
    asking,
    identified: {
      person: person.identifiers.length > 0 ? pick(person.identifiers, by).by : finOf(person),
      another: finOf(another),
      holdCheck: null,
    },
    absence: {
      identifiers: new Map(),
      record: (kind, fin, facts) => {
        const owner = factsOf(fin);
        if (!owner) return "stays";
        if (kind === "Stay") return otherStay(caller, facts) ?? "stays";
        return isRecordHidden(caller, kind, owner, facts) ? "goes" : "stays";
      },
      personFact: isUnprotected ? (_fin, name) => (name === "protected1367" ? false : undefined) : null,
    },
    sameValues: true,
  };
}

const agencyOf = ({ persona }: Caller): string =>
  (({ "cbp-officer": "CBP", "ero-officer": "ICE", "court-clerk": "EOIR" }) as Readonly<Record<string, string>>)[
    persona
  ] ?? "";

/** (c) Police ask about a hold: of somebody who is hidden from them, or of nobody. */
function hiddenHold({ asking, caller: at, who, by }: Drawn): Case | null {
  const caller = pick(callers.filter(isPolice), at);
  const hidden = people.filter(
    ({ facts, identifiers }) => isHiddenFromPolice(facts) && holdIdentifiers(identifiers).length > 0,
  );
  const held = hidden.filter(({ facts }) => facts.iceCase);
  const person = pick(who % 2 === 0 ? held : hidden, who >> 1);
  const identifier = pick(holdIdentifiers(person.identifiers), by);
  return {
    caller,
    asking,
    identified: { person: null, another: null, holdCheck: identifier.by },
    absence: {
      ...nothingAbsent,
      identifiers: new Map(person.identifiers.map(({ value, nobodys }) => [value, nobodys])),
    },
    sameValues: false,
  };
}

const holdIdentifiers = (all: readonly Identifier[]) => all.filter(({ by }) => "fin" in by || "aNumber" in by);

const kinds = [
  ["(a) a person who is hidden", ["person", "another"], hiddenPerson, 0.4],
  ["(b) records that are hidden", ["person", "another"], hiddenRecords, 0.4],
  ["(c) a hold of somebody hidden from police", ["holdCheck"], hiddenHold, 0.2],
] as const;

/** Whose answers fail, and what share of all that is asked. */
const troubles: readonly (readonly [SystemName | null, number])[] = [
  [null, 0.6],
  ["elis", 0.1],
  ["eid", 0.1],
  ["e3", 0.1],
  ["ident", 0.1],
];

describe.each(kinds)("%s: there or not", (name, roots, caseOf, share) => {
  test.each(troubles)(
    "cannot be told from anything in any answer, with trouble at %s",
    async (system, part) => {
      await bothHealthy();
      if (system !== null) await worlds.mocks.setFault(system, { kind: "refuse" });
      const tally = { compared: 0, told: 0, answered: 0, withData: 0 };
      const property = fc.asyncProperty(drawn([...roots]), async (each) => {
        const made = caseOf(each, system);
        if (made === null) return;
        const { differences, cut, status, body } = await compare(made);
        tally.compared += 1;
        if (cut > 0) tally.told += 1;
        if (status.includes(" 200 ")) tally.answered += 1;
        if (/"data":\{"/.test(body)) tally.withData += 1;
        if (differences.length > 0)
          throw new Error(
            `${differences.join("\n")}\n${JSON.stringify(made.caller)} ${made.asking.form}\n${JSON.stringify(requestOf(made.asking, made.identified).body)}`,
          );
      });
      try {
        await fc.assert(property, {
          numRuns: Math.ceil(size * share * part),
          seed: seed + troubles.findIndex(([each]) => each === system),
          endOnFailure: process.env.PROOF_SHRINKS === "0",
        });
      } finally {
        if (system !== null) await worlds.mocks.setFault(system, { kind: "none" });
      }
      console.log(
        `result: ${name}, ${system ?? "no"} trouble: ${tally.compared} compared, ${tally.told} with something cut, ${tally.answered} answered 200, ${tally.withData} with data`,
      );
      const records = [...worlds.without.subgraphs.cutOf].sort().map(([kind, count]) => `${count} ${kind}`);
      if (records.length > 0) console.log(`result: ${name}, records so far that were not there: ${records.join(", ")}`);
      if (system === null) expect(tally.told).toBeGreaterThan(tally.compared / 10);
    },
    timeoutMs,
  );
});
