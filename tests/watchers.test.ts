/**
 * From an agency's system to an announcement: whatever act changes in whatever answer of a subgraph, what its watcher
 * announces reaches it; and of a system that cannot be asked, nothing is said at all.
 */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { FaultKind } from "../mocks/faults.ts";
import { type Mocks, startMocks } from "../mocks/main.ts";
import type { PersonFile } from "../mocks/population/types.ts";
import { DEFAULT_WORLD_NOW } from "../mocks/population/world.ts";
import { type Act, BadAct, type SystemName } from "../mocks/world.ts";
import { startCbp } from "../subgraphs/cbp/main.ts";
import { startEoir } from "../subgraphs/eoir/main.ts";
import { startIce } from "../subgraphs/ice/main.ts";
import type { Change, FeedMessage } from "../subgraphs/kit/envelope.ts";
import type { Listening } from "../subgraphs/kit/subgraph.ts";
import { startObim } from "../subgraphs/obim/main.ts";
import { startUscis } from "../subgraphs/uscis/main.ts";
import { type RecordedFeed, recordedFeed } from "./recorded-feed.ts";
import {
  type Answers,
  type Asker,
  changedAnswers,
  entityAnswers,
  type Identified,
  identify,
  openAsker,
  type RootQuestion,
  rootAnswers,
  unreached,
} from "./watched-answers.ts";

type Agency = "obim" | "cbp" | "ice" | "uscis" | "eoir";

let mocks: Mocks;
const closers: (() => Promise<void>)[] = [];
const feeds = {} as Record<Agency, RecordedFeed>;
const askers = {} as Record<Agency, Asker>;
let everybody: readonly PersonFile[];
let persons: readonly Identified[];

const starters: Readonly<Record<Agency, (feed: RecordedFeed) => Promise<Listening>>> = {
  obim: (changesTo) => startObim({ ...at, changesTo, identUrl: mocks.urls.ident }),
  cbp: (changesTo) =>
    startCbp({ ...at, changesTo, adisUrl: mocks.urls.adis, i94Url: mocks.urls.i94, e3Url: mocks.urls.e3 }),
  ice: (changesTo) => startIce({ ...at, changesTo, eidUrl: mocks.urls.eid }),
  uscis: (changesTo) => startUscis({ ...at, changesTo, globalUrl: mocks.urls.global, elisUrl: mocks.urls.elis }),
  eoir: (changesTo) => startEoir({ ...at, changesTo, caseUrl: mocks.urls.case, loadWaitMs: 60_000 }),
};
const at = { port: 0, host: "127.0.0.1", sourceTimeoutMs: 2_000, pollMs: 20, writeLine: () => undefined };

beforeAll(async () => {
  mocks = await startMocks({
    worldNow: DEFAULT_WORLD_NOW,
    population: 192,
    seed: 1,
    ports: "free",
    host: "127.0.0.1",
    progress: () => undefined,
  });
  closers.push(mocks.close);
  forgetAdmissions();
  for (const [agency, start] of Object.entries(starters) as [Agency, (typeof starters)[Agency]][]) {
    feeds[agency] = recordedFeed();
    const listening = await start(feeds[agency]);
    closers.push(listening.close);
    askers[agency] = await openAsker(listening.url);
  }
  everybody = [...mocks.world.persons()];
  const fins = everybody.flatMap(({ ident }) => ident.map(({ fin }) => fin));
  persons = await identify(askers.obim, fins);
  expect(persons).toHaveLength(fins.length);
}, 120_000);
afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Somebody of whom IDENT knows no admission number: only the crossings in ADIS tie an admission to the person. */
function forgetAdmissions(): void {
  const whose = ({ i94, adis, cases: court }: PersonFile) =>
    court.length > 0 &&
    i94.every(({ admitUntil }) => admitUntil !== "D/S") &&
    adis.some((each) => each.i94Number === latestAdmission(i94));
  const file = [...mocks.world.persons()].findLast(whose);
  mocks.world.change(file?.index ?? 0, (before) => ({
    ...before,
    ident: before.ident.map((identity) => ({
      ...identity,
      encounters: identity.encounters.map((each) => ({ ...each, i94Number: null })),
    })),
  }));
}

const latestAdmission = (i94: PersonFile["i94"]) =>
  i94.toSorted((a, b) => (a.admittedAt < b.admittedAt ? -1 : 1)).at(-1)?.i94Number;

