/** The EOIR subgraph over the simulated CASE and the invented population, over real wires. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { caseSystem } from "../mocks/eoir/case.ts";
import { type Fault, faultyProxy } from "../mocks/faults.ts";
import { scenarios } from "../mocks/population/scenarios.ts";
import type { CaseFile, PersonFile, Scenario } from "../mocks/population/types.ts";
import { createClock, createWorld } from "../mocks/population/world.ts";
import type { Act, Clock, World } from "../mocks/world.ts";
import { startEoir } from "../subgraphs/eoir/main.ts";
import { beforeSystem } from "./listeners.ts";

type Running = {
  readonly world: World;
  readonly clock: Clock;
  /** Calls since the last look: to the docket, and for snapshot files. */
  calls(): { readonly docket: number; readonly files: number };
  setFault(fault: Fault): void;
  act(act: Act): Promise<unknown>;
  ask(persons: readonly object[]): Promise<Answer>;
  close(): Promise<void>;
};
type Answer = {
  // biome-ignore lint/suspicious/noExplicitAny: whatever was asked for.
  readonly persons: readonly any[];
  readonly errors: readonly {
    path: (string | number)[];
    extensions: { code: string; system: string; count?: number };
  }[];
};

/** Subgraph → a proxy that counts → a proxy that can fail → simulator. */
async function start(): Promise<Running> {
  const world = createWorld({ size: 2_000, seed: 1 });
  const clock = createClock();
  const simulator = caseSystem({ world, clock, progress: () => undefined });
  const upstream = await simulator.start();
  const proxy = await faultyProxy({ protocol: "http", upstreamPort: upstream.port });
  const counted = { docket: 0, files: 0 };
  const counting = await beforeSystem(`http://127.0.0.1:${proxy.port}`, ({ method }) => {
    counted[method === "POST" ? "docket" : "files"] += 1;
  });
  const caseUrl = counting.url;
  const subgraph = await startEoir({ caseUrl, sourceTimeoutMs: 2_000, loadWaitMs: 30_000, retryMs: 50, port: 0 });
  return {
    world,
    clock,
    calls() {
      const since = { ...counted };
      Object.assign(counted, { docket: 0, files: 0 });
      return since;
    },
    setFault: (fault) => proxy.set(fault),
    act: (act) => simulator.act(act),
    ask: (persons) => ask(subgraph.url, persons),
    async close() {
      await subgraph.close();
      await counting.close();
      await proxy.close();
      await upstream.close();
    },
  };
}

async function ask(url: string, persons: readonly object[]): Promise<Answer> {
  const query = `query Q($persons: [_Any!]!) { _entities(representations: $persons) { ... on Person { fin
    courtCases { id caseType nextHearing { at kind location } orders { kind decidedAt inAbsentia final }
      motions { id kind filedAt filedBy decision decidedAt } appeals { id filedAt filedBy decision decidedAt }
      noticeAddress { lines since } juvenile leadCaseId riderCaseIds source { system asOf } }
    stays { state basis since until courtCaseId source { system asOf } } } } }`;
  const representations = persons.map((each) => ({ __typename: "Person", ...each }));
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables: { persons: representations } }),
  });
  const { data, errors = [] } = (await response.json()) as {
    data: { _entities: unknown[] };
    errors?: Answer["errors"];
  };
  return { persons: data._entities, errors };
}

/** The A-numbers that IDENT would give for this person, as nine digits. */
function aNumbersOf(file: PersonFile): string[] {
  const typed = file.ident.flatMap(({ encounters }) => encounters.map(({ aNumberRaw }) => aNumberRaw ?? ""));
  const digits = typed.map((raw) => /^A?(\d{7,9})$/.exec(raw.replace(/[\s-]/g, "").toUpperCase())?.[1]);
  return [...new Set(digits.flatMap((each) => (each === undefined ? [] : [each.padStart(9, "0")])))];
}
const representation = (file: PersonFile) => ({ fin: file.ident[0]?.fin ?? "NOFIN00000", aNumbers: aNumbersOf(file) });

