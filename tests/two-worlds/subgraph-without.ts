/**
 * Stands in front of a subgraph: keeps what was asked of it, and in the other world makes it answer as if some persons, or
 * some records of them, were not there. The subgraph answers by itself; what it says is only cut.
 */
import { setTimeout as late } from "node:timers/promises";
import {
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { beforeSubgraph, type Passed, pass, type Standing } from "../listeners.ts";

// biome-ignore lint/suspicious/noExplicitAny: whatever stands in JSON.
type Json = any;

export type Asked = {
  readonly subgraph: string;
  readonly query: string;
  readonly variables: Record<string, unknown>;
  /** Names of headers. */
  readonly headers: readonly string[];
};

/** What is not there in a world. */
export type Absence = {
  /** What stands in identifiers of persons who are not there, each with what stands in nobody's. */
  readonly identifiers: ReadonlyMap<string, string>;
  /** What becomes of a record of the person with this FIN: it stays, goes, or other facts of it stand there. */
  readonly record: ((kind: RecordKind, fin: string, facts: Facts) => "stays" | "goes" | Facts) | null;
  /** Persons' facts that are otherwise. */
  readonly personFact: ((fin: string, name: string) => boolean | undefined) | null;
};

export type Facts = Readonly<Record<string, unknown>>;

export const nothingAbsent: Absence = { identifiers: new Map(), record: null, personFact: null };

/** By field: of what kind the records there are, and which facts tell of them. */
const recordFields = {
  encounters: ["Encounter", ["asylumRelated", "filingRelated"]],
  benefitRequests: ["BenefitRequest", ["protectedFiling"]],
  applications: ["AsylumApplication", ["protectedFiling"]],
  addresses: ["Address", []],
  noticeAddress: ["NoticeAddress", []],
  courtCases: ["CourtCase", ["asylumRelated"]],
  nextHearing: ["Hearing", ["asylumRelated"]],
  orders: ["Order", ["asylumRelated"]],
  motions: ["Motion", ["asylumRelated"]],
  stays: ["Stay", ["basis", "courtCaseId"]],
} as const satisfies Readonly<Record<string, readonly [string, readonly string[]]>>;
export type RecordKind = (typeof recordFields)[keyof typeof recordFields][0];

export type SubgraphWithout = {
  readonly asked: Asked[];
  /** How often something was not there that is. */
  cut: number;
  /** The same since the beginning, by what it was. */
  readonly cutOf: Map<string, number>;
  absence: Absence;
  /** When the last answer was given, on the clock of `performance.now()`. */
  lastAnsweredAt: number;
  /** By how many milliseconds an answer is late. */
  delay: ((asked: Pick<Asked, "subgraph" | "variables">) => number) | null;
  before(subgraph: string, url: string): Promise<Standing>;
};

export function subgraphsWithout(): SubgraphWithout {
  const world: SubgraphWithout = {
    asked: [],
    cut: 0,
    cutOf: new Map(),
    absence: nothingAbsent,
    lastAnsweredAt: 0,
    delay: null,
    before: (subgraph, url) =>
      beforeSubgraph(async (request, body) => {
        const { query, variables = {} } = JSON.parse(body);
        world.asked.push({ subgraph, query, variables, headers: Object.keys(request.headers).sort() });
        const answer = await answerWithout(world, url, query, variables);
        const lateMs = world.delay?.({ subgraph, variables }) ?? 0;
        if (lateMs > 0) await late(lateMs);
        world.lastAnsweredAt = performance.now();
        return answer;
      }),
  };
  return world;
}

async function answerWithout(
  world: SubgraphWithout,
  url: string,
  query: string,
  variables: Record<string, unknown>,
): Promise<Passed> {
  const { absence } = world;
  const isCut = absence.record !== null || absence.personFact !== null;
  const document = isCut ? withTellingFields(query) : query;
  const swapped = swap({ query: document, variables }, absence.identifiers);
  if (swapped.count > 0) world.cut += 1;
  const answer = await pass(url, swapped.text, {
    "content-type": "application/json",
    accept: "application/graphql-response+json, application/json",
  });
  if (!isCut) return answer;
  return { ...answer, text: JSON.stringify(cutAnswer(world, query, variables, JSON.parse(answer.text))) };
}

function swap(body: Json, identifiers: Absence["identifiers"]): { readonly text: string; readonly count: number } {
  let count = 0;
  const query = [...identifiers].reduce((text, [from, to]) => {
    const swapped = text.replaceAll(`"${from}"`, `"${to}"`);
    if (swapped !== text) count++;
    return swapped;
  }, body.query as string);
  const deep = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(deep);
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, deep(each)]));
    const to = typeof value === "string" ? identifiers.get(value) : undefined;
    if (to === undefined) return value;
    count++;
    return to;
  };
  return { text: JSON.stringify({ query, variables: deep(body.variables) }), count };
}