/** Everything that the agency's subgraph answers about everybody. */
function answersOf(agency: Agency): Promise<Answers> {
  return agency === "obim" ? answersOfIdent() : entityAnswers(askers[agency], persons);
}

async function answersOfIdent(): Promise<Answers> {
  const entities = await entityAnswers(askers.obim, persons);
  return new Map([
    ...entities,
    ...(await rootAnswers(askers.obim, questionsOf([...everybody.slice(0, 3), ...everybody.slice(-1)]))),
  ]);
}

/** By every identifier of some people, and by what acts will bring: nobody has that yet. */
function questionsOf(files: readonly PersonFile[]): readonly RootQuestion[] {
  const questions = new Map<string, RootQuestion>();
  const add = (member: string, scalar: string, value: string | null, by: unknown = value) => {
    if (value !== null) questions.set(`${scalar} ${value}`, { by: { [member]: by }, tag: `${scalar} ${value}` });
  };
  const all = files.flatMap(({ ident }) => ident.flatMap(({ encounters }) => encounters));
  const coming = cases.flatMap((each) => (each.system === "ident" && typeof each.with === "object" ? [each.with] : []));
  for (const { fin } of files.flatMap(({ ident }) => ident)) add("fin", "Fin", fin);
  for (const each of [...all, ...(coming as unknown as typeof all)]) {
    const digits = each.aNumberRaw?.replace(/[\s-]|^A/g, "") ?? "";
    add("aNumber", "ANumber", /^\d{7,9}$/.test(digits) ? digits.padStart(9, "0") : null);
    add("i94Number", "I94Number", each.i94Number);
    add("receiptNumber", "ReceiptNumber", each.receiptNumber);
    add("sevisId", "SevisId", each.sevisId);
    add("fbiNumber", "FbiNumber", each.fbiNumber);
    add("eidSubjectId", "EidSubjectId", each.eidSubjectId);
    add("passport", "PassportNumber", each.passport?.number ?? null, each.passport);
  }
  return [...questions.values()];
}

type Case = {
  readonly system: SystemName;
  readonly agency: Agency;
  readonly act: string;
  readonly with?: Readonly<Record<string, unknown>> | ((aNumber: string) => Readonly<Record<string, unknown>>);
  /** Whose: the first for whom the act can be done. */
  readonly whom?: (file: PersonFile) => boolean;
  readonly alerts?: readonly string[];
  /** Others' answers change with it: at least so many persons'. */
  readonly persons?: number;
};

