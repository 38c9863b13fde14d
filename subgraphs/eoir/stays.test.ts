import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { redacted, unreadable } from "#kit/decoded.ts";
import type { Appeal, CaseRecord, Motion, Proceeding, ScheduledHearing } from "./records.ts";
import { isFinal, meaningOf, notAsked, staysOf } from "./stays.ts";

const today = "2026-10-19";
const unread = unreadable("CASE", "X");

const order = (over: Partial<Proceeding> = {}): Proceeding => ({
  id: "11",
  caseType: "RMV",
  noticeOn: "2024-01-02",
  decision: "X",
  otherCompletion: null,
  completedOn: "2025-05-12",
  inAbsentia: false,
  appealReserved: null,
  appealDueOn: "2025-06-11",
  ...over,
});
const inAbsentia = (over: Partial<Proceeding> = {}) => order({ inAbsentia: true, appealDueOn: null, ...over });
const open = (over: Partial<Proceeding> = {}) =>
  order({ decision: null, completedOn: null, inAbsentia: null, appealDueOn: null, ...over });
const motion = (over: Partial<Motion> = {}): Motion => ({
  id: "21",
  proceedingId: "11",
  kind: "MA",
  filedAt: "2026-09-30",
  filedBy: "A",
  decision: null,
  decidedAt: null,
  stayGrant: null,
  deleted: false,
  ...over,
});
const appeal = (over: Partial<Appeal> = {}): Appeal => ({
  id: "31",
  proceedingId: "11",
  category: "IJ",
  type: "Case Appeal",
  filedAt: "2025-06-11",
  filedBy: "A",
  decision: null,
  decidedAt: null,
  ...over,
});
const hearing = (notice: ScheduledHearing["notice"]): ScheduledHearing => ({
  id: "41",
  date: "2025-05-12",
  at: "2025-05-12T09:00",
  kind: "MM",
  location: "ATL",
  adjourned: "8A",
  notice,
});
const record = (over: Partial<CaseRecord> = {}): CaseRecord => ({
  id: "1",
  listed: true,
  caseType: "RMV",
  noticeAddress: null,
  proceedings: [],
  hearings: [],
  motions: [],
  appeals: [],
  federalReviews: [],
  juvenile: null,
  leadCaseId: null,
  riderCaseIds: [],
  unreadable: [],
  ...over,
});

const badRow = { system: "CASE", field: "tbl_Court_Motions.the number of columns", position: "line 4" };
const nothing = ["NOT_FOUND_IN_SOURCES_THAT_ANSWERED", null, null, null] as const;
type Found = readonly [state: string, basis: string | null, since: string | null, until: string | null];

const found = (over: Partial<CaseRecord>): Found[] =>
  staysOf([record(over)], today).map(({ state, basis, since, until }) => [state, basis, since, until]);

const maPending = ["IN_FORCE", "MA_PENDING", "2026-09-30", null] as const;
const maUnknown = ["UNKNOWN", "MA_PENDING", "2026-09-30", null] as const;
const denied = { decision: "D", decidedAt: "2026-10-05" };
const maAppeal = appeal({ category: "MA", type: "Appeal of IJ MTR", filedAt: "2026-10-10" });
const maAppealPending = ["IN_FORCE", "MA_APPEAL_PENDING", "2026-10-10", null] as const;
const maAppealUnknown = ["UNKNOWN", "MA_APPEAL_PENDING", "2026-10-10", null] as const;
const within = { completedOn: "2026-10-01", appealDueOn: "2026-10-19", appealReserved: "A" };
const window = ["IN_FORCE", "APPEAL_WINDOW", "2026-10-01", "2026-10-19"] as const;
const windowUnknown = ["UNKNOWN", "APPEAL_WINDOW", "2026-10-01", "2026-10-19"] as const;
const appealPending = ["IN_FORCE", "APPEAL_PENDING", "2025-06-11", null] as const;
const appealUnknown = ["UNKNOWN", "APPEAL_PENDING", "2025-06-11", null] as const;
const granted = { kind: "SY", decision: "G", decidedAt: "2026-10-05", stayGrant: "G" } as const;
const stayGranted = ["IN_FORCE", "STAY_GRANTED", "2026-10-05", null] as const;
const stayUnknown = ["UNKNOWN", "STAY_GRANTED", "2026-10-05", null] as const;
const ordinary = motion({ id: "22", kind: "O", filedAt: "2026-09-01" });
const unknown = ["UNKNOWN", null, null, null] as const;

