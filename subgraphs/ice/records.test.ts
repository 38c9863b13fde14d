import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isWithheld } from "#kit/decoded.ts";
import { SourceError } from "#kit/source.ts";
import type { Row } from "./cells.ts";
import { columns, type EidAnswer, type PersonRecords, readAnswer, recordsOf, type Table, tables } from "./records.ts";

const keys = { aNumbers: ["012345678"], eidSubjectIds: ["S1"] };
const mine: Row = { "EID Subject ID": "S1", "Alien File Number": "012345678" };

/** A row of this table in which every column that is not given is NULL. */
const row = (table: Table, given: Row = {}): Row => ({
  ...Object.fromEntries(columns[table].map((column) => [column, null])),
  ...mine,
  ...given,
});

const envelope = (rows: Partial<Record<Table, readonly unknown[]>> = {}): Record<string, unknown> => ({
  "Replication Status": ["2026-10-19T14:00:00"],
  ...Object.fromEntries(tables.map((table) => [table, []])),
  ...rows,
});

const decoded = (rows: Partial<Record<Table, readonly Row[]>>, by = keys): PersonRecords =>
  recordsOf(readAnswer(envelope(rows)), by);

const source = { system: "EID", asOf: "2026-10-19T14:00:00Z" };
const withheld = (field: string) => ({ withheld: "REDACTED", system: "EID", field });
const unread = (field: string) => ({ withheld: "UNREADABLE", system: "EID", field });

describe("an answer", () => {
  test("states the clock it was read with", () => {
    expect(readAnswer(envelope())).toEqual({
      asOf: "2026-10-19T14:00:00Z",
      rows: { "Detention Stints": [], Detainers: [], Removals: [], Cases: [] },
    });
  });

  test.each([
    ["nothing", undefined],
    ["a list", []],
    ["no clock", { ...envelope(), "Replication Status": null }],
    ["two clocks", { ...envelope(), "Replication Status": ["2026-10-19T14:00:00", "2026-10-19T15:00:00"] }],
    ["a day for a clock", { ...envelope(), "Replication Status": ["2026-10-19"] }],
    ["a clock of 25 hours", { ...envelope(), "Replication Status": ["2026-10-19T25:00:00"] }],
    ["a number for a clock", { ...envelope(), "Replication Status": [20261019] }],
    ["a table short", { ...envelope(), Detainers: undefined }],
    ["text for a table", { ...envelope(), Cases: "rows" }],
    ["a row that is none", envelope({ Removals: [null] })],
    ["a row that is a list", envelope({ Removals: [[]] })],
  ])("with %s is refused as invalid", (_what, answer) => {
    expect(() => readAnswer(answer)).toThrow(
      expect.objectContaining({ extensions: { code: "SOURCE_INVALID", system: "EID" } }),
    );
  });
});

