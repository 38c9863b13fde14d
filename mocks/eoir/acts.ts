/** What people at the court do, as changes to a case's file: visible in the docket at once. */
import { isDay } from "../days.ts";
import type { CaseAppeal, CaseFile, CaseMotion, CaseProceeding } from "../population/types.ts";
import { type Act, BadAct } from "../world.ts";

/** Today at the court, and a number no record of the population has. */
export type Clerk = { readonly today: string; readonly nextId: () => number };
export type Done = { readonly file: CaseFile | null; readonly record: Readonly<Record<string, unknown>> };
type Doing = (file: CaseFile, act: Act, clerk: Clerk) => Done;

/** Each throws BadAct when the case holds nothing to do it to. `file: null` takes the case off the record. */
export const doings: Readonly<Record<string, Doing>> = {
  "file-motion": fileMotion,
  "decide-motion": decideMotion,
  "grant-stay": grantStay,
  "file-appeal": fileAppeal,
  "decide-appeal": decideAppeal,
  "schedule-hearing": scheduleHearing,
  "enter-order": enterOrder,
  /** Whole records disappear between months (TRAC reports 586 and 624). */
  "remove-case": (file) => ({ file: null, record: { IDNCASE: file.idncase } }),
};

const appealTime = 30;

function fileMotion(file: CaseFile, { kind = "MA", filedBy = "A" }: Act, clerk: Clerk): Done {
  const completed = file.proceedings.filter(({ completedDate }) => completedDate !== null);
  const inAbsentia = completed.filter(({ absentia }) => absentia === "Y");
  if (kind === "MA" && inAbsentia.length === 0)
    throw new BadAct("there is no in-absentia order to reopen; give another kind of motion, such as O");
  const about = (kind === "MA" ? inAbsentia : completed).at(-1) ?? lastProceeding(file);
  const motion: CaseMotion = {
    idnmotion: clerk.nextId(),
    idnproceeding: about.idnproceeding,
    kind: code(kind, "kind"),
    receivedDate: clerk.today,
    filedBy: filedBy === "I" ? "I" : "A",
    decision: null,
    completedDate: null,
    stayGrant: null,
    deleted: false,
  };
  return {
    file: { ...file, motions: [...file.motions, motion] },
    record: { IDNCASE: file.idncase, IDNMOTION: motion.idnmotion },
  };
}

function decideMotion(file: CaseFile, { decision = "D" }: Act, clerk: Clerk): Done {
  const pending = pendingMotions(file).at(-1);
  if (pending === undefined) throw new BadAct("no motion is pending in this case");
  const decided = { ...pending, decision: code(decision, "decision"), completedDate: clerk.today };
  const motions = file.motions.map((each) => (each === pending ? decided : each));
  const reopens = decided.decision === "G" && ["MA", "O", "MC"].includes(decided.kind);
  const proceedings = reopens ? [...file.proceedings, reopened(file, clerk)] : file.proceedings;
  return {
    file: { ...file, motions, proceedings },
    record: { IDNCASE: file.idncase, IDNMOTION: decided.idnmotion, DEC: decided.decision },
  };
}

function grantStay(file: CaseFile, _act: Act, clerk: Clerk): Done {
  const pending = pendingMotions(file).find(({ kind }) => kind === "SY");
  const motion: CaseMotion = {
    ...(pending ?? {
      idnmotion: clerk.nextId(),
      idnproceeding: lastProceeding(file).idnproceeding,
      kind: "SY",
      receivedDate: clerk.today,
      filedBy: "A",
      deleted: false,
    }),
    decision: "G",
    completedDate: clerk.today,
    stayGrant: "G",
  };
  const others = file.motions.filter((each) => each !== pending);
  return {
    file: { ...file, motions: [...others, motion] },
    record: { IDNCASE: file.idncase, IDNMOTION: motion.idnmotion, STAY_GRANT: "G" },
  };
}

function fileAppeal(file: CaseFile, act: Act, clerk: Clerk): Done {
  const denied = file.motions.filter(({ kind, decision }) => kind === "MA" && decision === "D").at(-1);
  const category = act.category ?? (denied === undefined ? "IJ" : "MA");
  const completed = file.proceedings.filter(({ completedDate }) => completedDate !== null).at(-1);
  const about = category === "MA" ? denied?.idnproceeding : completed?.idnproceeding;
  if (about === undefined) throw new BadAct("there is no decision in this case to appeal from");
  const appeal: CaseAppeal = {
    idnappeal: clerk.nextId(),
    idnproceeding: about,
    category: category === "MA" ? "MA" : category === "DD" ? "DD" : "IJ",
    type: category === "MA" ? "Appeal of IJ MTR" : act.type === "Bond Appeal" ? "Bond Appeal" : "Case Appeal",
    filedDate: clerk.today,
    filedBy: act.filedBy === "I" ? "I" : "A",
    decision: null,
    decisionDate: null,
    federalCourtStayDate: null,
  };
  return {
    file: { ...file, appeals: [...file.appeals, appeal] },
    record: { IDNCASE: file.idncase, idnAppeal: appeal.idnappeal },
  };
}

