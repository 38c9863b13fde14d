/** Load on both gateways, acts and troubles at random; every answer is judged by the oracle at once. */
import { setTimeout } from "node:timers/promises";
import { aNumbersOf, type Deed, isDone } from "../acts.ts";
import type { Draw } from "../differential/draw.ts";
import { eventually } from "../redis-servers.ts";
import type { Places } from "./graph.ts";
import {
  type Bounds,
  type Judged,
  type Oracle,
  openOracle,
  type Person,
  type Read,
  type Source,
  sources,
} from "./oracle.ts";
import { type Trouble, troublesOf } from "./troubles.ts";

const query = `query ($by: PersonIdentifier!) {
  person(by: $by) { courtCases { id motions { kind filedAt decision } } detainers { id status preparedAt } }
}`;

const deedOf: Readonly<Record<Source, Deed>> = {
  CASE: ["case", "file-motion", { kind: "O" }],
  EID: ["eid", "lodge-detainer"],
};

/** What one gateway answers about somebody. Rejects where nothing comes. */
export async function readOnce(
  { gateways, token }: Places,
  gateway: 0 | 1,
  person: Person,
  { atLeast = null, headers = {} }: { atLeast?: Read["atLeast"]; headers?: Readonly<Record<string, string>> } = {},
): Promise<Read> {
  const sentAt = performance.now();
  const response = await fetch(gateways[gateway].url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify({ query, variables: { by: { fin: person.fin } } }),
    signal: AbortSignal.timeout(60_000),
  });
  // biome-ignore lint/suspicious/noExplicitAny: as the query has it.
  const { data, extensions } = (await response.json()) as any;
  const found = data?.person ?? null;
  const motions = found?.courtCases?.map((each: { motions: unknown[] | null }) => each.motions?.length ?? null) ?? null;
  return {
    gateway,
    person,
    sentAt,
    endedAt: performance.now(),
    status: response.status,
    counts: {
      CASE: motions?.includes(null) ? null : (motions?.reduce((sum: number, each: number) => sum + each, 0) ?? null),
      EID: found?.detainers?.length ?? null,
    },
    freshness: extensions?.freshness ?? [],
    atLeast,
  };
}

/** Those of whom both systems know, and about whom the officer is told. Everything of theirs is announced. */
export async function findPeople(places: Places, wanted: number): Promise<readonly Person[]> {
  const people: Person[] = [];
  for (const { ident, ...file } of places.mocks.world.persons()) {
    if (people.length === wanted) break;
    const [aNumber] = aNumbersOf({ ident, ...file });
    const fin = ident[0]?.fin;
    if (aNumber === undefined || fin === undefined) continue;
    const person = { fin, aNumber, before: { CASE: 0, EID: 0 } };
    const { counts: before } = await readOnce(places, 0, person);
    if (!before.CASE && before.CASE !== 0) continue;
    const isPossible = (deed: Deed) => isDone(places.mocks, deed, aNumber);
    if (!(await isPossible(deedOf.CASE)) || !(await isPossible(deedOf.EID))) continue;
    people.push(person);
  }
  await settled(places);
  const counted: Person[] = [];
  for (const person of people) {
    const { counts } = await readOnce(places, 0, person);
    if (counts.CASE !== null && counts.CASE > 0 && counts.EID !== null && counts.EID > 0)
      counted.push({ ...person, before: { CASE: counts.CASE, EID: counts.EID } });
  }
  return counted;
}

/** Everything that has happened so far is announced, and both gateways know it. */
export async function settled(places: Places): Promise<void> {
  await Promise.all(sources.map(places.tap.lookedAt));
  const nobody = { fin: "9999999998", aNumber: "", before: { CASE: 0, EID: 0 } };
  const knows = async (gateway: 0 | 1) => {
    const { freshness } = await readOnce(places, gateway, nobody);
    return sources.every((source) => {
      const told = freshness.find(({ system }) => system === source);
      const seq = told?.token ? JSON.parse(Buffer.from(told.token, "base64url").toString())[2] : -1;
      return told?.live === true && seq >= (places.tap.last(source)?.seq ?? 0);
    });
  };
  for (const gateway of [0, 1] as const)
    await eventually(() => knows(gateway), `gateway ${gateway} that knows what was announced`);
}

export type RunSettings = {
  readonly people: readonly Person[];
  readonly bounds: Bounds;
  readonly draw: Draw;
  /** First without troubles, then with them. */
  readonly wellMs: number;
  readonly troubledMs: number;
  readonly readersEach: number;
};

export type Outcome = {
  readonly reads: number;
  readonly acts: number;
  readonly wrong: readonly string[];
  /** Of acts while all was well: for how long a gateway still gave answers without it. */
  readonly wellMs: readonly number[];
  readonly troubledMs: readonly number[];
  /** By name: how often. */
  readonly troubles: ReadonlyMap<string, number>;
  /** Answers that said of a source that it was not known how it stood. */
  readonly notLive: number;
  readonly unanswered: number;
};

