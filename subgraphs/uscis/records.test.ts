import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { countries, countryOfCode, countryOfName, repaired } from "./countries.ts";
import {
  type Application,
  decodeElis,
  decodeGlobal,
  type ElisApplication,
  mergeApplications,
  oldestFirst,
} from "./records.ts";

const asOf = "2026-10-19T14:00:00Z";

const screening = {
  screeningId: "APSS70000012",
  alienNumber: "A012345678",
  screeningType: "CF",
  referralDate: "09/28/2026",
  decision: "POSITIVE",
  decisionDate: "10/06/2026",
  decisionServed: { applicant: "10/07/2026", ero: "", immigrationCourt: null },
  closeEffective: "N/A",
};
const application = {
  receiptNumber: "LIN2690312345",
  alienNumber: "A012345678",
  formType: "I-589",
  filedDate: "03/02/2026",
  decision: "REFERRAL    ",
  decisionDate: "08/11/2026",
  countryOfBirth: "AFGHA",
};
const benefit = {
  receiptNumber: "IOE0912345678",
  alienNumber: "012-345-678",
  formType: "I-765",
  receivedDate: "2026-03-02T00:00:00",
  status: "Case Was Approved",
  statusDate: "2026-08-11",
  countryOfBirth: "TÃ¼rkiye",
  gender: "Female",
  protectionMarkers: [] as unknown,
};

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const oneScreening = (change: object) =>
  decodeGlobal(bytes({ asOf, screenings: [{ ...screening, ...change }], applications: [] })).screenings[0];
const onePaper = (change: object) =>
  decodeGlobal(bytes({ asOf, screenings: [], applications: [{ ...application, ...change }] })).applications[0];
const oneCase = (change: object) => decodeElis(bytes({ asOf, cases: [{ ...benefit, ...change }] })).cases[0];

const unreadable = (system: string, field: string) => ({ withheld: "UNREADABLE", system, field });
const redacted = (system: string, field: string) => ({ withheld: "REDACTED", system, field });

