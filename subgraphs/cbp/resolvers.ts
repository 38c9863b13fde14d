/** Person's crossings, apprehensions and addresses: looked up once for all persons of a request. */
import DataLoader from "dataloader";
import { GraphQLError, type GraphQLResolveInfo } from "graphql";
import { SourceError } from "#kit/source.ts";
import type { RequestContext, Resolvers } from "#kit/subgraph.ts";
import { parseANumber, parseFin, parseI94Number } from "#schema/scalars.ts";
import { type Answer, type Identifier, rowsOf } from "./answers.ts";
import { decodeAddresses, decodeApprehensions, subjectIdentifiers } from "./e3-records.ts";
import {
  admissionIdentifiers,
  crossingIdentifiers,
  decodeAdmissions,
  decodeCrossings,
  departureOf,
  joinArrivals,
  newestFirst,
  oldestFirst,
} from "./records.ts";
import type { CbpSources } from "./source.ts";

type Representation = Readonly<Record<string, unknown>>;
type Keys = ReadonlySet<Identifier>;
type RowLoader = DataLoader<Keys, Answer, string>;

export type CbpLoaders = {
  /** ADIS, by FIN and admission number. */
  readonly crossings: RowLoader;
  /** I-94, by admission number. */
  readonly admissions: RowLoader;
  /** e3, by FIN and A-file number: apprehensions and addresses share it. */
  readonly subjects: RowLoader;
};

/** New for every request. All persons of one request are asked for together, in one search of each system. */
export function cbpLoaders(sources: CbpSources): CbpLoaders {
  return {
    crossings: loader(crossingIdentifiers, (asked) =>
      sources.findCrossings({ fins: valuesOf(asked, "fin"), admissionNumbers: valuesOf(asked, "i94") }),
    ),
    admissions: loader(admissionIdentifiers, (asked) =>
      sources.findAdmissions({ admissionNumbers: valuesOf(asked, "i94") }),
    ),
    subjects: loader(subjectIdentifiers, (asked) =>
      sources.findSubjects({ fins: valuesOf(asked, "fin"), afileNumbers: valuesOf(asked, "a") }),
    ),
  };
}

function loader(
  identifiersIn: (value: unknown) => readonly Identifier[],
  search: (asked: Keys) => Promise<Answer>,
): RowLoader {
  return new DataLoader(
    async (persons) => {
      const asked = new Set(persons.flatMap((keys) => [...keys]));
      return rowsOf(await search(asked), persons, identifiersIn);
    },
    { cacheKeyFn: (keys) => [...keys].sort().join() },
  );
}

function valuesOf(asked: Keys, kind: "fin" | "i94" | "a"): readonly string[] {
  const mark = `${kind} `;
  return [...asked].filter((each) => each.startsWith(mark)).map((each) => each.slice(mark.length));
}

type Context = RequestContext<CbpLoaders>;

export const cbpResolvers: Resolvers<CbpLoaders> = {
  Person: {
    __resolveReference: (representation: Representation) => representation,

    async arrivals(
      person: Representation,
      _arguments: unknown,
      { loaders, report }: Context,
      info: GraphQLResolveInfo,
    ) {
      const i94Numbers = identifiers(person, "i94Numbers");
      const answer = await loaders.crossings.load(new Set([...identifiers(person, "fins"), ...i94Numbers]));
      const crossings = decodeCrossings("I", answer);
      const shown = crossings.records.flatMap(({ i94Number }): readonly Identifier[] =>
        typeof i94Number === "string" ? [`i94 ${i94Number}`] : [],
      );
      const numbers = new Set([...i94Numbers, ...shown]);
      // I-94 finds by admission number only: where none is known, nothing could ever be found.
      const admitted = numbers.size === 0 ? null : await loaders.admissions.load(numbers);
      const admissions = decodeAdmissions(admitted ?? { asOf: answer.asOf, rows: [] });
      report(info, [...crossings.unreadable, ...admissions.unreadable]);
      const arrivals = joinArrivals(crossings.records, admissions.records, admitted?.asOf ?? null);
      return oldestFirst(arrivals, ({ arrivedAt }) => arrivedAt);
    },

    async departures(
      person: Representation,
      _arguments: unknown,
      { loaders, report }: Context,
      info: GraphQLResolveInfo,
    ) {
      const keys = new Set([...identifiers(person, "fins"), ...identifiers(person, "i94Numbers")]);
      const { records, unreadable } = decodeCrossings("O", await loaders.crossings.load(keys));
      report(info, unreadable);
      return oldestFirst(records.map(departureOf), ({ departedAt }) => departedAt);
    },

    async apprehensions(
      person: Representation,
      _arguments: unknown,
      { loaders, report }: Context,
      info: GraphQLResolveInfo,
    ) {
      const { records, unreadable } = decodeApprehensions(await loaders.subjects.load(subjectKeys(person)));
      report(info, unreadable);
      return oldestFirst(records, ({ apprehendedAt }) => apprehendedAt);
    },

    async addresses(
      person: Representation,
      _arguments: unknown,
      { loaders, report }: Context,
      info: GraphQLResolveInfo,
    ) {
      const { records, unreadable } = decodeAddresses(await loaders.subjects.load(subjectKeys(person)));
      report(info, unreadable);
      const subject = { fin: person.fin };
      return newestFirst(records, ({ since }) => since).map((address) => ({ ...address, subject }));
    },

    async cbpCase(person: Representation, _arguments: unknown, { loaders }: Context) {
      const { records, unreadable } = decodeApprehensions(await loaders.subjects.load(subjectKeys(person)));
      if (records.length > 0) return true;
      if (unreadable.length === 0) return false;
      throw new GraphQLError("E3 holds a record here that cannot be read", {
        extensions: { code: "VALUE_UNREADABLE", system: "E3" },
      });
    },
  },
};

function subjectKeys(person: Representation): Keys {
  return new Set([...identifiers(person, "fins"), ...identifiers(person, "aNumbers")]);
}

const parsers = {
  fins: { kind: "fin", parse: parseFin },
  aNumbers: { kind: "a", parse: parseANumber },
  i94Numbers: { kind: "i94", parse: parseI94Number },
} as const;

/**
 * The person's identifiers of one kind, as IDENT supplied them; the key `fin` is one of the `fins`.
 * INVARIANT: a list that IDENT could not give, or that is not in its form, is not the same as an empty one: a search
 * without it would read as "nothing".
 */
function identifiers(person: Representation, list: keyof typeof parsers): readonly Identifier[] {
  const values = person[list];
  if (!Array.isArray(values)) throw new SourceError("SOURCE_UNAVAILABLE", "IDENT");
  const { kind, parse } = parsers[list];
  return [...values, ...(list === "fins" ? [person.fin] : [])].map((value): Identifier => {
    const canonical = typeof value === "string" ? parse(value) : null;
    if (canonical === null) throw new SourceError("SOURCE_INVALID", "IDENT");
    return `${kind} ${canonical}`;
  });
}