describe("a person's rows", () => {
  test.each([
    ["by the subject id", { "Alien File Number": null }, 1],
    ["by the A-file number", { "EID Subject ID": "S9" }, 1],
    ["by an A-file number that is typed otherwise", { "EID Subject ID": "S9", "Alien File Number": "A12-345-678" }, 1],
    ["once, by both", {}, 1],
    ["not by somebody else's", { "EID Subject ID": "S9", "Alien File Number": "099999999" }, 0],
    ["not by a redacted number", { "EID Subject ID": "S9", "Alien File Number": "(b)(6)" }, 0],
    [
      "not by a number too long to be one",
      { "EID Subject ID": "S9", "Alien File Number": `012345678${" ".repeat(80)}` },
      0,
    ],
  ])("are theirs %s", (_how, given, count) => {
    expect(decoded({ Cases: [row("Cases", { "EID Case ID": "C1", ...given })] }).enforcementCases.records).toHaveLength(
      count,
    );
  });

  test("are told apart in one answer for many", () => {
    const answer = readAnswer(
      envelope({
        Cases: [
          row("Cases", { "EID Case ID": "C1" }),
          row("Cases", { "EID Case ID": "C2", "EID Subject ID": "S2", "Alien File Number": "087654321" }),
          row("Cases", { "EID Case ID": "C3", "EID Subject ID": "S2", "Alien File Number": "012345678" }),
        ],
      }),
    );
    const idsOf = (by: typeof keys) => recordsOf(answer, by).enforcementCases.records.map(({ id }) => id);
    expect(idsOf(keys)).toEqual(["C1", "C3"]);
    expect(idsOf({ aNumbers: [], eidSubjectIds: ["S2"] })).toEqual(["C2", "C3"]);
    expect(idsOf({ aNumbers: ["000000001"], eidSubjectIds: [] })).toEqual([]);
  });

  test("that nobody can be told from are reported to everybody, and left out", () => {
    const { enforcementCases } = decoded({
      Cases: [row("Cases", { "EID Case ID": "C1", "EID Subject ID": null, "Alien File Number": "b(6), b(7)c" })],
    });
    expect(enforcementCases).toEqual({
      records: [],
      unreadable: [{ system: "EID", field: "EID Subject ID", position: "Cases row 1" }],
    });
  });

  test.each([
    ["Detention Stints", "EID Subject ID", null],
    ["Detention Stints", "EID Subject ID", "not an id"],
    ["Detention Stints", "EID Subject ID", "9".repeat(65)],
    ["Detention Stints", "Stay Book In Date Time", null],
    ["Detention Stints", "Stay Book In Date Time", "2026-02-30T00:00:00"],
    ["Detainers", "EID DTA ID", null],
    ["Detainers", "EID DTA ID", " "],
    ["Detainers", "EID DTA ID", "b(6), b(7)C"],
    ["Removals", "EID Removal ID", 7],
    ["Cases", "EID Case ID", null],
  ] as const)("of %s without a readable %s are reported by position and left out", (table, field, value) => {
    const ids = {
      "Stay Book In Date Time": "2026-09-01T10:00:00",
      "EID DTA ID": "1",
      "EID Removal ID": "1",
      "EID Case ID": "1",
    };
    const records = decoded({ [table]: [row(table, ids), row(table, { ...ids, [field]: value })] });
    const lists = Object.values(records).filter((each) => each.unreadable.length > 0);
    expect(lists).toEqual([
      { records: [expect.anything()], unreadable: [{ system: "EID", field, position: `${table} row 2` }] },
    ]);
  });

  test("that are equal in every column are one", () => {
    const detainer = row("Detainers", { "EID DTA ID": "1" });
    expect(decoded({ Detainers: [detainer, { ...detainer }] }).detainers.records).toHaveLength(1);
    const other = { ...detainer, "Warrant Form": "I-200" };
    expect(decoded({ Detainers: [detainer, other] }).detainers.records).toHaveLength(2);
  });

  test("of stints that differ in nothing but how they ended are two stints", () => {
    const instants = { "Stay Book In Date Time": "2026-10-19T14:00:00", "Book In Date Time": "2026-10-19T14:00:00" };
    const moved = row("Detention Stints", { ...instants, "Detention Release Reason": "Transferred" });
    const freed = { ...moved, "Detention Release Reason": "Bonded Out" };
    const [stay] = decoded({ "Detention Stints": [moved, { ...moved }, freed] }).custodyStays.records;
    expect(stay?.stints).toHaveLength(2);
  });
});

