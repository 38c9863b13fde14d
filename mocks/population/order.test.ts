import { expect, test } from "@jest/globals";
import { lastSnapshotAt } from "./court.ts";
import { day, secondsOf } from "./dates.ts";
import { ageAtDay, instantsIn } from "./reading.ts";
import type { CaseFile, PersonFile } from "./types.ts";
import { createWorld, DEFAULT_WORLD_NOW } from "./world.ts";

const today = DEFAULT_WORLD_NOW.slice(0, 10);

/** What may lie ahead: hearings, scheduled removals, due dates, the end of an admission. */
const mayLieAhead = /(?:^|\.)(?:scheduledAt|appealDueDate|admitUntil|schedule\.date)$/;

/** Every pair must be in this order; a missing date orders nothing. Days compare with days. */
function* pairs(file: PersonFile): Iterable<readonly [rule: string, first: string | null, second: string | null]> {
  const { eid } = file;
  const born = file.ident.map(({ birthDate }) => birthDate).sort()[0] ?? null;
  for (const { encounters } of file.ident) {
    for (const { at } of encounters) yield ["born before an encounter", born, at];
    yield* inOrder(
      "encounters of an identity in order of time",
      encounters.map(({ at }) => at),
    );
  }
  yield* inOrder(
    "crossings in order of time",
    file.adis.map(({ at }) => at),
  );
  for (const { admittedAt, admitUntil } of file.i94) {
    if (admitUntil !== "D/S") yield ["admitted before the admission ends", admittedAt, admitUntil];
  }
  for (const { apprehendedAt, bookedOutAt, releaseAddress } of file.e3) {
    yield ["apprehended before booked out", apprehendedAt, bookedOutAt];
    yield ["booked out by the time of the address", bookedOutAt, releaseAddress?.since ?? null];
  }
  for (const stay of eid.stays) yield* inStay(stay);
  for (const each of eid.detainers) {
    yield ["detainer prepared before served", each.preparedAt, each.servedAt];
    yield ["detainer prepared before lifted", each.preparedAt, each.liftedAt];
    yield ["detainer served before lifted", each.servedAt, each.liftedAt];
    yield ["apprehended before the detainer", each.apprehensionDate, each.preparedAt];
  }
  for (const { scheduledAt, departedAt } of eid.removals)
    yield ["removal scheduled before departed", scheduledAt, departedAt];
  for (const each of eid.cases) yield ["order before departure", each.finalOrderDate, each.departedDate];
  for (const each of file.global.screenings) {
    yield ["screening referred before decided", each.referredDate, each.decisionDate];
    for (const served of [each.servedApplicantDate, each.servedEroDate, each.servedCourtDate]) {
      yield ["screening decided before served", each.decisionDate, served];
    }
  }
  for (const each of file.global.applications)
    yield ["application filed before decided", each.filedDate, each.decisionDate];
  for (const each of file.elis.cases) yield ["request received before its status", each.receivedDate, each.statusDate];
  for (const each of file.cases) yield* inCase(each);
}

function* inStay({ bookInAt, bookOutAt, stints }: PersonFile["eid"]["stays"][number]) {
  yield ["stay begins with its first stint", stints[0]!.bookInAt, bookInAt] as const;
  const times = stints.flatMap((stint) => [stint.bookInAt, stint.bookOutAt]).filter((each) => each !== null);
  yield* inOrder("stints follow each other", times);
  // Impossible book-outs are there at their own rate.
  if (bookOutAt !== null && bookOutAt >= bookInAt)
    yield ["stay ends with its last stint", times.at(-1)!, bookOutAt] as const;
}

