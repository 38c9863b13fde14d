import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import type { World } from "../world.ts";
import { plainText } from "./reading.ts";
import { scenarioPeople, scenarios } from "./scenarios.ts";
import type { PersonFile, Scenario } from "./types.ts";
import { createWorld } from "./world.ts";

const world = createWorld({ size: 2_000, seed: 1 });
const today = "2026-10-19";

function scenario(id: string): Scenario["identifiers"] & Record<string, string> {
  return scenarios.find((each) => each.id === id)!.identifiers as Scenario["identifiers"] & Record<string, string>;
}

function only(within: World, fin: string): PersonFile {
  const files = within.find("fin", fin);
  expect(files).toHaveLength(1);
  return files[0]!;
}

const personOf = (id: string, member = "fin") => only(world, scenario(id)[member]!);

describe("the scenarios", () => {
  test("are S1 to S16, each with what it shows", () => {
    expect(scenarios.map(({ id }) => id)).toEqual(Array.from({ length: 16 }, (_, n) => `S${n + 1}`));
    for (const { title, shows } of scenarios) expect([title.length > 10, shows.length > 40]).toEqual([true, true]);
  });

  test("are the same people whatever the seed and the size", () => {
    const other = createWorld({ size: 48, seed: 999 });
    for (const { identifiers } of scenarios) {
      expect(plainText(only(other, identifiers.fin))).toBe(plainText(only(world, identifiers.fin)));
    }
  });

  const kinds = ["fin", "aNumber", "i94Number", "receiptNumber", "fbiNumber", "eidSubjectId", "idncase"] as const;
  test.each(scenarios.map(({ id }) => id))("%s is found by each of its identifiers, and nobody else is", (id) => {
    const identifiers = scenario(id);
    const { index } = only(world, identifiers.fin);
    for (const kind of kinds) {
      if (identifiers[kind] === undefined) continue;
      expect(world.find(kind, String(identifiers[kind])).map((file) => file.index)).toEqual([index]);
    }
    const passport = identifiers.passport as unknown as { number: string; country: string } | undefined;
    if (passport) {
      expect(world.find("passport", `${passport.country}:${passport.number}`).map((file) => file.index)).toEqual([
        index,
      ]);
    }
  });

  test("have nothing withheld, so that a newcomer's first query has no errors", () => {
    const cast = new Set(scenarios.map(({ identifiers }) => only(world, identifiers.fin)));
    expect(plainText([...cast])).not.toContain("(withheld)");
  });

  test("are printed as JSON with nothing running", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(__dirname, "print-scenarios.ts")]);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(scenarios)));
  });

  test("take few of the people", () => {
    expect(scenarioPeople).toBeLessThanOrEqual(64);
  });
});