describe("Global", () => {
  test("a screening is decoded with the served triple and the instant the system vouches for", () => {
    expect(oneScreening({})).toEqual({
      aNumber: "012345678",
      record: {
        id: "APSS70000012",
        kind: "CREDIBLE_FEAR",
        referredAt: "2026-09-28",
        decision: "POSITIVE",
        decidedAt: "2026-10-06",
        servedOnApplicantAt: "2026-10-07",
        servedOnEroAt: null,
        servedOnCourtAt: null,
        closedAt: null,
        source: { system: "GLOBAL", asOf },
      },
      unreadable: [],
    });
  });

  test("a paper application is decoded, blanks of the old columns left out", () => {
    expect(onePaper({})?.record).toEqual({
      receiptNumber: "LIN2690312345",
      form: "I-589",
      filedAt: "2026-03-02",
      decision: "REFERRED",
      decidedAt: "2026-08-11",
      birthCountry: "AFG",
      protectedFiling: false,
      source: { system: "GLOBAL", asOf },
    });
  });

  test.each([
    ["CF", "CREDIBLE_FEAR"],
    ["RF", "REASONABLE_FEAR"],
  ])("the screening type %s is %s", (written, kind) => {
    expect(oneScreening({ screeningType: written })?.record?.kind).toBe(kind);
  });

  test.each([
    ["POSITIVE", "POSITIVE"],
    ["NEGATIVE", "NEGATIVE"],
    ["ADMIN CLOSE", "ADMINISTRATIVELY_CLOSED"],
    ["N/A", null],
    ["(b)(6)", redacted("GLOBAL", "decision")],
    ["GRANT", unreadable("GLOBAL", "decision")],
    ["positive", unreadable("GLOBAL", "decision")],
    ["constructor", unreadable("GLOBAL", "decision")],
  ])("the screening decision %j is %j", (written, decision) => {
    expect(oneScreening({ decision: written })?.record?.decision).toEqual(decision);
  });

  test.each([
    ["PENDING", "PENDING"],
    ["GRANT", "GRANTED"],
    ["DENIAL", "DENIED"],
    ["REFERRAL", "REFERRED"],
    ["WITHDRAWN", "WITHDRAWN"],
    ["ADMIN CLOSE", "CLOSED"],
    ["", null],
    ["APPROVED", unreadable("GLOBAL", "decision")],
  ])("the application decision %j is %j", (written, decision) => {
    expect(onePaper({ decision: written })?.record?.decision).toEqual(decision);
  });

  test.each([
    ["02/29/2024", "2024-02-29"],
    [" 10/06/2026 ", "2026-10-06"],
    [null, null],
    ["   ", null],
    ["N/A", null],
    ["b(6), b(7)C", redacted("GLOBAL", "referralDate")],
    ["REDACTED", redacted("GLOBAL", "referralDate")],
    ["02/29/2026", unreadable("GLOBAL", "referralDate")],
    ["13/01/2026", unreadable("GLOBAL", "referralDate")],
    ["10/06/26", unreadable("GLOBAL", "referralDate")],
    ["1/6/2026", unreadable("GLOBAL", "referralDate")],
    ["2026-10-06", unreadable("GLOBAL", "referralDate")],
    ["01/01/0001", unreadable("GLOBAL", "referralDate")],
    [46301, unreadable("GLOBAL", "referralDate")],
    [undefined, unreadable("GLOBAL", "referralDate")],
  ])("the day %j is %j: never guessed, and withheld is not absent", (written, day) => {
    expect(oneScreening({ referralDate: written })?.record?.referredAt).toEqual(day);
  });

  test("a served triple that is not there is unreadable, not unserved", () => {
    const { record } = oneScreening({ decisionServed: null }) ?? {};
    expect(record?.servedOnApplicantAt).toEqual(unreadable("GLOBAL", "decisionServed.applicant"));
    expect(record?.servedOnEroAt).toEqual(unreadable("GLOBAL", "decisionServed.ero"));
    expect(record?.servedOnCourtAt).toEqual(unreadable("GLOBAL", "decisionServed.immigrationCourt"));
  });

  test.each([
    ["UNKNO", null],
    ["N/A", null],
    ["NIGIA", "NGA"],
    ["NIGER", "NER"],
    ["STRIA", "AUT"],
    ["AUSTR", unreadable("GLOBAL", "countryOfBirth")],
    ["YUGOS", unreadable("GLOBAL", "countryOfBirth")],
    ["KOREA", unreadable("GLOBAL", "countryOfBirth")],
    ["AFG", unreadable("GLOBAL", "countryOfBirth")],
    ["(b)(6)", redacted("GLOBAL", "countryOfBirth")],
  ])("the CLAIMS code %s is %j", (written, country) => {
    expect(onePaper({ countryOfBirth: written })?.record?.birthCountry).toEqual(country);
  });

  test.each([
    ["N/A", null],
    ["LIN-26-903-12345", "LIN2690312345"],
    ["ZZZ2690312345", unreadable("GLOBAL", "receiptNumber")],
  ])("the receipt number %j is %j", (written, receiptNumber) => {
    expect(onePaper({ receiptNumber: written })?.record?.receiptNumber).toEqual(receiptNumber);
  });

  test.each([
    ["screeningId", null],
    ["screeningId", "09/28/2026"],
    ["screeningType", "09/28/2026"],
    ["screeningType", "CREDIBLE"],
  ])("a screening with %s = %j is left out and reported with its place, its owner known", (field, value) => {
    expect(oneScreening({ [field]: value })).toEqual({
      aNumber: "012345678",
      record: null,
      unreadable: [{ system: "GLOBAL", field, position: "screenings row 1" }],
    });
  });

  test.each([[null], [7], ["A12"], ["(b)(6)"], [undefined]])(
    "a row whose A-number is %j belongs to nobody that can be named",
    (alienNumber) => {
      expect(oneScreening({ alienNumber })).toEqual({
        aNumber: null,
        record: null,
        unreadable: [{ system: "GLOBAL", field: "alienNumber", position: "screenings row 1" }],
      });
    },
  );

  test("rows beside an unreadable one stand", () => {
    const { screenings } = decodeGlobal(bytes({ asOf, screenings: [null, [], screening], applications: [] }));
    expect(screenings.map(({ record }) => record?.id)).toEqual([undefined, undefined, "APSS70000012"]);
    expect(screenings.flatMap((row) => row.unreadable.map(({ position }) => position))).toEqual([
      "screenings row 1",
      "screenings row 2",
    ]);
  });

  test("an application for anything but asylum is not guessed to be one", () => {
    expect(onePaper({ formType: "I-485" })?.unreadable).toEqual([
      { system: "GLOBAL", field: "formType", position: "applications row 1" },
    ]);
  });
});

