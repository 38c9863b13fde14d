import { describe, expect, test } from "@jest/globals";
import { type PersonFile, REDACTED } from "../population/types.ts";
import { printCountry } from "./countries.ts";
import { printDate, printText } from "./print.ts";
import { rowsOf } from "./rows.ts";
import { columnType, type Row, type TableName, tables } from "./tables.ts";
import { heldPerson } from "./testing.ts";

const rowsIn = (file: PersonFile, table: TableName): Row[] =>
  [...rowsOf(file)].filter(([name]) => name === table).map(([, row]) => row);

describe("EID's tables", () => {
  test.each([
    ["Detention Stints", 53],
    ["Detainers", 65],
    ["Removals", 41],
    ["Arrests", 25],
  ] as const)("%s begins with the %i columns of the public release", (table, published) => {
    expect(new Set(tables[table]).size).toBe(tables[table].length);
    expect(tables[table].length).toBeGreaterThanOrEqual(published);
    const added = tables[table].slice(published);
    expect(added.filter((column) => /Yes No|Criminality|Gender/.test(column))).toEqual([]);
  });

  test("carry the subject id and the A-file number, every one of them", () => {
    for (const columns of Object.values(tables))
      expect(columns).toEqual(expect.arrayContaining(["EID Subject ID", "Alien File Number"]));
  });

  test("hold instants as timestamps, and what is called a date as text", () => {
    expect(columnType("Stay Book In Date Time")).toBe("timestamp(0)");
    expect(columnType("Departed Date")).toBe("text");
    expect(columnType("Birth Year")).toBe("numeric");
  });
});

describe("a person's rows", () => {
  test("name only columns that the tables have", () => {
    for (const [table, row] of rowsOf(heldPerson()))
      expect(tables[table] as readonly string[]).toEqual(expect.arrayContaining(Object.keys(row)));
  });

  test("repeat the stay's columns on every stint", () => {
    const [first, second] = rowsIn(heldPerson(), "Detention Stints");
    expect(first).toMatchObject({
      "Stay Book In Date Time": "2026-09-01 10:00:00",
      "Book In Date Time": "2026-09-01 10:00:00",
      "Book Out Date Time": "2026-10-18 08:00:00",
      "Stay Book Out Date Time": null,
      "Detention Release Reason": "Transferred",
    });
    expect(second).toMatchObject({
      "Stay Book In Date Time": "2026-09-01 10:00:00",
      "Book In Date Time": "2026-10-18 09:00:00",
      "Book Out Date Time": null,
    });
  });

  test("print values as the releases do", () => {
    const [detainer] = rowsIn(heldPerson(), "Detainers");
    expect(detainer).toMatchObject({
      "Deportation Ordered": "YES",
      "Order to Show Cause Served": "NO",
      "Statements Made": null,
      "Warrant Form": "I-205",
      Gender: "Male",
      "Citizenship Country": "CHINA, PEOPLES REPUBLIC OF",
      "Case Category": "[8G] Expedited Removal - Credible Fear Referral",
      "EID Case ID": null,
    });
    expect(detainer?.["Birth Date"]).toMatch(/b\(6\)|\(b\)\(6\)/);
    expect(rowsIn(heldPerson(), "Removals")[0]).toMatchObject({
      "Departure Country": "HONDURAS",
      "Departed Date": null,
    });
  });

  test("stand there twice now and then, the same ones on every run", () => {
    const persons = Array.from({ length: 4_000 }, (_, index) => heldPerson({ subjectId: `S${index}` }));
    const arrests = () => persons.map((file) => rowsIn(file, "Arrests").length);
    const twice = arrests().filter((count) => count === 2).length;
    expect(twice).toBeGreaterThan(1);
    expect(twice).toBeLessThan(25);
    expect(arrests()).toEqual(arrests());
  });
});

describe("a printed value", () => {
  test.each([
    ["2026-10-19T14:05:06Z", /^2026-10-19 14:05:06$/],
    ["2026-10-19", /^2026-10-19( 00:00:00)?$/],
  ])("of a date column, %s, is a day or silently a date-time", (iso, form) => {
    for (let id = 0; id < 50; id += 1) expect(printDate(iso, String(id))).toMatch(form);
  });

  test("of a plain day carries midnight about one time in eight", () => {
    const midnights = Array.from({ length: 8_000 }, (_, id) => printDate("2026-10-19", `d${id}`)).filter(
      (text) => text !== "2026-10-19",
    );
    expect(midnights.length).toBeGreaterThan(800);
    expect(midnights.length).toBeLessThan(1_200);
  });

  test("that is withheld has several marks, none of them empty", () => {
    const marks = new Set(Array.from({ length: 100 }, (_, id) => printText(REDACTED, String(id))));
    expect([...marks].sort()).toEqual(["(b)(6)", "(b)(6), (b)(7)(C)", "b(6), b(7)C", "b(6), b(7)c"]);
  });

  test("of a country EID has no name for is its code", () => {
    expect(printCountry("XXK")).toBe("XXK");
    expect(printCountry("MMR")).toBe("BURMA");
    expect(printCountry(null)).toBeNull();
  });
});