type Row = readonly [title: string, given: Partial<CaseRecord>, found: readonly Found[]];

const table: Readonly<Record<string, readonly Row[]>> = {
  "a motion to reopen an in-absentia order stays removal while it is pending (8 CFR 1003.23(b)(4)(ii))": [
    ["pending, no stay keyed", { proceedings: [inAbsentia()], motions: [motion()] }, [maPending]],
    [
      "pending, the stay asked for beside it denied",
      { proceedings: [inAbsentia()], motions: [motion({ stayGrant: "D" })] },
      [maPending],
    ],
    [
      "sent on to the Board (J)",
      { proceedings: [inAbsentia()], motions: [motion({ ...denied, decision: "J" })] },
      [maUnknown],
    ],
    ["no motion", { proceedings: [inAbsentia()] }, [nothing]],
    ["denied", { proceedings: [inAbsentia()], motions: [motion(denied)] }, [nothing]],
    ["granted", { proceedings: [inAbsentia()], motions: [motion({ ...denied, decision: "G" })] }, [nothing]],
    [
      "completed without a decision",
      { proceedings: [inAbsentia()], motions: [motion({ decidedAt: today })] },
      [maUnknown],
    ],
    ["its decision withheld", { proceedings: [inAbsentia()], motions: [motion({ decision: unread })] }, [maUnknown]],
    [
      "its date withheld",
      { proceedings: [inAbsentia()], motions: [motion({ filedAt: unread })] },
      [["IN_FORCE", "MA_PENDING", null, null]],
    ],
    [
      "its deletion mark unreadable",
      { proceedings: [inAbsentia()], motions: [motion({ deleted: unread })] },
      [maUnknown],
    ],
    [
      "its kind withheld",
      { proceedings: [inAbsentia()], motions: [motion({ kind: redacted("CASE", "REC_TYPE") })] },
      [maUnknown],
    ],
    ["its kind not recorded", { proceedings: [inAbsentia()], motions: [motion({ kind: null })] }, [maUnknown]],
    ["the order missing", { motions: [motion()] }, [maUnknown]],
    ["the order not in absentia", { proceedings: [order()], motions: [motion()] }, [maUnknown]],
    ["in absentia unreadable", { proceedings: [order({ inAbsentia: unread })], motions: [motion()] }, [maUnknown]],
    ["an ordinary motion to reopen", { proceedings: [inAbsentia()], motions: [motion({ kind: "O" })] }, [nothing]],
    ["changed conditions", { proceedings: [inAbsentia()], motions: [motion({ kind: "MC" })] }, [nothing]],
    [
      "an order of another year in the same case",
      { proceedings: [inAbsentia(), open({ id: "12" })], motions: [motion()] },
      [maPending],
    ],
    [
      "deportation, decided under DEP's codes",
      { proceedings: [inAbsentia({ caseType: "DEP", decision: "D" })], motions: [motion()] },
      [maPending],
    ],
  ],
  "so does the appeal from its denial": [
    ["pending", { proceedings: [inAbsentia()], motions: [motion(denied)], appeals: [maAppeal] }, [maAppealPending]],
    [
      "decided",
      {
        proceedings: [inAbsentia()],
        motions: [motion(denied)],
        appeals: [{ ...maAppeal, decision: "DIS", decidedAt: today }],
      },
      [nothing],
    ],
    [
      "of a grant, by the government",
      { proceedings: [inAbsentia()], motions: [motion({ ...denied, decision: "G" })], appeals: [maAppeal] },
      [nothing],
    ],
    [
      "of an ordinary motion",
      { proceedings: [inAbsentia()], motions: [motion({ ...denied, kind: "O" })], appeals: [maAppeal] },
      [nothing],
    ],
    ["of a motion nobody can find", { proceedings: [inAbsentia()], appeals: [maAppeal] }, [maAppealUnknown]],
    [
      "of another paper than a motion to reopen",
      { proceedings: [inAbsentia()], motions: [motion({ ...denied, kind: "AN" })], appeals: [maAppeal] },
      [maAppealUnknown],
    ],
    [
      "of a denial, the order not readable",
      { proceedings: [order({ inAbsentia: unread })], motions: [motion(denied)], appeals: [maAppeal] },
      [maAppealUnknown],
    ],
    [
      "of a decision with a code unknown here",
      { proceedings: [inAbsentia()], motions: [motion({ ...denied, decision: "J" })], appeals: [maAppeal] },
      [maUnknown, maAppealUnknown],
    ],
    [
      "its decision withheld",
      { proceedings: [inAbsentia()], motions: [motion(denied)], appeals: [{ ...maAppeal, decision: unread }] },
      [maAppealUnknown],
    ],
    [
      "a decision without its day",
      { proceedings: [inAbsentia()], motions: [motion(denied)], appeals: [{ ...maAppeal, decision: "DIS" }] },
      [maAppealUnknown],
    ],
    [
      "its category withheld",
      { proceedings: [inAbsentia()], motions: [motion(denied)], appeals: [{ ...maAppeal, category: unread }] },
      [maAppealUnknown, ["UNKNOWN", "APPEAL_PENDING", "2026-10-10", null]],
    ],
    [
      "its category withheld, and nothing ordered",
      { proceedings: [open()], appeals: [{ ...maAppeal, category: unread }] },
      [maAppealUnknown],
    ],
  ],
  "the time to appeal stays removal (8 CFR 1003.6(a))": [
    ["the due day itself counts", { proceedings: [order(within)] }, [window]],
    ["the day after it does not", { proceedings: [order({ ...within, appealDueOn: "2026-10-16" })] }, [nothing]],
    ["due on a Sunday: Monday counts", { proceedings: [order({ ...within, appealDueOn: "2026-10-18" })] }, [window]],
    ["reserved by both", { proceedings: [order({ ...within, appealReserved: "B" })] }, [window]],
    ["reserved by the government only", { proceedings: [order({ ...within, appealReserved: "I" })] }, [windowUnknown]],
    ["nothing recorded", { proceedings: [order({ ...within, appealReserved: null })] }, [windowUnknown]],
    ["reservation withheld", { proceedings: [order({ ...within, appealReserved: unread })] }, [windowUnknown]],
    [
      "no due day: the 30th day counts",
      { proceedings: [order({ completedOn: "2026-09-19", appealDueOn: null, appealReserved: "A" })] },
      [["IN_FORCE", "APPEAL_WINDOW", "2026-09-19", "2026-10-19"]],
    ],
    [
      "no due day: the 31st does not",
      { proceedings: [order({ completedOn: "2026-09-16", appealDueOn: null, appealReserved: "A" })] },
      [nothing],
    ],
    [
      "due day unreadable",
      { proceedings: [order({ appealDueOn: unread })] },
      [["UNKNOWN", "APPEAL_WINDOW", "2025-05-12", null]],
    ],
    [
      "day of the order unreadable",
      { proceedings: [order({ completedOn: unread, appealDueOn: null })] },
      [["UNKNOWN", "APPEAL_WINDOW", null, null]],
    ],
    ["in absentia: no window", { proceedings: [inAbsentia(within)] }, [nothing]],
    ["in absentia unreadable", { proceedings: [order({ ...within, inAbsentia: unread })] }, [windowUnknown]],
    ["in absentia not recorded", { proceedings: [order({ ...within, inAbsentia: null })] }, [window]],
    [
      "a voluntary departure carries an order of removal",
      { proceedings: [order({ ...within, decision: "V" })] },
      [window],
    ],
    ["relief is no order", { proceedings: [order({ ...within, decision: "R" })] }, [nothing]],
    [
      "a change of venue is no order",
      { proceedings: [order({ ...within, decision: null, otherCompletion: "C" })] },
      [nothing],
    ],
    [
      "an appeal has been filed and dismissed",
      {
        proceedings: [order(within)],
        appeals: [appeal({ filedAt: "2026-10-02", decision: "DIS", decidedAt: "2026-10-12" })],
      },
      [nothing],
    ],
    [
      "the government's appeal was withdrawn",
      {
        proceedings: [order(within)],
        appeals: [appeal({ filedBy: "I", filedAt: "2026-10-02", decision: "WDL", decidedAt: "2026-10-12" })],
      },
      [window],
    ],
    [
      "an appeal of what is not recorded was decided: it may have been of bond",
      {
        proceedings: [order(within)],
        appeals: [appeal({ type: unread, filedAt: "2026-10-02", decision: "DIS", decidedAt: "2026-10-12" })],
      },
      [window],
    ],
    [
      "only a bond appeal has been filed",
      { proceedings: [order(within)], appeals: [appeal({ type: "Bond Appeal" })] },
      [window],
    ],
  ],
  "a timely appeal stays removal while it is pending (8 CFR 1003.6(a))": [
    ["filed on the due day", { proceedings: [order()], appeals: [appeal()] }, [appealPending]],
    [
      "filed the day after",
      { proceedings: [order()], appeals: [appeal({ filedAt: "2025-06-12" })] },
      [["UNKNOWN", "APPEAL_PENDING", "2025-06-12", null]],
    ],
    [
      "no due day, filed on the 30th day",
      { proceedings: [order({ appealDueOn: null })], appeals: [appeal()] },
      [appealPending],
    ],
    [
      "no due day, filed on the 31st",
      { proceedings: [order({ completedOn: "2025-05-11", appealDueOn: null })], appeals: [appeal()] },
      [appealUnknown],
    ],
    [
      "dismissed",
      { proceedings: [order()], appeals: [appeal({ decision: "DIS", decidedAt: "2026-01-01" })] },
      [nothing],
    ],
    [
      "a day of decision and no code",
      { proceedings: [order()], appeals: [appeal({ decidedAt: "2026-01-01" })] },
      [nothing],
    ],
    [
      "filing day not recorded",
      { proceedings: [order()], appeals: [appeal({ filedAt: null })] },
      [["UNKNOWN", "APPEAL_PENDING", null, null]],
    ],
    ["of bond (8 CFR 1003.6(c))", { proceedings: [order()], appeals: [appeal({ type: "Bond Appeal" })] }, [nothing]],
    ["of custody", { proceedings: [order()], appeals: [appeal({ type: "Custody Redetermination" })] }, [nothing]],
    ["of what is not recorded", { proceedings: [order()], appeals: [appeal({ type: null })] }, [appealUnknown]],
    ["of a decision of DHS", { proceedings: [order()], appeals: [appeal({ category: "DD" })] }, [nothing]],
    ["of relief", { proceedings: [order({ decision: "R" })], appeals: [appeal()] }, [nothing]],
    [
      "keyed to the proceeding before a change of venue, the order in the one after it",
      {
        proceedings: [order({ id: "10", decision: null, otherCompletion: "C" }), order()],
        appeals: [appeal({ proceedingId: "10" })],
      },
      [appealUnknown],
    ],
    ["of an in-absentia order", { proceedings: [inAbsentia()], appeals: [appeal()] }, [appealUnknown]],
    ["in absentia unreadable", { proceedings: [order({ inAbsentia: unread })], appeals: [appeal()] }, [appealUnknown]],
    ["due day unreadable", { proceedings: [order({ appealDueOn: unread })], appeals: [appeal()] }, [appealUnknown]],
    ["of a proceeding nobody can find", { appeals: [appeal()] }, [appealUnknown]],
    [
      "from the asylum-only court",
      { proceedings: [order({ caseType: "AOC", decision: "D" })], appeals: [appeal()] },
      [appealPending],
    ],
    [
      "from the withholding-only court",
      { proceedings: [order({ caseType: "WHO", decision: "D" })], appeals: [appeal()] },
      [appealPending],
    ],
  ],
  "reviews of a fear finding stay nothing (8 CFR 1003.42(f), 1208.31(g))": [
    ["credible fear, affirmed", { proceedings: [order({ ...within, caseType: "CFR", decision: "A" })] }, [nothing]],
    ["reasonable fear, vacated", { proceedings: [order({ ...within, caseType: "RFR", decision: "V" })] }, [nothing]],
    ["reasonable fear, pending", { proceedings: [open({ caseType: "RFR" })] }, [nothing]],
  ],
  "a stay that a judge or the Board granted stands until what it accompanies is decided": [
    ["granted, nothing beside it", { proceedings: [order()], motions: [motion(granted)] }, [stayGranted]],
    ["granted by decision alone", { motions: [motion({ ...granted, stayGrant: null })] }, [stayGranted]],
    ["the motion beside it pending", { motions: [motion(granted), ordinary] }, [stayGranted]],
    [
      "decided afterwards",
      { motions: [motion(granted), { ...ordinary, ...denied, decidedAt: "2026-10-06" }] },
      [nothing],
    ],
    ["decided the same day", { motions: [motion(granted), { ...ordinary, ...denied }] }, [stayUnknown]],
    [
      "decided before it",
      { motions: [motion(granted), { ...ordinary, ...denied, decidedAt: "2026-10-04" }] },
      [stayGranted],
    ],
    [
      "decided, the day unreadable",
      { motions: [motion(granted), { ...ordinary, ...denied, decidedAt: unread }] },
      [stayUnknown],
    ],
    [
      "an appeal beside it pending",
      {
        proceedings: [order({ decision: "R" })],
        motions: [motion(granted), { ...ordinary, ...denied, decidedAt: "2026-10-06" }],
        appeals: [appeal()],
      },
      [stayGranted],
    ],
    ["denied", { motions: [motion({ ...granted, decision: "D", stayGrant: "D" })] }, [nothing]],
    ["asked for", { motions: [motion({ kind: "SY" })] }, [nothing]],
    ["granted and denied at once", { motions: [motion({ ...granted, stayGrant: "D" })] }, [stayUnknown]],
    [
      "a grant withheld",
      { motions: [motion({ ...granted, decision: null, decidedAt: null, stayGrant: unread })] },
      [["UNKNOWN", "STAY_GRANTED", null, null]],
    ],
    ["a code unknown here", { motions: [motion({ ...granted, stayGrant: "Q" })] }, [stayUnknown]],
    [
      "keyed with an ordinary motion that is pending",
      { motions: [{ ...ordinary, stayGrant: "G" }] },
      [["IN_FORCE", "STAY_GRANTED", null, null]],
    ],
    ["keyed with one that is decided", { motions: [{ ...ordinary, ...denied, stayGrant: "G" }] }, [nothing]],
    [
      "keyed with one whose decision is withheld",
      { motions: [{ ...ordinary, decision: unread, stayGrant: "G" }] },
      [["UNKNOWN", "STAY_GRANTED", null, null]],
    ],
    ["deletion mark unreadable", { motions: [motion({ ...granted, deleted: unread })] }, [stayUnknown]],
  ],
  "a federal court stays removal by its order only (8 USC 1252(b)(3)(B))": [
    [
      "ordered",
      { federalReviews: [{ id: "51", decision: "STY", orderedOn: "2026-01-05" }] },
      [["IN_FORCE", "FEDERAL_COURT_STAY", "2026-01-05", null]],
    ],
    ["a petition alone", { federalReviews: [{ id: "51", decision: null, orderedOn: "2026-01-05" }] }, [nothing]],
    [
      "a code unknown here",
      { federalReviews: [{ id: "51", decision: "DEN", orderedOn: null }] },
      [["UNKNOWN", "FEDERAL_COURT_STAY", null, null]],
    ],
  ],
  "a notice of a stay that nobody can find settles nothing": [
    ["0T and no motion", { hearings: [hearing("0T")] }, [unknown]],
    ["1Q and no motion", { hearings: [hearing("1Q")] }, [unknown]],
    ["Q1 and only another paper", { hearings: [hearing("Q1")], motions: [motion({ kind: "AN" })] }, [unknown]],
    ["0T and the motion", { hearings: [hearing("0T")], motions: [motion(denied)] }, [nothing]],
    ["an ordinary notice", { hearings: [hearing("NC")] }, [nothing]],
    ["none", { hearings: [hearing(null)] }, [nothing]],
    ["a notice code that is withheld", { hearings: [hearing(unread)] }, [unknown]],
  ],
  "what cannot be read is not taken for nothing": [
    ["a row", { unreadable: [badRow] }, [unknown]],
    ["two rows", { unreadable: [badRow, badRow] }, [unknown]],
    [
      "a row beside a stay in force",
      { unreadable: [badRow], proceedings: [inAbsentia()], motions: [motion()] },
      [unknown, maPending],
    ],
    [
      "a decision code unknown for this case type",
      { proceedings: [order({ caseType: "CFR", decision: "X" })] },
      [unknown],
    ],
    ["a case type unknown here", { proceedings: [order({ caseType: "CDR" })] }, [unknown]],
    ["a case type called as a property is", { proceedings: [order({ caseType: "constructor" })] }, [unknown]],
    ["a case type withheld", { proceedings: [order({ caseType: unread })] }, [unknown]],
    ["a decision withheld", { proceedings: [order({ decision: unread })] }, [unknown]],
    ["completed, and nobody keyed how", { proceedings: [order({ decision: null })] }, [unknown]],
    ["decided, and not completed", { proceedings: [order({ completedOn: null })] }, [unknown]],
    ["a code of several letters", { proceedings: [order({ decision: "XV" })] }, [unknown]],
    ["an open case", { proceedings: [open()] }, [nothing]],
    ["an empty case", {}, [nothing]],
  ],
};

