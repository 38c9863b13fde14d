/** One person's file as rows of EID's tables, printed as the public data prints them. */
import type { EidCase, EidDetainer, EidRemoval, EidStay, PersonFile, Redactable } from "../population/types.ts";
import { printCountry } from "./countries.ts";
import { hash, oneIn, printDate, printInstant, printRedaction, printText, printYesNo } from "./print.ts";
import type { Row, TableName } from "./tables.ts";

export type TableRow = readonly [table: TableName, row: Row];

/** Every row EID holds of this person. Now and then one stands there twice, in every column. */
export function* rowsOf(file: PersonFile): Iterable<TableRow> {
  const { stays, detainers, removals, arrests, cases } = file.eid;
  for (const each of cases) yield ["Cases", caseRow(each)];
  for (const stay of stays) {
    for (const [index, stint] of stay.stints.entries()) {
      const row = { ...stayColumns(file, stay), ...stintColumns(stint) };
      yield ["Detention Stints", row];
      if (oneIn(300, `${stay.subjectId} ${stay.bookInAt} ${index}`)) yield ["Detention Stints", row];
    }
  }
  for (const each of detainers) yield ["Detainers", detainerRow(file, each)];
  for (const each of removals) yield ["Removals", removalRow(file, each)];
  for (const each of arrests) {
    const id = `${each.subjectId} ${each.at}`;
    const row: Row = {
      "Apprehension Date": printDate(each.at, id),
      "Apprehension Method": each.method,
      State: each.state,
      ...personColumns(file, each.subjectId, "Citizenship Country"),
      ...caseColumns(caseOf(file, null, each.subjectId)),
      ...keyColumns(each),
      ...anonymized("Anonymized Identifier", each.subjectId, id, 0.0076),
    };
    yield ["Arrests", row];
    if (oneIn(500, `arrest ${id}`)) yield ["Arrests", row];
  }
}

function stayColumns(file: PersonFile, stay: EidStay): Row {
  const { subjectId, bookInAt, bookOutAt, releaseReason } = stay;
  return {
    "Stay Book In Date Time": printInstant(bookInAt),
    "Stay Book Out Date Time": printInstant(bookOutAt),
    "Stay Book Out Date": bookOutAt === null ? null : bookOutAt.slice(0, 10),
    "Stay Release Reason": releaseReason,
    "Known Terrorist Yes No": "NO",
    "Book In Criminality": criminality[hash(subjectId) % criminality.length] as string,
    ...personColumns(file, subjectId, "Birth Country", "Citizenship Country"),
    ...caseColumns(caseOf(file, null, subjectId)),
    ...keyColumns(stay),
    ...anonymized("Anonymized Identifier", subjectId, `${subjectId} ${bookInAt}`, 0.0016),
  };
}

const criminality = ["1 Convicted Criminal", "2 Pending Criminal Charges", "3 Other Immigration Violator"];

function stintColumns({ bookInAt, bookOutAt, facility, facilityCode, releaseReason }: EidStay["stints"][number]): Row {
  return {
    "Book In Date Time": printInstant(bookInAt),
    "Book Out Date Time": printInstant(bookOutAt),
    "Detention Facility": facility,
    "Detention Facility Code": facilityCode,
    "Detention Release Reason": releaseReason,
  };
}