describe("S1", () => {
  const file = personOf("S1");

  test("has something in every part of a person's record", () => {
    const [courtCase] = file.cases;
    const parts = {
      names: file.ident[0]!.names,
      arrivals: file.adis.filter(({ direction }) => direction === "ARRIVAL"),
      admissions: file.i94,
      apprehensions: file.e3,
      addresses: file.e3.filter(({ releaseAddress }) => releaseAddress !== null),
      stays: file.eid.stays,
      stints: file.eid.stays[0]!.stints,
      detainers: file.eid.detainers,
      removals: file.eid.removals,
      enforcementCases: file.eid.cases,
      screenings: file.global.screenings,
      applications: file.global.applications,
      requests: file.elis.cases,
      orders: courtCase!.proceedings.filter(({ completedDate }) => completedDate !== null),
      nextHearing: courtCase!.proceedings.flatMap(({ schedule }) => schedule.filter(({ date }) => date > today)),
      motions: courtCase!.motions,
      appeals: courtCase!.appeals,
    };
    expect(Object.entries(parts).filter(([, rows]) => rows.length === 0)).toEqual([]);
  });

  test("is stayed by law alone: in-absentia order, motion to reopen pending since 30 September, nothing keyed", () => {
    const [{ proceedings, motions, appeals }] = file.cases as [PersonFile["cases"][number]];
    expect(proceedings).toMatchObject([{ absentia: "Y", decCode: "X", completedDate: "2025-05-12" }]);
    expect(motions).toMatchObject([
      { kind: "MA", receivedDate: "2026-09-30", decision: null, completedDate: null, stayGrant: null, deleted: false },
    ]);
    expect(appeals).toMatchObject([{ decision: "DIS" }]);
    const codes = proceedings.flatMap(({ schedule }) => schedule.map(({ noticeCode }) => noticeCode));
    expect(codes.filter((code) => ["0T", "1Q", "Q1", "FR", "SU"].includes(code ?? ""))).toEqual([]);
  });

  test("was moved to another state this morning, and flies tomorrow", () => {
    const [stay] = file.eid.stays;
    expect(stay).toMatchObject({ bookInAt: "2026-09-02T17:15:00Z", bookOutAt: null });
    expect(stay!.stints.at(-1)).toMatchObject({
      facility: "SONORAN STAGING FACILITY",
      bookInAt: "2026-10-19T13:20:00Z",
    });
    expect(file.eid.removals).toMatchObject([{ scheduledAt: "2026-10-20T13:30:00Z", departedAt: null }]);
    expect(file.eid.cases).toMatchObject([{ status: "ACTIVE", finalOrder: true }]);
  });

  test("stands on the eve of the flight whatever day it is", () => {
    const later = only(createWorld({ size: 48, seed: 1, worldNow: "2027-02-28T09:00:00Z" }), scenario("S1").fin);
    expect(later.eid.removals[0]!.scheduledAt).toBe("2027-03-01T08:30:00Z");
    expect(later.cases[0]!.motions[0]!.receivedDate).toBe("2027-02-09");
  });
});

test("S2: the fear finding reached the applicant only, and a flight is booked", () => {
  const { global, eid } = personOf("S2");
  expect(global.screenings).toMatchObject([
    { kind: "RF", decision: "POSITIVE", servedApplicantDate: "2026-09-23", servedEroDate: null, servedCourtDate: null },
  ]);
  expect(eid.removals.filter(({ departedAt }) => departedAt === null)).toMatchObject([
    { scheduledAt: "2026-10-22T12:00:00Z" },
  ]);
});

test("S3: a flight is booked on a final order, and no stay stands", () => {
  const { eid, cases } = personOf("S3");
  expect(eid.removals).toMatchObject([{ scheduledAt: "2026-10-21T11:00:00Z", departedAt: null }]);
  expect(cases).toMatchObject([{ motions: [], appeals: [] }]);
  expect(cases[0]!.proceedings[0]!.appealDueDate! < today).toBe(true);
});

test("S4: one event, two family unit numbers, one lead and one rider", () => {
  const [parent, child] = [personOf("S4"), personOf("S4", "childFin")];
  expect(parent.e3[0]!.eventNumber).toBe(child.e3[0]!.eventNumber);
  expect(parent.e3[0]!.familyUnitNumber).not.toBe(child.e3[0]!.familyUnitNumber);
  expect(child.e3[0]!.unaccompaniedChild).toEqual({ entered: true, derived: false });
  expect(parent.cases[0]!.leadOf).toEqual([{ rider: child.cases[0]!.idncase, severedOn: null, active: true }]);
});

test("S5: twenty-five people gave one address", () => {
  const { lines } = personOf("S5").e3[0]!.releaseAddress!;
  const same = [...world.persons()].filter(({ e3 }) =>
    e3.some(({ releaseAddress }) => releaseAddress?.lines.join() === lines.join()),
  );
  expect(same).toHaveLength(25);
  expect(same.map(({ ident }) => ident[0]!.fin)).toEqual([scenario("S5").fin, ...scenario("S5").others!]);
  const dates = same.map(({ e3 }) => e3[0]!.apprehendedAt);
  expect(new Set(dates).size).toBeGreaterThan(15);
});

test("S6: an active detainer on a citizen, on nothing but a match", () => {
  const { eid, elis, ident } = personOf("S6");
  expect(elis.cases).toMatchObject([{ form: "N-600", status: "Case Was Approved" }]);
  expect(ident[0]!.citizenship).toBe("MEX");
  const none = {
    deportationOrdered: false,
    orderToShowCauseServed: false,
    statementsMade: false,
    warrantForm: null,
    liftedAt: null,
  };
  expect(eid.detainers).toMatchObject([{ ...none, biometricMatch: true }]);
});