let running: Running;
beforeAll(async () => {
  running = await start();
});
afterAll(() => running?.close());
afterEach(() => running.setFault({ kind: "none" }));

const scenario = (id: string) => {
  const found = scenarios.find((each) => each.id === id) as Scenario;
  const { fin, aNumber } = found.identifiers as { fin: string; aNumber: string };
  return { fin, aNumber, file: running.world.find("fin", fin)[0] as PersonFile };
};

test("S1: on 19 October the stay stands in force by operation of law, though nobody keyed one", async () => {
  const { file } = scenario("S1");
  const { persons, errors } = await running.ask([representation(file)]);
  expect(errors).toEqual([]);
  expect(persons[0].stays).toEqual([
    {
      state: "IN_FORCE",
      basis: "MA_PENDING",
      since: "2026-09-30",
      until: null,
      courtCaseId: persons[0].courtCases[0].id,
      source: { system: "CASE", asOf: "2026-10-19T14:00:00Z" },
    },
  ]);
  expect(persons[0].courtCases[0].orders).toContainEqual(expect.objectContaining({ inAbsentia: true, final: false }));
});

test("one call to the docket for one person, and one for fifty; the snapshot is not asked again", async () => {
  const crowd = [...running.world.persons()]
    .filter(({ cases }) => cases.length > 0)
    .slice(0, 50)
    .map(representation);
  running.calls();
  await running.ask(crowd.slice(0, 1));
  expect(running.calls()).toEqual({ docket: 1, files: 0 });
  await running.ask(crowd);
  expect(running.calls()).toEqual({ docket: 1, files: 0 });
});

/** Everybody whose cases stand under one of these numbers: A-numbers are shared and mistyped. */
function casesUnder(aNumbers: readonly string[]): CaseFile[] {
  const found = new Map<number, CaseFile>();
  for (const aNumber of aNumbers)
    for (const { cases } of running.world.find("aNumber", aNumber))
      for (const each of cases) if (each.aNumber === aNumber) found.set(each.idncase, each);
  return [...found.values()];
}

test("every record of the first 300 persons that their A-numbers lead to comes back; what does not is reported", async () => {
  const files = [...running.world.persons()].slice(0, 300);
  const total = { cases: 0, orders: 0, motions: 0, appeals: 0, hearings: 0, unreadable: 0 };
  for (let at = 0; at < files.length; at += 50) {
    const part = files.slice(at, at + 50);
    const { persons, errors } = await running.ask(part.map(representation));
    part.forEach((file, index) => {
      const expected = casesUnder(aNumbersOf(file));
      const reported = errors.filter(
        ({ path, extensions }) => path[1] === index && extensions.code === "RECORD_UNREADABLE",
      );
      const given = new Map<string, Answer["persons"][number]>(
        (persons[index].courtCases ?? []).map((each: { id: string }) => [each.id, each]),
      );
      if (reported.length > 0) {
        total.unreadable += 1;
        expect(
          persons[index].stays.some(({ state }: { state: string }) => state !== "NOT_FOUND_IN_SOURCES_THAT_ANSWERED"),
        ).toBe(true);
        return;
      }
      expect([file.index, [...given.keys()].toSorted()]).toEqual([
        file.index,
        expected.map(({ idncase }) => String(idncase)).toSorted(),
      ]);
      for (const each of expected) {
        const courtCase = given.get(String(each.idncase));
        const completed = each.proceedings.filter(({ completedDate }) => completedDate !== null);
        const motions = each.motions.filter(({ deleted }) => !deleted);
        expect(courtCase).toMatchObject({
          caseType: each.caseType,
          juvenile: each.juvenile,
          riderCaseIds: each.leadOf
            .filter(({ active, severedOn }) => active && severedOn === null)
            .map(({ rider }) => String(rider))
            .toSorted((a, b) => Number(a) - Number(b)),
          source: { system: "CASE", asOf: "2026-10-19T14:00:00Z" },
        });
        expect(courtCase.orders.map(({ decidedAt }: { decidedAt: string }) => decidedAt)).toEqual(
          completed.map(({ completedDate }) => completedDate).toSorted(),
        );
        expect(courtCase.orders.every(({ kind }: { kind: string | null }) => kind !== null)).toBe(true);
        expect(courtCase.motions.map((row: { id: string }) => row.id).toSorted()).toEqual(
          motions.map(({ idnmotion }) => String(idnmotion)).toSorted(),
        );
        expect(courtCase.appeals.map((row: { id: string }) => row.id).toSorted()).toEqual(
          each.appeals.map(({ idnappeal }) => String(idnappeal)).toSorted(),
        );
        const ahead = each.proceedings
          .flatMap(({ schedule }) => schedule)
          .filter(({ date, adjournReason }) => date >= "2026-10-19" && adjournReason === null)
          .map(({ date, time }) => (time === null ? date : `${date}T${time}`))
          .toSorted();
        expect(courtCase.nextHearing?.at ?? null).toBe(ahead[0] ?? null);
        expect(courtCase.noticeAddress?.since ?? null).toBe(
          courtCase.noticeAddress === null ? null : each.addressChangedOn,
        );
        total.cases += 1;
        total.orders += completed.length;
        total.motions += motions.length;
        total.appeals += each.appeals.length;
        total.hearings += ahead.length > 0 ? 1 : 0;
      }
    });
  }
  expect(total.cases).toBeGreaterThan(50);
  for (const [what, count] of Object.entries(total)) expect([what, count > 0]).toEqual([what, true]);
});

