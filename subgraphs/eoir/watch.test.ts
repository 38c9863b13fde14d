/** What is announced of the docket's entries, over a docket made by hand. */
import { expect, test } from "@jest/globals";
import { SourceError } from "#kit/source.ts";
import { decodeEntries } from "./docket.ts";
import { decodeLookups } from "./records.ts";
import { tableFormats } from "./snapshot.ts";
import { oneCase, type Rows } from "./testing.ts";
import { watchedCase } from "./watch.ts";

const since = "2026-10-01T06:00:00Z";

/** A case as the docket writes it: every table, every column. */
function caseOf(rows: Rows): Record<string, unknown> {
  return Object.fromEntries(
    tableFormats
      .filter(({ name }) => !name.startsWith("tblLookup"))
      .map(({ name, keys, columns }) => [
        name,
        (rows[name] ?? []).map((row) => ({
          ...Object.fromEntries([...keys, ...columns].map((column) => [column, null])),
          ...(row as object),
        })),
      ]),
  );
}

const pending = caseOf(oneCase);
const withoutMotion = caseOf({ ...oneCase, tbl_Court_Motions: [] });
const denied = caseOf({
  ...oneCase,
  tbl_Court_Motions: [{ ...(oneCase.tbl_Court_Motions?.[0] as object), DEC: "D", COMP_DATE: "2026-10-19 00:00:00" }],
});
/** An order from which the alien has reserved appeal, and may until 18 November. */
const ordered = caseOf({
  ...oneCase,
  tbl_Court_Motions: [],
  B_TblProceeding: [
    {
      ...(oneCase.B_TblProceeding?.[0] as object),
      COMP_DATE: "2026-10-19 00:00:00",
      ABSENTIA: "N",
      APPEAL_RSVD: "A",
      DATE_APPEAL_DUE_STATUS: "2026-11-18 00:00:00",
    },
  ],
});

type Answer = Readonly<Record<string, unknown>>;
const at = "2026-10-19T14:00:00Z";
const entry = (before: unknown, after: unknown) => ({ at, IDNCASE: "1", before, after });

/** A watcher of a docket that gives these answers, one for each poll after the first, and a snapshot of `held`. */
async function watching(...answers: readonly Answer[]) {
  const left = [...answers];
  const held = { snapshotDate: since as string | null };
  const asked: (string | null)[] = [];
  const { poll, dayOf } = watchedCase({
    entriesSince: async (position) => {
      asked.push(position);
      const page = { asOf: at, latestSnapshotDate: since, position: "p", more: false, complete: true, entries: [] };
      const answer = asked.length === 1 ? {} : (left.shift() ?? {});
      return decodeEntries(Buffer.from(JSON.stringify({ ...page, ...answer })));
    },
    held: () =>
      held.snapshotDate === null ? null : { snapshotDate: held.snapshotDate, lookups: decodeLookups([], []) },
    lookUp: async () => [],
    firstLoad: Promise.resolve(),
    close: async () => undefined,
  });
  expect(await poll()).toEqual({ asOf: at, changes: [] });
  return { next: async () => (await poll()).changes, held, asked, dayOf };
}

const about = [
  ["CourtCase", "1"],
  ["ID", "1"],
  ["ANumber", "012345678"],
];
const alerting = (kind: string, instant: string | null = at) => ({ about, alert: { kind, at: instant } });

test.each<[string, unknown, unknown, readonly unknown[]]>([
  ["a motion that stays the order", withoutMotion, pending, [alerting("MOTION_FILED"), alerting("STAY_BEGAN")]],
  ["its denial", pending, denied, [alerting("STAY_ENDED")]],
  ["a case that is new", null, pending, [alerting("MOTION_FILED"), alerting("STAY_BEGAN")]],
  ["a case that is gone", pending, null, [alerting("STAY_ENDED")]],
  ["an order with time to appeal", withoutMotion, ordered, [alerting("STAY_BEGAN")]],
  ["what changes neither", denied, { ...denied, A_TblCase: [] }, [{ about }]],
])("%s is told, of a case that was never seen before", async (_title, before, after, told) => {
  const { next, asked } = await watching({ entries: [entry(before, after)] });
  expect(await next()).toEqual(told);
  expect(asked).toEqual([null, "p"]);
});

test("a stay that comes into doubt has not ended", async () => {
  const doubted = caseOf({
    ...oneCase,
    tbl_Court_Motions: [{ ...(oneCase.tbl_Court_Motions?.[0] as object), DEC: "J", COMP_DATE: "2026-10-19 00:00:00" }],
  });
  const { next } = await watching({ entries: [entry(pending, doubted)] });
  expect(await next()).toEqual([{ about }]);
});

test("an A-number that a case no longer stands under is told as well", async () => {
  const other = { ...pending, tbl_AlienNumber: [{ IDNCASE: "1", ALIEN_NBR: "98765432" }] };
  const { next } = await watching({ entries: [entry(pending, other)] });
  expect(await next()).toEqual([{ about: [...about, ["ANumber", "098765432"]] }]);
});

test("a time to appeal that runs out ends a stay of a case seen changing, with no entry at all", async () => {
  const days = ["2026-11-19T09:59:59Z", "2026-11-19T10:00:00Z", "2026-11-20T10:00:00Z"];
  const { next, dayOf } = await watching(
    { entries: [entry(withoutMotion, ordered)] },
    ...days.map((asOf) => ({ asOf })),
  );
  expect(await next()).toEqual([alerting("STAY_BEGAN")]);
  expect(await next()).toEqual([]);
  expect(await next()).toEqual([alerting("STAY_ENDED", null)]);
  expect(await next()).toEqual([]);
  // The kit says that anything may have changed when this turns: it is the day by which stays are told.
  expect(days.map((each) => dayOf?.(each))).toEqual(["2026-11-18", "2026-11-19", "2026-11-20"]);
});

test.each<[string, Answer, string | null]>([
  ["the docket does not reach back to where it was", { complete: false }, null],
  ["another snapshot is published", { latestSnapshotDate: "2026-11-01T06:00:00Z" }, null],
  ["another snapshot is what answers are made of", {}, "2026-11-01T06:00:00Z"],
  ["nobody can say whose case has changed", { entries: [entry(null, { ...pending, tbl_AlienNumber: [] })] }, null],
])("anything may have changed when %s", async (_title, answer, held) => {
  const watched = await watching(answer);
  if (held !== null) watched.held.snapshotDate = held;
  expect(await watched.next()).toContainEqual({ all: true });
});

test("without a snapshot nothing can be answered, and the court is not said to be watched", async () => {
  const { next, held } = await watching({ entries: [entry(withoutMotion, pending)] });
  held.snapshotDate = null;
  await expect(next()).rejects.toBeInstanceOf(SourceError);
});

test("an entry that is none makes the whole list none", async () => {
  for (const wrong of [{ entries: [{}] }, { entries: {} }, { position: "" }, { more: "no" }, { asOf: "today" }])
    await expect((await watching(wrong)).next()).rejects.toBeInstanceOf(SourceError);
});
