/**
 * What a subgraph answers about everybody, and which of it an announcement has to reach: the oracle of the watchers. It
 * knows nothing of how a change is noticed: it asks before and after, over the wire, everything that the schema has.
 */
import {
  buildClientSchema,
  type GraphQLNamedType,
  type GraphQLSchema,
  getIntrospectionQuery,
  getNamedType,
  isInputObjectType,
  isLeafType,
  isObjectType,
} from "graphql";
import type { FeedMessage } from "../subgraphs/kit/envelope.ts";

/** One answer that a cache could keep: what was asked of it, and by which tags it can be reached. */
export type Kept = { readonly tags: ReadonlySet<string>; readonly answer: string };

/** By what was asked: entity and field. */
export type Answers = ReadonlyMap<string, Kept>;

type Values = Readonly<Record<string, unknown>>;

export type Asker = {
  readonly schema: GraphQLSchema;
  ask(query: string, variables?: unknown): Promise<{ readonly data: Values | null }>;
};

export async function openAsker(url: string): Promise<Asker> {
  const ask = async (query: string, variables: unknown = {}) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as { readonly data: Values | null };
  };
  const { data } = await ask(getIntrospectionQuery());
  return { schema: buildClientSchema(data as never), ask };
}

/** The lists by which other agencies find a person, and the scalar of each. */
const identifierLists = {
  fins: "Fin",
  aNumbers: "ANumber",
  i94Numbers: "I94Number",
  eidSubjectIds: "EidSubjectId",
} as const;

export type Identified = { readonly fin: string } & Readonly<Record<keyof typeof identifierLists, readonly string[]>>;

/** Everybody whom IDENT knows of these FINs, with the identifiers that the gateway would hand on. */
export async function identify({ ask }: Asker, fins: readonly string[]): Promise<readonly Identified[]> {
  const found: Identified[] = [];
  for (const part of inParts(fins)) {
    const representations = part.map((fin) => ({ __typename: "Person", fin }));
    const lists = Object.keys(identifierLists).join(" ");
    const query = `query($r: [_Any!]!) { _entities(representations: $r) { ... on Person { fin ${lists} } } }`;
    const { data } = await ask(query, { r: representations });
    found.push(...((data?._entities ?? []) as Identified[]));
  }
  return found;
}

/** Every field of Person and ImmigrationHold that the subgraph resolves, about each of these persons. */
export async function entityAnswers({ schema, ask }: Asker, persons: readonly Identified[]): Promise<Answers> {
  const kept = new Map<string, Kept>();
  for (const typeName of ["Person", "ImmigrationHold"]) {
    const type = schema.getType(typeName);
    if (!isObjectType(type)) continue;
    const own = Object.keys(type.getFields()).filter(
      (field) => field !== "fin" && !Object.hasOwn(identifierLists, field),
    );
    const isOwner = schema.getQueryType()?.getFields().person !== undefined;
    const fields = isOwner ? Object.keys(type.getFields()) : own;
    if (isOwner && typeName !== "Person") continue;
    for (const part of inParts(persons)) {
      const representations = part.map((person) => ({
        __typename: typeName,
        ...(isOwner ? { fin: person.fin } : person),
      }));
      const selection = fields.map((field) => selectionOf(type, field)).join(" ");
      const query = `query($r: [_Any!]!) { _entities(representations: $r) { ... on ${typeName} { ${selection} } } }`;
      const { data } = await ask(query, { r: representations });
      const answered = (data?._entities ?? []) as readonly (Values | null)[];
      for (const [index, person] of part.entries()) {
        // The least that such an entry could be reached by: what stands in its representation.
        const tags = isOwner ? new Set([`Fin ${person.fin}`]) : tagsOf(person);
        for (const field of fields)
          kept.set(`${typeName} ${person.fin} ${field}`, {
            tags,
            answer: JSON.stringify(answered[index]?.[field] ?? null),
          });
      }
    }
  }
  return kept;
}