const cases: readonly Case[] = [
  { system: "case", agency: "eoir", act: "file-motion", alerts: ["MOTION_FILED", "STAY_BEGAN"] },
  { system: "case", agency: "eoir", act: "file-motion", with: { kind: "O" }, alerts: ["MOTION_FILED"] },
  { system: "case", agency: "eoir", act: "decide-motion", with: { decision: "D" } },
  { system: "case", agency: "eoir", act: "grant-stay", alerts: ["MOTION_FILED", "STAY_BEGAN"] },
  { system: "case", agency: "eoir", act: "file-appeal" },
  { system: "case", agency: "eoir", act: "decide-appeal" },
  { system: "case", agency: "eoir", act: "schedule-hearing" },
  { system: "case", agency: "eoir", act: "enter-order" },
  { system: "case", agency: "eoir", act: "remove-case" },
  {
    system: "case",
    agency: "eoir",
    act: "remove-case",
    whom: ({ cases }) => cases.some(({ leadOf }) => leadOf.length > 0),
    persons: 2,
  },
  // A row that bears no A-number: only the subject's id tells whose it is.
  {
    system: "eid",
    agency: "ice",
    act: "lift-detainer",
    whom: ({ eid }) => eid.detainers.some(({ aFileNumber, liftedAt }) => aFileNumber === null && liftedAt === null),
    alerts: ["DETAINER_LIFTED"],
  },
  { system: "eid", agency: "ice", act: "lodge-detainer", alerts: ["DETAINER_LODGED"] },
  { system: "eid", agency: "ice", act: "lift-detainer", alerts: ["DETAINER_LIFTED"] },
  { system: "eid", agency: "ice", act: "book-in", alerts: ["BOOKED_IN"] },
  { system: "eid", agency: "ice", act: "transfer", alerts: [] },
  { system: "eid", agency: "ice", act: "book-out", alerts: ["BOOKED_OUT"] },
  {
    system: "eid",
    agency: "ice",
    act: "schedule-removal",
    with: { at: "2026-10-25T09:00:00Z" },
    alerts: ["REMOVAL_SCHEDULED"],
  },
  { system: "eid", agency: "ice", act: "record-departure", alerts: [] },
  { system: "eid", agency: "ice", act: "cancel-removal", alerts: [] },
  {
    system: "ident",
    agency: "obim",
    act: "new-encounter",
    with: {
      fbiNumber: "777WATCH7",
      sevisId: "N0077777777",
      i94Number: "777777777A7",
      receiptNumber: "IOE9777777777",
      eidSubjectId: "WATCH-7",
    },
    alerts: [],
  },
  // A number that somebody else has: whose answers say then that they share it.
  {
    system: "ident",
    agency: "obim",
    act: "new-encounter",
    with: { typedANumber: "A145774012" },
    alerts: [],
    persons: 2,
  },
  {
    system: "ident",
    agency: "obim",
    act: "link-identities",
    with: () => ({ fin: everybody.at(-1)?.ident[0]?.fin }),
    alerts: [],
  },
  { system: "adis", agency: "cbp", act: "record-departure", alerts: [] },
  { system: "i94", agency: "cbp", act: "extend-stay", with: { until: "2027-01-15" }, alerts: [] },
  // An admission that only ADIS ties to the person: I-94 has the number, and nobody's FIN.
  {
    system: "i94",
    agency: "cbp",
    act: "extend-stay",
    with: { until: "2027-02-15" },
    whom: ({ i94, adis, ident }) => {
      const number = latestAdmission(i94);
      const known = ident.flatMap(({ encounters }) => encounters.map(({ i94Number }) => i94Number));
      return adis.some(({ i94Number }) => i94Number === number) && !known.includes(number ?? null);
    },
    alerts: [],
  },
  { system: "e3", agency: "cbp", act: "new-apprehension", with: { sector: "DRT" }, alerts: [] },
  { system: "e3", agency: "cbp", act: "change-address", with: { lines: ["1 NEW STREET"] }, alerts: [] },
  { system: "global", agency: "uscis", act: "refer-screening", with: { kind: "CF" }, alerts: [] },
  { system: "global", agency: "uscis", act: "decide-screening", with: { decision: "POSITIVE" }, alerts: [] },
  { system: "global", agency: "uscis", act: "serve-decision", with: { on: "ero" }, alerts: [] },
  { system: "global", agency: "uscis", act: "close-screening", alerts: [] },
  { system: "elis", agency: "uscis", act: "file-application", alerts: [] },
  { system: "elis", agency: "uscis", act: "file-application", with: { form: "I-914" }, alerts: [] },
  { system: "elis", agency: "uscis", act: "decide-application", with: { decision: "denied" }, alerts: [] },
];

/** Does it to the first for whom it can be done; how it went is in the system's own words. */
async function doFirst({ system, act, with: given = {}, whom = () => true }: Case): Promise<Act> {
  for (const file of everybody.filter(whom)) {
    const aNumbers = new Set([
      ...file.cases.map(({ aNumber }) => aNumber),
      ...file.ident.flatMap(({ encounters }) =>
        encounters.map(({ aNumberRaw }) => aNumberRaw?.replace(/\D/g, "").padStart(9, "0")),
      ),
    ]);
    for (const aNumber of aNumbers) {
      if (aNumber === undefined || !/^\d{9}$/.test(aNumber)) continue;
      const whole: Act = { act, aNumber, ...(typeof given === "function" ? given(aNumber) : given) };
      try {
        await mocks.act(system, whole);
        return whole;
      } catch (error) {
        if (!(error instanceof BadAct)) throw error;
      }
    }
  }
  throw new Error(`${system} ${act} can be done to nobody here`);
}

test("every act of every system that is watched is looked at here", async () => {
  const { systems } = (await (await fetch(`${mocks.urls.control}/systems`)).json()) as {
    systems: readonly { system: string; acts: readonly string[] }[];
  };
  const known = systems.flatMap(({ system, acts }) => acts.map((act) => `${system} ${act}`));
  expect(known.filter((each) => !cases.some(({ system, act }) => each === `${system} ${act}`))).toEqual([]);
});

