/** Court cases that the population has too few of or none: each is there for one rule about stays, orders or hearings. */
import type { CaseAppeal, CaseFile, CaseMotion, CaseProceeding } from "../mocks/population/types.ts";

/** What differs from a removal ordered on the merits long ago, that nobody appealed. Today is 19 October 2026. */
type Variant = {
  readonly caseType?: string;
  readonly proceeding?: Partial<CaseProceeding>;
  readonly further?: readonly Partial<CaseProceeding>[];
  readonly motions?: readonly Partial<CaseMotion>[];
  readonly appeals?: readonly Partial<CaseAppeal>[];
};

const absent = { absentia: "Y", appealReserved: null, appealDueDate: null } as const;
const decidedOn = (day: string) => ({ completedDate: day, appealDueDate: null });
const open = { decType: null, decCode: null, completedDate: null, absentia: null, appealReserved: null } as const;
const hearing = (date: string, time: string | null, more: Partial<CaseProceeding["schedule"][number]> = {}) => ({
  idnschedule: 0,
  date,
  time,
  scheduleType: "MM",
  calType: "M" as const,
  adjournReason: null,
  noticeCode: null,
  ...more,
});

export const rareCases: Readonly<Record<string, Variant>> = {
  "a motion to reopen an in-absentia order is pending": { proceeding: absent, motions: [{}] },
  "such a motion is pending, and the order was not in absentia": { motions: [{}] },
  "such a motion is pending, and no order stands": { proceeding: open, motions: [{}] },
  "such a motion was filed and deleted": { proceeding: absent, motions: [{ deleted: true }] },
  "such a motion was denied": { proceeding: absent, motions: [{ decision: "D", completedDate: "2026-06-01" }] },
  "such a motion was granted": { proceeding: absent, motions: [{ decision: "G", completedDate: "2026-06-01" }] },
  "such a motion was sent on to the Board": {
    proceeding: absent,
    motions: [{ decision: "J", completedDate: "2026-06-01" }],
  },
  "its denial is appealed": {
    proceeding: absent,
    motions: [{ decision: "D", completedDate: "2026-06-01" }],
    appeals: [{ category: "MA", type: "Appeal of IJ MTR", filedDate: "2026-06-20" }],
  },
  "the appeal of its denial was dismissed": {
    proceeding: absent,
    motions: [{ decision: "D", completedDate: "2026-06-01" }],
    appeals: [{ category: "MA", type: "Appeal of IJ MTR", decision: "DIS", decisionDate: "2026-09-01" }],
  },
  "an ordinary motion to reopen is pending": { motions: [{ kind: "O" }] },
  "the time to appeal ended on Sunday, so it ends today": {
    proceeding: { ...decidedOn("2026-09-18"), appealReserved: "A" },
  },
  "the time to appeal ends today": { proceeding: { ...decidedOn("2026-09-19"), appealReserved: "A" } },
  "the time to appeal ended on Friday": { proceeding: { ...decidedOn("2026-09-16"), appealReserved: "A" } },
  "the recorded day counts, not thirty days": {
    proceeding: { completedDate: "2026-08-01", appealDueDate: "2026-10-30", appealReserved: "B" },
  },
  "the time to appeal runs, and nobody reserved it": { proceeding: decidedOn("2026-10-01") },
  "the time to appeal runs, and the government reserved it": {
    proceeding: { ...decidedOn("2026-10-01"), appealReserved: "I" },
  },
  "the time to appeal would run, were the order not in absentia": {
    proceeding: { ...absent, completedDate: "2026-10-01" },
  },
  "the appeal was filed on the last day, a Monday after the thirtieth": { appeals: [{ filedDate: "2026-02-02" }] },
  "the appeal was filed a day late": { appeals: [{ filedDate: "2026-02-03" }] },
  "the appeal was filed on the day after Labor Day, when the time ended": {
    proceeding: decidedOn("2026-08-08"),
    appeals: [{ filedDate: "2026-09-08" }],
  },
  "the government withdrew its appeal while the alien's time runs": {
    proceeding: { ...decidedOn("2026-10-01"), appealReserved: "B" },
    appeals: [{ filedBy: "I", filedDate: "2026-10-02", decision: "WDL", decisionDate: "2026-10-09" }],
  },
  "an appeal is pending while there was still time for it": {
    proceeding: { ...decidedOn("2026-10-01"), appealReserved: "A" },
    appeals: [{ filedDate: "2026-10-05" }],
  },
  "the day of the appeal is not known": { appeals: [{ filedDate: null }] },
  "a bond appeal is pending": { appeals: [{ type: "Bond Appeal" }] },
  "the appeal was dismissed": { appeals: [{ decision: "DIS", decisionDate: "2026-09-01" }] },
  "the Board sent the case back": {
    appeals: [{ decision: "REM", decisionDate: "2026-09-01" }],
    further: [{ ...open, inputDate: "2026-09-02" }],
  },
  "a federal court stayed the removal": {
    appeals: [{ decision: "DIS", decisionDate: "2026-05-01", federalCourtStayDate: "2026-06-01" }],
  },
  "relief was granted, and the government appeals": {
    proceeding: { decCode: "R" },
    appeals: [{ filedBy: "I" }],
  },
  "a stay was granted, and the motion it goes with is pending": {
    motions: [{ kind: "O" }, { kind: "SY", decision: "G", completedDate: "2026-07-01", stayGrant: "G" }],
  },
  "a stay was granted, and the motion it went with has been denied since": {
    motions: [
      { kind: "O", decision: "D", completedDate: "2026-08-01" },
      { kind: "SY", decision: "G", completedDate: "2026-07-01", stayGrant: "G" },
    ],
  },
  "a stay was granted on the day the motion was denied": {
    motions: [
      { kind: "O", decision: "D", completedDate: "2026-07-01" },
      { kind: "SY", decision: "G", completedDate: "2026-07-01", stayGrant: "G" },
    ],
  },
  "a stay was granted, and nothing else was asked for": {
    motions: [{ kind: "SY", decision: "G", completedDate: "2026-07-01", stayGrant: "G" }],
  },
  "a stay was asked for": { motions: [{ kind: "SY" }] },
  "a stay was denied": { motions: [{ kind: "SY", decision: "D", completedDate: "2026-07-01", stayGrant: "D" }] },
  "a notice of stay went out, and no motion stands": {
    proceeding: { schedule: [hearing("2026-03-03", "09:00", { noticeCode: "0T", adjournReason: "01" })] },
  },
  "a notice of stay went out with a motion": {
    proceeding: { ...absent, schedule: [hearing("2026-03-03", "09:00", { noticeCode: "Q1", adjournReason: "01" })] },
    motions: [{}],
  },
  "the next hearing is today": { proceeding: { ...open, schedule: [hearing("2026-10-19", "08:30")] } },
  "the last hearing was yesterday": { proceeding: { ...open, schedule: [hearing("2026-10-18", "08:30")] } },
  "the nearest hearing is cancelled": {
    proceeding: {
      ...open,
      schedule: [hearing("2026-11-02", "08:30", { adjournReason: "12" }), hearing("2026-11-09", "13:00")],
    },
  },
  "two hearings are on one day, the earlier one written last": {
    proceeding: { ...open, schedule: [hearing("2026-11-02", "14:30"), hearing("2026-11-02", "09:00")] },
  },
  "the hearing has no time": { proceeding: { ...open, schedule: [hearing("2026-11-02", null)] } },
  "deportation was ordered under the old law": { caseType: "DEP", proceeding: { decCode: "D" } },
  "exclusion is under appeal": { caseType: "EXC", proceeding: { decCode: "E" }, appeals: [{}] },
  "voluntary departure is under appeal": { proceeding: { decCode: "V" }, appeals: [{}] },
  "a fear finding was affirmed a week ago": {
    caseType: "CFR",
    proceeding: { ...decidedOn("2026-10-12"), decCode: "A" },
  },
  "withholding was denied a week ago": {
    caseType: "WHO",
    proceeding: { ...decidedOn("2026-10-12"), decCode: "D", appealReserved: "A" },
  },
  "withholding was granted a week ago": { caseType: "WHO", proceeding: { ...decidedOn("2026-10-12"), decCode: "G" } },
  "the case moved to another court, and was then decided": {
    proceeding: { decCode: null, otherComp: "C", completedDate: "2024-01-01" },
    further: [{ completedDate: "2024-05-01" }],
  },
};

