import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { redacted, unreadable } from "#kit/decoded.ts";
import { type Answer, answerOf, readPage, rowsOf } from "./answers.ts";
import { decodeAddresses, decodeApprehensions, subjectIdentifiers } from "./e3-records.ts";
import {
  admissionIdentifiers,
  crossingIdentifiers,
  decodeAdmissions,
  decodeCrossings,
  departureOf,
  joinArrivals,
  newestFirst,
  oldestFirst,
} from "./records.ts";

const asOf = "2026-10-19T14:00:00Z";
const earlier = "2026-10-19T13:00:00Z";

function answer(...values: readonly unknown[]): Answer {
  return answerOf([{ asOf, rows: values, next: null }]);
}

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

describe("a page", () => {
  test("is read from each system's own envelope", () => {
    expect(readPage("ADIS", bytes({ asOf, crossings: [1], next: null }))).toEqual({ asOf, rows: [1], next: null });
    expect(readPage("I94", bytes({ dataAsOf: asOf, admissions: [], next: "c" }))).toEqual({
      asOf,
      rows: [],
      next: "c",
    });
    expect(readPage("E3", bytes({ extractedAt: asOf, rows: [], next: null }))).toEqual({ asOf, rows: [], next: null });
  });

  test.each<[string, unknown]>([
    ["no instant", { crossings: [], next: null }],
    ["a day for an instant", { asOf: "2026-10-19", crossings: [], next: null }],
    ["an instant no clock shows", { asOf: "2026-10-19T25:00:00Z", crossings: [], next: null }],
    ["no rows", { asOf, next: null }],
    ["rows of another kind", { asOf, crossings: {}, next: null }],
    ["no word on further pages", { asOf, crossings: [] }],
    ["an empty cursor", { asOf, crossings: [], next: "" }],
    ["a numeric cursor", { asOf, crossings: [], next: 2 }],
    ["a list", [asOf]],
    ["null", null],
  ])("with %s is refused", (_title, page) => {
    expect(() => readPage("ADIS", bytes(page))).toThrow(
      expect.objectContaining({ extensions: { code: "SOURCE_INVALID", system: "ADIS" } }),
    );
  });

  test("of any bytes is read or refused, never anything else", () => {
    const anything = fc.oneof(
      fc.uint8Array().map(Buffer.from),
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(anything, (body) => {
        try {
          readPage("E3", body);
        } catch (error) {
          expect(error).toMatchObject({ extensions: { code: "SOURCE_INVALID", system: "E3" } });
        }
      }),
    );
  });
});

test("several pages are one answer, as of the oldest, with exact duplicates once", () => {
  const pages = [
    { asOf, rows: [{ a: 1 }, { a: 2 }], next: "c" },
    { asOf: earlier, rows: [{ a: 2 }, { a: 3 }], next: "d" },
    { asOf, rows: [], next: null },
  ];
  expect(answerOf(pages)).toEqual({
    asOf: earlier,
    rows: [
      { value: { a: 1 }, position: "row 1" },
      { value: { a: 2 }, position: "row 2" },
      { value: { a: 3 }, position: "row 4" },
    ],
  });
});

test("each person gets the rows in which an identifier of theirs stands, once, and those that may be anybody's", () => {
  const rows = [
    { fin: "FIN0000001", admissionNumber: "12345678901" },
    { fin: "FIN0000002", admissionNumber: null },
    { fin: "FIN0000009", admissionNumber: null },
    { fin: "?", admissionNumber: null },
    { fin: "FIN0000002", admissionNumber: "123-456 78901" },
  ];
  const shares = rowsOf(
    answer(...rows),
    [new Set(["fin FIN0000001", "i94 12345678901"]), new Set(["fin FIN0000002"]), new Set()],
    crossingIdentifiers,
  );
  expect(shares.map((share) => share.rows.map(({ position }) => position))).toEqual([
    ["row 1", "row 4", "row 5"],
    ["row 2", "row 4", "row 5"],
    ["row 4"],
  ]);
});

