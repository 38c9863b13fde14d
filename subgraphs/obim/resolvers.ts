/** Who a person is: root look-ups by one identifier, and references by FIN. */
import DataLoader from "dataloader";
import { GraphQLError, type GraphQLFieldResolver } from "graphql";
import { SourceError } from "#kit/source.ts";
import type { RequestContext, Resolvers } from "#kit/subgraph.ts";
import { parseFin } from "#schema/scalars.ts";
import { type Asked, type HoldSubject, holdSubject, parseReleaseAt } from "./hold.ts";
import { finsCarrying, type Identifier, type IdentifierKind, type Person, personLists, personOf } from "./person.ts";
import { type IdentAnswer, system } from "./records.ts";
import { type IdentSource, maxFins } from "./source.ts";

/** One set for each request: a request for many FINs asks IDENT once for each hundred. */
export type Loaders = {
  /** By FIN; null: IDENT answered, and knows no such FIN. */
  readonly persons: DataLoader<string, Person | null>;
  readonly searches: DataLoader<Identifier, Person | null, string>;
  /** As both, with IDENT's clock, which stands where nobody is known too. */
  readonly holds: DataLoader<Identifier, Asked, string>;
};

type Context = RequestContext<Loaders>;

export function loaders(source: IdentSource): Loaders {
  return {
    persons: new DataLoader(
      async (fins) => {
        const answer = await source.retrieve(fins);
        return fins.map((fin) => retrieved(answer, fin));
      },
      { maxBatchSize: maxFins },
    ),
    searches: new DataLoader(
      (identifiers) =>
        Promise.all(
          identifiers.map((identifier) =>
            source.search(identifier).then(
              (answer) => found(answer, identifier),
              (error: Error) => error,
            ),
          ),
        ),
      { cacheKeyFn },
    ),
    holds: new DataLoader(
      (identifiers) =>
        Promise.all(identifiers.map((identifier) => askedFor(source, identifier).catch((error: Error) => error))),
      { cacheKeyFn },
    ),
  };
}

const cacheKeyFn = ({ kind, value }: Identifier) => JSON.stringify([kind, value]);

async function askedFor(source: IdentSource, identifier: Identifier): Promise<Asked> {
  const answer = await (identifier.kind === "fin" ? source.retrieve([identifier.value]) : source.search(identifier));
  const person = identifier.kind === "fin" ? retrieved(answer, identifier.value) : found(answer, identifier);
  if (person instanceof Error) throw person;
  return { person, asOf: answer.asOf };
}

/** One FIN's person out of an answer for many. A FIN that is neither answered nor said to be unknown is no absence. */
function retrieved({ asOf, clusters, unknownFins }: IdentAnswer, fin: string): Person | null | Error {
  for (const cluster of clusters.records) {
    const person = personOf(cluster, fin, asOf);
    if (person !== null) return person;
  }
  return unknownFins.includes(fin) ? null : new SourceError("SOURCE_INVALID", system);
}

/** The one person an identifier belongs to: the lowest FIN that carries it. Never one of several. */
function found({ asOf, clusters }: IdentAnswer, identifier: Identifier): Person | null | Error {
  const [cluster, ...others] = clusters.records;
  // A person that could not be read may be another one, or the only one: nobody can say.
  if (clusters.unreadable.length > 0) return new SourceError("SOURCE_INVALID", system);
  if (others.length > 0) return ambiguous();
  if (cluster === undefined) return null;
  const [fin] = finsCarrying(cluster, identifier);
  const person = fin === undefined ? null : personOf(cluster, fin, asOf);
  // INVARIANT: a cluster that does not carry the identifier is somebody else's, whatever IDENT says.
  return person ?? new SourceError("SOURCE_INVALID", system);
}

function ambiguous(): GraphQLError {
  return new GraphQLError(`${system} knows more than one person by this identifier; ask by FIN`, {
    extensions: { code: "AMBIGUOUS_IDENTIFIER", system },
  });
}

const kinds: readonly IdentifierKind[] = [
  "fin",
  "aNumber",
  "i94Number",
  "passport",
  "receiptNumber",
  "sevisId",
  "fbiNumber",
  "eidSubjectId",
];

/** The scalars have parsed the values already; that there is exactly one is checked again here. */
function identifierOf(by: Readonly<Record<string, unknown>>): Identifier {
  const given = kinds.filter((kind) => by[kind] !== undefined && by[kind] !== null);
  const [kind] = given;
  if (kind === undefined || given.length > 1 || Object.keys(by).length > 1)
    throw new GraphQLError(`PersonIdentifier takes exactly one of ${kinds.join(", ")}`, {
      extensions: { code: "INVALID_IDENTIFIER" },
    });
  return { kind, value: by[kind] } as Identifier;
}

type HoldArguments = { readonly by: Readonly<Record<string, unknown>>; readonly releaseAt?: unknown };

const listField =
  (field: (typeof personLists)[number]): GraphQLFieldResolver<Person, Context> =>
  (person, _args, context, info) => {
    context.report(info, person.unreadable[field]);
    return person[field];
  };

export const resolvers: Resolvers<Loaders> = {
  Query: {
    person: (_parent, { by }: { by: Record<string, unknown> }, context) => {
      const identifier = identifierOf(by);
      if (identifier.kind === "fin") return context.loaders.persons.load(identifier.value);
      const found = context.loaders.searches.load(identifier);
      if (identifier.kind !== "receiptNumber") return found;
      return found.then((person) => (person === null ? null : { ...person, foundByReceipt: true }));
    },
    holdCheck: async (_parent, { by, releaseAt }: HoldArguments, { loaders: { holds } }): Promise<HoldSubject> => {
      const identifier = identifierOf(by);
      const release = parseReleaseAt(releaseAt);
      const asked = await holds.load(identifier).catch((error: unknown) => {
        // That IDENT could not be asked is an answer here (UNKNOWN); who is meant, where it is several, is not.
        if (error instanceof SourceError) return error;
        throw error;
      });
      return holdSubject(asked, identifier, release);
    },
  },
  Person: {
    ...Object.fromEntries(personLists.map((field) => [field, listField(field)])),
    foundByReceipt: ({ foundByReceipt = false }: Person & { readonly foundByReceipt?: boolean }) => foundByReceipt,
    encounters: (person: Person, _args, context: Context, info) => {
      context.report(info, person.unreadable.encounters);
      return person.encounters.map((encounter) => ({ ...encounter, subject: person }));
    },
    // Called with (representation, context). Async: what is thrown at once would take every other reference with it.
    __resolveReference: (async (reference: { readonly fin?: unknown }, context: Context) => {
      const fin = typeof reference.fin === "string" ? parseFin(reference.fin) : null;
      if (fin === null)
        throw new GraphQLError("a Person is referred to by its FIN", { extensions: { code: "INVALID_IDENTIFIER" } });
      return context.loaders.persons.load(fin);
    }) as unknown as GraphQLFieldResolver<unknown, Context>,
  },
};