export async function run(places: Places, settings: RunSettings): Promise<Outcome> {
  const { people, bounds, draw, wellMs, troubledMs, readersEach } = settings;
  const oracle = openOracle(places.announced, bounds, 2);
  const tally = { reads: 0, notLive: 0, unanswered: 0 };
  const wrong: string[] = [];
  const stopped = new Set<string>();
  const troubles = new Map<string, number>();
  const underWay = new Set<string>();
  const endsAt = performance.now() + wellMs + troubledMs;
  const troubledFrom = performance.now() + wellMs;
  const isOver = () => performance.now() >= endsAt;
  const judged = (read: Read, judgement: Judged) => {
    tally.reads += 1;
    if (sources.some((source) => !read.freshness.some(({ system, live }) => system === source && live)))
      tally.notLive += 1;
    if (sources.some((source) => read.counts[source] === null)) tally.unanswered += 1;
    wrong.push(...judgement.wrong.map((each) => `${each} (${[...underWay].join(", ") || "no trouble"})`));
  };
  const reader = async (gateway: 0 | 1) => {
    while (!isOver()) {
      const atLeast = draw.chance(10) ? lastAnnounced(places, draw.of(sources)) : null;
      const read = await readOnce(places, gateway, draw.of(people), atLeast ?? {});
      judged(read, oracle.judge(read));
      await setTimeout(draw.below(10));
    }
  };
  const actor = async () => {
    while (!isOver()) {
      await setTimeout(50 + draw.below(250));
      const source = draw.of(sources);
      const person = draw.of(people);
      if (stopped.has(source)) continue;
      if (await isDone(places.mocks, deedOf[source], person.aNumber)) oracle.done(person, source);
    }
  };
  const troubler = async (kinds: readonly Trouble[]) => {
    await setTimeout(wellMs + draw.below(500));
    let left: Trouble[] = [];
    while (!isOver()) {
      if (left.length === 0) left = [...kinds];
      const trouble = left.splice(draw.below(left.length), 1)[0] as Trouble;
      troubles.set(trouble.name, (troubles.get(trouble.name) ?? 0) + 1);
      underWay.add(trouble.name);
      if (trouble.stops) stopped.add(trouble.stops);
      await trouble.begin();
      await setTimeout(Math.min(300 + draw.below(4_000), Math.max(0, endsAt - performance.now())));
      await trouble.end();
      if (trouble.stops) stopped.delete(trouble.stops);
      underWay.delete(trouble.name);
      await setTimeout(Math.min(draw.below(1_500), Math.max(0, endsAt - performance.now())));
    }
  };
  const all = troublesOf(places);
  const ofRedis = all.filter(({ name }) => /^Redis|watcher|announcements|late$/.test(name));
  await Promise.all([
    ...([0, 1] as const).flatMap((gateway) => Array.from({ length: readersEach }, () => reader(gateway))),
    actor(),
    troubler(ofRedis),
    troubler(all.filter((each) => !ofRedis.includes(each))),
  ]);
  wrong.push(...(await atTheEnd(places, people, oracle)));
  const after = oracle.shownAfter();
  // What was done shortly before the first trouble may have been shown under it.
  const isWell = ({ doneAt }: { doneAt: number }) => doneAt < troubledFrom - 1_000;
  return {
    ...tally,
    acts: after.length / 2,
    wrong,
    wellMs: after.filter(isWell).map(({ staleMs }) => staleMs),
    troubledMs: after.filter((each) => !isWell(each)).map(({ staleMs }) => staleMs),
    troubles,
  };
}

type AtLeast = { readonly atLeast: Read["atLeast"]; readonly headers: Readonly<Record<string, string>> };

/** Everything that the source has said so far, whether or not any gateway has heard it. */
export function lastAnnounced({ tap }: Places, source: Source): AtLeast {
  const { epoch, seq } = tap.last(source) ?? { epoch: "none", seq: 0 };
  const token = Buffer.from(JSON.stringify([source, epoch, seq])).toString("base64url");
  return { atLeast: { source, seq }, headers: { "crosswalk-at-least": token } };
}

/** When all is well again, both gateways are told again, and know everything. */
async function atTheEnd(places: Places, people: readonly Person[], oracle: Oracle): Promise<readonly string[]> {
  await settled(places);
  const wrong: string[] = [];
  for (const person of people)
    for (const gateway of [0, 1] as const) {
      // A breaker may still be open for a moment.
      const counts = await eventually(async () => {
        const read = await readOnce(places, gateway, person);
        return Object.values(read.counts).includes(null) ? null : read.counts;
      }, `an answer of gateway ${gateway} to which everybody contributes`);
      for (const source of sources)
        if (counts[source] !== oracle.count(person, source))
          wrong.push(`gateway ${gateway}, ${source}: ${counts[source]} of ${oracle.count(person, source)} in the end`);
    }
  return wrong;
}
