/**
 * Proof: a snapshot of the court's real size loads in bounded memory, and the store answers within a millisecond.
 * `node bench/case-load.ts [cases]`: writes that many cases, with the other tables in proportion, in the published
 * format (mid-2026: 12,610,093 cases, 16,467,602 proceedings, 1,518,161 appeals), loads them, looks cases up.
 */
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Load } from "../subgraphs/eoir/load.ts";
import type { LoadMessage } from "../subgraphs/eoir/load-worker.ts";
import { decodeCase, decodeLookups } from "../subgraphs/eoir/records.ts";
import { openStore } from "../subgraphs/eoir/store.ts";

/** Rows for each case. Hearings: about what the public release has; the smaller tables are estimates. */
const proportions = {
  B_TblProceeding: 16_467_602 / 12_610_093,
  tbl_schedule: 3.4,
  tbl_Court_Motions: 0.5,
  tblAppeal: 1_518_161 / 12_610_093,
  tblAppealFedCourts: 0.005,
  tbl_Lead_Rider: 0.2,
  tbl_JuvenileHistory: 0.06,
};

const limits = { lookUpP99Ms: 1, peakMemoryMb: 1_024 };
const lookUps = 20_000;

const idncase = (index: number) => 1_000_000 + index;
/** Scattered over the number space, as A-numbers are. INVARIANT: products stay below 2^53 up to 60 million cases. */
const aNumber = (index: number) => 10_000_000 + ((index * 142_147_789) % 229_999_981);

/** The case that a row of a table belongs to: the first rows in the cases' order, the rest scattered. */
function caseOf(row: number, cases: number): number {
  return row < cases ? row : (row * 7_919 + 13) % cases;
}

type TablePlan = {
  readonly name: string;
  readonly header: string;
  readonly rows: number;
  readonly line: (row: number) => string;
};

