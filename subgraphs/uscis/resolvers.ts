/** Serves a person's USCIS records by the A-numbers that IDENT supplies; one search of each system for a whole request. */
import DataLoader from "dataloader";
import { GraphQLError, type GraphQLResolveInfo } from "graphql";
import type { UnreadableRow } from "#kit/decoded.ts";
import { SourceError } from "#kit/source.ts";
import type { RequestContext, Resolvers } from "#kit/subgraph.ts";
import { decoyIdentifiers, parseANumber } from "#schema/scalars.ts";
import { protectionOf } from "./hold.ts";
import {
  type Application,
  type DecodedRow,
  type ElisAnswer,
  type ElisApplication,
  type GlobalAnswer,
  mergeApplications,
  oldestFirst,
  type Screening,
} from "./records.ts";
import { maxANumbersPerSearch, type UscisSystem } from "./source.ts";

export type Systems = { readonly global: UscisSystem<GlobalAnswer>; readonly elis: UscisSystem<ElisAnswer> };

type Loaders = {
  readonly global: DataLoader<string, GlobalAnswer>;
  readonly elis: DataLoader<string, Pick<ElisAnswer, "cases">>;
  /** As `elis`, with its clock. */
  readonly holds: DataLoader<string, ElisAnswer>;
};

/** New for every request. Each loader asks once for up to 100 A-numbers, whoever's they are and whatever for. */
export function loadersOver({ global, elis }: Systems): Loaders {
  const options = { maxBatchSize: maxANumbersPerSearch };
  return {
    global: new DataLoader(async (aNumbers) => {
      const { screenings, applications } = await global.search(aNumbers);
      return aNumbers.map((each) => ({
        screenings: rowsOf(screenings, each),
        applications: rowsOf(applications, each),
      }));
    }, options),
    elis: new DataLoader(async (aNumbers) => {
      const { cases } = await elis.search(aNumbers);
      return aNumbers.map((each) => ({ cases: rowsOf(cases, each) }));
    }, options),
    holds: new DataLoader(async (aNumbers) => {
      const { asOf, cases } = await elis.search(aNumbers);
      return aNumbers.map((each) => ({ asOf, cases: rowsOf(cases, each) }));
    }, options),
  };
}

/** A row whose A-number cannot be read may be anybody's: everybody asked about is told of it. */
function rowsOf<T>(rows: readonly DecodedRow<T>[], aNumber: string): readonly DecodedRow<T>[] {
  return rows.filter((row) => row.aNumber === aNumber || row.aNumber === null);
}

/** The person as the gateway names it: `fin`, and the required fields as other agencies answered. */
type Person = { readonly aNumbers?: unknown };

type Found<T> = { readonly records: readonly T[]; readonly unreadable: readonly UnreadableRow[] };

