/** A person's court cases and stays: one look-up for all persons of a request, by their A-numbers. */
import DataLoader from "dataloader";
import { GraphQLError, type GraphQLResolveInfo } from "graphql";
import { isWithheld, unreadable, type Withheld } from "#kit/decoded.ts";
import { SourceError } from "#kit/source.ts";
import type { RequestContext, Resolvers } from "#kit/subgraph.ts";
import { parseANumber } from "#schema/scalars.ts";
import { courtDay } from "./appeal-time.ts";
import { isAsylumCase, isAsylumDecision, isAsylumHearing, isAsylumMotion } from "./asylum.ts";
import {
  byDay,
  type CaseRecord,
  decisionWords,
  decodeCase,
  type Lookups,
  openedOn,
  type ScheduledHearing,
} from "./records.ts";
import type { Court, CourtAnswer, NoAnswer } from "./source.ts";
import { isFinal, notAsked, type StayFinding, staysOf } from "./stays.ts";

export type EoirLoaders = { readonly court: DataLoader<readonly string[], CourtAnswer | NoAnswer, string> };

/** New for each request. */
export function eoirLoaders(court: Court): EoirLoaders {
  return {
    court: new DataLoader((persons) => court.lookUp(persons), { cacheKeyFn: (numbers) => numbers.join(",") }),
  };
}

type Person = { readonly fin: unknown; readonly aNumbers?: unknown };
type Source = { readonly system: "CASE"; readonly asOf: string };
type Context = RequestContext<EoirLoaders>;

export const resolvers: Resolvers<EoirLoaders> = {
  Person: {
    __resolveReference: (person: Person) => person,
    async courtCases(person: Person, _args, { loaders, report }: Context, info) {
      const aNumbers = aNumbersOf(person);
      // The identifiers come from IDENT; without them there was no search.
      if (aNumbers === null) throw new SourceError("SOURCE_UNAVAILABLE", "IDENT");
      const answer = await loaders.court.load(aNumbers);
      if (!answer.answered) throw answer.error;
      const cases = casesOf(answer);
      report(info, [...answer.nobodys, ...cases.flatMap((each) => each.unreadable)]);
      return cases.filter(({ listed }) => listed).map((each) => courtCase(each, answer, { fin: person.fin }));
    },
    async stays(person: Person, _args, { loaders, passing }: Context) {
      const aNumbers = aNumbersOf(person);
      const answer = await loaders.court.load(aNumbers ?? []);
      if (!answer.answered) {
        // An instant is needed that vouches for "unknown": the snapshot's. Without one, nothing can be said at all.
        if (answer.snapshotDate === null) throw answer.error;
        passing();
        return [stay(notAsked, answer.snapshotDate)];
      }
      // CASE finds by A-number only: about somebody without one it has not been asked, and cannot be.
      if (aNumbers === null || aNumbers.length === 0) return [stay(notAsked, answer.asOf)];
      const today = courtDay(answer.asOf);
      const cases = casesOf(answer);
      const found = staysOf(cases, today);
      if (answer.nobodys.length === 0) return found.map((each) => stay(each, answer.asOf));
      const certain = found.filter(({ state }) => state !== "NOT_FOUND_IN_SOURCES_THAT_ANSWERED");
      return [...certain, notAsked].map((each) => stay(each, answer.asOf));
    },
    async eoirCase(person: Person, _args, { loaders }: Context) {
      const aNumbers = aNumbersOf(person);
      if (aNumbers === null) throw new SourceError("SOURCE_UNAVAILABLE", "IDENT");
      const answer = await loaders.court.load(aNumbers);
      if (!answer.answered) throw answer.error;
      if (answer.cases.length > 0) return true;
      // A case that may be anybody's is no answer either way.
      if (answer.nobodys.length === 0) return false;
      throw new GraphQLError("CASE holds a case here that cannot be read", {
        extensions: { code: "VALUE_UNREADABLE", system: "CASE" },
      });
    },
  },
  CourtCase: {
    orders: part("orders", "B_TblProceeding"),
    motions: part("motions", "tbl_Court_Motions"),
    appeals: part("appeals", "tblAppeal"),
    riderCaseIds: part("riderCaseIds", "tbl_Lead_Rider"),
  },
};