function plan(cases: number): readonly TablePlan[] {
  const count = (name: keyof typeof proportions) => Math.round(cases * proportions[name]);
  const of = (row: number) => idncase(caseOf(row, cases));
  const day = (n: number) =>
    `${2005 + (n % 20)}-${String(1 + (n % 12)).padStart(2, "0")}-${String(1 + (n % 28)).padStart(2, "0")} 00:00:00`;
  const blanks = (n: number) => "\t".repeat(n);
  return [
    {
      name: "A_TblCase",
      header:
        "IDNCASE\tALIEN_CITY\tALIEN_STATE\tALIEN_ZIPCODE\tUPDATED_ZIPCODE\tUPDATED_CITY\tNAT\tLANG\tCUSTODY\tSITE_TYPE\tE_28_DATE\tATTY_NBR\tCASE_TYPE\tUPDATE_SITE\tLATEST_HEARING\tLATEST_TIME\tLATEST_CAL_TYPE\tUP_BOND_DATE\tUP_BOND_RSN\tCORRECTIONAL_FAC\tRELEASE_MONTH\tRELEASE_YEAR\tINMATE_HOUSING\tDATE_OF_ENTRY\tC_ASY_TYPE\tC_BIRTHDATE\tC_RELEASE_DATE\tUPDATED_STATE\tADDRESS_CHANGEDON\tZBOND_MRG_FLAG\tSex\tDATE_DETAINED\tDATE_RELEASED\tLPR\tDETENTION_DATE\tDETENTION_LOCATION\tDCO_LOCATION\tDETENTION_FACILITY_TYPE\tCASEPRIORITY_CODE",
      rows: cases,
      line: (row) =>
        `${idncase(row)}\tESPAÑOLA\tNM\t87532\t\t\tHO\tSP\tN\tM\t${day(row)}\tb6\tRMV\tELP\t${day(row + 5)}\t0830\tM${blanks(7)}${day(row + 9)}\tE\t7/1990${blanks(13)}`,
    },
    {
      name: "B_TblProceeding",
      header:
        "IDNPROCEEDING\tIDNCASE\tOSC_DATE\tINPUT_DATE\tBASE_CITY_CODE\tHEARING_LOC_CODE\tIJ_CODE\tTRANS_IN_DATE\tPREV_HEARING_LOC\tPREV_HEARING_BASE\tPREV_IJ_CODE\tTRANS_NBR\tHEARING_DATE\tHEARING_TIME\tDEC_TYPE\tDEC_CODE\tDEPORTED_1\tDEPORTED_2\tOTHER_COMP\tAPPEAL_RSVD\tAPPEAL_NOT_FILED\tCOMP_DATE\tABSENTIA\tVENUE_CHG_GRANTED\tTRANSFER_TO\tDATE_APPEAL_DUE_STATUS\tTRANSFER_STATUS\tCUSTODY\tCASE_TYPE\tNAT\tLANG\tSCHEDULED_HEAR_LOC\tCORRECTIONAL_FAC\tCRIM_IND\tIHP\tAGGRAVATE_FELON\tDATE_DETAINED\tDATE_RELEASED",
      rows: count("B_TblProceeding"),
      line: (row) =>
        `${2_000_000 + row}\t${of(row)}\t${day(row)}\t${day(row + 1)}\tELP\tELP\tJDG${blanks(6)}${day(row + 2)}\t0830\tO\tX\tHO${blanks(2)}\tA\t\t${day(row + 2)}\tN${blanks(3)}${day(row + 3)}\t\tN\tRMV\tHO\tSP\tELP\t\tN\t\t0\t\t`,
    },
    {
      name: "tbl_schedule",
      header:
        "IDNSCHEDULE\tIDNPROCEEDING\tIDNCASE\tOSC_DATE\tGENERATION\tSUB_GENERATION\tREC_TYPE\tLANG\tHEARING_LOC_CODE\tBASE_CITY_CODE\tIJ_CODE\tINTERPRETER_CODE\tINPUT_DATE\tINPUT_TIME\tUPDATE_DATE\tUPDATE_TIME\tASSIGNMENT_PATH\tCAL_TYPE\tADJ_DATE\tADJ_TIME_START\tADJ_TIME_STOP\tADJ_RSN\tADJ_MEDIUM\tADJ_MSG\tADJ_ELAP_DAYS\tLNGSESSNID\tSCHEDULE_TYPE\tNOTICE_CODE\tBLNCLOCKOVERRIDE\tEOIRAttorneyID",
      rows: count("tbl_schedule"),
      line: (row) =>
        `${3_000_000 + row}\t${2_000_000 + row}\t${of(row)}\t${day(row)}\t99\t99\tA\tSP\tELP\tELP\tJDG\tFT\t${day(row)}\t1015\t${day(row)}\t1016\tW\tM\t${day(row + 4)}\t0830\t0900\t12\tP\t\t10\t777\tMM\t01\t0\tb6`,
    },
    {
      name: "tbl_Court_Motions",
      header:
        "IDNMOTION\tIDNPROCEEDING\tIDNCASE\tOSC_DATE\tREC_TYPE\tDEC\tCOMP_DATE\tMOTION_RECD_DATE\tWU_MSG\tSTAY_GRANT\tstrFilingParty\tstrFilingMethod\tblnDeleted",
      rows: count("tbl_Court_Motions"),
      line: (row) =>
        `${4_000_000 + row}\t${2_000_000 + row}\t${of(row)}\t${day(row)}\tO\tD\t${day(row + 2)}\t${day(row + 1)}\tLA SEÑORA\t\tA\tW\t0`,
    },
    {
      name: "tblAppeal",
      header:
        "idnAppeal\tidncase\tidnProceeding\tstrAppealCategory\tstrAppealType\tdatAppealFiled\tstrFiledBy\tdatAttorneyE27\tdatBIADecision\tstrBIADecision\tstrBIADecisionType\tstrCaseType\tstrLang\tstrNat\tstrProceedingIHP\tstrCustody\tstrProbono",
      rows: count("tblAppeal"),
      line: (row) =>
        `${5_000_000 + row}\t${of(row * 8)}\t${2_000_000 + row * 8}\tIJ\tCase Appeal\t${day(row)}\tA\t\t${day(row + 3)}\tDIS\tS\tRMV\tSP\tHO\t\tN\tN`,
    },
    {
      name: "tblAppealFedCourts",
      header: "idnAppealFedCourts\tlngAppealID\tdatRequestedByOIL\tstrFedCourtDecision",
      rows: count("tblAppealFedCourts"),
      line: (row) => `${6_000_000 + row}\t${5_000_000 + row * 20}\t${day(row)}\t`,
    },
    {
      name: "tbl_Lead_Rider",
      header:
        "idnLeadRider\tidnLeadCase\tidnRiderCase\tdatCreatedOn\tdatModifiedOn\tdatSeveredOn\tidnLeadProceedingStart\tidnLeadProceedingEnd\tidnRiderProceedingStart\tidnRiderProceedingEnd\tblnActive",
      rows: count("tbl_Lead_Rider"),
      line: (row) => `${7_000_000 + row}\t${of(row * 5)}\t${of(row * 5 + 1)}\t${day(row)}\t\t${blanks(5)}1`,
    },
    {
      name: "tbl_JuvenileHistory",
      header: "idnJuvenileHistory\tidnCase\tidnProceeding\tidnJuvenile\tdatCreatedOn\tdatModifiedOn",
      rows: count("tbl_JuvenileHistory"),
      line: (row) => `${8_000_000 + row}\t${of(row * 16)}\t\t1\t${day(row)}\t`,
    },
    {
      name: "tbl_AlienNumber",
      header: "IDNCASE\tALIEN_NBR",
      rows: cases,
      line: (row) => `${idncase(row)}\t${String(aNumber(row)).padStart(9, "0")}`,
    },
    {
      name: "tblLookupCourtDecision",
      header: "idnCourtDecision\tstrCaseType\tstrDecCode\tstrDecDescription\tstrDecType",
      rows: 1,
      line: () => "1\tRMV\tX\tRemove\tC",
    },
    { name: "tblLookup_Juvenile", header: "idnJuvenile\tstrCode", rows: 1, line: () => "1\tUJ" },
  ];
}

