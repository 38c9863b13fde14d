/**
 * The reference: one ordinary schema over plain objects, in which every rule is looked up and decided anew for every field
 * that is resolved. There are no plans, no keys, no places and no order here that could be got wrong.
 */
import { execute, GraphQLError, type GraphQLFieldResolver, type GraphQLResolveInfo, type GraphQLSchema } from "graphql";
import { type GuardLabel, isLabelled, type Label, type Labels } from "./labels.ts";
import { type Caller, type Decided, decidedFor, type Facts, type Refusal, type Ruling } from "./law.ts";
import type { Operation } from "./operations.ts";
import type { ByArguments, Lack, Readings, Row } from "./readings.ts";

export type Path = readonly (string | number)[];
export type Told = {
  readonly code: string;
  readonly path: Path;
  readonly authority?: string;
  readonly callback?: string;
};
export type ModelAnswer = {
  readonly data: unknown;
  readonly errors: readonly Told[];
  /** What was decided, by kind; each as often as it happened. */
  readonly tally: ReadonlyMap<string, number>;
};
export type Model = { answer(operation: Operation, caller: Caller): Promise<ModelAnswer> };

/** Why something is closed whatever the facts: for a reason that is told, or none. */
const unneeded = "unneeded" as const;
type Closing = Refusal | typeof unneeded;
type Outcome = "permit" | "unavailable" | Refusal;
type Asking = {
  readonly caller: Caller;
  readonly told: Told[];
  count(what: string): void;
};

const unauthorized = "UNAUTHORIZED_FIELD_OR_TYPE";
const unavailable = "GUARD_UNAVAILABLE";
/** Of nobody there is nothing that could not be read or is withheld; everything else befalls whoever is asked about. */
const wouldBeNobodysToo = ({ code }: Lack): boolean => !/^(RECORD|VALUE)_UNREADABLE$|^REDACTED_/.test(code);
const strictness = ["mask", "refer", "hide"] as const;