describe("whatever it changes in any answer about anybody is announced", () => {
  /** What was answered after the act before is what is answered before the next: whatever else changes shows then. */
  const last = new Map<Agency, Answers>();
  test.each(cases.map((each) => [`${each.system} ${each.act} ${JSON.stringify(each.with ?? {})}`, each] as const))(
    "%s",
    async (_title, each) => {
      const { agency, system, alerts, persons: atLeast = 1 } = each;
      const [feed, source] = [feeds[agency], system.toUpperCase()];
      await feed.lookedAt(source);
      const before = last.get(agency) ?? (await answersOf(agency));
      const told = feed.messages.length;
      await doFirst(each);
      const after = await answersOf(agency);
      last.set(agency, after);
      await feed.until(
        (message) => feed.messages.indexOf(message) >= told && message.source === source && message.changes.length > 0,
      );
      await feed.lookedAt(source);
      const messages = feed.messages.slice(told);
      const changed = changedAnswers(before, after);
      const whose = changed.flatMap(([asked]) => /^Person (\S+)/.exec(asked)?.[1] ?? []);
      expect(new Set(whose).size).toBeGreaterThanOrEqual(atLeast);
      expect(unreached(changed, source, messages)).toEqual([]);
      // Untold, it would show: and it is told of nobody else's systems.
      expect(unreached(changed, source, [])).not.toEqual([]);
      expect(isAll(messages)).toBe(false);
      // Each kind once, and no other: those that are not named here are told of nothing.
      if (alerts !== undefined) expect(alertsIn(messages).toSorted()).toEqual(alerts.toSorted());
    },
    60_000,
  );
});

const changesIn = (messages: readonly FeedMessage[]): readonly Change[] => messages.flatMap(({ changes }) => changes);
const isAll = (messages: readonly FeedMessage[]) => changesIn(messages).some((each) => "all" in each);
const alertsIn = (messages: readonly FeedMessage[]) =>
  changesIn(messages).flatMap((each) => ("alert" in each && each.alert ? [each.alert.kind] : []));

const watchedSystems = [...new Map(cases.map(({ system, agency }) => [system, agency])).entries()];

describe.each(watchedSystems)("%s", (system, agency) => {
  const source = system.toUpperCase();

  test.each<FaultKind>(["down", "refuse", "truncate", "garbage"])(
    "has no heartbeat while it is at fault: %s; and has one again after",
    async (kind) => {
      const feed = feeds[agency];
      await feed.lookedAt(source);
      await mocks.setFault(system, { kind });
      const from = performance.now();
      await feed.looks(24);
      const beats = () => feed.messages.filter((each) => each.source === source && (each.heartbeat?.since ?? 0) > from);
      expect(beats()).toEqual([]);
      await mocks.setFault(system, { kind: "none" });
      await feed.lookedAt(source);
      const epochs = new Set(feed.messages.filter((each) => each.source === source).map(({ epoch }) => epoch));
      expect(epochs.size).toBe(1);
    },
    60_000,
  );

  test("that stands still is said to be where it stands, until it moves on", async () => {
    const feed = feeds[agency];
    const now = mocks.clock.now();
    await mocks.setFault(system, { kind: "stale" });
    mocks.clock.set(new Date(Date.parse(now) + 2 * 86_400_000).toISOString());
    try {
      await feed.lookedAt(source);
      const standing = feed.messages.findLast((each) => each.source === source);
      expect(standing?.heartbeat?.asOf).toBe(now);
      const told = feed.messages.length;
      await mocks.setFault(system, { kind: "none" });
      const moved = () => feed.messages.slice(told).filter((each) => each.source === source);
      await feed.until(() => moved().some((each) => each.heartbeat?.asOf === mocks.clock.now()));
      // Its day has turned: whatever hangs on a date may be another.
      expect(isAll(moved())).toBe(true);
    } finally {
      await mocks.setFault(system, { kind: "none" });
      mocks.clock.set(now);
      await feed.lookedAt(source);
    }
  }, 60_000);
});

test("a system that calls wakes its watcher, which would have looked again in an hour", async () => {
  const feed = recordedFeed();
  const { global: globalUrl, elis: elisUrl } = mocks.urls;
  const uscis = await startUscis({ ...at, pollMs: 3_600_000, changesTo: feed, globalUrl, elisUrl });
  try {
    await Promise.all(["GLOBAL", "ELIS"].map((source) => feed.until((each) => each.source === source)));
    await doFirst({ system: "global", agency: "uscis", act: "refer-screening", with: { kind: "RF" } });
    await feed.until((each) => each.source === "GLOBAL" && each.changes.length > 0);
    await doFirst({ system: "elis", agency: "uscis", act: "file-application" });
    await feed.until((each) => each.source === "ELIS" && each.changes.length > 0);
  } finally {
    await uscis.close();
  }
}, 60_000);