/** An extra tab in one row of 125,000, a NUL byte in one of 60. */
function spoilt(line: string, row: number): string {
  if (row > 0 && row % 125_003 === 0) return `${line}\tx`;
  return row % 60 === 7 ? `${line.slice(0, 3)}\0${line.slice(3)}` : line;
}

function generate(folder: string, cases: number): void {
  const counts = ["SnapshotDate\t2026-10-01 06:00:00"];
  for (const { name, header, rows, line } of plan(cases)) {
    const file = openSync(join(folder, `${name}.csv`), "w");
    let waiting = `${header}\r\n`;
    for (let row = 0; row < rows; row += 1) {
      waiting += `${name === "tbl_AlienNumber" ? line(row) : spoilt(line(row), row)}\r\n`;
      if (waiting.length < 4_000_000) continue;
      writeSync(file, Buffer.from(waiting, "latin1"));
      waiting = "";
    }
    writeSync(file, Buffer.from(waiting, "latin1"));
    closeSync(file);
    counts.push(`${name}\t${rows}`);
  }
  writeFileSync(join(folder, "Count.txt"), `${counts.join("\r\n")}\r\n`);
}

type Round = { readonly ms: readonly number[]; readonly wrong: number };

/** Times look-ups of known cases, no case twice, and checks every answer; the milliseconds in order. */
function timeLookUps(path: string, cases: number, round: number): Round {
  const store = openStore(path);
  if (store === null) throw new Error("the store does not open");
  const lookups = decodeLookups(store.rows("tblLookupCourtDecision"), store.rows("tblLookup_Juvenile"));
  const ms: number[] = [];
  let wrong = 0;
  for (let n = 0; n < lookUps; n += 1) {
    const index = ((n + round * lookUps) * 48_271 + 11) % cases;
    const asked = String(aNumber(index)).padStart(9, "0");
    const startedAt = performance.now();
    const found = store.find(asked).map((each) => decodeCase(each, lookups));
    ms.push(performance.now() - startedAt);
    const [record] = found;
    const whole = record?.id === String(idncase(index)) && (record.listed || record.unreadable.length > 0);
    if (found.length !== 1 || !whole || record.proceedings.length + record.unreadable.length === 0) wrong += 1;
  }
  store.close();
  return { ms: ms.toSorted((a, b) => a - b), wrong };
}