describe.each(Object.entries(table))("%s", (_rule, rows) => {
  test.each(rows)("%s", (_title, given, expected) => expect(found(given)).toEqual(expected));
});

test("each finding names its case, the cases in their order, and nothing found is said once", () => {
  const stayed = { proceedings: [inAbsentia()], motions: [motion()] };
  expect(
    staysOf([record({ id: "7" }), record({ ...stayed, id: "8" }), record({ ...stayed, id: "3" })], today),
  ).toMatchObject([{ courtCaseId: "8" }, { courtCaseId: "3" }]);
  const none = [{ state: "NOT_FOUND_IN_SOURCES_THAT_ANSWERED", courtCaseId: null }];
  expect(staysOf([], today)).toMatchObject(none);
  expect(staysOf([record(), record({ id: "2" })], today)).toMatchObject(none);
  expect(notAsked).toMatchObject({ state: "UNKNOWN", courtCaseId: null });
});

describe("an order is final when nothing stands against it and nothing can still be filed in time", () => {
  const only = (given: Partial<CaseRecord>, at = today) => {
    const whole = record(given);
    return isFinal(whole, whole.proceedings[0] as Proceeding, at);
  };
  test.each<[string, Partial<CaseRecord>, boolean | null]>([
    ["the time to appeal is over", { proceedings: [order()] }, true],
    ["on the last day, reserved", { proceedings: [order(within)] }, false],
    [
      "on the last day, what may have been of bond decided",
      {
        proceedings: [order(within)],
        appeals: [appeal({ type: unread, filedAt: "2026-10-02", decision: "DIS", decidedAt: "2026-10-12" })],
      },
      false,
    ],
    ["on the last day, nothing recorded", { proceedings: [order({ ...within, appealReserved: null })] }, null],
    [
      "on the last day, reserved by the government",
      { proceedings: [order({ ...within, appealReserved: "I" })] },
      false,
    ],
    ["on the last day, reservation unreadable", { proceedings: [order({ ...within, appealReserved: unread })] }, null],
    ["due day unreadable", { proceedings: [order({ appealDueOn: unread })] }, null],
    ["a timely appeal is pending", { proceedings: [order()], appeals: [appeal()] }, false],
    ["a late one is pending", { proceedings: [order()], appeals: [appeal({ filedAt: "2025-07-01" })] }, null],
    ["a timely appeal from relief is pending", { proceedings: [order({ decision: "R" })], appeals: [appeal()] }, false],
    [
      "the appeal was dismissed",
      { proceedings: [order()], appeals: [appeal({ decision: "DIS", decidedAt: "2026-01-01" })] },
      true,
    ],
    [
      "the case was remanded",
      { proceedings: [order()], appeals: [appeal({ decision: "REM", decidedAt: "2026-01-01" })] },
      null,
    ],
    ["an appeal with neither day nor decision", { proceedings: [order()], appeals: [appeal({ filedAt: null })] }, null],
    ["a bond appeal is pending", { proceedings: [order()], appeals: [appeal({ type: "Bond Appeal" })] }, true],
    ["in absentia", { proceedings: [inAbsentia({ completedOn: today })] }, true],
    ["in absentia, a motion to reopen pending", { proceedings: [inAbsentia()], motions: [motion()] }, false],
    ["in absentia, the motion denied", { proceedings: [inAbsentia()], motions: [motion(denied)] }, true],
    [
      "in absentia, its denial appealed",
      { proceedings: [inAbsentia()], motions: [motion(denied)], appeals: [maAppeal] },
      false,
    ],
    [
      "in absentia, the motion granted",
      { proceedings: [inAbsentia()], motions: [motion({ ...denied, decision: "G" })] },
      null,
    ],
    ["in absentia, an appeal nobody may take", { proceedings: [inAbsentia()], appeals: [appeal()] }, null],
    ["in absentia unreadable", { proceedings: [order({ inAbsentia: unread })] }, null],
    ["an ordinary motion to reopen pending", { proceedings: [order()], motions: [ordinary] }, true],
    [
      "an ordinary motion granted",
      { proceedings: [order()], motions: [{ ...ordinary, ...denied, decision: "G" }] },
      null,
    ],
    ["a motion of a kind not recorded", { proceedings: [order()], motions: [motion({ kind: null, ...denied })] }, null],
    ["a row that cannot be read", { proceedings: [order()], unreadable: [badRow] }, null],
    ["a decision unknown here", { proceedings: [order({ decision: "Q" })] }, null],
    ["a change of venue", { proceedings: [order({ decision: null, otherCompletion: "C" })] }, null],
    [
      "a fear finding affirmed: no appeal can be filed",
      { proceedings: [order({ caseType: "CFR", decision: "A", completedOn: today, appealDueOn: null })] },
      true,
    ],
  ])("%s", (_title, given, expected) => expect(only(given)).toBe(expected));
});

