/** USCIS ELIS: electronic benefit cases over REST, with Torch's public case status. The wire format is in README.md. */
import { type ChangeLog, changeLog } from "../change-log.ts";
import { type HttpRequest, listenHttp } from "../http.ts";
import { type ElisCase, REDACTED, type Redactable } from "../population/types.ts";
import { type Act, BadAct, type Simulator, type SimulatorContext, UnknownAct, type World } from "../world.ts";
import { caseStatus } from "./case-status.ts";
import { printedCountry } from "./countries.ts";
import { type ChangedRecord, changeRoutes } from "./subscriptions.ts";
import { developmentSettings, drift, nullLike, readAlienNumbers, redactionMark, refusal, torch } from "./torch.ts";

const acts = ["file-application", "decide-application"] as const;

/** ELIS over the world's people. Settings left out are the development ones; there is no rate limit unless set. */
export function elis(context: SimulatorContext, settings: Partial<typeof developmentSettings> = {}): Simulator {
  const { world, clock } = context;
  const changed = changeLog<ChangedRecord>();
  const search = (request: HttpRequest) => {
    const asked = readAlienNumbers(
      request,
      /^(\d{9}|\d{3}-\d{3}-\d{3})$/,
      "nine digits, plain or in threes with dashes",
    );
    const files = new Map([...asked].flatMap((each) => world.find("aNumber", each).map((file) => [file.index, file])));
    const cases = [...files.values()].flatMap((file) => file.elis.cases).filter((each) => asked.has(each.aNumber));
    return { asOf: clock.now(), cases: cases.map(printCase) };
  };
  const answer = torch({ ...developmentSettings, ...settings }, [
    ...changeRoutes("elis", changed, clock.now),
    { method: "POST", path: /^\/elis\/v1\/cases\/search$/, answer: search },
    {
      method: "GET",
      path: /^\/case-status\/([^/]+)$/,
      answer: (_request, [, receiptNumber = ""]) => {
        if (!/^(EAC|LIN|SRC|IOE|MSC|NBC|WAC|YSC)\d{10}$/.test(receiptNumber))
          throw refusal(422, "INVALID_FORMAT", "A receipt number is three letters of a known centre and ten digits");
        const found = findReceipt(world, receiptNumber);
        // 8 USC 1367: a protected filing reads exactly as one that does not exist.
        if (found === undefined || found.protection !== null || isProtectedForm(found.form))
          throw refusal(404, "NOT_FOUND", "There is no case with this receipt number");
        return caseStatus(found, clock.now());
      },
    },
  ]);
  return {
    system: "elis",
    agency: "uscis",
    protocol: "http",
    acts,
    start: () => listenHttp(answer),
    act: async (act) => {
      if (act.act === "file-application") return fileApplication(context, changed, act);
      if (act.act === "decide-application") return decideApplication(context, changed, act);
      throw new UnknownAct("elis", acts);
    },
  };
}

const protectedForms = ["I-360 VAWA", "I-914", "I-918"];

function isProtectedForm(form: string): boolean {
  return protectedForms.some((each) => form.startsWith(each));
}

function findReceipt(world: World, receiptNumber: string): ElisCase | undefined {
  const files = world.find("receiptNumber", receiptNumber);
  return files.flatMap((file) => file.elis.cases).find((each) => each.receiptNumber === receiptNumber);
}

function printCase(row: ElisCase) {
  const { receiptNumber: id } = row;
  const { aNumber } = row;
  return {
    receiptNumber: id,
    alienNumber:
      drift(id, "alienNumber", 2) === 0 ? aNumber : `${aNumber.slice(0, 3)}-${aNumber.slice(3, 6)}-${aNumber.slice(6)}`,
    formType: row.form,
    receivedDate: printDay(id, "receivedDate", row.receivedDate),
    status: row.status,
    statusDate: printDay(id, "statusDate", row.statusDate),
    countryOfBirth: printCountry(id, row.birthCountry),
    gender: row.gender ?? nullLike(id, "gender"),
    protectionMarkers: row.protection === null ? [] : ["8 USC 1367"],
  };
}

