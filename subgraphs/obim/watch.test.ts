import { expect, test } from "@jest/globals";
import { unreadable } from "#kit/decoded.ts";
import { SourceError } from "#kit/source.ts";
import type { Cluster, Encounter, IdentAnswer } from "./records.ts";
import { watchedPersons } from "./watch.ts";

const asOf = "2026-10-19T14:00:00Z";
const rows = <T>(...records: readonly T[]) => ({ records, unreadable: [] });

const encounter = (over: Partial<Encounter>): Encounter => ({
  id: "E",
  at: null,
  sender: null,
  reason: null,
  aNumber: null,
  i94Number: null,
  passport: null,
  receiptNumber: null,
  sevisId: null,
  fbiNumber: null,
  eidSubjectId: null,
  ...over,
});
const cluster = (fin: string, ...encounters: readonly Encounter[]): Cluster => ({
  identities: rows({ fin, birthDate: null, citizenship: null, names: rows(), encounters: rows(...encounters) }),
  sharedANumbers: rows("000000009"),
});

/** After its first look; then these FINs have changed, and are answered so. */
async function watching(fins: readonly string[], answer: Partial<IdentAnswer> | Error) {
  const asked: (readonly string[])[] = [];
  const { poll } = watchedPersons({
    changes: async (position) => ({
      asOf,
      position: "p",
      more: false,
      complete: position !== "lost",
      entries: position === null ? [] : fins,
    }),
    retrieve: async (some) => {
      asked.push(some);
      if (answer instanceof Error) throw answer;
      return { asOf, clusters: rows(), unknownFins: [], ...answer };
    },
    close: async () => undefined,
  });
  expect(await poll()).toEqual({ asOf, changes: [] });
  return { next: async () => (await poll()).changes, asked };
}

test("a person is told of by every identifier that can be read, and by those that others share", async () => {
  const all = encounter({
    aNumber: { raw: "A1", value: "000000001" },
    i94Number: "123456789A1",
    passport: { number: "P1234567", country: "HND" },
    receiptNumber: "IOE0000000001",
    sevisId: "N0000000001",
    fbiNumber: "F1",
    eidSubjectId: "S1",
  });
  const none = encounter({ aNumber: { raw: "?", value: null }, fbiNumber: unreadable("IDENT", "F") });
  const { next } = await watching(["FIN00001"], { clusters: rows(cluster("FIN00001", all, all, none)) });
  expect(await next()).toEqual([
    {
      about: [
        ["Fin", "FIN00001"],
        ["Person", "FIN00001"],
        ["ANumber", "000000001"],
        ["I94Number", "123456789A1"],
        ["PassportNumber", "P1234567"],
        ["ReceiptNumber", "IOE0000000001"],
        ["SevisId", "N0000000001"],
        ["FbiNumber", "F1"],
        ["EidSubjectId", "S1"],
        ["ANumber", "000000009"],
      ],
    },
  ]);
});

test.each<[string, Partial<IdentAnswer>]>([
  ["is no longer known", { unknownFins: ["FIN00001"] }],
  ["cannot be read", { clusters: { records: [], unreadable: [{ system: "IDENT", field: "f", position: "1" }] } }],
])("somebody who has changed and %s may be anybody", async (_title, answer) => {
  expect(await (await watching(["FIN00001"], answer)).next()).toEqual([{ all: true }]);
});

test("nobody is passed over when a person could not be retrieved", async () => {
  const { next, asked } = await watching(["FIN00001"], new SourceError("SOURCE_TIMEOUT", "IDENT"));
  for (let times = 0; times < 2; times += 1) await expect(next()).rejects.toBeInstanceOf(SourceError);
  expect(asked).toEqual([["FIN00001"], ["FIN00001"]]);
});

test("as many as IDENT takes are retrieved at once", async () => {
  const fins = Array.from({ length: 250 }, (_, index) => `FIN${String(index).padStart(5, "0")}`);
  const { next, asked } = await watching(fins, {});
  await next();
  expect(asked.map(({ length }) => length)).toEqual([100, 100, 50]);
});