describe("ELIS", () => {
  test("a case is decoded", () => {
    expect(oneCase({})).toEqual({
      aNumber: "012345678",
      record: {
        receiptNumber: "IOE0912345678",
        form: "I-765",
        filedAt: "2026-03-02",
        decision: "GRANTED",
        decidedAt: "2026-08-11",
        birthCountry: "TUR",
        protectedFiling: false,
        protected1367: false,
        source: { system: "ELIS", asOf },
      },
      unreadable: [],
    });
  });

  test.each([
    ["Case Was Received", "PENDING", null],
    ["Case Was Approved", "GRANTED", "2026-08-11"],
    ["Case Was Denied", "DENIED", "2026-08-11"],
    ["Case Was Withdrawn", "WITHDRAWN", "2026-08-11"],
    ["Case Closed", "CLOSED", "2026-08-11"],
    ["Case Was Reopened", unreadable("ELIS", "status"), unreadable("ELIS", "statusDate")],
  ])("the status %j is %j, decided on %j", (status, decision, decidedAt) => {
    expect(oneCase({ status })?.record).toMatchObject({ decision, decidedAt });
  });

  test("a status without a day has no day of decision, even an unknown status", () => {
    expect(oneCase({ status: "Case Was Reopened", statusDate: "" })?.record?.decidedAt).toBeNull();
  });

  test.each([
    ["2026-03-02", "2026-03-02"],
    ["2026-03-02T00:00:00", "2026-03-02"],
    ["2026-03-02T23:30:00", unreadable("ELIS", "receivedDate")],
    ["2026-02-30", unreadable("ELIS", "receivedDate")],
    ["03/02/2026", unreadable("ELIS", "receivedDate")],
    ["N/A", null],
    ["REDACTED", redacted("ELIS", "receivedDate")],
  ])("the day %j is %j", (written, day) => {
    expect(oneCase({ receivedDate: written })?.record?.filedAt).toEqual(day);
  });

  test.each([
    ["Côte d'Ivoire", "CIV"],
    ["CÃ´te d'Ivoire", "CIV"],
    ["CÃ´te d’Ivoire", unreadable("ELIS", "countryOfBirth")],
    ["Korea, South", "KOR"],
    ["Korea", unreadable("ELIS", "countryOfBirth")],
    ["AFGHA", unreadable("ELIS", "countryOfBirth")],
    ["", null],
  ])("the country %j is %j", (written, country) => {
    expect(oneCase({ countryOfBirth: written })?.record?.birthCountry).toEqual(country);
  });

  test("the marker of 8 USC 1367 is read", () => {
    expect(oneCase({ protectionMarkers: ["8 USC 1367"] })?.record?.protected1367).toBe(true);
  });

  test.each([[undefined], [null], ["8 USC 1367"], [["VAWA"]], [["8 USC 1367", 1]], [{}]])(
    "protection markers %j make the row unreadable: they never read as not protected",
    (protectionMarkers) => {
      expect(oneCase({ protectionMarkers })).toEqual({
        aNumber: "012345678",
        record: null,
        unreadable: [{ system: "ELIS", field: "protectionMarkers", position: "cases row 1" }],
      });
    },
  );

  test.each([
    ["receiptNumber", null],
    ["receiptNumber", "I-765"],
    ["formType", ""],
    ["formType", "2026-03-02"],
  ])("a case with %s = %j is left out and reported", (field, value) => {
    expect(oneCase({ [field]: value })?.unreadable).toEqual([{ system: "ELIS", field, position: "cases row 1" }]);
  });

  test.each([
    ["I-914", false, true],
    ["I-914A", false, true],
    ["I-918", false, true],
    ["I-360 VAWA", false, true],
    ["I-360", false, false],
    ["I-765", true, true],
    ["I-765", false, false],
  ])("form %s with marker %j is a protected filing: %j", (form, marked, expected) => {
    const { record } = oneCase({ formType: form, protectionMarkers: marked ? ["8 USC 1367"] : [] }) ?? {};
    expect((record as ElisApplication).protectedFiling).toBe(expected);
  });
});