test("a rider names its lead, and the lead its riders", async () => {
  const cases = [...running.world.persons()].flatMap((file) => file.cases);
  const leading = cases.find(({ leadOf }) => leadOf.some(({ active }) => active)) as CaseFile;
  const rider = leading.leadOf.find(({ active }) => active)?.rider as number;
  const { aNumber } = cases.find(({ idncase }) => idncase === rider) as CaseFile;
  const { persons } = await running.ask([
    { fin: "LEADS00001", aNumbers: [leading.aNumber] },
    { fin: "RIDES00001", aNumbers: [aNumber] },
  ]);
  expect(persons[0].courtCases.flatMap(({ riderCaseIds }: { riderCaseIds: string[] }) => riderCaseIds)).toContain(
    String(rider),
  );
  expect(persons[1].courtCases).toContainEqual(
    expect.objectContaining({ id: String(rider), leadCaseId: String(leading.idncase) }),
  );
});

describe("an act at the court shows on the next read", () => {
  const stays = async (file: PersonFile) =>
    (await running.ask([representation(file)])).persons[0].stays.map(({ state, basis }: Record<string, string>) => [
      state,
      basis,
    ]);

  test("a motion to reopen is denied, its denial appealed, the appeal dismissed, a stay granted", async () => {
    const { aNumber, file } = scenario("S1");
    expect(await stays(file)).toEqual([["IN_FORCE", "MA_PENDING"]]);
    await running.act({ act: "decide-motion", aNumber, decision: "D" });
    expect(await stays(file)).toEqual([["NOT_FOUND_IN_SOURCES_THAT_ANSWERED", null]]);
    await running.act({ act: "file-appeal", aNumber });
    expect(await stays(file)).toEqual([["IN_FORCE", "MA_APPEAL_PENDING"]]);
    await running.act({ act: "decide-appeal", aNumber });
    expect(await stays(file)).toEqual([["NOT_FOUND_IN_SOURCES_THAT_ANSWERED", null]]);
    await running.act({ act: "file-motion", aNumber });
    await running.act({ act: "grant-stay", aNumber });
    expect(await stays(file)).toEqual([
      ["IN_FORCE", "MA_PENDING"],
      ["IN_FORCE", "STAY_GRANTED"],
    ]);
    await running.act({ act: "remove-case", aNumber });
    expect(await stays(file)).toEqual([["NOT_FOUND_IN_SOURCES_THAT_ANSWERED", null]]);
  });

  test("an order is entered and a hearing set", async () => {
    const open = [...running.world.persons()].slice(48).find(({ cases }) => {
      const [only, ...others] = cases;
      return (
        others.length === 0 &&
        only?.caseType === "RMV" &&
        only.inSnapshot &&
        only.proceedings.at(-1)?.completedDate === null
      );
    }) as PersonFile;
    const { aNumber } = open.cases[0] as CaseFile;
    const read = async () => (await running.ask([{ fin: "ORDERS0001", aNumbers: [aNumber] }])).persons[0];
    await running.act({ act: "schedule-hearing", aNumber, date: "2026-10-20", time: "08:15", scheduleType: "IA" });
    expect((await read()).courtCases[0].nextHearing).toMatchObject({ at: "2026-10-20T08:15", kind: "IA" });
    await running.act({ act: "enter-order", aNumber, appealReserved: "A" });
    const ordered = await read();
    expect(ordered.courtCases[0].orders.at(-1)).toEqual({
      kind: "Remove",
      decidedAt: "2026-10-19",
      inAbsentia: false,
      final: false,
    });
    expect(ordered.stays).toMatchObject([
      { state: "IN_FORCE", basis: "APPEAL_WINDOW", since: "2026-10-19", until: "2026-11-18" },
    ]);
    await running.act({ act: "file-appeal", aNumber });
    expect((await read()).stays).toMatchObject([{ state: "IN_FORCE", basis: "APPEAL_PENDING" }]);
  });
});