describe("ADIS", () => {
  const crossing = {
    recordId: "R1",
    fin: "FIN0000001",
    admissionNumber: "123456789A1",
    travelDocument: null,
    direction: "I",
    crossingDateTime: "2026-10-01T08:00:00Z",
    port: "LAX",
    carrier: null,
  };

  test("gives each direction its own crossings", () => {
    const both = answer(crossing, {
      ...crossing,
      recordId: "R2",
      direction: "O",
      crossingDateTime: "2026-10-09",
      port: "2720",
    });
    expect(decodeCrossings("I", both)).toEqual({
      records: [{ id: "R1", i94Number: "123456789A1", at: "2026-10-01T08:00:00Z", port: "LAX", asOf }],
      unreadable: [],
    });
    expect(decodeCrossings("O", both).records.map(departureOf)).toEqual([
      {
        id: "R2",
        i94Number: "123456789A1",
        departedAt: "2026-10-09",
        portOfExit: "2720",
        source: { system: "ADIS", asOf },
      },
    ]);
  });

  test.each<[string, unknown, string]>([
    ["without an id", { ...crossing, recordId: " " }, "recordId"],
    ["with a redacted id", { ...crossing, recordId: "(b)(6)" }, "recordId"],
    ["without a direction", { ...crossing, direction: "X" }, "direction"],
    ["that is no row", "R1", "direction"],
    ["that is null", null, "direction"],
  ])("a row %s is reported and left out", (_title, row, field) => {
    expect(decodeCrossings("I", answer(row))).toEqual({
      records: [],
      unreadable: [{ system: "ADIS", field, position: "row 1" }],
    });
  });

  test("a row that does not say which way it went is reported under both directions", () => {
    const unknownWay = answer({ ...crossing, direction: null });
    expect(
      [decodeCrossings("I", unknownWay), decodeCrossings("O", unknownWay)].map((each) => each.unreadable.length),
    ).toEqual([1, 1]);
  });

  test("single cells are withheld each for itself", () => {
    const spoilt = { ...crossing, admissionNumber: "1234", crossingDateTime: "10/1/2026", port: "(b)(7)(E)" };
    expect(decodeCrossings("I", answer(spoilt)).records[0]).toMatchObject({
      i94Number: unreadable("ADIS", "admissionNumber"),
      at: unreadable("ADIS", "crossingDateTime"),
      port: redacted("ADIS", "port"),
    });
  });

  test.each<[unknown, readonly string[]]>([
    [crossing, ["fin FIN0000001", "i94 123456789A1"]],
    [{ ...crossing, fin: "" }, ["i94 123456789A1"]],
    [{ ...crossing, admissionNumber: "b(6)" }, ["fin FIN0000001"]],
    [{}, []],
    [null, []],
    [[crossing], []],
  ])("knows whose row it is: %#", (row, expected) => {
    expect(crossingIdentifiers(row)).toEqual(expected);
  });
});