test("S7: the order stands under the second A-number, of the linked FIN", () => {
  const { ident, cases, eid } = personOf("S7");
  const { aNumber, secondANumber, secondFin } = scenario("S7");
  expect(ident.map(({ fin }) => fin)).toContain(secondFin);
  expect(new Set(ident.map(({ clusterId }) => clusterId)).size).toBe(1);
  expect(cases).toMatchObject([{ aNumber: secondANumber, proceedings: [{ absentia: "Y", decCode: "X" }] }]);
  expect(eid.cases).toMatchObject([{ aFileNumber: aNumber, finalOrder: false }]);
  expect(ident[0]!.birthDate).not.toBe(ident[1]!.birthDate);
});

test("S8: one protected filing in an ordinary file", () => {
  const { elis, adis, cases } = personOf("S8");
  expect(elis.cases.filter(({ protection }) => protection === "1367")).toMatchObject([
    { form: "I-360 VAWA", status: "Case Was Received" },
  ]);
  expect([elis.cases.length, adis.length, cases.length]).toEqual([3, 1, 1]);
});

test("S9: three arrest rows within 24 hours, one stay", () => {
  const { eid } = personOf("S9");
  const times = eid.arrests.map(({ at }) => Date.parse(at));
  expect(times).toHaveLength(3);
  expect(Math.max(...times) - Math.min(...times)).toBeLessThan(86_400_000);
  expect(eid.stays).toHaveLength(1);
});

test("S10: the detainer is served and not lifted", () => {
  expect(personOf("S10").eid.detainers).toMatchObject([
    { servedAt: "2026-10-12T14:30:00Z", liftedAt: null, liftReason: null },
  ]);
});

const isProtected = ({ elis }: PersonFile) => elis.cases.some(({ protection }) => protection === "1367");

test("S11: protected, in ICE custody, before the court, with two addresses and a hearing on asylum", () => {
  const file = personOf("S11");
  expect(isProtected(file)).toBe(true);
  expect(file.eid.stays).toMatchObject([{ bookOutAt: null }]);
  expect(file.e3[0]!.releaseAddress!.lines).toHaveLength(2);
  expect(file.cases).toMatchObject([{ caseType: "RMV", city: "Baltimore" }]);
  const ahead = file.cases[0]!.proceedings[0]!.schedule.filter(({ date }) => date > today);
  expect(ahead).toMatchObject([{ scheduleType: "IA", adjournReason: null }]);
});

test("S12: an asylum-only case, denied, with the time to appeal running", () => {
  const { cases, elis, eid } = personOf("S12");
  expect(cases).toMatchObject([
    { caseType: "AOC", proceedings: [{ decCode: "D", appealReserved: "A", appealDueDate: "2026-10-30" }] },
  ]);
  expect([elis.cases, eid.stays.length]).toEqual([[], 1]);
});

test("S13: a child of twelve, alone", () => {
  const { ident, e3, cases } = personOf("S13");
  expect(ident).toMatchObject([{ birthDate: "2014-05-09" }]);
  expect(e3).toMatchObject([{ unaccompaniedChild: { entered: true, derived: true } }]);
  expect(cases).toMatchObject([{ juvenile: "UJ" }]);
});

test("S14: a fear claim in three agencies' records, undecided", () => {
  const { e3, eid, global, cases } = personOf("S14");
  expect(e3).toMatchObject([{ fearClaim: { entered: true, derived: true } }]);
  expect(eid.cases[0]!.category).toMatch(/^\[8G\]/);
  expect(global.screenings).toMatchObject([{ kind: "CF", decision: null }]);
  expect(cases).toEqual([]);
});

test("S15: nothing anywhere but a protected filing", () => {
  const file = personOf("S15");
  expect(isProtected(file)).toBe(true);
  const { adis, i94, e3, eid, global, cases } = file;
  expect([adis, i94, e3, ...Object.values(eid), ...Object.values(global), cases].flat()).toEqual([]);
});

test("S16: an active detainer on a protected person", () => {
  const file = personOf("S16");
  expect(isProtected(file)).toBe(true);
  expect(file.eid.detainers).toMatchObject([{ servedAt: "2026-10-15T15:20:00Z", liftedAt: null }]);
});