describe("a custody stay", () => {
  const stay = { "Stay Book In Date Time": "2026-09-01T10:00:00" };
  const oak = { "Book In Date Time": "2026-09-01T10:00:00", "Book Out Date Time": "2026-10-18T08:00:00" };
  const elm = {
    "Book In Date Time": "2026-10-18T09:00:00",
    "Detention Facility": "ELM CENTER",
    "Detention Facility Code": "ELM",
  };

  test("is put together from its stints, oldest first", () => {
    const stints = [
      row("Detention Stints", { ...stay, ...elm }),
      row("Detention Stints", { ...stay, ...oak }),
      row("Detention Stints", { ...stay, "Detention Facility": "UNKNOWN DAY" }),
    ];
    expect(decoded({ "Detention Stints": stints }).custodyStays.records).toEqual([
      {
        id: "S1/2026-09-01T10:00:00Z",
        bookedInAt: "2026-09-01T10:00:00Z",
        bookedOutAt: null,
        releaseReason: null,
        stints: [
          { facility: null, bookedInAt: "2026-09-01T10:00:00Z", bookedOutAt: "2026-10-18T08:00:00Z" },
          { facility: { code: "ELM", name: "ELM CENTER" }, bookedInAt: "2026-10-18T09:00:00Z", bookedOutAt: null },
          { facility: { code: null, name: "UNKNOWN DAY" }, bookedInAt: null, bookedOutAt: null },
        ],
        source,
      },
    ]);
  });

  test("is another one for another book-in or another subject, the oldest first", () => {
    const later = { "Stay Book In Date Time": "2026-10-01T10:00:00" };
    const rows = [
      row("Detention Stints", later),
      row("Detention Stints", stay),
      row("Detention Stints", { ...stay, "EID Subject ID": "S0" }),
    ];
    expect(decoded({ "Detention Stints": rows }).custodyStays.records.map(({ id }) => id)).toEqual([
      "S0/2026-09-01T10:00:00Z",
      "S1/2026-09-01T10:00:00Z",
      "S1/2026-10-01T10:00:00Z",
    ]);
  });

  test("whose rows contradict each other has no value there", () => {
    const rows = [
      row("Detention Stints", { ...stay, ...oak, "Stay Book Out Date Time": "2026-10-19T08:00:00" }),
      row("Detention Stints", { ...stay, ...elm, "Stay Release Reason": "Paroled" }),
    ];
    expect(decoded({ "Detention Stints": rows }).custodyStays.records).toEqual([
      expect.objectContaining({
        bookedOutAt: unread("Stay Book Out Date Time"),
        releaseReason: unread("Stay Release Reason"),
      }),
    ]);
  });

  test("keeps what is withheld apart from what is not there", () => {
    const given = {
      ...stay,
      "Stay Release Reason": "b(6), b(7)c",
      "Book In Date Time": "infinity",
      "Detention Facility Code": "(b)(6)",
    };
    expect(decoded({ "Detention Stints": [row("Detention Stints", given)] }).custodyStays.records[0]).toMatchObject({
      releaseReason: withheld("Stay Release Reason"),
      stints: [
        {
          bookedInAt: unread("Book In Date Time"),
          facility: { code: withheld("Detention Facility Code"), name: null },
        },
      ],
    });
  });
});