describe("while CASE fails, nothing it said earlier reads as true now", () => {
  test.each<[Fault, string]>([
    [{ kind: "down" }, "SOURCE_UNAVAILABLE"],
    [{ kind: "slow", ms: 5_000 }, "SOURCE_TIMEOUT"],
    [{ kind: "refuse" }, "SOURCE_UNAVAILABLE"],
    [{ kind: "truncate" }, "SOURCE_UNAVAILABLE"],
    [{ kind: "garbage" }, "SOURCE_INVALID"],
  ])("%j", async (fault, code) => {
    const person = { fin: "ANYBODY001", aNumbers: [scenario("S7").file.cases[0]?.aNumber] };
    const healthy = await running.ask([person]);
    running.setFault(fault);
    const { persons, errors } = await running.ask([person]);
    expect(persons).toEqual([
      {
        fin: person.fin,
        courtCases: null,
        stays: [
          {
            state: "UNKNOWN",
            basis: null,
            since: null,
            until: null,
            courtCaseId: null,
            source: { system: "CASE", asOf: "2026-10-01T06:00:00Z" },
          },
        ],
      },
    ]);
    expect(errors.map(({ extensions }) => [extensions.code, extensions.system])).toEqual([
      [expect.stringMatching(`^(${code}|SOURCE_REFUSED|SOURCE_INVALID)$`), "CASE"],
    ]);
    running.setFault({ kind: "none" });
    expect(await running.ask([person])).toEqual(healthy);
  });
});

test("when the month turns, the new snapshot is loaded behind, and answers never stop", async () => {
  const person = { fin: "ANYBODY001", aNumbers: [scenario("S7").file.cases[0]?.aNumber] };
  const before = (await running.ask([person])).persons[0];
  running.clock.set("2026-11-02T09:00:00Z");
  running.calls();
  let after = await running.ask([person]);
  let files = 0;
  for (let times = 0; times < 3_000 && files === 0; times += 1) {
    expect(after.errors).toEqual([]);
    after = await running.ask([person]);
    files += running.calls().files;
  }
  expect(files).toBeGreaterThan(0);
  expect(after.errors).toEqual([]);
  const ids = (each: typeof before) => each.courtCases.map(({ id }: { id: string }) => id);
  expect(ids(after.persons[0])).toEqual(ids(before));
  expect(after.persons[0].courtCases[0].source.asOf).toBe("2026-11-02T09:00:00Z");
});