function detainerRow(file: PersonFile, detainer: EidDetainer): Row {
  const { dtaId, caseId, subjectId } = detainer;
  return {
    "EID DTA ID": dtaId,
    "EID Case ID": caseId,
    "Detainer Prepare Date": printDate(detainer.preparedAt, `prepared ${dtaId}`),
    "Detainer Facility": detainer.facility,
    "Detainer Facility Code": detainer.facilityCode,
    "Deportation Ordered": printYesNo(detainer.deportationOrdered),
    "Order to Show Cause Served": printYesNo(detainer.orderToShowCauseServed),
    "Biometric Match": printYesNo(detainer.biometricMatch),
    "Statements Made": printYesNo(detainer.statementsMade),
    "Warrant Form": detainer.warrantForm,
    "Detainer Served Date": printDate(detainer.servedAt, `served ${dtaId}`),
    "Detainer Lifted Date": printDate(detainer.liftedAt, `lifted ${dtaId}`),
    "Detainer Lift Reason": printText(detainer.liftReason, `reason ${dtaId}`),
    "Apprehension Date": printDate(detainer.apprehensionDate, `apprehension ${dtaId}`),
    ...personColumns(file, subjectId, "Birth Country", "Citizenship Country"),
    ...caseColumns(caseOf(file, caseId, subjectId)),
    ...keyColumns(detainer),
    ...anonymized("Anonymized Identifier", subjectId, dtaId, 0.132),
  };
}

function removalRow(file: PersonFile, removal: EidRemoval): Row {
  const { removalId, caseId, subjectId } = removal;
  return {
    ...caseColumns(caseOf(file, caseId, subjectId)),
    "EID Removal ID": removalId,
    "EID Case ID": caseId,
    "Removal Scheduled Date": printDate(removal.scheduledAt, `scheduled ${removalId}`),
    "Departed Date": printDate(removal.departedAt, `departed ${removalId}`),
    "Departure Country": printCountry(removal.country),
    "Port of Departure": removal.port,
    ...personColumns(file, subjectId, "Birth Country", "Citizenship Country"),
    ...keyColumns(removal),
    ...anonymized("Unique Identifier", subjectId, removalId, 0.0021),
  };
}

function caseRow(each: EidCase): Row {
  return {
    "EID Case ID": each.caseId,
    ...caseColumns(each),
    "Last Screened Date": printDate(each.lastScreenedDate, `screened ${each.caseId}`),
    ...keyColumns(each),
  };
}

/** What every release repeats from the case. */
function caseColumns(each: EidCase | undefined): Row {
  if (each === undefined) return {};
  return {
    "Case Status": each.status,
    "Case Category": each.category,
    "Final Order Yes No": printYesNo(each.finalOrder),
    "Final Order Date": printDate(each.finalOrderDate, `order ${each.caseId}`),
    "Departed Date": printDate(each.departedDate, `gone ${each.caseId}`),
  };
}

function caseOf(file: PersonFile, caseId: string | null, subjectId: string): EidCase | undefined {
  const { cases } = file.eid;
  return cases.find((each) => each.caseId === caseId) ?? cases.find((each) => each.subjectId === subjectId);
}

/** What every release says of the person; the day of birth is always withheld. */
function personColumns(file: PersonFile, subjectId: string, ...countryColumns: readonly string[]): Row {
  const identity =
    file.ident.find(({ encounters }) => encounters.some((each) => each.eidSubjectId === subjectId)) ?? file.ident[0];
  if (identity === undefined) return {};
  const { sex, birthDate, citizenship } = identity;
  const country = printCountry(citizenship);
  return {
    Gender: sex === "M" ? "Male" : sex === "F" ? "Female" : "Unknown",
    "Birth Date": printRedaction(`birth ${subjectId}`),
    "Birth Year": birthDate === null ? null : Number(birthDate.slice(0, 4)),
    ...Object.fromEntries(countryColumns.map((column) => [column, country])),
  };
}

function keyColumns({ subjectId, aFileNumber }: { subjectId: string; aFileNumber: Redactable<string> }): Row {
  return { "EID Subject ID": subjectId, "Alien File Number": printText(aFileNumber, `file ${subjectId}`) };
}

/** The releases' substitute for a person; absent at the rate that each release shows. */
function anonymized(column: string, subjectId: string, rowId: string, missing: number): Row {
  if (hash(`anonymized ${rowId}`) / 2 ** 32 < missing) return {};
  const words = ["a", "b", "c", "d", "e"].map((salt) =>
    hash(salt + subjectId)
      .toString(16)
      .padStart(8, "0"),
  );
  return { [column]: words.join("") };
}
