/** USCIS Global: fear screenings and paper asylum applications, over REST. The wire format is in README.md. */
import { type ChangeLog, changeLog } from "../change-log.ts";
import { listenHttp } from "../http.ts";
import {
  type GlobalApplication,
  type GlobalFile,
  type GlobalScreening,
  type PersonFile,
  REDACTED,
  type Redactable,
} from "../population/types.ts";
import { type Act, BadAct, type Simulator, type SimulatorContext, UnknownAct } from "../world.ts";
import { printedCountry } from "./countries.ts";
import { type ChangedRecord, changeRoutes } from "./subscriptions.ts";
import { developmentSettings, drift, nullLike, readAlienNumbers, redactionMark, torch } from "./torch.ts";

const acts = ["refer-screening", "decide-screening", "serve-decision", "close-screening"] as const;

/** Global over the world's people. Settings left out are the development ones; there is no rate limit unless set. */
export function global(context: SimulatorContext, settings: Partial<typeof developmentSettings> = {}): Simulator {
  const { world, clock } = context;
  const changed = changeLog<ChangedRecord>();
  const answer = torch({ ...developmentSettings, ...settings }, [
    ...changeRoutes("global", changed, clock.now),
    {
      method: "POST",
      path: /^\/global\/v1\/records\/search$/,
      answer: (request) => {
        const asked = readAlienNumbers(request, /^A\d{9}$/, "the letter A and nine digits");
        const files = new Map(
          [...asked].flatMap((each) => world.find("aNumber", each).map((file) => [file.index, file])),
        );
        const found = [...files.values()].map((file) => file.global);
        const under = <Row extends { readonly aNumber: string }>(rows: readonly Row[]) =>
          rows.filter((row) => asked.has(row.aNumber));
        return {
          asOf: clock.now(),
          screenings: found.flatMap((file) => under(file.screenings).map(printScreening)),
          applications: found.flatMap((file) => under(file.applications).map(printApplication)),
        };
      },
    },
  ]);
  return {
    system: "global",
    agency: "uscis",
    protocol: "http",
    acts,
    start: () => listenHttp(answer),
    act: async (act) => carryOut(context, changed, act),
  };
}

function printScreening(row: GlobalScreening) {
  const { screeningId: id } = row;
  const day = (field: string, value: string | null) => printDay(id, field, value);
  return {
    screeningId: id,
    alienNumber: `A${row.aNumber}`,
    screeningType: row.kind,
    referralDate: day("referralDate", row.referredDate),
    decision: printWord(id, "decision", row.decision),
    decisionDate: day("decisionDate", row.decisionDate),
    decisionServed: {
      applicant: day("applicant", row.servedApplicantDate),
      ero: day("ero", row.servedEroDate),
      immigrationCourt: day("immigrationCourt", row.servedCourtDate),
    },
    closeEffective: day("closeEffective", row.closeEffectiveDate),
  };
}

function printApplication(row: GlobalApplication) {
  const id = row.receiptNumber ?? `${row.aNumber}/${row.filedDate}`;
  return {
    receiptNumber: row.receiptNumber ?? nullLike(id, "receiptNumber"),
    alienNumber: `A${row.aNumber}`,
    formType: "I-589",
    filedDate: printDay(id, "filedDate", row.filedDate),
    decision: printWord(id, "decision", row.decision),
    decisionDate: printDay(id, "decisionDate", row.decisionDate),
    countryOfBirth: printCountry(id, row.birthCountry),
  };
}

/** `MM/DD/YYYY`. */
function printDay(id: string, field: string, value: string | null): string | null {
  if (value === null) return nullLike(id, field);
  const [year, month, day] = value.slice(0, 10).split("-");
  return `${month}/${day}/${year}`;
}

/** One word in four comes padded to the width of its old column. */
function printWord(id: string, field: string, value: string | null): string | null {
  if (value === null) return nullLike(id, field);
  return drift(id, `${field} width`, 4) === 0 ? value.padEnd(12) : value;
}

function printCountry(id: string, value: Redactable<string>): string | null {
  if (value === REDACTED) return redactionMark(id, "countryOfBirth");
  if (value === null) return drift(id, "country unknown", 4) === 0 ? "UNKNO" : nullLike(id, "countryOfBirth");
  return printedCountry(value).claims;
}