const telling = "told_";

/** With every fact that tells what kind of record it is, beside what was asked. */
function withTellingFields(query: string): string {
  const document = parse(query, { noLocation: true });
  const within = (set: SelectionSetNode, more: readonly string[]): SelectionSetNode => ({
    ...set,
    selections: [
      ...set.selections.map((each): SelectionNode => {
        if (each.kind === Kind.FRAGMENT_SPREAD || !each.selectionSet) return each;
        if (each.kind === Kind.INLINE_FRAGMENT) return { ...each, selectionSet: within(each.selectionSet, []) };
        return { ...each, selectionSet: within(each.selectionSet, tellingFieldsOf(each)) };
      }),
      ...more.map(
        (name): FieldNode => ({
          kind: Kind.FIELD,
          alias: { kind: Kind.NAME, value: `${telling}${name}` },
          name: { kind: Kind.NAME, value: name },
        }),
      ),
    ],
  });
  const definitions = document.definitions.map((each) => {
    if (each.kind === Kind.OPERATION_DEFINITION) return { ...each, selectionSet: within(each.selectionSet, []) };
    if (each.kind === Kind.FRAGMENT_DEFINITION) return { ...each, selectionSet: within(each.selectionSet, []) };
    return each;
  });
  return print({ ...document, definitions } satisfies DocumentNode);
}

function tellingFieldsOf({ name }: FieldNode): readonly string[] {
  if (name.value === "person") return ["fin"];
  return Object.hasOwn(recordFields, name.value) ? recordFields[name.value as keyof typeof recordFields][1] : [];
}

type AnswerError = { path?: (string | number)[] };