describe("I-94", () => {
  const admission = {
    admissionNumber: "123456789A1",
    admissionDateTime: "2026-10-01T08:00:00Z",
    classOfAdmission: "B2",
    admitUntilDate: "3/30/2027",
    portOfEntry: "LAX",
    passportNumber: "",
    passportCountry: "",
  };
  const decoded = {
    i94Number: "123456789A1",
    admittedAt: "2026-10-01T08:00:00Z",
    port: "LAX",
    classOfAdmission: "B2",
    admitUntil: "2027-03-30",
    durationOfStatus: false,
  };

  test.each<[string, unknown, object]>([
    ["a day", "3/30/2027", { admitUntil: "2027-03-30", durationOfStatus: false }],
    ["the duration of status", "D/S", { admitUntil: null, durationOfStatus: true }],
    ["nothing", "", { admitUntil: null, durationOfStatus: null }],
    ["a day in another order", "30/3/2027", unreadableUntil()],
    [
      "a redacted day",
      "(b)(6)",
      { admitUntil: redacted("I94", "admitUntilDate"), durationOfStatus: redacted("I94", "admitUntilDate") },
    ],
  ])("admits until %s", (_title, admitUntilDate, expected) => {
    expect(decodeAdmissions(answer({ ...admission, admitUntilDate }))).toEqual({
      records: [{ ...decoded, ...expected }],
      unreadable: [],
    });
  });

  function unreadableUntil() {
    const withheld = unreadable("I94", "admitUntilDate");
    return { admitUntil: withheld, durationOfStatus: withheld };
  }

  test.each([{ ...admission, admissionNumber: "" }, { ...admission, admissionNumber: "1" }, "x", null])(
    "a row without a readable number is reported and left out: %#",
    (row) => {
      expect(decodeAdmissions(answer(row))).toEqual({
        records: [],
        unreadable: [{ system: "I94", field: "admissionNumber", position: "row 1" }],
      });
      expect(admissionIdentifiers(row)).toEqual([]);
    },
  );

  test("knows whose row it is", () => {
    expect(admissionIdentifiers(admission)).toEqual(["i94 123456789A1"]);
  });
});

describe("arrivals", () => {
  const arrived = { id: "R1", i94Number: "123456789A1", at: "2026-10-01T08:00:00Z", port: "2720", asOf };
  const admission = {
    i94Number: "123456789A1",
    admittedAt: "2026-10-01T08:02:00Z",
    port: "LAX",
    classOfAdmission: "B2",
    admitUntil: "2027-03-30",
    durationOfStatus: false,
  };
  const blank = { classOfAdmission: null, admitUntil: null, durationOfStatus: null };

  test("have the admission of the number that stands in them", () => {
    expect(joinArrivals([arrived], [admission], asOf)).toEqual([
      {
        id: "R1",
        i94Number: "123456789A1",
        arrivedAt: "2026-10-01T08:00:00Z",
        portOfEntry: "2720",
        classOfAdmission: "B2",
        admitUntil: "2027-03-30",
        durationOfStatus: false,
        source: { system: "ADIS", asOf },
      },
    ]);
  });

  test("include the admissions that no crossing shows", () => {
    const other = { ...arrived, i94Number: null };
    expect(joinArrivals([other], [admission], earlier)).toEqual([
      {
        id: "R1",
        i94Number: null,
        arrivedAt: arrived.at,
        portOfEntry: "2720",
        ...blank,
        source: { system: "ADIS", asOf },
      },
      {
        id: "i94:123456789A1",
        i94Number: "123456789A1",
        arrivedAt: "2026-10-01T08:02:00Z",
        portOfEntry: "LAX",
        classOfAdmission: "B2",
        admitUntil: "2027-03-30",
        durationOfStatus: false,
        source: { system: "I94", asOf: earlier },
      },
    ]);
  });

  test.each<[string, string, string]>([
    ["I-94's", earlier, earlier],
    ["ADIS's", "2026-10-19T15:00:00Z", asOf],
  ])("put together from two systems hold up to the older instant: %s", (_title, admissionsAsOf, expected) => {
    expect(joinArrivals([arrived], [], admissionsAsOf)[0]?.source).toEqual({ system: "ADIS", asOf: expected });
  });

  test("without any number do without I-94", () => {
    expect(joinArrivals([{ ...arrived, i94Number: null }], [], null)[0]).toMatchObject({ ...blank, source: { asOf } });
  });

  test("whose number is withheld withhold the admission too: it is not none", () => {
    const i94Number = unreadable("ADIS", "admissionNumber");
    expect(joinArrivals([{ ...arrived, i94Number }], [], asOf)[0]).toMatchObject({
      classOfAdmission: i94Number,
      admitUntil: i94Number,
      durationOfStatus: i94Number,
      source: { asOf },
    });
  });

  test("believe no admission where two of one number contradict each other", () => {
    const found = joinArrivals([arrived], [admission, { ...admission, classOfAdmission: "F1" }], asOf);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      classOfAdmission: unreadable("I94", "classOfAdmission"),
      admitUntil: "2027-03-30",
    });
  });
});