describe("a detainer", () => {
  const detainer = (given: Row) =>
    decoded({ Detainers: [row("Detainers", { "EID DTA ID": "40", ...given })] }).detainers;

  test("is read whole", () => {
    const given = {
      "Detainer Prepare Date": "2026-08-30 12:30:00",
      "Deportation Ordered": "YES",
      "Order to Show Cause Served": "NO",
      "Biometric Match": "YES",
      "Warrant Form": "I-205",
      "Detainer Served Date": "2026-08-31",
      "Detainer Facility": "OAK JAIL",
      "Detainer Facility Code": "OAK",
    };
    expect(detainer(given).records).toEqual([
      {
        id: "40",
        preparedAt: "2026-08-30T12:30:00Z",
        status: "ACTIVE",
        basis: ["FINAL_ORDER", "BIOMETRIC_MATCH"],
        warrantForm: "I205",
        servedAt: "2026-08-31",
        liftedAt: null,
        liftReason: null,
        facility: { code: "OAK", name: "OAK JAIL" },
        source,
      },
    ]);
  });

  test.each([
    ["neither date nor reason", {}, "ACTIVE"],
    ["a blank reason", { "Detainer Lift Reason": " " }, "ACTIVE"],
    ["a date", { "Detainer Lifted Date": "2026-09-02" }, "LIFTED"],
    ["a reason", { "Detainer Lift Reason": "Case Closed" }, "LIFTED"],
    ["a reason that is withheld", { "Detainer Lift Reason": "b(6), b(7)c" }, "LIFTED"],
    [
      "a reason beside a date that cannot be read",
      { "Detainer Lift Reason": "Case Closed", "Detainer Lifted Date": "soon" },
      "LIFTED",
    ],
  ])("with %s is %s", (_what, given, status) => {
    expect(detainer(given).records).toEqual([expect.objectContaining({ status })]);
  });

  test.each([
    ["Detainer Lifted Date", "31/12/2026"],
    ["Detainer Lift Reason", 4],
  ])("whose %s alone cannot be read is left out: its status is not guessed", (field, value) => {
    expect(detainer({ [field]: value })).toEqual({
      records: [],
      unreadable: [{ system: "EID", field, position: "Detainers row 1" }],
    });
  });

  test.each([
    ["all four unknown", {}, null],
    ["none of them", { "Deportation Ordered": "NO" }, []],
    [
      "all of them",
      {
        "Deportation Ordered": "YES",
        "Order to Show Cause Served": "YES",
        "Biometric Match": "YES",
        "Statements Made": "YES",
      },
      ["FINAL_ORDER", "PENDING_PROCEEDINGS", "BIOMETRIC_MATCH", "STATEMENTS_OR_RELIABLE_EVIDENCE"],
    ],
    ["one withheld", { "Deportation Ordered": "YES", "Biometric Match": "(b)(6)" }, withheld("Biometric Match")],
    ["one unreadable", { "Statements Made": "maybe" }, unread("Statements Made")],
  ])("has the ground that its boxes say: %s", (_what, given, basis) => {
    expect(detainer(given).records[0]?.basis).toEqual(basis);
  });

  test.each([
    ["I-200", "I200"],
    ["I-205", "I205"],
    ["I-9", unread("Warrant Form")],
    [null, null],
  ])("with warrant %s has %p", (form, expected) => {
    expect(detainer({ "Warrant Form": form }).records[0]?.warrantForm).toEqual(expected);
  });

  test("comes after older ones, and last when its date is not known", () => {
    const rows = [
      row("Detainers", { "EID DTA ID": "4" }),
      row("Detainers", { "EID DTA ID": "3", "Detainer Prepare Date": "2026-09-02" }),
      row("Detainers", { "EID DTA ID": "2", "Detainer Prepare Date": "2026-09-01 08:00:00" }),
      row("Detainers", { "EID DTA ID": "1", "Detainer Prepare Date": "2026-09-02" }),
      row("Detainers", { "EID DTA ID": "0", "Detainer Prepare Date": "(b)(6)" }),
    ];
    expect(decoded({ Detainers: rows }).detainers.records.map(({ id }) => id)).toEqual(["2", "1", "3", "0", "4"]);
  });
});

describe("a printed date", () => {
  test.each([
    ["2026-10-19", "2026-10-19"],
    ["2026-10-19 00:00:00", "2026-10-19"],
    ["2026-10-19 14:05:06", "2026-10-19T14:05:06Z"],
    [" 2024-02-29 ", "2024-02-29"],
    ["2026-02-29", "unreadable"],
    ["2026-10-19 24:00:00", "unreadable"],
    ["2026-10-19T14:00:00", "unreadable"],
    ["10/11/2026", "unreadable"],
    ["45000", "unreadable"],
    ["b(6), b(7)c", "redacted"],
    ["", null],
    [null, null],
  ])("%p reads as %p", (text, expected) => {
    const [removal] = decoded({
      Removals: [row("Removals", { "EID Removal ID": "1", "Removal Scheduled Date": text })],
    }).removals.records;
    const marks = { unreadable: unread("Removal Scheduled Date"), redacted: withheld("Removal Scheduled Date") };
    expect(removal?.scheduledAt).toEqual(marks[expected as keyof typeof marks] ?? expected);
  });
});