/** The subgraph's answer without what is not there; errors about it are not there either. */
function cutAnswer(world: SubgraphWithout, query: string, variables: Json, answer: Json): Json {
  const { record, personFact } = world.absence;
  const document = parse(query, { noLocation: true });
  const fragments = new Map(
    document.definitions.flatMap((each) => (each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each]] : [])),
  );
  const operation = document.definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION);
  let errors: AnswerError[] = answer.errors ?? [];

  type Field = { readonly name: string; readonly node: FieldNode; readonly sets: SelectionSetNode[] };
  const fieldsOf = (sets: readonly SelectionSetNode[]): Map<string, Field> => {
    const fields = new Map<string, Field>();
    const collect = (set: SelectionSetNode): void => {
      for (const each of set.selections) {
        if (each.kind === Kind.INLINE_FRAGMENT) collect(each.selectionSet);
        else if (each.kind === Kind.FRAGMENT_SPREAD) {
          const fragment = fragments.get(each.name.value);
          if (typeof fragment === "object") collect(fragment.selectionSet);
        } else {
          const key = each.alias?.value ?? each.name.value;
          const field = fields.get(key) ?? { name: each.name.value, node: each, sets: [] };
          fields.set(key, field);
          if (each.selectionSet) field.sets.push(each.selectionSet);
        }
      }
    };
    for (const set of sets) collect(set);
    return fields;
  };
  const isAt = (path: readonly (string | number)[], at: readonly (string | number)[]) =>
    at.every((step, index) => path[index] === step);
  const dropErrors = (at: readonly (string | number)[]) => {
    errors = errors.filter(({ path }) => path === undefined || !isAt(path, at));
  };
  const moveErrors = (at: readonly (string | number)[], from: number, to: number) => {
    errors = errors.map((each) => {
      if (each.path === undefined || !isAt(each.path, [...at, from])) return each;
      const path = [...each.path];
      path[at.length] = to;
      return { ...each, path };
    });
  };

  /** Null: it goes. */
  const record_ = (value: Json, kind: RecordKind, fin: string): Json | null => {
    const facts = Object.fromEntries(
      Object.entries(value).flatMap(([key, each]) =>
        key.startsWith(telling) ? [[key.slice(telling.length), each]] : [],
      ),
    );
    const fate = record?.(kind, fin, facts) ?? "stays";
    if (fate === "stays") return value;
    world.cut += 1;
    world.cutOf.set(kind, (world.cutOf.get(kind) ?? 0) + 1);
    if (fate === "goes") return null;
    return { ...value, ...Object.fromEntries(Object.entries(fate).map(([name, each]) => [`${telling}${name}`, each])) };
  };
  const walk = (
    value: Json,
    sets: readonly SelectionSetNode[],
    fin: string,
    at: readonly (string | number)[],
  ): Json => {
    if (Array.isArray(value)) return value.map((each, index) => walk(each, sets, fin, [...at, index]));
    if (typeof value !== "object" || value === null) return value;
    const out: Json = {};
    for (const [key, { name, sets: below }] of fieldsOf(sets)) {
      if (!Object.hasOwn(value, key)) continue;
      const path = [...at, key];
      let each: Json = value[key];
      if (typeof each === "boolean") {
        const other = personFact?.(fin, name);
        if (other !== undefined) {
          if (other !== each) world.cut += 1;
          each = other;
        }
      } else if (["basis", "courtCaseId"].includes(name) && Object.hasOwn(value, `${telling}${name}`)) {
        each = value[`${telling}${name}`];
        // What of it could not be read is of another record than stands there.
        if (each !== value[key]) dropErrors(path);
      }
      if (Object.hasOwn(recordFields, name) && typeof each === "object" && each !== null) {
        const [kind] = recordFields[name as keyof typeof recordFields];
        each = Array.isArray(each) ? listOf(each, kind, fin, path) : record_(each, kind, fin);
        if (each === null) dropErrors(path);
      }
      out[key] = walk(each, below, fin, path);
    }
    return out;
  };
  const listOf = (list: readonly Json[], kind: RecordKind, fin: string, at: readonly (string | number)[]): Json[] => {
    const kept: Json[] = [];
    for (const [index, element] of list.entries()) {
      const left = element === null ? null : record_(element, kind, fin);
      if (left === null && element !== null) {
        dropErrors([...at, index]);
        continue;
      }
      if (kept.length !== index) moveErrors(at, index, kept.length);
      kept.push(left);
    }
    return kept;
  };

  const root: Json = answer.data;
  if (typeof root !== "object" || root === null) return answer;
  const data: Json = {};
  for (const [key, { name, node, sets }] of fieldsOf([(operation as OperationDefinitionNode).selectionSet])) {
    if (!Object.hasOwn(root, key)) continue;
    if (name === "_entities") {
      // Several may stand in one operation, each about entities of its own.
      const representations = representationsIn(node, variables);
      data[key] =
        (root[key] as Json[] | null)?.map((entity, index) =>
          walk(entity, sets, representations[index]?.fin ?? "", [key, index]),
        ) ?? null;
    } else data[key] = walk(root[key], sets, root[key]?.[`${telling}fin`] ?? "", [key]);
  }
  errors = errors.filter(({ path }) => !path?.some((step) => typeof step === "string" && step.startsWith(telling)));
  const { errors: _, ...rest } = answer;
  return { ...(errors.length > 0 ? { errors } : {}), ...rest, data };
}

function representationsIn(field: FieldNode, variables: Json): readonly Json[] {
  const value = field.arguments?.find(({ name }) => name.value === "representations")?.value;
  if (value?.kind !== Kind.VARIABLE) throw new Error("whom entities are asked about stands in a variable");
  return variables[value.name.value];
}

export function representationsOf(variables: Readonly<Record<string, unknown>>): readonly Json[] {
  const lists = Object.values(variables).filter((each): each is Json[] => Array.isArray(each));
  return (
    lists.find((each) => each.every((one) => typeof one === "object" && one !== null && "__typename" in one)) ?? []
  );
}