const generations = ["FY2023", "FY2024", "FY2025", "FY2026"] as const;

/** A row as README.md has it for each generation of headings; written by hand, not from the decoder's table. */
function subject(release: (typeof generations)[number], cells: Readonly<Record<string, unknown>> = {}): object {
  const rows = {
    FY2023: {
      event_number: "E1",
      subject_key: "7",
      fin: "FIN0000001",
      subject_afile_number: "A012345678",
      apprehension_datetime: "2019-05-01T04:00:00Z",
      apprehension_date: "",
      arrest_datetime: 43586.25,
      apprehension_sector: "Tucson",
      citizenship: "HND",
      fmu_number: "F9",
      fmu_type: "FMUA",
      fmua_indicator: "Y",
      fmua_indicator_derived: "N",
      uac_indicator: "1",
      uac_indicator_derived: "0",
      credible_fear_indicator: "",
      credible_fear_indicator_derived: 1,
      disposition: "NTA",
      final_bookout_date: "5/3/2019 0:00",
      final_bookout_datetime: null,
      transfer_to: "ERO",
      released_indicator: "Y",
      release_address: "1 Main St\nEl Paso TX",
      release_address_datetime: "5/3/2019",
      address_undeliverable: "N",
    },
    FY2024: {
      EVENT_NBR: "E1",
      CIV_ID: "7",
      FIN: "FIN0000001",
      AFILE_NBR: "12345678",
      APP_DT_TIME: "5/1/2019 4:00",
      APP_DATE: null,
      ARREST_DT_TIME: "5/1/2019 6:00",
      SECTOR: "Tucson",
      CTZN: "HND",
      FAMILY_UNIT_GRP: "F9",
      FAMILY_UNIT_TYPE: "FMUA",
      FMUA_IND: 1,
      FMUA_IND_DERIVED: 0,
      UAC_IND: "Y",
      UAC_IND_DERIVED: "N",
      CRED_FEAR: null,
      CRED_FEAR_DERIVED: "Y",
      DISP: "NTA",
      BOOKOUT_DATE: 43588,
      BOOKOUT_DT_TIME: "",
      TRANSFER_TO: "ERO",
      RELEASED: "1",
      RELEASE_ADDR: " 1 Main St\n\nEl Paso TX ",
      RELEASE_ADDR_DT: 43588,
      ADDR_UNDELIV: 0,
    },
    FY2025: {
      "EVENT NUMBER": "E1",
      "CIV ID": "7",
      "FIN NBR": "FIN0000001",
      "SUBJECT AFILE NUMBER": "012345678",
      "APPR DT TIME": 43586.1666666667,
      "APPR DATE": "",
      "ARREST DT TIME": "2019-05-01T06:00:00Z",
      "APPR SECTOR": "Tucson",
      "CITIZENSHIP CD": "HND",
      "Family Unit Group#": "F9",
      "FMU TYPE": "FMUA",
      "FMUA INDICATOR": "1",
      "FMUA INDICATOR DERIVED": "0",
      "UC INDICATOR": 1,
      "UC INDICATOR DERIVED": 0,
      "CRED FEAR INDICATOR": " ",
      "CRED FEAR INDICATOR DERIVED": "1",
      DISPOSITION: "NTA",
      BOOKOUT: "2019-05-03",
      "BOOKOUT DT TIME": "",
      "TRANSFER TO": "ERO",
      RELEASED: "Y",
      ADDRESS: "1 Main St\nEl Paso TX",
      "ADDRESS DT TIME": "2019-05-03",
      UNDELIVERABLE: "0",
    },
    FY2026: {
      EVENT_NUMBER: "E1",
      SUBJECT_KEY: "7",
      FIN: "FIN0000001",
      A_FILE_NUMBER: "12345678",
      APPR_DT_TIME: "2019-05-01T04:00:00Z",
      APPR_DATE: null,
      ARREST_DT_TIME: "5/1/2019 6:00",
      APPR_SECTOR: "Tucson",
      CITIZENSHIP: "HND",
      FMU_NUMBER: "F9",
      FMU_TYPE: "FMUA",
      FMUA_INDICATOR_ENTERED: "Y",
      FMUA_INDICATOR: "N",
      UC_INDICATOR_ENTERED: "Y",
      UC_INDICATOR: "N",
      CRED_FEAR_INDICATOR_ENTERED: "",
      CRED_FEAR_INDICATOR: "Y",
      DISPOSITION: "NTA",
      FINAL_BOOKOUT_DATE: "2019-05-03T00:00:00Z",
      BOOKOUT: null,
      TRANSFER_TO_GROUP: "ERO",
      RELEASED_INDICATOR: 1,
      RELEASE_ADDRESS: "1 Main St\nEl Paso TX",
      RELEASE_ADDRESS_DT_TIME: "5/3/2019",
      ADDRESS_UNDELIVERABLE: "N",
    },
  };
  return { release, ...rows[release], ...cells };
}

