/** The lookup tables that are published with the snapshot: as far as our cases need them. */
import { juvenileIds } from "./tables.ts";

export type Lookup = { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] };

/** By case type: what DEC_CODE (type C: a decision) and OTHER_COMP (type O: any other completion) mean. */
const decisions: Readonly<Record<string, { readonly C: Record<string, string>; readonly O: Record<string, string> }>> =
  (() => {
    const otherCompletions = {
      A: "Administrative Closing - Other",
      C: "Change of Venue",
      F: "Failure to Prosecute (DHS)",
      J: "Jurisdiction Transferred to the BIA",
      O: "Other Administrative Completion",
      S: "Administrative Closing - Joint Request",
      T: "Transferred",
    };
    const relief = { R: "Relief Granted", O: "Other", W: "Withdrawn" };
    const review = { A: "Affirm DHS Decision", V: "Vacate DHS Decision", O: "Other", W: "Withdrawn" };
    const limited = {
      ...relief,
      X: "Remove",
      V: "Voluntary Departure",
      T: "Terminate Proceedings",
      G: "Grant",
      D: "Deny",
      E: "Withholding Granted",
      Z: "Withholding Denied",
    };
    return {
      RMV: {
        C: {
          ...relief,
          X: "Remove",
          V: "Voluntary Departure",
          T: "Terminate Proceedings",
          U: "Dismissed by IJ",
          S: "Alien Maintains Legal Status",
        },
        O: otherCompletions,
      },
      DEP: {
        C: { ...relief, D: "Deport", V: "Voluntary Departure", T: "Terminate Proceedings", U: "Dismissed by IJ" },
        O: otherCompletions,
      },
      EXC: {
        C: { ...relief, E: "Exclude", A: "Legally Admitted", T: "Terminate Proceedings", U: "Dismissed by IJ" },
        O: otherCompletions,
      },
      AOC: { C: limited, O: otherCompletions },
      WHO: { C: limited, O: otherCompletions },
      CFR: { C: review, O: otherCompletions },
      RFR: { C: review, O: otherCompletions },
    };
  })();

function courtDecisions(): Lookup {
  const rows = Object.entries(decisions).flatMap(([caseType, types]) =>
    Object.entries(types).flatMap(([type, codes]) =>
      Object.entries(codes).map(([code, words]) => [caseType, code, words, type]),
    ),
  );
  return {
    columns: [
      "idnCourtDecision",
      "strCaseType",
      "strDecCode",
      "strDecDescription",
      "strDecType",
      "strFinalDisposition",
      "blnActive",
    ],
    // Descriptions are padded with blanks, as published.
    rows: rows.map(([caseType = "", code = "", words = "", type = ""], index) => [
      String(index + 1),
      caseType,
      code,
      words.padEnd(40),
      type,
      "",
      "1",
    ]),
  };
}

function plain(columns: readonly string[], codes: Readonly<Record<string, string>>): Lookup {
  return { columns, rows: Object.entries(codes).map(([code, words], index) => [String(index + 1), code, words]) };
}

export const lookups: Readonly<Record<string, Lookup>> = {
  tblLookupCourtDecision: courtDecisions(),
  tblLookup_Juvenile: {
    columns: ["idnJuvenile", "strCode", "strDescription"],
    rows: Object.entries({
      UJ: "Unaccompanied Juvenile",
      J: "Accompanied Juvenile",
      J1: "Juvenile Turned 18 or Released",
      J2: "Unaccompanied Juvenile Rejoined",
      AJ: "Adult Previously a Juvenile",
    }).map(([code, words]) => [String(juvenileIds[code]), code, words]),
  },
  tblLookupMotionType: plain(["idnMotionType", "strMotionCode", "strMotionDesc"], {
    MA: "Motion to Reopen In-Absentia Order",
    O: "Motion to Reopen",
    MC: "Motion to Reopen - Changed Conditions",
    SY: "Motion for Stay/Extension",
    RD: "Motion to Rescind",
    TP: "Motion to Terminate",
    AN: "Correct A-Number",
  }),
  tblLookupNOTICE: plain(["idnNotice", "strCode", "strDescription"], {
    "0T": "Automatic Stay - Motion to Reopen",
    "1Q": "Stay in Connection with Motion to Reopen",
    Q1: "Stay in Connection with Motion to Reopen (Detained)",
    FR: "Stay Decision",
    SU: "Stay Decision - Supplement",
  }),
  tblLookupHloc: plain(["idnHearingLoc", "HEARING_LOC_CODE", "HEARING_LOC_NAME"], {
    MAY: "MAYAGÜEZ, PUERTO RICO",
    CAN: "CAÑON CITY, COLORADO",
  }),
};