/** A case of this kind, opened since the court's snapshot. `place`: which of the rare ones; numbers come from it. */
export function rareCase(variant: Variant, aNumber: string, place: number): CaseFile {
  const idncase = 1_900_000_000 + place;
  const proceeding = (over: Partial<CaseProceeding>, index: number): CaseProceeding => {
    const made = { ...ordered, ...over };
    const idnproceeding = idncase + 1_000 * (index + 1);
    const schedule = made.schedule.map((each, at) => ({ ...each, idnschedule: idnproceeding + 100_000 * (at + 1) }));
    return { ...made, idnproceeding, schedule };
  };
  const { caseType = "RMV", proceeding: first = {}, further = [], motions = [], appeals = [] } = variant;
  const idnproceeding = idncase + 1_000;
  return {
    ...bare,
    idncase,
    aNumber,
    caseType,
    proceedings: [first, ...further].map(proceeding),
    motions: motions.map((over, at) => ({ ...motion, ...over, idnproceeding, idnmotion: idncase + 10_000 * (at + 1) })),
    appeals: appeals.map((over, at) => ({ ...appeal, ...over, idnproceeding, idnappeal: idncase + 10_000 * (at + 1) })),
  };
}

const bare = {
  nationality: "HO",
  custody: "N",
  city: "Miami",
  state: "FL",
  zip: "33130",
  addressChangedOn: null,
  asylumType: null,
  birthDate: null,
  juvenile: null,
  leadOf: [],
  inSnapshot: false,
} as const;

const ordered: Omit<CaseProceeding, "idnproceeding"> = {
  oscDate: "2025-03-05",
  inputDate: "2025-03-20",
  baseCity: "MIA",
  hearingLocation: "MIA",
  decType: "O",
  decCode: "X",
  otherComp: null,
  completedDate: "2026-01-01",
  absentia: "N",
  appealReserved: null,
  appealDueDate: null,
  schedule: [],
  applications: [],
};

const motion: Omit<CaseMotion, "idnmotion" | "idnproceeding"> = {
  kind: "MA",
  receivedDate: "2026-05-01",
  filedBy: "A",
  decision: null,
  completedDate: null,
  stayGrant: null,
  deleted: false,
};

const appeal: Omit<CaseAppeal, "idnappeal" | "idnproceeding"> = {
  category: "IJ",
  type: "Case Appeal",
  filedDate: "2026-01-20",
  filedBy: "A",
  decision: null,
  decisionDate: null,
  federalCourtStayDate: null,
};