const source = { system: "E3", asOf } as const;
const first = <T>({ records }: { readonly records: readonly T[] }) => records[0];

describe.each(generations)("e3, headed as in %s", (release) => {
  test("gives the apprehension, entered and derived kept apart", () => {
    expect(decodeApprehensions(answer(subject(release)))).toEqual({
      records: [
        {
          id: "E1/7",
          eventNumber: "E1",
          apprehendedAt: "2019-05-01T04:00:00Z",
          arrestedAt: "2019-05-01T06:00:00Z",
          sector: "Tucson",
          familyUnit: { number: "F9", type: "FMUA" },
          familyMember: { entered: true, derived: false },
          unaccompaniedChild: { entered: true, derived: false },
          fearClaim: { entered: null, derived: true },
          disposition: "NTA",
          bookedOutAt: "2019-05-03",
          transferredTo: "ERO",
          source,
        },
      ],
      unreadable: [],
    });
  });

  test("gives the release address", () => {
    expect(decodeAddresses(answer(subject(release)))).toEqual({
      records: [
        {
          id: "E1/7",
          lines: ["1 Main St", "El Paso TX"],
          status: "PROVIDED",
          since: "2019-05-03",
          undeliverable: false,
          source,
        },
      ],
      unreadable: [],
    });
  });

  test("knows whose row it is", () => {
    expect(subjectIdentifiers(subject(release))).toEqual(["fin FIN0000001", "a 012345678"]);
  });

  test("a row that lacks any column of its release is reported, not read as blank", () => {
    for (const heading of Object.keys(subject(release)).filter((each) => !/^(release|citizenship|ctzn)/i.test(each))) {
      const { [heading]: _left, ...rest } = subject(release) as Record<string, unknown>;
      expect(decodeApprehensions(answer(rest)).unreadable).toEqual([
        { system: "E3", field: heading, position: "row 1" },
      ]);
    }
  });
});