export function openModel(schema: GraphQLSchema, labels: Labels, readings: Readings): Model {
  const { lacks } = readings;
  const decided = new Map<string, Decided>();
  const policyFor = (name: string, caller: Caller): Decided => {
    const key = JSON.stringify([name, caller]);
    const known = decided.get(key) ?? decidedFor(name, caller);
    decided.set(key, known);
    return known;
  };
  const typeOf = (name: string) => labels.get(name);
  const fieldOf = (type: string, field: string) => labels.get(type)?.fields.get(field);

  /** Scopes refuse before anything; so does what no facts could permit, under its own effect where that is told. */
  const closing = (label: Label, caller: Caller): readonly Closing[] => [
    ...label.scopes
      .filter((groups) => !groups.some((group) => group.every((each) => caller.scopes.includes(each))))
      .map((): Closing => unneeded),
    ...label.guards.flatMap(({ policy }) => {
      const { always } = policyFor(policy, caller);
      return typeof always === "object" && always !== null ? [always.effect === "hide" ? unneeded : always] : [];
    }),
  ];
  const closingType = (type: string, caller: Caller): readonly Closing[] => {
    const found = typeOf(type);
    return found === undefined ? [] : closing(found.label, caller);
  };
  /** Null: open to callers like this one. */
  const closed = (type: string, field: string, caller: Caller): Closing | null => {
    const [holder, found] = [typeOf(type), fieldOf(type, field)];
    if (holder === undefined || found === undefined) return unneeded;
    const isServed = isLabelled(found.label) || (!holder.hasKey && isLabelled(holder.label));
    const all: readonly Closing[] = [
      ...(isServed ? [] : [unneeded]),
      ...closing(found.label, caller),
      ...closingType(type, caller),
      ...closingType(found.type, caller),
    ];
    if (all.includes(unneeded)) return unneeded;
    return all.reduce<Refusal | null>((one, each) => (each === unneeded ? one : stricter(one, each)), null);
  };

  /** Null: it could not be had. */
  const factOf = (holder: object, name: string): boolean | null => {
    const value = (holder as Row)[name];
    return typeof value === "boolean" && lacks.at(holder, name).length === 0 ? value : null;
  };
  /** What stands there, though something of the person's own is recorded so that nobody can read it. */
  const readFactOf = (holder: object, name: string): boolean | null => {
    const value = (holder as Row)[name];
    return typeof value === "boolean" && !lacks.at(holder, name).some(wouldBeNobodysToo) ? value : null;
  };
  const subjectOf = async (record: object): Promise<Row | null> => {
    const { subject } = record as { readonly subject?: { readonly fin?: unknown } | null };
    return typeof subject?.fin === "string" ? readings.person(subject.fin) : null;
  };
  const relevantFacts = ({ policy, facts }: GuardLabel, caller: Caller) => {
    const { relevant } = policyFor(policy, caller);
    return facts.filter(({ name }) => relevant.includes(name));
  };
  /** A fact that could not be had may be either: what is permitted both ways is permitted, the rest is not settled. */
  async function rulingOf(
    guard: GuardLabel,
    record: object,
    caller: Caller,
    readFact = factOf,
  ): Promise<Ruling | "unavailable"> {
    const { rule } = policyFor(guard.policy, caller);
    let worlds: readonly Facts[] = [{}];
    for (const { name, of } of relevantFacts(guard, caller)) {
      const holder = of === "subject" ? await subjectOf(record) : record;
      const value = holder === null ? null : readFact(holder, name);
      const values = value === null ? [false, true] : [value];
      worlds = worlds.flatMap((world) => values.map((each) => ({ ...world, [name]: each })));
    }
    if (worlds.every((world) => rule(world) === "permit")) return "permit";
    const rulings = worlds.map((world) => rule(world));
    if (readFact === readFactOf && !rulings.includes("permit")) return rulings[0] ?? "unavailable";
    return worlds.length === 1 ? rule(worlds[0] ?? {}) : "unavailable";
  }
  /** All guards of an element must permit; of several refusals the strictest stands. */
  async function decide(
    guards: readonly GuardLabel[],
    record: object,
    caller: Caller,
    readFact = factOf,
  ): Promise<Outcome> {
    const rulings = await Promise.all(guards.map((guard) => rulingOf(guard, record, caller, readFact)));
    let strictest: Refusal | null = null;
    for (const each of rulings) if (typeof each === "object") strictest = stricter(strictest, each);
    if (strictest?.effect === "hide") return strictest;
    return rulings.includes("unavailable") ? "unavailable" : (strictest ?? "permit");
  }

  /** Below whom a record stands. It says whose facts must be there even where there is no record, and decides nothing. */
  const above = new WeakMap<object, object>();
  /** Without these facts of the person nothing can be said of such records, whether there are any or not. */
  function lacksPersonFacts(person: object, type: string, caller: Caller): boolean {
    const guards = typeOf(type)?.label.guards ?? [];
    return guards.some((guard) =>
      relevantFacts(guard, caller).some(({ name, of }) => of === "subject" && factOf(person, name) === null),
    );
  }

  const fail = (code: string, more: Partial<Told> = {}): never => {
    throw new GraphQLError(code, { extensions: { code, ...more } });
  };
  const tellAll = (asking: Asking, info: GraphQLResolveInfo, found: readonly Lack[]) => {
    for (const { code } of found) asking.told.push({ code, path: pathOf(info) });
  };
  const refer = (asking: Asking, { effect, authority, callback }: Refusal): null => {
    asking.count(effect);
    if (effect === "hide") return null;
    if (effect === "mask") return fail("MASKED", { authority });
    return fail("OWNER_REFER", callback === undefined ? {} : { callback });
  };
  const refuse = (asking: Asking, what: string, why: Closing): null => {
    if (why !== unneeded) return refer(asking, why);
    asking.count(what);
    return fail(unauthorized);
  };
  const cannotSettle = (asking: Asking): never => {
    asking.count("unavailable");
    return fail(unavailable);
  };

  /** A record, or a list of them, without those that may not be seen. */
  async function sift(value: unknown, type: string, asking: Asking): Promise<unknown> {
    const guards = typeOf(type)?.label.guards ?? [];
    if (typeof value !== "object" || value === null || guards.length === 0) return value;
    if (!Array.isArray(value)) {
      const outcome = await decide(guards, value, asking.caller);
      if (outcome === "permit") asking.count("permit");
      if (outcome === "unavailable") return cannotSettle(asking);
      return outcome === "permit" ? value : refer(asking, outcome);
    }
    const kept: unknown[] = [];
    for (const element of value) {
      const outcome = await decide(guards, element as object, asking.caller);
      if (outcome === "unavailable") return cannotSettle(asking);
      asking.count(outcome === "permit" ? "permit" : outcome.effect);
      if (outcome === "permit") kept.push(element);
      else if (outcome.effect !== "hide") throw new Error("no list here is referred or masked");
    }
    return kept;
  }

  const ofRecord: GraphQLFieldResolver<Row, Asking> = async (parent, _args, asking, info) => {
    const [type, name] = [info.parentType.name, info.fieldName];
    const { caller } = asking;
    const why = closed(type, name, caller);
    if (why !== null) return refuse(asking, "refused", why);
    const field = fieldOf(type, name);
    if (field === undefined) throw new Error(`${type}.${name} is nobody's`);
    const outcome = await decide(field.label.guards, parent, caller);
    if (outcome === "unavailable") return cannotSettle(asking);
    if (outcome !== "permit") return refer(asking, outcome);
    const person = type === "Person" ? parent : above.get(parent);
    if (person !== undefined && lacksPersonFacts(person, field.type, caller)) return cannotSettle(asking);
    const value = await sift(parent[name], field.type, asking);
    if (person !== undefined)
      for (const each of [value].flat()) if (typeof each === "object" && each !== null) above.set(each, person);
    tellAll(asking, info, lacks.at(parent, name));
    if (Array.isArray(value) && Array.isArray(parent[name])) tellElements(asking, info, parent[name], value);
    return value ?? null;
  };
  const tellElements = (
    asking: Asking,
    info: GraphQLResolveInfo,
    all: readonly unknown[],
    kept: readonly unknown[],
  ) => {
    all.forEach((element, index) => {
      const at = typeof element === "object" && element !== null ? kept.indexOf(element) : index;
      if (at < 0) return;
      for (const { code } of lacks.at(all, index)) asking.told.push({ code, path: [...pathOf(info), at] });
    });
  };

  const ofPerson: GraphQLFieldResolver<unknown, Asking> = async (_parent, args, asking, info) => {
    const why = closed("Query", "person", asking.caller);
    if (why !== null) return refuse(asking, "refused root", why);
    const found = await readings.personBy(args.by);
    tellAll(asking, info, found.lacks);
    if (found.lacks.length > 0) return null;
    const guards = typeOf("Person")?.label.guards ?? [];
    if (found.row === null) {
      // Who is hidden could not be told now, and so neither may be who is not there.
      asking.count("absent");
      const nobody = await readings.nobody();
      const isKnown = ({ name }: { readonly name: string }) => factOf(nobody, name) !== null;
      return guards.every((guard) => relevantFacts(guard, asking.caller).every(isKnown)) ? null : cannotSettle(asking);
    }
    let outcome = await decide(guards, found.row, asking.caller);
    if (outcome === "unavailable") {
      // What of their own cannot be read never shows them, nor tells that they are there.
      const asRead = await decide(guards, found.row, asking.caller, readFactOf);
      if (typeof asRead === "object") outcome = asRead;
    }
    if (outcome === "unavailable") {
      asking.count("person unavailable");
      return cannotSettle(asking);
    }
    // Where the same could not be had of nobody, nobody is not told either.
    const hasFailed = ({ name }: { readonly name: string }) => lacks.at(found.row ?? {}, name).some(wouldBeNobodysToo);
    if (outcome !== "permit" && guards.some((guard) => relevantFacts(guard, asking.caller).some(hasFailed)))
      return cannotSettle(asking);
    asking.count(outcome === "permit" ? "person" : "hidden person");
    return outcome === "permit" ? found.row : null;
  };
  const ofHold: GraphQLFieldResolver<unknown, Asking> = async (_parent, args, asking, info) => {
    const why = closed("Query", "holdCheck", asking.caller);
    if (why !== null) return refuse(asking, "refused root", why);
    const found = await readings.holdBy(args as ByArguments);
    tellAll(asking, info, found.lacks);
    if (found.row !== null) asking.count("hold");
    return found.row;
  };

  const resolve: GraphQLFieldResolver<unknown, Asking> = (parent, args, asking, info) => {
    if (info.parentType.name !== "Query") return ofRecord(parent as Row, args, asking, info);
    return info.fieldName === "person" ? ofPerson(parent, args, asking, info) : ofHold(parent, args, asking, info);
  };

  return {
    async answer({ document, variables, operationName }, caller) {
      const tally = new Map<string, number>();
      const asking: Asking = {
        caller,
        told: [],
        count: (what) => tally.set(what, (tally.get(what) ?? 0) + 1),
      };
      const { data, errors = [] } = await execute({
        schema,
        document,
        variableValues: variables,
        operationName,
        contextValue: asking,
        fieldResolver: resolve,
      });
      for (const { path = [], extensions, message } of errors) {
        const { code, ...more } = extensions as Partial<Told>;
        if (code === undefined) throw new Error(`the reference itself failed at ${path.join(".")}: ${message}`);
        asking.told.push({ ...more, code, path });
      }
      // Where nothing is left to answer there is no data: not an object of nothing but refusals.
      const keys = Object.keys(data ?? {});
      const refused = errors.filter(({ path, extensions }) => path?.length === 1 && extensions.code === unauthorized);
      const isNothing = keys.length > 0 && refused.length === keys.length;
      const shown = isNothing ? null : (JSON.parse(JSON.stringify(data ?? null)) as unknown);
      return { data: shown, errors: asking.told, tally };
    },
  };
}

function stricter(one: Refusal | null, other: Refusal): Refusal {
  if (one === null) return other;
  return strictness.indexOf(other.effect) > strictness.indexOf(one.effect) ? other : one;
}

function pathOf({ path }: GraphQLResolveInfo): Path {
  const steps: (string | number)[] = [];
  for (let at: GraphQLResolveInfo["path"] | undefined = path; at; at = at.prev) steps.unshift(at.key);
  return steps;
}