test("a decision is read by its case type", () => {
  expect(meaningOf(order({ decision: "V" }))).toBe("REMOVAL");
  expect(meaningOf(order({ decision: "V", caseType: "CFR" }))).toBe("OTHER");
  expect(meaningOf(open())).toBe("OPEN");
});

const day = fc
  .integer({ min: 0, max: 9_000 })
  .map((n) => new Date(Date.UTC(2005, 0, 1 + n)).toISOString().slice(0, 10));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.oneof(value, fc.constant(null), fc.constant(unread));
const code = fc.constantFrom("A", "B", "D", "G", "I", "M", "R", "S", "V", "X", "Q");
const proceedings = fc.array(
  fc.record<Proceeding>({
    id: fc.constantFrom("11", "12", "13"),
    caseType: maybe(fc.constantFrom("RMV", "DEP", "EXC", "AOC", "WHO", "CFR", "RFR", "CDR")),
    noticeOn: maybe(day),
    decision: maybe(code),
    otherCompletion: maybe(code),
    completedOn: maybe(day),
    inAbsentia: maybe(fc.boolean()),
    appealReserved: maybe(code),
    appealDueOn: maybe(day),
  }),
  { maxLength: 3 },
);
const motions = fc.array(
  fc.record<Motion>({
    id: fc.constant("21"),
    proceedingId: maybe(fc.constantFrom("11", "12")),
    kind: maybe(fc.constantFrom("MA", "O", "MC", "SY", "AN")),
    filedAt: maybe(day),
    filedBy: maybe(code),
    decision: maybe(code),
    decidedAt: maybe(day),
    stayGrant: maybe(code),
    deleted: fc.oneof(fc.constant(false as const), fc.constant(unread)),
  }),
  { maxLength: 3 },
);
const appeals = fc.array(
  fc.record<Appeal>({
    id: fc.constant("31"),
    proceedingId: maybe(fc.constantFrom("11", "12")),
    category: maybe(fc.constantFrom("IJ", "MA", "DD")),
    type: maybe(fc.constantFrom("Case Appeal", "Bond Appeal", "Appeal of IJ MTR")),
    filedAt: maybe(day),
    filedBy: maybe(code),
    decision: maybe(fc.constantFrom("DIS", "REM", "SUS")),
    decidedAt: maybe(day),
  }),
  { maxLength: 3 },
);
const anyCase = fc
  .record({ proceedings, motions, appeals, bad: fc.boolean() })
  .map(({ bad, ...rest }) => record({ ...rest, unreadable: bad ? [badRow] : [] }));