describe("envelopes", () => {
  const wrong: readonly (readonly [string, unknown])[] = [
    ["no object", []],
    ["null", null],
    ["no asOf", { screenings: [], applications: [], cases: [] }],
    ["an asOf without a zone", { asOf: "2026-10-19T14:00:00", screenings: [], applications: [], cases: [] }],
    ["an asOf on no day", { asOf: "2026-02-30T14:00:00Z", screenings: [], applications: [], cases: [] }],
    ["an asOf at no hour", { asOf: "2026-02-20T24:00:00Z", screenings: [], applications: [], cases: [] }],
    ["rows that are no list", { asOf, screenings: {}, applications: {}, cases: {} }],
    ["rows missing", { asOf }],
  ];
  test.each(wrong)("%s is refused as SOURCE_INVALID, never read as nothing", (_name, envelope) => {
    for (const decode of [decodeGlobal, decodeElis])
      expect(() => decode(bytes(envelope))).toThrow(
        expect.objectContaining({ extensions: expect.objectContaining({ code: "SOURCE_INVALID" }) }),
      );
  });

  test("bytes that are no JSON, or no UTF-8, are refused", () => {
    for (const body of ["", "{", "<html>", Buffer.from([0x22, 0xff, 0x22])])
      expect(() => decodeElis(Buffer.from(body))).toThrow("ELIS answered with something that cannot be read");
  });
});

describe("any garbage", () => {
  const isInvalid = (error: unknown) =>
    (error as { extensions?: { code?: string } }).extensions?.code === "SOURCE_INVALID";

  test("never throws anything but SOURCE_INVALID", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array().map((each) => Buffer.from(each)),
          fc.json().map((each) => Buffer.from(each)),
        ),
        (body) => {
          for (const decode of [decodeGlobal, decodeElis]) {
            try {
              decode(body);
            } catch (error) {
              expect(isInvalid(error)).toBe(true);
            }
          }
        },
      ),
    );
  });

  test("in a row never makes a record from nonsense: each value is read by the format's rules or withheld", () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.string(),
      fc.constantFrom("N/A", "", "(b)(6)", "10/06/2026", "CF", "I-765"),
    );
    const keys = Object.keys({ ...screening, ...application, ...benefit });
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), value), fc.boolean(), (row, owned) => {
        const rows = [owned ? { ...row, alienNumber: "012345678" } : row];
        const { screenings, applications } = decodeGlobal(bytes({ asOf, screenings: rows, applications: rows }));
        const { cases } = decodeElis(bytes({ asOf, cases: rows }));
        for (const { aNumber, record, unreadable: reported } of [...screenings, ...applications, ...cases]) {
          expect(record === null).toBe(reported.length > 0);
          if (record === null) continue;
          expect(aNumber).toMatch(/^\d{9}$/);
          for (const [field, read] of Object.entries(record)) {
            if (/At$/.test(field) && typeof read === "string") expect(read).toMatch(/^\d{4}-\d\d-\d\d$/);
            if (field === "birthCountry" && typeof read === "string") expect(read).toMatch(/^[A-Z]{3}$/);
          }
        }
      }),
    );
  });
});

