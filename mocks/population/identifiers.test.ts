import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { secondsOf } from "./dates.ts";
import { typeANumber } from "./draft.ts";
import { centreReceipt, decode, idncase, MAX_PEOPLE, readANumber } from "./identifiers.ts";
import { createRandom } from "./random.ts";
import { identifiersIn } from "./standing.ts";
import type { PersonFile } from "./types.ts";
import { createWorld } from "./world.ts";

const formats = {
  aNumber: /^\d{9}$/,
  i94Number: /^(?:\d{11}|\d{9}[A-Z]\d)$/,
  receiptNumber: /^(?:EAC|LIN|SRC|IOE|MSC|NBC|WAC|YSC)\d{10}$/,
  sevisId: /^N\d{10}$/,
  passport: /^[A-Z]{3}:[A-Z0-9]{6,12}$/,
  fbiNumber: /^[A-Z0-9]{1,9}$/,
  fin: /^[A-Za-z0-9]{6,20}$/,
  eidSubjectId: /^[A-Za-z0-9-]{1,20}$/,
  idncase: /^[1-9]\d{0,9}$/,
} as const;

const everybody = [...createWorld({ size: 4_000, seed: 1 }).persons()];
const kinds = Object.keys(formats) as (keyof typeof formats)[];

describe("formats", () => {
  test.each(kinds)("every %s has the form the agencies give it", (kind) => {
    const values = everybody.flatMap((file) => [...identifiersIn(file, kind)]);
    expect(values.filter((value) => !formats[kind].test(value))).toEqual([]);
    expect(values.length).toBeGreaterThan(50);
  });

  test("both forms of I-94 occur, the letter only since May 2019", () => {
    const admissions = everybody.flatMap(({ i94 }) => i94);
    const wrong = admissions.filter(
      ({ i94Number, admittedAt }) => /[A-Z]/.test(i94Number) !== admittedAt >= "2019-05-01",
    );
    expect(wrong).toEqual([]);
    expect(new Set(admissions.map(({ i94Number }) => /[A-Z]/.test(i94Number))).size).toBe(2);
  });

  test("a service centre's receipt carries the fiscal year and workday of its filing", () => {
    const workdays = (fiscalYear: number, until: string) => {
      let count = 0;
      for (let at = Date.UTC(fiscalYear - 1, 9, 1); at <= Date.parse(until); at += 86_400_000) {
        if (![0, 6].includes(new Date(at).getUTCDay())) count += 1;
      }
      return count;
    };
    const filed = everybody
      .flatMap(({ global }) => global.applications)
      .filter(({ receiptNumber }) => receiptNumber !== null && !receiptNumber.startsWith("IOE"));
    expect(filed.length).toBeGreaterThan(30);
    for (const { receiptNumber, filedDate } of filed) {
      if (filedDate === null) continue;
      const year = Number(filedDate.slice(0, 4)) + (filedDate.slice(5, 7) >= "10" ? 1 : 0);
      expect(receiptNumber!.slice(3, 5)).toBe(String(year % 100));
      expect(Number(receiptNumber!.slice(5, 8))).toBe(workdays(year, filedDate));
    }
  });

  test("numbers of cases, proceedings, hearings and motions are positive and fit 31 bits, for the largest population", () => {
    const largest = Math.max(...[0, 1, 2].map((slot) => idncase(MAX_PEOPLE - 1, slot)));
    expect(largest).toBeLessThan(100_000_000);
    expect(100_000_000 * 16 + 15).toBeLessThan(2 ** 31);
  });
});

