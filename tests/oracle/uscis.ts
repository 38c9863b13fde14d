/** What Global's and ELIS's own bytes say of a person, read by `mocks/uscis/README.md` alone. */
import { chunks, isDay, isMark, known, Listed, type Lost, ordered, redacted, unreadable } from "./answer.ts";
import type { Row } from "./cbp.ts";
import type { Keys } from "./obim.ts";

export type Uscis = {
  readonly globalAsOf: string;
  readonly elisAsOf: string;
  readonly screenings: readonly Row[];
  readonly paper: readonly Row[];
  readonly electronic: readonly Row[];
};

export async function readUscis(
  urls: { readonly global: string; readonly elis: string },
  keys: readonly Keys[],
): Promise<Uscis> {
  const aNumbers = [...new Set(keys.flatMap((each) => [...each.aNumbers]))];
  const global = await searchAll(
    `${urls.global}`,
    "/global/v1/records/search",
    aNumbers.map((each) => `A${each}`),
  );
  const elis = await searchAll(`${urls.elis}`, "/elis/v1/cases/search", aNumbers);
  return {
    globalAsOf: global.at(-1)?.asOf as string,
    elisAsOf: elis.at(-1)?.asOf as string,
    screenings: global.flatMap(({ screenings }) => screenings as Row[]),
    paper: global.flatMap(({ applications }) => applications as Row[]),
    electronic: elis.flatMap(({ cases }) => cases as Row[]),
  };
}

async function searchAll(url: string, path: string, alienNumbers: readonly string[]): Promise<Row[]> {
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: "crosswalk-development",
    client_secret: "development-only",
  });
  const granted = await fetch(`${url}/oauth/accesstoken`, { method: "POST", body: form });
  const { access_token: token } = (await granted.json()) as Row;
  const answers: Row[] = [];
  for (const some of chunks(alienNumbers, 100)) {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ alienNumbers: some }),
    });
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
    answers.push((await response.json()) as Row);
  }
  return answers;
}

/** A-numbers come with an A in front, plain, or in threes with dashes. */
const standsFor = (row: Row, { aNumbers }: Keys): boolean =>
  aNumbers.has(String(row.alienNumber).replaceAll(/[A-]/g, ""));

export function asylumOf(uscis: Uscis, keys: Keys): unknown {
  return { screenings: screeningsOf(uscis, keys), applications: applicationsOf(uscis, keys) };
}

function screeningsOf({ screenings, globalAsOf }: Uscis, keys: Keys): unknown {
  const own = screenings.filter((row) => standsFor(row, keys));
  const inOrder = ordered(
    own,
    (row) => usDay(row.referralDate),
    (row) => String(row.screeningId),
  );
  const decisions = { POSITIVE: "POSITIVE", NEGATIVE: "NEGATIVE", "ADMIN CLOSE": "ADMINISTRATIVELY_CLOSED" };
  const records = inOrder.map((row) => {
    const served = row.decisionServed as Row;
    return {
      kind: { CF: "CREDIBLE_FEAR", RF: "REASONABLE_FEAR" }[String(row.screeningType)],
      referredAt: usDay(row.referralDate),
      decision: word(row.decision, decisions, "GLOBAL"),
      servedOnApplicantAt: usDay(served.applicant),
      servedOnEroAt: usDay(served.ero),
      servedOnCourtAt: usDay(served.immigrationCourt),
      closedAt: usDay(row.closeEffective),
      source: { system: "GLOBAL", asOf: globalAsOf },
    };
  });
  return new Listed(records, []);
}

type Application = {
  readonly receiptNumber: string | Lost | null;
  readonly filedAt: string | Lost | null;
  readonly decision: string | Lost | null;
  readonly source: { readonly system: string; readonly asOf: string };
};

/** The paper ones and the electronic ones; one receipt once, unless the two systems say different decisions. */
function applicationsOf(uscis: Uscis, keys: Keys): unknown {
  const paper = uscis.paper.filter((row) => standsFor(row, keys)).map((row) => onPaper(row, uscis.globalAsOf));
  const electronic = uscis.electronic
    .filter((row) => standsFor(row, keys) && row.formType === "I-589")
    .map((row) => inElis(row, uscis.elisAsOf))
    .filter((each) => {
      const twin = paper.find(
        (other) => known(other.receiptNumber) !== null && other.receiptNumber === each.receiptNumber,
      );
      return twin === undefined || known(twin.decision) !== known(each.decision);
    });
  const inOrder = ordered(
    [...paper, ...electronic],
    ({ filedAt }) => filedAt,
    ({ receiptNumber }) => known(receiptNumber) ?? "",
  );
  return new Listed(inOrder, []);
}

function onPaper(row: Row, asOf: string): Application {
  const decisions = {
    PENDING: "PENDING",
    GRANT: "GRANTED",
    DENIAL: "DENIED",
    REFERRAL: "REFERRED",
    WITHDRAWN: "WITHDRAWN",
    "ADMIN CLOSE": "CLOSED",
  };
  return {
    receiptNumber: receipt(row.receiptNumber, "GLOBAL"),
    filedAt: usDay(row.filedDate),
    decision: word(row.decision, decisions, "GLOBAL"),
    source: { system: "GLOBAL", asOf },
  };
}

function inElis(row: Row, asOf: string): Application {
  const statuses = {
    "Case Was Received": "PENDING",
    "Case Was Approved": "GRANTED",
    "Case Was Denied": "DENIED",
    "Case Was Withdrawn": "WITHDRAWN",
    "Case Closed": "CLOSED",
  };
  const received = held(row.receivedDate, "ELIS");
  const day = typeof received === "string" ? received.replace(/T00:00:00$/, "") : received;
  return {
    receiptNumber: receipt(row.receiptNumber, "ELIS"),
    filedAt: typeof day !== "string" || isDay(day) ? day : unreadable("ELIS"),
    decision: word(row.status, statuses, "ELIS"),
    source: { system: "ELIS", asOf },
  };
}

/** Null, blank and N/A are not there; a mark is there and withheld. */
function held(value: unknown, system: string): string | Lost | null {
  if (value === null || value === "" || value === "N/A") return null;
  if (typeof value !== "string") return unreadable(system);
  if (isMark(value)) return redacted(system);
  return value.trim() === "" ? null : value.trim();
}

function word(value: unknown, words: Readonly<Record<string, string>>, system: string): string | Lost | null {
  const text = held(value, system);
  return typeof text === "string" ? (words[text] ?? unreadable(system)) : text;
}

function receipt(value: unknown, system: string): string | Lost | null {
  const text = held(value, system);
  return typeof text !== "string" || /^(EAC|LIN|SRC|IOE|MSC|NBC|WAC|YSC)\d{10}$/.test(text) ? text : unreadable(system);
}

/** Global's days: MM/DD/YYYY. */
function usDay(value: unknown): string | Lost | null {
  const text = held(value, "GLOBAL");
  if (typeof text !== "string") return text;
  const [, month, day, year] = /^(\d\d)\/(\d\d)\/(\d{4})$/.exec(text) ?? [];
  const iso = `${year}-${month}-${day}`;
  return isDay(iso) ? iso : unreadable("GLOBAL");
}