describe("countries", () => {
  test("no code and no name stands for two countries, and each country is written once", () => {
    for (const each of [
      countries.map(({ iso }) => iso),
      countries.flatMap(({ codes }) => codes),
      countries.flatMap(({ names }) => names.map((name) => name.toLowerCase())),
    ])
      expect(new Set(each).size).toBe(each.length);
    for (const { iso, codes, names } of countries) {
      expect(iso).toMatch(/^[A-Z]{3}$/);
      expect(names).not.toHaveLength(0);
      for (const code of codes) expect(code).toMatch(/^[A-Z]{2,5}$/);
    }
  });

  test("every code and every name, double-encoded too, leads to its country", () => {
    for (const { iso, codes, names } of countries) {
      for (const code of codes) expect(countryOfCode(code)).toBe(iso);
      for (const name of names) {
        expect(countryOfName(name)).toBe(iso);
        expect(countryOfName(Buffer.from(name, "utf8").toString("latin1"))).toBe(iso);
      }
    }
  });

  test("a repair is made only when it is exact", () => {
    expect(repaired("CÃ´te")).toBe("Côte");
    for (const whole of ["Côte", "plain", "Ã", "Ã´ and Ł", ""]) expect(repaired(whole)).toBeNull();
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const spoilt = Buffer.from(text, "utf8").toString("latin1");
        expect(repaired(spoilt)).toBe(spoilt === text ? null : text);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const result = repaired(text);
        if (result !== null) expect(Buffer.from(result, "utf8").toString("latin1")).toBe(text);
      }),
    );
  });
});

describe("lists", () => {
  const filed = (
    system: "GLOBAL" | "ELIS",
    receiptNumber: Application["receiptNumber"],
    change: Partial<Application> = {},
  ): Application => ({
    receiptNumber,
    form: "I-589",
    filedAt: "2026-03-02",
    decision: "PENDING",
    decidedAt: null,
    birthCountry: null,
    protectedFiling: false,
    source: { system, asOf },
    ...change,
  });

  test("are oldest first; days not known or withheld come last; ties by receipt, then as they came", () => {
    const records = [
      filed("ELIS", "C", { filedAt: null }),
      filed("GLOBAL", "B", { filedAt: { withheld: "REDACTED", system: "GLOBAL", field: "filedDate" } }),
      filed("GLOBAL", "D"),
      filed("ELIS", "D"),
      filed("ELIS", null),
      filed("ELIS", "A"),
      filed("ELIS", "Z", { filedAt: "2020-01-01" }),
      filed("ELIS", "Z", { filedAt: "2020-01-01" }),
    ];
    const order = oldestFirst(
      records,
      ({ filedAt }) => filedAt,
      ({ receiptNumber }) => receiptNumber,
    );
    expect(order.map(({ receiptNumber, source }) => `${receiptNumber} ${source.system}`)).toEqual([
      "Z ELIS",
      "Z ELIS",
      "null ELIS",
      "A ELIS",
      "D GLOBAL",
      "D ELIS",
      "B GLOBAL",
      "C ELIS",
    ]);
  });

  const unreadableDecision = { withheld: "UNREADABLE", system: "ELIS", field: "status" } as const;
  test.each<[string, Application, Application, readonly string[]]>([
    ["the same decision: Global's alone", filed("GLOBAL", "A"), filed("ELIS", "A"), ["GLOBAL"]],
    ["another decision: both", filed("GLOBAL", "A"), filed("ELIS", "A", { decision: "DENIED" }), ["GLOBAL", "ELIS"]],
    ["another receipt: both", filed("GLOBAL", "A"), filed("ELIS", "B"), ["GLOBAL", "ELIS"]],
    ["no receipt: both", filed("GLOBAL", null), filed("ELIS", null), ["GLOBAL", "ELIS"]],
    [
      "decisions that cannot be read: both",
      filed("GLOBAL", "A", { decision: unreadableDecision }),
      filed("ELIS", "A", { decision: unreadableDecision }),
      ["GLOBAL", "ELIS"],
    ],
  ])("of applications in both systems give %s", (_name, global, elis, systems) => {
    expect(mergeApplications([global], [elis]).map(({ source }) => source.system)).toEqual(systems);
  });

  test("a paper application whose twin in ELIS is protected is protected too", () => {
    const [one, ...others] = mergeApplications(
      [filed("GLOBAL", "LIN2690312345")],
      [filed("ELIS", "LIN2690312345", { protectedFiling: true })],
    );
    expect([one?.source.system, one?.protectedFiling, others]).toEqual(["GLOBAL", true, []]);
  });
});