function decideAppeal(file: CaseFile, { decision = "DIS" }: Act, clerk: Clerk): Done {
  const pending = file.appeals.filter((each) => each.decision === null && each.decisionDate === null).at(-1);
  if (pending === undefined) throw new BadAct("no appeal is pending in this case");
  const decided = { ...pending, decision: code(decision, "decision"), decisionDate: clerk.today };
  const appeals = file.appeals.map((each) => (each === pending ? decided : each));
  const proceedings =
    decided.decision === "REM" || decided.decision === "SUS"
      ? [...file.proceedings, reopened(file, clerk)]
      : file.proceedings;
  return {
    file: { ...file, appeals, proceedings },
    record: { IDNCASE: file.idncase, idnAppeal: decided.idnappeal, strBIADecision: decided.decision },
  };
}

function scheduleHearing(file: CaseFile, act: Act, clerk: Clerk): Done {
  const about = file.proceedings.findLast(({ completedDate }) => completedDate === null) ?? lastProceeding(file);
  const hearing: CaseProceeding["schedule"][number] = {
    idnschedule: clerk.nextId(),
    date: act.date === undefined ? addDays(clerk.today, 14) : day(act.date),
    time: act.time === undefined ? "09:00" : timeOfDay(act.time),
    scheduleType: act.scheduleType === undefined ? "MM" : code(act.scheduleType, "scheduleType"),
    calType: "M",
    adjournReason: null,
    noticeCode: null,
  };
  const proceedings = file.proceedings.map((each) =>
    each === about ? { ...each, schedule: [...each.schedule, hearing] } : each,
  );
  return {
    file: { ...file, proceedings },
    record: { IDNCASE: file.idncase, IDNSCHEDULE: hearing.idnschedule, ADJ_DATE: hearing.date },
  };
}

/** What removal is called in each type of case. */
const removalCodes: Readonly<Record<string, string>> = { DEP: "D", EXC: "E", CFR: "A", RFR: "A" };

function enterOrder(file: CaseFile, act: Act, clerk: Clerk): Done {
  const open = file.proceedings.findLast(({ completedDate }) => completedDate === null);
  if (open === undefined) throw new BadAct("no proceeding of this case is open");
  const absentia = act.absentia === true || act.absentia === "Y";
  const reserved = act.appealReserved;
  const ordered: CaseProceeding = {
    ...open,
    decType: "O",
    decCode: act.decision === undefined ? (removalCodes[file.caseType] ?? "X") : code(act.decision, "decision"),
    otherComp: null,
    completedDate: clerk.today,
    absentia: absentia ? "Y" : "N",
    appealReserved: reserved === "A" || reserved === "I" || reserved === "B" ? reserved : null,
    appealDueDate: absentia ? null : addDays(clerk.today, appealTime),
  };
  return {
    file: { ...file, proceedings: file.proceedings.map((each) => (each === open ? ordered : each)) },
    record: { IDNCASE: file.idncase, IDNPROCEEDING: ordered.idnproceeding, DEC_CODE: ordered.decCode },
  };
}

/** A new IDNPROCEEDING starts at each reopening and remand. */
function reopened(file: CaseFile, clerk: Clerk): CaseProceeding {
  return {
    ...lastProceeding(file),
    idnproceeding: clerk.nextId(),
    inputDate: clerk.today,
    decType: null,
    decCode: null,
    otherComp: null,
    completedDate: null,
    absentia: null,
    appealReserved: null,
    appealDueDate: null,
    schedule: [],
    applications: [],
  };
}

function pendingMotions({ motions }: CaseFile): readonly CaseMotion[] {
  return motions.filter(
    ({ decision, completedDate, deleted }) => decision === null && completedDate === null && !deleted,
  );
}

function lastProceeding({ proceedings }: CaseFile): CaseProceeding {
  const last = proceedings.at(-1);
  if (last === undefined) throw new BadAct("this case has no proceeding");
  return last;
}

function code(value: unknown, name: string): string {
  if (typeof value === "string" && /^[A-Z0-9]{1,3}$/.test(value)) return value;
  throw new BadAct(`${name} must be one of CASE's codes, up to three capital letters or digits`);
}

function day(value: unknown): string {
  if (typeof value === "string" && isDay(value)) return value;
  throw new BadAct("date must be a day such as 2026-11-02");
}

function timeOfDay(value: unknown): string {
  if (typeof value === "string" && /^([01]\d|2[0-3]):[0-5]\d$/.test(value)) return value;
  throw new BadAct("time must be such as 09:30");
}

function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