export type RootQuestion = { readonly by: Values; readonly tag: string };

/** Root look-ups, one for each identifier: reached by the identifier alone, since there may be nobody in the answer. */
export async function rootAnswers({ schema, ask }: Asker, questions: readonly RootQuestion[]): Promise<Answers> {
  const kept = new Map<string, Kept>();
  const person = schema.getType("Person");
  const hold = schema.getType("ImmigrationHold");
  const input = schema.getType("HoldCheckIdentifier");
  if (!isObjectType(person) || !isObjectType(hold) || !isInputObjectType(input))
    throw new Error("not the owner of persons");
  const all = (type: GraphQLNamedType) =>
    isObjectType(type)
      ? Object.keys(type.getFields())
          .map((field) => selectionOf(type, field))
          .join(" ")
      : "";
  for (const { by, tag } of questions) {
    const isHold = Object.keys(by).every((member) => Object.hasOwn(input.getFields(), member));
    const roots = [
      `person(by: $by) { ${all(person)} }`,
      // nobody's identifiers are drawn anew by each process, and the same within it
      ...(isHold ? [`holdCheck(by: $hold) { ${all(hold)} }`] : []),
    ];
    const variables = isHold ? { by, hold: by } : { by };
    const declared = isHold ? "$by: PersonIdentifier!, $hold: HoldCheckIdentifier!" : "$by: PersonIdentifier!";
    for (const root of roots) {
      const name = root.slice(0, root.indexOf("("));
      const only = root.includes("$hold") ? declared.split(", ")[1] : declared.split(", ")[0];
      const body = await ask(`query(${only}) { ${root} }`, root.includes("$hold") ? { hold: variables.hold } : { by });
      kept.set(`${name} ${JSON.stringify(by)}`, { tags: new Set([tag]), answer: JSON.stringify(body) });
    }
  }
  return kept;
}

/** The instant of a source is told by its heartbeat, whatever is kept; a reference back to the person says nothing new. */
const leftOut = new Set(["source", "asOf", "subject"]);

function selectionOf(type: GraphQLNamedType, fieldName: string): string {
  if (!isObjectType(type) || leftOut.has(fieldName)) return "";
  const field = type.getFields()[fieldName];
  if (field === undefined) return "";
  const of = getNamedType(field.type);
  if (isLeafType(of)) return fieldName;
  if (!isObjectType(of)) return "";
  const inner = Object.keys(of.getFields()).map((each) => selectionOf(of, each));
  return `${fieldName} { ${inner.filter((each) => each !== "").join(" ") || "__typename"} }`;
}

function tagsOf(person: Identified): ReadonlySet<string> {
  const lists = Object.entries(identifierLists).flatMap(([list, scalar]) =>
    (person[list as keyof typeof identifierLists] ?? []).map((value) => `${scalar} ${value}`),
  );
  return new Set([`Fin ${person.fin}`, ...lists]);
}

/** What was answered otherwise before, or not at all. */
export function changedAnswers(before: Answers, after: Answers): readonly (readonly [asked: string, kept: Kept])[] {
  return [...before].filter(([asked, { answer }]) => after.get(asked)?.answer !== answer);
}

/** Of these, the ones that no change announced by this source reaches: they would be served as they were. */
export function unreached(
  changed: readonly (readonly [asked: string, kept: Kept])[],
  source: string,
  messages: readonly FeedMessage[],
): readonly string[] {
  const changes = messages.filter((each) => each.source === source).flatMap((each) => each.changes);
  if (changes.some((each) => "all" in each)) return [];
  const announced = new Set(
    changes.flatMap((each) => ("about" in each ? each.about.map((about) => about.join(" ")) : [])),
  );
  return changed.filter(([, { tags }]) => [...tags].every((tag) => !announced.has(tag))).map(([asked]) => asked);
}

function inParts<T>(all: readonly T[], size = 100): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}