describe("a removal", () => {
  test.each([
    ["HONDURAS", "HND"],
    ["CHINA, PEOPLES REPUBLIC OF", "CHN"],
    ["Burma", "MMR"],
    ["XXK", unread("Departure Country")],
    ["(b)(6)", withheld("Departure Country")],
    [null, null],
  ])("to %p goes to %p", (name, country) => {
    const rows = [row("Removals", { "EID Removal ID": "1", "Departure Country": name, "Port of Departure": "HLG" })];
    expect(decoded({ Removals: rows }).removals.records).toEqual([
      { id: "1", scheduledAt: null, departedAt: null, country, port: "HLG", source },
    ]);
  });

  test("is as old as its plan, else as its departure", () => {
    const rows = [
      row("Removals", { "EID Removal ID": "1", "Departed Date": "2026-03-01" }),
      row("Removals", { "EID Removal ID": "2", "Removal Scheduled Date": "2026-02-01", "Departed Date": "2026-05-01" }),
      row("Removals", { "EID Removal ID": "3", "Removal Scheduled Date": "2026-04-01" }),
    ];
    expect(decoded({ Removals: rows }).removals.records.map(({ id }) => id)).toEqual(["2", "1", "3"]);
  });
});

describe("an enforcement case", () => {
  test("is read whole", () => {
    const given = {
      "EID Case ID": "C1",
      "Case Status": "8-Excluded/Removed - Inadmissibility",
      "Case Category": "[8G] Expedited Removal - Credible Fear Referral",
      "Final Order Yes No": "NO",
      "Final Order Date": "2026-09-15 16:45:00",
      "Last Screened Date": "2026-09-02 00:00:00",
    };
    expect(decoded({ Cases: [row("Cases", given)] }).enforcementCases.records).toEqual([
      {
        id: "C1",
        status: "8-Excluded/Removed - Inadmissibility",
        category: "8G",
        finalOrder: false,
        finalOrderAt: "2026-09-15",
        lastScreenedAt: "2026-09-02",
        source,
      },
    ]);
  });

  test.each([
    ["Case Category", "Expedited Removal", "category"],
    ["Case Category", "[8 G] Expedited Removal", "category"],
    ["Final Order Yes No", "Y", "finalOrder"],
    ["Final Order Yes No", true, "finalOrder"],
    ["Final Order Date", "09/15/2026", "finalOrderAt"],
  ])("does not guess at %s %p", (column, value, field) => {
    const rows = [row("Cases", { "EID Case ID": "C1", [column]: value })];
    expect(decoded({ Cases: rows }).enforcementCases.records[0]).toMatchObject({ [field]: unread(column) });
  });
});

describe("whatever EID sends", () => {
  test("nothing but SourceError is thrown", () => {
    fc.assert(
      fc.property(fc.anything(), (answer) => {
        try {
          recordsOf(readAnswer(answer), keys);
        } catch (error) {
          expect(error).toBeInstanceOf(SourceError);
        }
      }),
    );
  });

  const cell = fc.oneof(
    fc.constantFrom(null, "", "YES", "b(6), b(7)c", "2026-10-19", "2026-10-19T14:00:00", "S1", "012345678", "MEXICO"),
    fc.string(),
    fc.anything(),
  );
  const anyRow = (table: Table) =>
    fc.record(Object.fromEntries(columns[table].map((column) => [column, cell])), {
      requiredKeys: [],
    }) as fc.Arbitrary<Row>;
  const anyRows = fc.record(
    Object.fromEntries(tables.map((table) => [table, fc.array(anyRow(table), { maxLength: 6 })])),
  ) as fc.Arbitrary<EidAnswer["rows"]>;

  test("a record is of the person, and every value in it is text, a list, withheld or nothing", () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const records = decoded(rows);
        for (const { records: each, unreadable } of Object.values(records)) {
          for (const record of each as readonly object[])
            for (const value of Object.values(record))
              expect(
                value === null ||
                  isWithheld(value) ||
                  ["string", "boolean"].includes(typeof value) ||
                  typeof value === "object",
              ).toBe(true);
          for (const { system, field } of unreadable) expect([system, field.length > 0]).toEqual(["EID", true]);
        }
        for (const stay of records.custodyStays.records) expect(stay.id).toMatch(/^[A-Za-z0-9-]{1,20}\/\d{4}-.*Z$/);
        for (const { country } of records.removals.records)
          expect(country === null || isWithheld(country) || /^[A-Z]{3}$/.test(String(country))).toBe(true);
      }),
    );
  });
});
