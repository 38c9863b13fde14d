/**
 * PersonRecord through the whole graph against the oracle's own reading of the systems' bytes. 200 persons drawn from
 * 2,000, the scenarios' own, and the rare ones of `rare-persons.ts`; `PROOF_PERSONS=2000` asks for all of them, `PROOF_SEED` draws others.
 */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { scenarioPeople, scenarios } from "../mocks/population/scenarios.ts";
import { type Graph, patient, startGraph } from "./graph.ts";
import type { Expected } from "./oracle/answer.ts";
import { differences, type Given } from "./oracle/compare.ts";
import { readEid } from "./oracle/ice.ts";
import { readOracle } from "./oracle/oracle.ts";
import { makeRarePersons } from "./rare-persons.ts";

const personRecord = readFileSync(new URL("./oracle/person-record.graphql", import.meta.url), "utf8");
const population = 2_000;
const persons = Math.min(Number(process.env.PROOF_PERSONS ?? 200), population);
const seed = Number(process.env.PROOF_SEED ?? 20_261_019);
const atOnce = 8;

type Compared = { readonly fin: string; readonly expected: Expected; readonly given: Given };
let graph: Graph;
let chosen: readonly string[];
let compared: readonly Compared[];

beforeAll(async () => {
  // What the systems say is compared here, whoever may see it: nothing is refused, hidden or masked.
  graph = await startGraph({
    population,
    sourceTimeoutMs: 30_000,
    config: { ...patient, authorizationMode: "dry-run" },
  });
  const drawn = draw([...graph.mocks.world.persons()].map(({ ident }) => ident.map(({ fin }) => fin)));
  const rare = await makeRarePersons(graph.mocks, scenarioPeople);
  chosen = [...new Set([...rare, ...scenarios.map(({ identifiers }) => identifiers.fin)])];
  compared = await compare([...new Set([...drawn, ...chosen])]);
}, 600_000);
afterAll(() => graph?.close());

/** Each person's answer as the oracle expects it and as the graph gives it. */
async function compare(fins: readonly string[]): Promise<Compared[]> {
  const oracle = await readOracle(graph.mocks.urls, fins);
  const waiting = fins.map((fin) => async () => ({ fin, expected: oracle.expectedFor(fin), given: await ask(fin) }));
  return inTurns(waiting);
}

const differencesIn = (some: readonly Compared[]): string[] =>
  some.flatMap(({ fin, expected, given }) => differences(expected, given).map((line) => `${fin} ${line}`));

async function ask(fin: string): Promise<Given> {
  const { status, body } = await graph.ask(personRecord, { by: { fin } });
  expect(status).toBe(200);
  return body;
}

/** So many persons, each by one of their FINs: a shuffle by the seed. */
function draw(finsOfPersons: readonly (readonly string[])[]): string[] {
  let state = seed >>> 0;
  const below = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const left = [...finsOfPersons];
  return Array.from({ length: persons }, () => {
    const [fins] = left.splice(below(left.length), 1);
    return fins![below(fins!.length)]!;
  });
}