describe("e3", () => {
  test("reads headings by the release, however alike another release's are", () => {
    expect(decodeApprehensions(answer({ ...subject("FY2025"), release: "FY2026" })).records).toEqual([]);
  });

  test.each<[string, unknown]>([
    ["no release", { ...subject("FY2026"), release: undefined }],
    ["a release of two digits", { ...subject("FY2026"), release: "FY24" }],
    ["no cells", null],
    ["a text for a row", "row"],
  ])("a row with %s is reported, and may be anybody's", (_title, row) => {
    const problem = { records: [], unreadable: [{ system: "E3", field: "release", position: "row 1" }] };
    const rows: Answer = { asOf, rows: [{ value: row, position: "row 1" }] };
    expect([decodeApprehensions(rows), decodeAddresses(rows)]).toEqual([problem, problem]);
    expect(subjectIdentifiers(row)).toEqual([]);
  });

  test.each(["EVENT_NUMBER", "SUBJECT_KEY"])("a row without its %s is reported", (field) => {
    for (const value of [null, "(b)(6)", 12])
      expect(decodeApprehensions(answer(subject("FY2026", { [field]: value }))).unreadable).toEqual([
        { system: "E3", field, position: "row 1" },
      ]);
  });

  test.each<[string, unknown, unknown, unknown]>([
    ["the day alone", null, "10/19/2026", "2026-10-19"],
    ["the instant", 46314.5, "", "2026-10-19T12:00:00Z"],
    ["neither", "", null, null],
    ["both", "2026-10-19T12:00:00Z", "2026-10-19", unreadable("E3", "APPR_DT_TIME")],
    ["an unreadable day", null, "2026-10-19T12:00:00Z", unreadable("E3", "APPR_DATE")],
    ["a redacted instant", "(b)(7)(E)", null, redacted("E3", "APPR_DT_TIME")],
  ])("of a pair of date columns it takes %s", (_title, APPR_DT_TIME, APPR_DATE, expected) => {
    const row = subject("FY2026", { APPR_DT_TIME, APPR_DATE });
    expect(first(decodeApprehensions(answer(row)))?.apprehendedAt).toEqual(expected);
  });

  test.each<[unknown, unknown, unknown]>([
    ["", "FMUA", null],
    ["F9", "", { number: "F9", type: null }],
    ["(b)(6)", "FMUA", redacted("E3", "FMU_NUMBER")],
    [12, "FMUA", unreadable("E3", "FMU_NUMBER")],
  ])("a family unit needs a number: %#", (FMU_NUMBER, FMU_TYPE, expected) => {
    expect(first(decodeApprehensions(answer(subject("FY2026", { FMU_NUMBER, FMU_TYPE }))))?.familyUnit).toEqual(
      expected,
    );
  });

  test("withholds redacted and unreadable cells each for itself", () => {
    const row = subject("FY2026", { APPR_SECTOR: "(b)(7)(E)", DISPOSITION: "b(6), b(7)c", UC_INDICATOR: "MAYBE" });
    expect(first(decodeApprehensions(answer(row)))).toMatchObject({
      sector: redacted("E3", "APPR_SECTOR"),
      disposition: redacted("E3", "DISPOSITION"),
      unaccompaniedChild: { entered: true, derived: unreadable("E3", "UC_INDICATOR") },
    });
  });

  test.each<[unknown, unknown, string]>([
    ["", null, "NOT_PROVIDED"],
    ["\n \n", null, "NOT_PROVIDED"],
    [null, null, "NOT_PROVIDED"],
    ["FAILED TO PROVIDE ADDRESS", null, "NOT_PROVIDED"],
    [" Failed to provide address\n", null, "NOT_PROVIDED"],
    ["FAILED TO PROVIDE ADDRESS\nEl Paso TX", ["FAILED TO PROVIDE ADDRESS", "El Paso TX"], "PROVIDED"],
    ["(b)(6)", redacted("E3", "RELEASE_ADDRESS"), "PROVIDED"],
    [5, unreadable("E3", "RELEASE_ADDRESS"), "PROVIDED"],
  ])("an address of %j is %j, %s", (RELEASE_ADDRESS, lines, status) => {
    expect(first(decodeAddresses(answer(subject("FY2026", { RELEASE_ADDRESS }))))).toMatchObject({ lines, status });
  });

  const noAddress = { RELEASE_ADDRESS: "", RELEASE_ADDRESS_DT_TIME: null, ADDRESS_UNDELIVERABLE: "" };

  test.each(["N", 0, "", null])("a subject who was not released has no address: %j", (RELEASED_INDICATOR) => {
    expect(decodeAddresses(answer(subject("FY2026", { ...noAddress, RELEASED_INDICATOR })))).toEqual({
      records: [],
      unreadable: [],
    });
  });

  test.each<[string, object]>([
    ["an address of somebody not released", { RELEASED_INDICATOR: "N" }],
    ["a date of no address", { ...noAddress, RELEASED_INDICATOR: "", RELEASE_ADDRESS_DT_TIME: "5/3/2019" }],
    ["an unreadable word on release", { ...noAddress, RELEASED_INDICATOR: "MAYBE" }],
    ["a redacted word on release", { ...noAddress, RELEASED_INDICATOR: "(b)(6)" }],
  ])("%s is reported, not guessed", (_title, cells) => {
    expect(decodeAddresses(answer(subject("FY2026", cells as Record<string, unknown>)))).toEqual({
      records: [],
      unreadable: [{ system: "E3", field: "RELEASED_INDICATOR", position: "row 1" }],
    });
  });

  test.each<[object, readonly string[]]>([
    [{ FIN: "(b)(6)" }, ["a 012345678"]],
    [{ A_FILE_NUMBER: "12" }, ["fin FIN0000001"]],
    [{ FIN: "", A_FILE_NUMBER: null }, []],
  ])("an identifier that cannot be read names nobody: %#", (cells, expected) => {
    expect(subjectIdentifiers(subject("FY2026", cells as Record<string, unknown>))).toEqual(expected);
  });
});

