import { expect, test } from "@jest/globals";
import { SourceError } from "#kit/source.ts";
import type { RowChange } from "./answers.ts";
import type { WatchedCbp } from "./source.ts";
import { watchedSystems } from "./watch.ts";

const asOf = "2026-10-19T14:00:00Z";
const head = { asOf, position: "p", more: false, complete: true, entries: [] as never[] };

/** The watcher of one system after its first look; then its list has these entries. */
async function watching(system: "ADIS" | "I94" | "E3", changes: readonly RowChange[], over: Partial<WatchedCbp> = {}) {
  const list = (of: string, entries: readonly unknown[]) => async (position: string | null) =>
    ({ ...head, entries: of === system && position !== null ? entries : [] }) as never;
  const sources = watchedSystems({
    changes: { ADIS: list("ADIS", changes), I94: list("I94", changes) },
    drops: list("E3", ["one.json"]),
    drop: async () => changes,
    findCrossings: async () => ({ asOf, rows: [] }),
    close: async () => undefined,
    ...over,
  });
  const source = sources.find((each) => each.system === system) ?? sources[0];
  expect(await source?.poll()).toEqual({ asOf, changes: [] });
  return async () => (await source?.poll())?.changes;
}

const crossing = (fin: string | null, admissionNumber: string | null) => ({ recordId: "1", fin, admissionNumber });
const admission = { admissionNumber: "123456789A1" };

test("a row is told of by what stood in it and by what stands in it", async () => {
  const change = { before: crossing("FIN00001", "123456789A1"), after: crossing("FIN00002", "123456789A1") };
  const next = await watching("ADIS", [change]);
  expect(await next()).toEqual([
    {
      about: [
        ["Fin", "FIN00001"],
        ["I94Number", "123456789A1"],
        ["Fin", "FIN00002"],
      ],
    },
  ]);
});

test.each<["ADIS" | "I94" | "E3", RowChange]>([
  ["ADIS", { before: null, after: crossing(null, null) }],
  ["ADIS", { before: crossing(null, null), after: crossing("FIN00001", null) }],
  ["I94", { before: null, after: { admissionNumber: "?" } }],
  ["E3", { before: null, after: { release: "FY1" } }],
])("in %s a row without an identifier that can be read may be anybody's", async (system, change) => {
  expect(await (await watching(system, [change]))()).toEqual([{ all: true }]);
});

test("an admission is told of by the FINs of the crossings that show it, wherever ADIS knows them", async () => {
  const rows = [{ value: crossing("FIN00009", "123456789A1"), position: "row 1" }];
  const findCrossings = async ({ admissionNumbers }: { readonly admissionNumbers: readonly string[] }) => ({
    asOf,
    rows: admissionNumbers.includes("123456789A1") ? rows : [],
  });
  const next = await watching("I94", [{ before: admission, after: admission }], { findCrossings });
  const told = (await next())?.flatMap((each) => ("about" in each ? each.about : []));
  expect(told).toEqual(
    expect.arrayContaining([
      ["I94Number", "123456789A1"],
      ["Fin", "FIN00009"],
    ]),
  );
});

test("where ADIS does not say whose an admission is, it may be anybody's", async () => {
  const findCrossings = async () => Promise.reject(new SourceError("SOURCE_TIMEOUT", "ADIS"));
  const next = await watching("I94", [{ before: admission, after: admission }], { findCrossings });
  expect(await next()).toEqual([{ all: true }]);
});

test("a file that e3 names and does not give is asked for again", async () => {
  let fails = true;
  const drop = async (): Promise<readonly RowChange[]> => {
    if (!fails) return [{ before: null, after: { release: "FY1" } }];
    throw new SourceError("SOURCE_REFUSED", "E3");
  };
  const next = await watching("E3", [], { drop });
  await expect(next()).rejects.toBeInstanceOf(SourceError);
  fails = false;
  expect(await next()).toEqual([{ all: true }]);
});
