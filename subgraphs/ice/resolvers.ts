/** A person's EID records, found by the identifiers that IDENT supplies: one statement for a whole request. */
import DataLoader from "dataloader";
import { GraphQLError, type GraphQLFieldResolver } from "graphql";
import { SourceError } from "#kit/source.ts";
import type { RequestContext, Resolvers } from "#kit/subgraph.ts";
import { type ParseIdentifier, parseANumber, parseEidSubjectId } from "#schema/scalars.ts";
import { system } from "./cells.ts";
import { type DetainerFacts, detainerFactsOf } from "./hold.ts";
import { type EidAnswer, type Keys, type PersonRecords, recordsOf } from "./records.ts";
import type { EidSource } from "./source.ts";

export type Loaders = {
  readonly records: DataLoader<Keys, PersonRecords, string>;
  readonly holds: DataLoader<Keys, DetainerFacts, string>;
};

/** New for every request. All fields of all persons in it share one reading of EID; so do all holds. */
export function loaders(source: EidSource): Loaders {
  return { records: loaderOf(source, recordsOf), holds: loaderOf(source, detainerFactsOf) };
}

function loaderOf<T>(source: EidSource, of: (answer: EidAnswer, keys: Keys) => T): DataLoader<Keys, T, string> {
  return new DataLoader(
    async (persons) => {
      const answer = await source.find(
        [...new Set(persons.flatMap(({ eidSubjectIds }) => eidSubjectIds))],
        [...new Set(persons.flatMap(({ aNumbers }) => aNumbers))],
      );
      return persons.map((keys) => of(answer, keys));
    },
    { cacheKeyFn: (keys) => JSON.stringify(keys) },
  );
}

/** The person as the gateway names it: `fin`, and the required fields as IDENT answered them. */
type Person = { readonly aNumbers?: unknown; readonly eidSubjectIds?: unknown };

const nothing: PersonRecords = {
  custodyStays: { records: [], unreadable: [] },
  detainers: { records: [], unreadable: [] },
  removals: { records: [], unreadable: [] },
  enforcementCases: { records: [], unreadable: [] },
};

const listField =
  (field: keyof PersonRecords): GraphQLFieldResolver<Person, RequestContext<Loaders>> =>
  async (person, _args, { loaders, report }, info) => {
    const found = (await recordsOfPerson(person, loaders))[field];
    report(info, found.unreadable);
    return found.records;
  };

function keysOf(person: Person): Keys {
  return {
    aNumbers: identifiersOf(person.aNumbers, parseANumber),
    eidSubjectIds: identifiersOf(person.eidSubjectIds, parseEidSubjectId),
  };
}

async function recordsOfPerson(person: Person, { records }: Loaders): Promise<PersonRecords> {
  const keys = keysOf(person);
  // EID files people under these two identifiers only: for a person with neither there is nothing that could be
  // found there, by definition.
  return keys.aNumbers.length + keys.eidSubjectIds.length === 0 ? nothing : records.load(keys);
}

/** Whether anything stands in EID for this person. A row that may be anybody's is no answer either way. */
const iceCase: GraphQLFieldResolver<Person, RequestContext<Loaders>> = async (person, _args, { loaders }) => {
  const tables = Object.values(await recordsOfPerson(person, loaders));
  if (tables.some(({ records }) => records.length > 0)) return true;
  if (tables.every(({ unreadable }) => unreadable.length === 0)) return false;
  throw new GraphQLError(`${system} holds a record here that cannot be read`, {
    extensions: { code: "VALUE_UNREADABLE", system },
  });
};

/** INVARIANT: identifiers that IDENT could not give, or not in their form, are not the same as none. */
function identifiersOf(list: unknown, parse: ParseIdentifier): readonly string[] {
  if (!Array.isArray(list)) throw new SourceError("SOURCE_UNAVAILABLE", "IDENT");
  const parsed = list.map((each: unknown) => (typeof each === "string" && each.length <= 64 ? parse(each) : null));
  if (parsed.includes(null)) throw new SourceError("SOURCE_INVALID", "IDENT");
  return [...new Set(parsed as string[])].sort();
}

export const resolvers: Resolvers<Loaders> = {
  Person: {
    __resolveReference: (person: Person) => person,
    custodyStays: listField("custodyStays"),
    detainers: listField("detainers"),
    removals: listField("removals"),
    enforcementCases: listField("enforcementCases"),
    iceCase,
  },
  ImmigrationHold: {
    __resolveReference: (hold: Person) => hold,
    detainerFacts: (hold: Person, _args, { loaders: { holds } }) => holds.load(keysOf(hold)),
  },
};