describe("uniqueness", () => {
  const columns: Readonly<Record<string, (file: PersonFile) => readonly (string | number)[]>> = {
    "IDENT encounters": ({ ident }) =>
      ident.flatMap(({ encounters }) => encounters.map(({ encounterId }) => encounterId)),
    FINs: ({ ident }) => ident.map(({ fin }) => fin),
    "ADIS records": ({ adis }) => adis.map(({ recordId }) => recordId),
    "I-94 admissions": ({ i94 }) => i94.map(({ i94Number }) => i94Number),
    "e3 subjects": ({ e3 }) => e3.map(({ subjectKey }) => subjectKey),
    detainers: ({ eid }) => eid.detainers.map(({ dtaId }) => dtaId),
    removals: ({ eid }) => eid.removals.map(({ removalId }) => removalId),
    "EID cases": ({ eid }) => eid.cases.map(({ caseId }) => caseId),
    screenings: ({ global }) => global.screenings.map(({ screeningId }) => screeningId),
    receipts: ({ global, elis }) => [
      ...global.applications.flatMap(({ receiptNumber }) => receiptNumber ?? []),
      ...elis.cases.map(({ receiptNumber }) => receiptNumber),
    ],
    cases: ({ cases }) => cases.map(({ idncase: id }) => id),
    proceedings: ({ cases }) =>
      cases.flatMap(({ proceedings }) => proceedings.map(({ idnproceeding }) => idnproceeding)),
    hearings: ({ cases }) =>
      cases.flatMap(({ proceedings }) =>
        proceedings.flatMap(({ schedule }) => schedule.map(({ idnschedule }) => idnschedule)),
      ),
    "court applications": ({ cases }) =>
      cases.flatMap(({ proceedings }) => proceedings.flatMap(({ applications }) => applications.map(({ idn }) => idn))),
    motions: ({ cases }) => cases.flatMap(({ motions }) => motions.map(({ idnmotion }) => idnmotion)),
    appeals: ({ cases }) => cases.flatMap(({ appeals }) => appeals.map(({ idnappeal }) => idnappeal)),
  };

  test("two encounters' numbers do not tell whether there is another between them", () => {
    const steps = everybody.flatMap(({ ident }) => {
      const numbers = ident.flatMap(({ encounters }) =>
        encounters.map(({ encounterId }) => Number(encounterId.slice(1))),
      );
      return numbers.slice(1).map((each, at) => each - (numbers[at] ?? 0));
    });
    expect(steps.length).toBeGreaterThan(4_000);
    expect(new Set(steps).size).toBeGreaterThan(steps.length * 0.99);
    expect(steps.filter((each) => each > 0).length / steps.length).toBeCloseTo(0.5, 1);
  });

  test.each(Object.keys(columns))("no two %s have the same number", (column) => {
    const values = everybody.flatMap((file) => columns[column]!(file));
    expect(values.length).toBeGreaterThan(5);
    expect(values.length).toBe(new Set(values).size);
  });

  test("persons with the same clusterId are one person", () => {
    const clusters = everybody.flatMap(({ ident }) => [...new Set(ident.map(({ clusterId }) => clusterId))]);
    expect(clusters).toHaveLength(new Set(clusters).size);
  });
});

describe("numbers lead back to persons", () => {
  test("a service centre's receipt does too, for any person and any day", () => {
    const from = secondsOf("2015-01-01");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_PEOPLE - 1 }), fc.integer({ min: 0, max: 4_000 }), (index, days) => {
        const { number, receivedAt } = centreReceipt(index, from + days * 86_400);
        expect(decode("receiptNumber", number)).toEqual([index]);
        expect(from + days * 86_400 - receivedAt).toBeLessThan(35 * 86_400);
      }),
      { seed: 1 },
    );
  });
});

describe("typed A-numbers", () => {
  test("are read back as the number they stand for, or not at all", () => {
    const random = createRandom(3);
    const forms = new Set<string>();
    let unreadable = 0;
    fc.assert(
      fc.property(fc.integer({ min: 10_000_000, max: 239_999_980 }), (value) => {
        const nine = String(value).padStart(9, "0");
        const raw = typeANumber(random, nine);
        const read = readANumber(raw);
        forms.add(raw.replace(/\d/g, "9"));
        if (read === null) unreadable += 1;
        else expect(read).toBe(nine);
      }),
      { numRuns: 4_000, seed: 1 },
    );
    expect(forms.size).toBeGreaterThan(8);
    expect(unreadable).toBeGreaterThan(10);
  });
});