test("records stand in order of time, unknown times last, ties by id", () => {
  const at = (id: string, time: string | null) => ({ id, time });
  const records = [
    at("e", null),
    at("d", "2026-10-19T14:00:00Z"),
    at("c", "2026-10-19"),
    at("b", "2026-10-19T14:00:00Z"),
    at("a", "2025-01-01"),
  ];
  const withheld = { id: "f", time: redacted("E3", "X") };
  const ids = (sorted: readonly { readonly id: string }[]) => sorted.map(({ id }) => id).join("");
  expect(ids(oldestFirst([withheld, ...records], ({ time }) => time))).toBe("acbdef");
  expect(ids(newestFirst([withheld, ...records, at("b", null)], ({ time }) => time))).toBe("bdcabef");
});

test("whatever stands in rows, decoding ends in records with a key and reports, never in an exception", () => {
  const cell = fc.oneof(fc.jsonValue(), fc.constantFrom("I", "O", "Y", "N", "", null, "D/S", "2026-10-19", 46314.5));
  const shaken = fc
    .constantFrom(...generations)
    .chain((release) =>
      fc
        .record(Object.fromEntries(Object.keys(subject(release)).map((heading) => [heading, cell])))
        .map((cells) => ({ ...cells, release })),
    );
  const names = ["recordId", "fin", "admissionNumber", "direction", "crossingDateTime", "port", "admitUntilDate"];
  const row = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...names), cell), shaken);
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const read = answer(...rows);
      for (const identifiersIn of [crossingIdentifiers, admissionIdentifiers, subjectIdentifiers])
        for (const { value } of read.rows) identifiersIn(value);
      const { length } = read.rows;
      const crossings = [decodeCrossings("I", read), decodeCrossings("O", read)];
      for (const { id } of crossings.flatMap(({ records }) => records)) expect(id).toMatch(/\S/);
      for (const decoded of [decodeAdmissions(read), decodeApprehensions(read)])
        expect(decoded.records.length + decoded.unreadable.length).toBe(length);
      for (const { id } of decodeApprehensions(read).records) expect(id).toMatch(/^\S.*\/\S/s);
      decodeAddresses(read);
      joinArrivals(crossings[0]!.records, decodeAdmissions(read).records, asOf);
    }),
  );
});