/** As the subgraph loads it. */
function loadInThread(folder: string): Promise<Load> {
  const settings = { snapshot: folder, storeFolder: folder, silenceMs: 60_000 };
  const worker = new Worker(new URL("../subgraphs/eoir/load-worker.ts", import.meta.url), { workerData: settings });
  return new Promise((resolve, reject) => {
    worker.on("message", (message: LoadMessage) => {
      if (message.kind === "progress") console.log(message.line);
      else if (message.kind === "loaded") resolve(message.load);
      else reject(new Error(message.why));
    });
    worker.on("error", reject);
  });
}

async function prove(cases: number): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "case-load-"));
  const number = (value: number) => Math.round(value).toLocaleString("en-US");
  try {
    // In a process of its own, so that the memory measured below is the load's alone.
    const writingFrom = performance.now();
    const written = spawnSync(process.execPath, [fileURLToPath(import.meta.url), "--generate", folder, String(cases)], {
      stdio: "inherit",
    });
    if (written.status !== 0) throw new Error("the snapshot could not be written");
    const bytes = plan(cases).reduce((sum, { name }) => sum + statSync(join(folder, `${name}.csv`)).size, 0);
    console.log(`written  ${number(bytes / 1e6)} MB in ${((performance.now() - writingFrom) / 1000).toFixed(0)} s`);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const load = await loadInThread(folder);
    delay.disable();
    const peakMb = process.resourceUsage().maxRSS / 1024;
    const storeMb = statSync(load.path).size / 1e6;
    // What else runs on the machine lengthens a round: the least disturbed of three counts, wrong answers of all.
    const rounds = [0, 1, 2].map((round) => timeLookUps(load.path, cases, round));
    const at = ({ ms }: Round, share: number) => ms[Math.min(ms.length - 1, Math.floor(ms.length * share))] as number;
    const quietest = rounds.reduce((best, each) => (at(each, 0.99) < at(best, 0.99) ? each : best));
    const wrong = rounds.reduce((sum, each) => sum + each.wrong, 0);
    console.log(
      `result: ${number(cases)} cases: ${number(load.rows)} rows (${number(bytes / 1e6)} MB) loaded in ` +
        `${load.seconds.toFixed(1)} s, ${number(load.rows / load.seconds)} rows/s, ${load.unreadable} unreadable rows ` +
        `set aside, peak memory ${number(peakMb)} MB, store ${number(storeMb)} MB; meanwhile the process that answers ` +
        `was late by ${(delay.percentile(99) / 1e6).toFixed(1)} ms (p99)`,
    );
    console.log(
      `result: look-ups by A-number, decoded, best of 3 rounds of ${number(lookUps)}: p50 ${at(quietest, 0.5).toFixed(3)} ms, ` +
        `p99 ${at(quietest, 0.99).toFixed(3)} ms; ${wrong} wrong (load average ${loadavg()[0]?.toFixed(1)} on ` +
        `${availableParallelism()} cores)`,
    );
    return (
      wrong === 0 && at(quietest, 0.99) < limits.lookUpP99Ms && peakMb < limits.peakMemoryMb && load.unreadable > 0
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const [first = "1000000", folder, size] = process.argv.slice(2);
  if (first === "--generate") generate(folder as string, Number(size));
  else if (!/^[1-9]\d{3,7}$/.test(first)) {
    console.error("say how many cases, from 1000 to 60000000: node bench/case-load.ts 1000000");
    process.exitCode = 1;
  } else process.exitCode = (await prove(Number(first))) ? 0 : 1;
}