/** A list within a case that may lack rows which could not be read: said at that list too. */
function part(field: "orders" | "motions" | "appeals" | "riderCaseIds", table: string) {
  return (parent: CourtCase, _args: unknown, { report }: Context, info: GraphQLResolveInfo) => {
    report(
      info,
      parent.unreadable.filter((row) => row.field.startsWith(`${table}.`)),
    );
    return parent[field];
  };
}

/** Null: IDENT's answer is missing or is not one. */
function aNumbersOf({ aNumbers }: Person): readonly string[] | null {
  if (!Array.isArray(aNumbers)) return null;
  const parsed = aNumbers.map((each: unknown) => (typeof each === "string" ? parseANumber(each) : null));
  return parsed.some((each) => each === null) ? null : [...new Set(parsed as string[])].toSorted();
}

/** Oldest first: by the first charging document, unknown last, then by number. */
function casesOf({ cases, lookups }: CourtAnswer): readonly CaseRecord[] {
  return cases
    .map((each) => decodeCase(each, lookups))
    .map((record) => ({ record, id: record.id, openedOn: openedOn(record) }))
    .toSorted(byDay("openedOn"))
    .map(({ record }) => record);
}

type CourtCase = ReturnType<typeof courtCase>;
type NextHearing = ScheduledHearing & { readonly asylumRelated: boolean };

/** One case with the schema's field names. `subject`: under whom it was found. */
function courtCase(
  record: CaseRecord,
  { asOf, lookups }: { readonly asOf: string; readonly lookups: Lookups },
  subject: { readonly fin: unknown },
) {
  const { id, caseType, motions, appeals, noticeAddress, juvenile, leadCaseId, riderCaseIds } = record;
  const today = courtDay(asOf);
  return {
    id,
    caseType,
    asylumRelated: isAsylumCase(record),
    nextHearing: nextHearing(record, today),
    orders: record.proceedings
      .filter(({ completedOn }) => completedOn !== null)
      .toSorted(byDay("completedOn"))
      .map((each) => {
        const kind = decisionWords(each, lookups);
        return {
          kind,
          decidedAt: each.completedOn,
          inAbsentia: each.inAbsentia,
          final: isFinal(record, each, today),
          asylumRelated: isAsylumDecision(kind),
        };
      }),
    motions: motions.map((each) => ({ ...each, asylumRelated: isAsylumMotion(each.kind) })),
    appeals,
    noticeAddress: noticeAddress === null || isWithheld(noticeAddress) ? noticeAddress : { ...noticeAddress, subject },
    juvenile,
    leadCaseId,
    riderCaseIds,
    source: { system: "CASE", asOf } satisfies Source,
    unreadable: record.unreadable,
  };
}

/**
 * The earliest hearing from the record's day on that is not cancelled: a cancelled one keeps its row, with ADJ_RSN. When
 * a hearing's row cannot be read, which one is next is not known.
 */
function nextHearing({ hearings, unreadable: bad }: CaseRecord, today: string): NextHearing | Withheld | null {
  if (bad.some(({ field }) => field.startsWith("tbl_schedule."))) return unreadable("CASE", "tbl_schedule");
  const ahead = hearings.filter(({ date }) => date !== null && date >= today);
  const doubtful = ahead.find(({ adjourned }) => isWithheld(adjourned));
  if (doubtful !== undefined) return doubtful.adjourned as Withheld;
  const standing = ahead.filter(({ adjourned }) => adjourned === null);
  const [next] = standing.toSorted(byDay("at"));
  return next === undefined ? null : { ...next, asylumRelated: isAsylumHearing(next.kind) };
}

function stay(finding: StayFinding, asOf: string) {
  return { ...finding, source: { system: "CASE", asOf } satisfies Source };
}
