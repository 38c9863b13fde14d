/** ICE from end to end: EID's simulator in either engine, the proxy that makes it fail, and the subgraph over it. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type FaultyProxy, faultyProxy } from "../mocks/faults.ts";
import { eid } from "../mocks/ice/eid.ts";
import type { EngineChoice } from "../mocks/ice/engine.ts";
import { findBinaries } from "../mocks/ice/spawned-postgres.ts";
import { type PersonFile, REDACTED } from "../mocks/population/types.ts";
import { createClock, createWorld } from "../mocks/population/world.ts";
import type { Act, Clock, Simulator, World } from "../mocks/world.ts";
import { parseANumber } from "../schema/scalars.ts";
import { startIce } from "../subgraphs/ice/main.ts";

const worldNow = "2026-10-19T14:00:00Z";
const engines: readonly (readonly [EngineChoice, boolean])[] = [
  ["embedded", true],
  ["postgres", findBinaries() !== null || process.env.REQUIRE_SERVICES === "1"],
];
const lists = ["custodyStays", "detainers", "removals", "enforcementCases"] as const;
const query = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Person {
  fin
  custodyStays { id bookedInAt bookedOutAt releaseReason stints { facility { code name } bookedInAt bookedOutAt } source { asOf } }
  detainers { id preparedAt status basis warrantForm servedAt liftedAt liftReason facility { code } }
  removals { id scheduledAt departedAt country port }
  enforcementCases { id status category finalOrder finalOrderAt lastScreenedAt } } } }`;

for (const [choice, there] of engines) {
  (there ? describe : describe.skip)(`ICE over the ${choice} engine`, () => {
    let world: World;
    let clock: Clock;
    let simulator: Simulator;
    let proxy: FaultyProxy;
    let url: string;
    const closers: (() => Promise<void>)[] = [];

    beforeAll(async () => {
      world = createWorld({ size: 304, seed: 1, worldNow });
      clock = createClock(worldNow);
      simulator = eid({ world, clock, progress: () => {} }, { choice });
      const running = await simulator.start();
      closers.push(running.close);
      proxy = await faultyProxy({ protocol: "postgres", upstreamPort: running.port });
      closers.push(proxy.close);
      const eidUrl = new URL(running.url as string);
      eidUrl.port = String(proxy.port);
      const ice = await startIce({ eidUrl: eidUrl.href, sourceTimeoutMs: 2_000, port: 0 });
      closers.push(ice.close);
      url = ice.url;
    });
    afterAll(async () => {
      for (const close of closers.reverse()) await close();
    });

    const ask = async (persons: readonly PersonFile[]) => {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query, variables: { of: persons.map(representation) } }),
      });
      // biome-ignore lint/suspicious/noExplicitAny: whatever the query asked for.
      return (await response.json()) as { data: { _entities: any[] }; errors?: any[] };
    };
    const held = () =>
      [...world.persons()].find(({ eid }) => eid.stays.some(({ bookOutAt }) => bookOutAt === null)) as PersonFile;
    const typedANumber = (file: PersonFile) => representation(file).aNumbers[0] as string;

    test("every record that the identifiers of 300 persons lead to comes back, and no other", async () => {
      const everybody = [...world.persons()];
      const files = everybody.slice(0, 300);
      for (let from = 0; from < files.length; from += 50) {
        const some = files.slice(from, from + 50);
        const { data, errors = [] } = await ask(some);
        // Values that are withheld are said; nothing was left out.
        expect(errors.filter(({ extensions }) => extensions.code !== "REDACTED_BY_SOURCE")).toEqual([]);
        data._entities.forEach((entity, index) => {
          const expected = recordsByHand(everybody, representation(some[index] as PersonFile));
          for (const list of lists)
            expect({ list, ids: entity[list].map(({ id }: { id: string }) => id).sort() }).toEqual({
              list,
              ids: expected[list],
            });
        });
      }
    });

    test("each failure is an error of EID's with its code, and the next answer is whole again", async () => {
      const person = held();
      const whole = await ask([person]);
      expect(whole.data._entities[0].custodyStays.length).toBeGreaterThan(0);
      for (const [fault, code] of [
        [{ kind: "down" }, "SOURCE_UNAVAILABLE"],
        [{ kind: "refuse" }, "SOURCE_UNAVAILABLE"],
        [{ kind: "truncate" }, "SOURCE_UNAVAILABLE"],
        [{ kind: "slow", ms: 5_000 }, "SOURCE_TIMEOUT"],
        [{ kind: "garbage" }, "SOURCE_INVALID"],
      ] as const) {
        proxy.set(fault);
        const { data, errors = [] } = await ask([person]);
        const codes = errors.map(({ path, extensions }) => `${path.at(-1)} ${extensions.system} ${extensions.code}`);
        expect({ fault, codes }).toEqual({ fault, codes: lists.map((list) => `${list} EID ${code}`) });
        expect(data._entities[0]).toMatchObject(Object.fromEntries(lists.map((list) => [list, null])));
        proxy.set({ kind: "none" });
        expect(await ask([person])).toEqual(whole);
      }
    });

    test("acts and the clock show at the next read", async () => {
      const person = held();
      const act = (name: string, more: object = {}) =>
        simulator.act({ act: name, aNumber: typedANumber(person), ...more } as Act);
      clock.set("2026-10-19T20:00:00Z");
      await act("schedule-removal", { at: "2026-12-24T10:00:00Z", country: "GTM" });
      await act("lodge-detainer", { warrantForm: "I-205" });
      await act("book-out", { reason: "Bonded Out" });
      const [entity] = (await ask([person])).data._entities;
      expect(entity.removals).toContainEqual(
        expect.objectContaining({ scheduledAt: "2026-12-24T10:00:00Z", departedAt: null, country: "GTM" }),
      );
      expect(entity.detainers).toContainEqual(
        expect.objectContaining({ preparedAt: "2026-10-19T20:00:00Z", status: "ACTIVE", warrantForm: "I205" }),
      );
      expect(entity.custodyStays).toContainEqual(
        expect.objectContaining({
          bookedOutAt: "2026-10-19T20:00:00Z",
          releaseReason: "Bonded Out",
          source: { asOf: "2026-10-19T20:00:00Z" },
        }),
      );
      await act("lift-detainer");
      const [after] = (await ask([person])).data._entities;
      expect(after.detainers.filter(({ status }: { status: string }) => status === "ACTIVE")).toEqual([]);
    });
  });
}

/** As the gateway would say it: the identifiers of a person's encounters. */
function representation({ ident }: PersonFile) {
  const encounters = ident.flatMap((identity) => identity.encounters);
  const parsed = encounters.map(({ aNumberRaw }) => (aNumberRaw === null ? null : parseANumber(aNumberRaw)));
  return {
    __typename: "Person",
    fin: ident[0]?.fin ?? "UNKNOWN",
    aNumbers: [...new Set(parsed.filter((each) => each !== null))],
    eidSubjectIds: [...new Set(encounters.map(({ eidSubjectId }) => eidSubjectId).filter((each) => each !== null))],
  };
}

/** The ids that stand in the population itself, without EID or the subgraph. */
function recordsByHand(files: readonly PersonFile[], { aNumbers, eidSubjectIds }: ReturnType<typeof representation>) {
  const theirs = ({ subjectId, aFileNumber }: { subjectId: string; aFileNumber: string | null | typeof REDACTED }) =>
    eidSubjectIds.includes(subjectId) || aNumbers.includes(String(aFileNumber === REDACTED ? null : aFileNumber));
  const of = <T extends Parameters<typeof theirs>[0]>(
    rows: (file: PersonFile) => readonly T[],
    id: (row: T) => string,
  ) => [...new Set(files.flatMap((file) => rows(file).filter(theirs).map(id)))].sort();
  return {
    custodyStays: of(
      ({ eid: { stays } }) => stays,
      ({ subjectId, bookInAt }) => `${subjectId}/${bookInAt}`,
    ),
    detainers: of(
      ({ eid: { detainers } }) => detainers,
      ({ dtaId }) => dtaId,
    ),
    removals: of(
      ({ eid: { removals } }) => removals,
      ({ removalId }) => removalId,
    ),
    enforcementCases: of(
      ({ eid: { cases } }) => cases,
      ({ caseId }) => caseId,
    ),
  };
}