test("a pending motion to reopen added to any case with an in-absentia order always puts a stay in force", () => {
  fc.assert(
    fc.property(anyCase, day, day, (any, filedAt, at) => {
      const pending = {
        ...any,
        proceedings: [...any.proceedings, inAbsentia()],
        motions: [...any.motions, motion({ filedAt })],
      };
      expect(staysOf([pending], at)).toContainEqual(
        expect.objectContaining({ state: "IN_FORCE", basis: "MA_PENDING", since: filedAt, courtCaseId: "1" }),
      );
      expect(isFinal(pending, inAbsentia(), at)).toBe(false);
    }),
  );
});

test("withholding any one value never turns a stay or a doubt into nothing", () => {
  const lists = ["proceedings", "motions", "appeals"] as const;
  fc.assert(
    fc.property(anyCase, day, fc.constantFrom(...lists), fc.nat(), fc.nat(), (any, at, list, row, column) => {
      const rows: readonly object[] = any[list];
      fc.pre(rows.length > 0 && staysOf([any], at)[0]?.state !== "NOT_FOUND_IN_SOURCES_THAT_ANSWERED");
      const target = rows[row % rows.length] as Record<string, unknown>;
      const names = Object.keys(target).filter((name) => name !== "id");
      const name = names[column % names.length] as string;
      const spoilt = { ...any, [list]: rows.map((each) => (each === target ? { ...each, [name]: unread } : each)) };
      expect(staysOf([spoilt], at)[0]?.state).not.toBe("NOT_FOUND_IN_SOURCES_THAT_ANSWERED");
    }),
    { numRuns: 2_000 },
  );
});