export const resolvers: Resolvers<Loaders> = {
  Person: {
    __resolveReference: (person: Person) => person,
    // Its two lists stand or fail each for itself.
    asylum: (person: Person) => ({ person }),
    benefitRequests: async (person: Person, _args, context, info) => {
      const cases = await casesOf(person, context.loaders);
      // Protected ones are told as such (protectedFiling), and withheld where they may be by the guard on each of them.
      return given(cases, (each) => each.form !== "I-589", context, info);
    },
    protected1367: async (person: Person, _args, { loaders }) => {
      const { records, unreadable } = await casesOf(orNobody(person), loaders);
      if (records.some((each) => each.protected1367)) return true;
      if (unreadable.length === 0) return false;
      // INVARIANT: while any of the person's cases cannot be read, "not protected" is not said.
      throw new GraphQLError("ELIS holds something unreadable in protectionMarkers", {
        extensions: { code: "VALUE_UNREADABLE", system: "ELIS" },
      });
    },
    uscisCase: async (person: Person, _args, { loaders }) => {
      const known = orNobody(person);
      const asked = await Promise.allSettled<Found<unknown>>([inGlobal(known, loaders), casesOf(known, loaders)]);
      const answered = asked.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      // One system's record settles it; that there is none, only both can say.
      if (answered.some(({ records }) => records.length > 0)) return true;
      for (const each of asked) if (each.status === "rejected") throw each.reason;
      const [row] = answered.flatMap(({ unreadable }) => unreadable);
      if (row === undefined) return false;
      throw new GraphQLError(`${row.system} holds a record here that cannot be read`, {
        extensions: { code: "VALUE_UNREADABLE", system: row.system },
      });
    },
  },
  ImmigrationHold: {
    __resolveReference: (hold: Person) => hold,
    // Asked with at least one A-number, were it nobody's: ELIS's clock stands in every answer.
    protection: async (hold: Person, _args, { loaders }) => protectionOf(await ask(loaders.holds, hold)),
  },
  Asylum: {
    screenings: async ({ person }: { person: Person }, _args, { loaders, report }, info) => {
      const answers = await ask(loaders.global, person);
      const { records, unreadable } = gather(answers.map(({ screenings }) => screenings));
      report(info, unreadable);
      return oldestFirst(
        records,
        ({ referredAt }: Screening) => referredAt,
        ({ id }) => id,
      );
    },
    applications: async ({ person }: { person: Person }, _args, context, info) => {
      // Both are asked at once, and both must have answered: half of the list would read as all of it.
      const [global, cases] = await Promise.all([
        ask(context.loaders.global, person),
        casesOf(person, context.loaders),
      ]);
      const onPaper = gather(global.map(({ applications }) => applications));
      const records = mergeApplications(
        onPaper.records,
        cases.records.filter(({ form }) => form === "I-589"),
      );
      const unreadable = [...onPaper.unreadable, ...cases.unreadable];
      return given({ records, unreadable }, () => true, context, info);
    },
  },
};

/** Whatever Global holds of this person. */
async function inGlobal(person: Person, loaders: Loaders): Promise<Found<Screening | Application>> {
  const answers = await ask(loaders.global, person);
  return gather<Screening | Application>(answers.flatMap(({ screenings, applications }) => [screenings, applications]));
}

async function casesOf(person: Person, loaders: Loaders): Promise<Found<ElisApplication>> {
  const answers = await ask(loaders.elis, person);
  return gather(answers.map(({ cases }) => cases));
}

function given<T extends Application>(
  { records, unreadable }: Found<T>,
  included: (record: T) => boolean,
  { report }: RequestContext<Loaders>,
  info: GraphQLResolveInfo,
): readonly T[] {
  report(info, unreadable);
  return oldestFirst(
    records.filter(included),
    ({ filedAt }) => filedAt,
    ({ receiptNumber }) => receiptNumber,
  );
}

/**
 * One answer per A-number. Global and ELIS file everything under an A-number, so a person for whom IDENT knows of none
 * can have nothing there: no answers is then the whole truth.
 */
async function ask<Answer>(loader: DataLoader<string, Answer>, person: Person): Promise<readonly Answer[]> {
  const answers = await Promise.allSettled(aNumbersOf(person).map((each) => loader.load(each)));
  return answers.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value;
  });
}

/**
 * For facts that decide who may be seen: nobody's number for a person without one, or a system that is down would tell
 * that somebody is there of whom nothing needs asking.
 */
function orNobody(person: Person): Person {
  const isNone = Array.isArray(person.aNumbers) && person.aNumbers.length === 0;
  return isNone ? { aNumbers: [decoyIdentifiers.ANumber as string] } : person;
}

/** INVARIANT: A-numbers that IDENT could not give, or not in their form, are not the same as none. */
function aNumbersOf({ aNumbers }: Person): readonly string[] {
  if (!Array.isArray(aNumbers)) throw new SourceError("SOURCE_UNAVAILABLE", "IDENT");
  const parsed = aNumbers.map((each: unknown) => (typeof each === "string" ? parseANumber(each) : null));
  if (parsed.includes(null)) throw new SourceError("SOURCE_INVALID", "IDENT");
  return [...new Set(parsed as string[])];
}

/** What stands under several A-numbers of one person (a row that may be anybody's does) is counted once. */
function gather<T>(rows: readonly (readonly DecodedRow<T>[])[]): Found<T> {
  const distinct = [...new Set(rows.flat())];
  return {
    records: distinct.flatMap(({ record }) => (record === null ? [] : [record])),
    unreadable: distinct.flatMap(({ unreadable }) => unreadable),
  };
}