function carryOut({ world, clock }: SimulatorContext, changed: ChangeLog<ChangedRecord>, act: Act): unknown {
  const today = clock.now().slice(0, 10);
  const files = world.find("aNumber", act.aNumber);
  switch (act.act) {
    case "refer-screening":
      return refer(world, changed, files, act, today);
    case "decide-screening": {
      const decision = oneOf(act, "decision", ["POSITIVE", "NEGATIVE", "ADMIN CLOSE"]);
      const open = (row: GlobalScreening) => row.decision === null && row.closeEffectiveDate === null;
      return changeLatest(world, changed, files, "a screening without a decision", open, {
        decision,
        decisionDate: today,
      });
    }
    case "serve-decision": {
      const field = servedFields[oneOf(act, "on", ["applicant", "ero", "court"])];
      const unserved = (row: GlobalScreening) => row.decision !== null && row[field] === null;
      return changeLatest(world, changed, files, "a decision not yet served there", unserved, { [field]: today });
    }
    case "close-screening": {
      const open = (row: GlobalScreening) => row.closeEffectiveDate === null;
      return changeLatest(world, changed, files, "a screening still open", open, { closeEffectiveDate: today });
    }
    default:
      throw new UnknownAct("global", acts);
  }
}

const servedFields = {
  applicant: "servedApplicantDate",
  ero: "servedEroDate",
  court: "servedCourtDate",
} as const satisfies Record<string, keyof GlobalScreening>;

function refer(
  world: SimulatorContext["world"],
  changed: ChangeLog<ChangedRecord>,
  files: readonly PersonFile[],
  act: Act,
  today: string,
): unknown {
  const kind = act.kind === undefined ? "CF" : oneOf(act, "kind", ["CF", "RF"]);
  const file = files[0];
  if (file === undefined) throw new BadAct("nobody has this A-number");
  const taken = new Set(file.global.screenings.map((row) => row.screeningId));
  let number = file.global.screenings.length + 1;
  const idOf = () => `${kind}-${file.index}-${number}`;
  while (taken.has(idOf())) number += 1;
  const screening: GlobalScreening = {
    screeningId: idOf(),
    aNumber: act.aNumber,
    kind,
    referredDate: today,
    decision: null,
    decisionDate: null,
    servedApplicantDate: null,
    servedEroDate: null,
    servedCourtDate: null,
    closeEffectiveDate: null,
  };
  editGlobal(world, file.index, (before) => ({ ...before, screenings: [...before.screenings, screening] }));
  changed.add({ alienNumber: `A${screening.aNumber}`, recordId: screening.screeningId });
  return { screeningId: screening.screeningId, referred: today };
}

/** Changes the latest fitting screening of the first person who has one. */
function changeLatest(
  world: SimulatorContext["world"],
  changed: ChangeLog<ChangedRecord>,
  files: readonly PersonFile[],
  what: string,
  fits: (row: GlobalScreening) => boolean,
  change: Partial<GlobalScreening>,
): unknown {
  for (const { index, global: before } of files) {
    const fitting = before.screenings.filter(fits);
    const latest = fitting.reduce<GlobalScreening | undefined>(
      (best, row) => (best === undefined || (row.referredDate ?? "") >= (best.referredDate ?? "") ? row : best),
      undefined,
    );
    if (latest === undefined) continue;
    editGlobal(world, index, (file) => ({
      ...file,
      screenings: file.screenings.map((row) => (row.screeningId === latest.screeningId ? { ...row, ...change } : row)),
    }));
    changed.add({ alienNumber: `A${latest.aNumber}`, recordId: latest.screeningId });
    return { screeningId: latest.screeningId, ...change };
  }
  throw new BadAct(`under this A-number Global has no ${what.replace(/^an? /, "")}`);
}

function editGlobal(world: SimulatorContext["world"], index: number, edit: (file: GlobalFile) => GlobalFile): void {
  world.change(index, (file) => ({ ...file, global: edit(file.global) }));
}

function oneOf<const Word extends string>(act: Act, name: string, words: readonly Word[]): Word {
  const word = words.find((each) => each === act[name]);
  if (word === undefined) throw new BadAct(`${act.act} takes ${name}: ${words.join(" | ")}`);
  return word;
}
