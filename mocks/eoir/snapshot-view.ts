/** A case as it stood on the snapshot's day: whatever is dated that day or later had not happened yet. */
import type { CaseAppeal, CaseFile, CaseMotion, CaseProceeding } from "../population/types.ts";

/** `day`: the snapshot's, `2026-10-01`. Null: the case was not there yet. */
export function onSnapshotDay(file: CaseFile, day: string): CaseFile | null {
  const later = (date: string | null) => date !== null && date.slice(0, 10) >= day;
  const proceedings = file.proceedings
    .filter(({ inputDate }) => !later(inputDate))
    .map((each) => proceedingBefore(each, later));
  if (proceedings.length === 0 && file.proceedings.length > 0) return null;
  const addressUnknown = later(file.addressChangedOn);
  return {
    ...file,
    // Overwritten in place since: what stood there before is gone.
    ...(addressUnknown ? { city: null, state: null, zip: null, addressChangedOn: null } : {}),
    leadOf: file.leadOf.map((each) => (later(each.severedOn) ? { ...each, severedOn: null, active: true } : each)),
    proceedings,
    motions: file.motions.filter(({ receivedDate }) => !later(receivedDate)).map((each) => motionBefore(each, later)),
    appeals: file.appeals.filter(({ filedDate }) => !later(filedDate)).map((each) => appealBefore(each, later)),
  };
}

type Later = (date: string | null) => boolean;

function proceedingBefore(each: CaseProceeding, later: Later): CaseProceeding {
  const decided = later(each.completedDate)
    ? {
        decType: null,
        decCode: null,
        otherComp: null,
        completedDate: null,
        absentia: null,
        appealReserved: null,
        appealDueDate: null,
      }
    : {};
  return {
    ...each,
    ...decided,
    schedule: each.schedule.map((row) => (later(row.date) ? { ...row, adjournReason: null } : row)),
    applications: each.applications.filter(({ receivedDate }) => !later(receivedDate)),
  };
}

function motionBefore(each: CaseMotion, later: Later): CaseMotion {
  return later(each.completedDate) ? { ...each, decision: null, completedDate: null, stayGrant: null } : each;
}

function appealBefore(each: CaseAppeal, later: Later): CaseAppeal {
  return {
    ...each,
    ...(later(each.decisionDate) ? { decision: null, decisionDate: null } : {}),
    ...(later(each.federalCourtStayDate) ? { federalCourtStayDate: null } : {}),
  };
}