/** A few at a time, in order. */
async function inTurns<T>(tasks: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const work = async () => {
    for (let place = next++; place < tasks.length; place = next++) results[place] = await tasks[place]!();
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

const lists = {
  names: "names",
  arrivals: "arrivals",
  apprehensions: "apprehensions",
  "custody stays": "custodyStays",
  detainers: "detainers",
  removals: "removals",
  addresses: "addresses",
  screenings: "asylum.screenings",
  applications: "asylum.applications",
  "court cases": "courtCases",
  stays: "stays",
} as const;

// biome-ignore lint/suspicious/noExplicitAny: an answer of whatever form.
type Json = any;
const at = (value: Json, path: string): Json => path.split(".").reduce((each, key) => each?.[key], value);
const personIn = ({ data }: { readonly data?: unknown }): Json => (data as Json)?.person;

test("PersonRecord equals the answers computed from the systems' raw bytes alone, errors included", () => {
  const found = differencesIn(compared);
  const counts = Object.entries(lists).map(([name, path]) => {
    const records = compared.map(({ given }) => at(personIn(given), path)?.length ?? 0);
    return [name, records.reduce((sum, each) => sum + each, 0)] as const;
  });
  const errors = compared.reduce((sum, { expected }) => sum + expected.errors.length, 0);
  const byType = counts.map(([name, count]) => `${count} ${name}`).join(", ");
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  console.log(
    `result: ${compared.length} persons, ${total} records compared (${byType}), ${errors} errors equal, ${found.length} differences`,
  );
  expect(found.slice(0, 20)).toEqual([]);
  expect(compared.length).toBeGreaterThanOrEqual(persons);
  // A comparison of nothing proves nothing.
  expect(counts.filter(([, count]) => count === 0)).toEqual([]);
  expect(errors).toBeGreaterThan(0);
});

/** Each damages a right answer, and says where the comparison must see it; null where this answer has no such place. */
const faults: Readonly<Record<string, (given: Json, other: Json) => string | null>> = {
  "a record is dropped": ({ data: { person } }) => {
    const list = ["custodyStays", "removals", "arrivals"].find((each) => person[each]?.length > 0);
    if (list !== undefined) person[list].pop();
    return list ?? null;
  },
  "two persons' records are swapped": ({ data: { person } }, { data }) => {
    if (!(person.arrivals?.length > 0 && data.person.arrivals?.length > 0)) return null;
    person.arrivals = data.person.arrivals;
    return "arrivals.0.id";
  },
  "two records change places": ({ data: { person } }) => {
    if (!(person.arrivals?.length > 1)) return null;
    person.arrivals.reverse();
    return "arrivals.0.id";
  },
  "a null gets a value": ({ data: { person } }) => {
    const place = person.custodyStays?.findIndex((each: Json) => each.bookedOutAt === null) ?? -1;
    if (place < 0) return null;
    person.custodyStays[place].bookedOutAt = "2026-10-18T12:00:00Z";
    return `custodyStays.${place}.bookedOutAt`;
  },
  "a redacted value is null without its error": (given) => {
    const place = given.errors?.findIndex((each: Json) => each.extensions.code === "REDACTED_BY_SOURCE") ?? -1;
    if (place < 0) return null;
    const [{ path }] = given.errors.splice(place, 1);
    return path.join(".");
  },
  "an error names another system": (given) => {
    if (!(given.errors?.length > 0)) return null;
    given.errors[0].extensions.system = "NOBODY";
    return given.errors[0].path.join(".");
  },
  "a list that could not be asked for is empty": (given) => {
    if (given.data.person.detainers !== null) return null;
    given.data.person.detainers = [];
    return "detainers";
  },
  "a stay that is not known reads as none": ({ data: { person } }) => {
    const place = person.stays?.findIndex((each: Json) => each.state === "UNKNOWN") ?? -1;
    if (place < 0) return null;
    person.stays[place].state = "NOT_FOUND_IN_SOURCES_THAT_ANSWERED";
    return `stays.${place}.state`;
  },
  "a stay's basis is lost": ({ data: { person } }) => {
    const place = person.stays?.findIndex((each: Json) => each.basis !== null) ?? -1;
    if (place < 0) return null;
    person.stays[place].basis = null;
    return `stays.${place}.basis`;
  },
  "a clock is a second off": ({ data: { person } }) => {
    if (!(person.courtCases?.length > 0)) return null;
    person.courtCases[0].source.asOf = "2026-10-19T14:00:01Z";
    return "courtCases.0.source.asOf";
  },
};

describe("the comparison sees it when", () => {
  test.each(Object.entries(faults))("%s", (_, plant) => {
    const seen = compared.flatMap(({ expected, given }, place) => {
      const damaged = structuredClone(given);
      const other = compared[(place + 1) % compared.length]!;
      const path = plant(damaged, structuredClone(other.given));
      return path === null
        ? []
        : [{ path: `person.${path.replace(/^person\./, "")}`, lines: differences(expected, damaged) }];
    });
    expect(seen.length).toBeGreaterThan(0);
    for (const { path, lines } of seen) expect(lines).toContainEqual(expect.stringContaining(`${path}`));
  });
});

test("the oracle imports nothing of what it checks, and nothing that made the bytes", () => {
  const folder = new URL("./oracle/", import.meta.url);
  const sources = readdirSync(folder)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(new URL(name, folder), "utf8"));
  const imports = sources.flatMap((source) =>
    [...source.matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, path]) => path!),
  );
  expect(imports.length).toBeGreaterThan(sources.length);
  expect(imports.filter((path) => !/^(\.\/[\w-]+\.ts|pg)$/.test(path))).toEqual([]);
});

// Last: it moves the clock.
test.each([
  ["when it is the next day in UTC and still the same day at the westernmost court", "2026-10-20T05:00:00Z"],
  ["when the times to appeal that ended yesterday are over", "2026-10-20T14:00:00Z"],
])("it also equals them %s", async (_, now) => {
  graph.mocks.clock.set(now);
  // EID's own clock is a row of its database, and takes a moment longer.
  for (let tries = 0; (await readEid(graph.mocks.urls.eid, [])).asOf !== now; tries += 1)
    expect(tries).toBeLessThan(200);
  const later = await compare(chosen);
  expect(differencesIn(later)).toEqual([]);
  expect(later.map(({ given }) => at(personIn(given), "courtCases.0.source.asOf"))).toContain(now);
});