/** `YYYY-MM-DD`, and from some screens `YYYY-MM-DDT00:00:00`. */
function printDay(id: string, field: string, value: string | null): string | null {
  if (value === null) return nullLike(id, field);
  return drift(id, `${field} form`, 3) === 0 ? `${value.slice(0, 10)}T00:00:00` : value.slice(0, 10);
}

/** A name; half of those with accents went through Latin-1 once too often (`Türkiye` → `TÃ¼rkiye`). */
function printCountry(id: string, value: Redactable<string>): string | null {
  if (value === REDACTED) return redactionMark(id, "countryOfBirth");
  if (value === null) return nullLike(id, "countryOfBirth");
  const { name } = printedCountry(value);
  return drift(id, "country encoding", 2) === 0 ? name : Buffer.from(name, "utf8").toString("latin1");
}

function fileApplication({ world, clock }: SimulatorContext, changed: ChangeLog<ChangedRecord>, act: Act): unknown {
  const { form = "I-765", aNumber } = act;
  if (typeof form !== "string" || !/^[A-Z]{1,2}-\d{2,4}[A-Z]?( VAWA)?$/.test(form))
    throw new BadAct("file-application takes form: I-589, I-765, I-130, I-485, I-360 VAWA, I-914, I-918 or another");
  const file = world.find("aNumber", aNumber)[0];
  if (file === undefined) throw new BadAct("nobody has this A-number");
  // Receipts of the population stay below 98: its fiscal years are real ones.
  let sequence = file.index * 10 + file.elis.cases.length;
  const receiptOf = () => `IOE98${String(sequence % 100_000_000).padStart(8, "0")}`;
  while (findReceipt(world, receiptOf()) !== undefined) sequence += 1;
  const filed: ElisCase = {
    receiptNumber: receiptOf(),
    aNumber,
    form,
    receivedDate: clock.now().slice(0, 10),
    status: "Case Was Received",
    statusDate: clock.now().slice(0, 10),
    birthCountry: file.ident[0]?.citizenship ?? null,
    gender: null,
    protection: isProtectedForm(form) ? "1367" : null,
  };
  world.change(file.index, (before) => ({ ...before, elis: { cases: [...before.elis.cases, filed] } }));
  changed.add({ alienNumber: filed.aNumber, recordId: filed.receiptNumber });
  return { receiptNumber: filed.receiptNumber, form, received: filed.receivedDate };
}

const outcomes: Readonly<Record<string, ElisCase["status"]>> = {
  approved: "Case Was Approved",
  denied: "Case Was Denied",
  withdrawn: "Case Was Withdrawn",
  closed: "Case Closed",
};

/** Decides the latest open case. A protected filing keeps its marker: appeals may follow a denial. */
function decideApplication(
  { world, clock }: SimulatorContext,
  changed: ChangeLog<ChangedRecord>,
  { aNumber, decision = "approved" }: Act,
): unknown {
  const status = typeof decision === "string" && Object.hasOwn(outcomes, decision) ? outcomes[decision] : undefined;
  if (status === undefined) throw new BadAct(`decide-application takes decision: ${Object.keys(outcomes).join(" | ")}`);
  for (const { index, elis: before } of world.find("aNumber", aNumber)) {
    const open = before.cases.filter((each) => each.status === "Case Was Received");
    const latest = open.sort((a, b) => (a.receivedDate < b.receivedDate ? -1 : 1)).at(-1);
    if (latest === undefined) continue;
    const decided = { ...latest, status, statusDate: clock.now().slice(0, 10) };
    world.change(index, (file) => ({
      ...file,
      elis: { cases: file.elis.cases.map((each) => (each.receiptNumber === latest.receiptNumber ? decided : each)) },
    }));
    changed.add({ alienNumber: latest.aNumber, recordId: latest.receiptNumber });
    return { receiptNumber: latest.receiptNumber, status };
  }
  throw new BadAct("under this A-number ELIS has no open case");
}