function* inCase({ proceedings, motions, appeals }: CaseFile) {
  for (const each of proceedings) {
    yield ["notice before filing", each.oscDate, each.inputDate] as const;
    yield ["filed before completed", each.inputDate, each.completedDate] as const;
    yield ["completed before the appeal is due", each.completedDate, each.appealDueDate] as const;
    yield* inOrder(
      "hearings in order",
      each.schedule.map(({ date }) => date),
    );
    for (const { date } of each.schedule) yield ["filed before a hearing", each.inputDate, date] as const;
    for (const { receivedDate } of each.applications)
      yield ["application before completion", receivedDate, each.completedDate] as const;
  }
  const last = proceedings.at(-1)!;
  for (const each of motions) {
    yield ["motion received before decided", each.receivedDate, each.completedDate] as const;
    if (each.kind === "MA" || each.kind === "O")
      yield ["decided before a motion to reopen", last.completedDate, each.receivedDate] as const;
  }
  for (const each of appeals) {
    yield ["decided before the appeal", last.completedDate, each.filedDate] as const;
    yield ["appeal filed before decided", each.filedDate, each.decisionDate] as const;
  }
}

function* inOrder(rule: string, times: readonly string[]) {
  for (const [place, time] of times.slice(1).entries()) yield [rule, times[place]!, time] as const;
}

function inWrongOrder(first: string, second: string): boolean {
  const days = first.length === 10 || second.length === 10;
  return days ? first.slice(0, 10) > second.slice(0, 10) : first > second;
}

test("dates within a life follow each other", () => {
  const broken = new Map<string, number>();
  let checked = 0;
  for (const file of createWorld({ size: 6_000, seed: 1 }).persons()) {
    for (const [rule, first, second] of pairs(file)) {
      if (first === null || second === null) continue;
      checked += 1;
      if (inWrongOrder(first, second)) broken.set(rule, (broken.get(rule) ?? 0) + 1);
    }
  }
  expect(Object.fromEntries(broken)).toEqual({});
  expect(checked).toBeGreaterThan(50_000);
});

test("nothing has happened after worldNow but what may lie ahead", () => {
  const ahead = new Map<string, number>();
  let future = 0;
  for (const file of createWorld({ size: 6_000, seed: 1 }).persons()) {
    for (const [path, value] of instantsIn(file)) {
      const late = value.length === 10 ? value > today : value > DEFAULT_WORLD_NOW;
      if (!late) continue;
      if (mayLieAhead.test(path)) future += 1;
      else ahead.set(path, (ahead.get(path) ?? 0) + 1);
    }
  }
  expect(Object.fromEntries(ahead)).toEqual({});
  expect(future).toBeGreaterThan(500);
});

test("a case in the last snapshot holds nothing younger than it but hearings and dates due", () => {
  const snapshot = day(lastSnapshotAt(secondsOf(DEFAULT_WORLD_NOW)));
  expect(snapshot).toBe("2026-10-01");
  const younger = new Map<string, number>();
  let recent = 0;
  for (const file of createWorld({ size: 6_000, seed: 1 }).persons()) {
    recent += file.cases.filter(({ inSnapshot }) => !inSnapshot).length;
    for (const each of file.cases.filter(({ inSnapshot }) => inSnapshot)) {
      for (const [path, value] of instantsIn(each)) {
        if (value >= snapshot && !mayLieAhead.test(path)) younger.set(path, (younger.get(path) ?? 0) + 1);
      }
    }
  }
  expect(Object.fromEntries(younger)).toEqual({});
  expect(recent).toBeGreaterThan(10);
});

test("nobody departs while in custody, and every lead of a family is grown up", () => {
  const wrong: number[] = [];
  let leads = 0;
  for (const { index, ident, eid, cases } of createWorld({ size: 6_000, seed: 1 }).persons()) {
    const open = eid.stays.find(({ bookOutAt }) => bookOutAt === null);
    if (eid.removals.some(({ departedAt }) => departedAt !== null && open && departedAt > open.bookInAt))
      wrong.push(index);
    if (cases.every(({ leadOf }) => leadOf.length === 0)) continue;
    leads += 1;
    const [first] = ident;
    if (first!.birthDate !== null && ageAtDay(first!.birthDate, today) < 18) wrong.push(index);
  }
  expect(wrong).toEqual([]);
  expect(leads).toBeGreaterThan(50);
});
