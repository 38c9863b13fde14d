/** Executes a compiled plan: sends each request as soon as what it waits for is there, and puts the answers together. */
import type { ErrorCode } from "../errors.ts";
import { type ExecutedCall, SubgraphFailure } from "../subgraph/call.ts";
import { waitingClock } from "../telemetry/waiting.ts";
import { Alikes } from "./alikes.ts";
import { type Reported, readErrors } from "./answer-errors.ts";
import type { CompiledPlan, EntityPart, Request } from "./compile.ts";
import { read } from "./complete.ts";
import { contextVariables } from "./context.ts";
import type { KeyField, UsedKey } from "./fetch-document.ts";
import { markGaps } from "./gaps.ts";
import { gatherWithAncestors } from "./gather.ts";
import { copySelected, mergeObject, rewriteKeys, withhold } from "./merge.ts";
import { openProblems, type Problem, type Problems } from "./problems.ts";
import { buildRepresentation } from "./representation.ts";
import type { SchemaFacts } from "./schema-facts.ts";
import type { Selection } from "./selection.ts";

export type ExecuteSettings = {
  readonly plan: CompiledPlan;
  readonly facts: SchemaFacts;
  readonly call: ExecutedCall;
  /** Coerced, by internal names. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  readonly deadline: number;
  /** Whether a subgraph takes representations with gaps. */
  readonly isPartial: (subgraph: string) => boolean;
  /** A request has been answered, or has failed. */
  readonly onAnswered: () => void;
  /** Everything of this block has been answered, or has failed. */
  readonly onBlock: (block: number) => void;
};

export type Execution = {
  /** Under internal names. Filled as answers come. */
  readonly data: object;
  readonly problems: Problems;
  /** How long at least one request was under way, in milliseconds. */
  waitedMs(): number;
};

/** Never throws for what a subgraph does; `onFault` gets what is a fault of ours. */
export function execute(settings: ExecuteSettings, onFault: (error: unknown) => void): Execution {
  const { plan, onBlock } = settings;
  const run = openRun(settings);
  const waitsFor = plan.requests.map((each) => each.waitsFor);
  const left = new Map<number, number>([[0, 0]]);
  for (const { block, needs } of plan.deferred) left.set(block, needs.length);
  for (const { block } of plan.requests) left.set(block, (left.get(block) ?? 0) + 1);

  const completeOne = (block: number): void => {
    const rest = (left.get(block) ?? 0) - 1;
    left.set(block, rest);
    if (rest === 0) onBlock(block);
  };
  const done = ({ index, before, block }: Request): void => {
    for (const next of before) {
      waitsFor[next] = (waitsFor[next] ?? 0) - 1;
      if (waitsFor[next] === 0) start(plan.requests[next] as Request);
    }
    for (const each of plan.deferred) if (each.needs.includes(index)) completeOne(each.block);
    completeOne(block);
  };
  const start = (request: Request): void => {
    const sent = run.send(request);
    if (sent === null) done(request);
    else sent.then(() => done(request)).catch(onFault);
  };
  const first = plan.requests.filter((each) => each.waitsFor === 0);
  queueMicrotask(() => {
    try {
      for (const [block, requests] of left) if (requests === 0) onBlock(block);
      for (const request of first) start(request);
    } catch (error) {
      onFault(error);
    }
  });
  return run;
}

type Asked = {
  readonly part: EntityPart;
  /** By representation: the entities that it stands for. */
  readonly targets: object[][];
  readonly texts: string[];
  /** By representation: what is known to be missing in it. */
  readonly gaps: (Problem | null)[];
};

type PlacedTargets = { readonly targets: readonly object[]; readonly keys: readonly string[] };

type Run = Execution & {
  /** Null: there is nothing to ask. */
  send(request: Request): Promise<void> | null;
};

const nothing: ReadonlySet<string> = new Set();

function openRun({ plan, facts, call, variables, signal, deadline, isPartial, onAnswered }: ExecuteSettings): Run {
  const data: object = {};
  const problems = openProblems();
  const written = new Map<string, string>();
  const clock = waitingClock();
  /** Whether one object may stand at several places: then each is looked at once. */
  let isShared = false;

  const variableText = (name: string): string => {
    const known = written.get(name);
    if (known !== undefined) return known;
    const text = `,${JSON.stringify(name)}:${JSON.stringify(variables[name])}`;
    written.set(name, text);
    return text;
  };
  const variablesText = ({ variables: names }: Request): string => {
    let text = "";
    for (const name of names) if (variables[name] !== undefined) text += variableText(name);
    return text;
  };
  const holds = ({ conditions }: Request): boolean =>
    conditions.every(({ variable, value }) => (variables[variable] === true) === value);

  const asking = async (request: Request, variablesMembers: string): Promise<AnswerBody> => {
    const { subgraph, kind, prefix } = request;
    clock.began();
    try {
      const answer = await call({ subgraph, kind, body: `${prefix}${variablesMembers}}}`, signal, deadline });
      return readBody(answer.body, answer.isShared);
    } catch (error) {
      if (error instanceof SubgraphFailure)
        return { data: null, errors: undefined, failed: error.code, isShared: false };
      throw error;
    } finally {
      onAnswered();
      clock.ended();
    }
  };

  const askRoot = async (request: Request, root: NonNullable<Request["root"]>): Promise<void> => {
    const answer = await asking(request, variablesText(request).slice(1));
    const targets = root.place.gather(data, isShared);
    const { subgraph: agency } = request;
    const rewrites = root.outputRewrites;
    const reported = readErrors(answer.errors, agency, null, rewrites.length > 0);
    const missing: Problem = { code: "SUBREQUEST_MALFORMED_RESPONSE", agency };
    if (answer.data === null) {
      const cause = answer.failed ? { code: answer.failed, agency } : causeOfNull(undefined, reported, 0, missing);
      const problem = { ...(cause ?? missing), isWhole: true as const };
      for (const target of targets) withhold(target, root.selection, problem, { problems, keep: nothing });
      return;
    }
    rewriteKeys(answer.data, rewrites, facts.fits);
    for (const target of targets) {
      const source = (
        answer.isShared || targets.length > 1 ? copySelected(answer.data, root.selection) : answer.data
      ) as object;
      placeErrors(
        reported,
        () => [target],
        () => source,
      );
      mergeObject(target, source, root.selection, { problems, missing, keep: nothing, fits: facts.fits });
      explainNulls(reported, target, root.selection);
    }
  };

  const askEntities = (request: Request): Promise<void> | null => {
    const asked = request.entities.map((part) => representationsOf(request, part, placedTargets(part)));
    return sendEntities(request, asked, "");
  };

  /** Each value of the context is a question of its own. */
  const askInContext = (request: Request): Promise<void> | null => {
    const { entities, context } = request;
    const [part] = entities as readonly [EntityPart];
    const byContext = new Map<string, PlacedTargets[]>();
    for (const { place, keys } of part.places) {
      for (const line of gatherWithAncestors(data, place)) {
        const target = line.at(-1) as object;
        const value = contextVariables(line, context, problems, facts.fits);
        if ("problem" in value) withhold(target, part.selection, value.problem, { problems, keep: part.required });
        else byContext.set(value.variables, [...(byContext.get(value.variables) ?? []), { targets: [target], keys }]);
      }
    }
    const sent = [...byContext].flatMap(
      ([members, targets]) => sendEntities(request, [representationsOf(request, part, targets)], members) ?? [],
    );
    return sent.length === 0 ? null : Promise.all(sent).then(() => {});
  };

  const sendEntities = (request: Request, asked: readonly Asked[], members: string): Promise<void> | null => {
    if (asked.every(({ texts }) => texts.length === 0)) return null;
    let text = "";
    for (const { part, texts } of asked) text += `,"${part.representations}":[${texts.join(",")}]`;
    text += members + variablesText(request);
    return asking(request, text.slice(1)).then((answer) => settle(request, asked, answer));
  };

  const placedTargets = ({ places }: EntityPart): readonly PlacedTargets[] =>
    places.map(({ keys, gather }) => ({ keys, targets: gather(data, isShared) }));

  const representationsOf = ({ subgraph }: Request, part: EntityPart, placed: readonly PlacedTargets[]): Asked => {
    const asked: Asked = { part, targets: [], texts: [], gaps: [] };
    const byText = new Map<string, object[]>();
    const { shape, selection, required: keep } = part;
    const takesGaps = isPartial(subgraph);
    for (const { targets, keys } of placed) {
      const missing = (below: readonly string[]): Problem => missingAt([...keys, ...below]);
      const building = { problems, isPartial: takesGaps, missing };
      // Entities that are alike are found by their values, before anything is written.
      const alikes = problems.isEmpty && !plan.usesContext ? new Alikes(shape) : null;
      for (const target of targets) {
        const alike = alikes?.find(target);
        if (alike) {
          alike.push(target);
          isShared ||= part.bringsObjects;
          continue;
        }
        const typename = read(target, "__typename");
        if (typeof typename === "string" && !part.isAsked(typename)) continue;
        const built = buildRepresentation(target, shape, building);
        const { problem } = built;
        const text = problem === null && isNobody(target, part.keys) ? null : built.text;
        if (text === null) {
          const isKnown = problem !== null || built.text !== null;
          if (isKnown) withhold(target, selection, problem, { problems, keep });
          continue;
        }
        // What was asked with a gap is not shared with what was asked without.
        const known = problem === null && !plan.usesContext ? byText.get(text) : undefined;
        const same = known ?? [];
        same.push(target);
        if (known) isShared ||= part.bringsObjects;
        else {
          asked.texts.push(text);
          asked.targets.push(same);
          asked.gaps.push(problem);
          if (problem === null) byText.set(text, same);
        }
        if (problem === null) alikes?.keep(same);
      }
    }
    return asked;
  };

  /** A key that is null names no entity: there is nothing to be had, and nobody to ask. */
  const isNobody = (target: object, keys: readonly UsedKey[]): boolean =>
    keys.some(
      ({ condition, fields }) =>
        fields.every(({ key }) => read(target, key) === null) &&
        facts.fits(String(read(target, "__typename")), condition),
    );

  const missingAt = (keys: readonly string[]): Problem => {
    const agency = plan.agencyOf(keys);
    return agency === null ? { code: "INTERNAL_SERVER_ERROR" } : { code: "SUBREQUEST_MALFORMED_RESPONSE", agency };
  };

  const settle = ({ subgraph: agency, entities }: Request, asked: readonly Asked[], answer: AnswerBody): void => {
    const aliases = entities.map(({ alias }) => alias);
    const undoes = entities.some(({ outputRewrites }) => outputRewrites.length > 0);
    const reported = readErrors(answer.errors, agency, aliases, undoes);
    for (const [index, each] of asked.entries()) {
      if (each.texts.length === 0) continue;
      const ofPart = reported.filter(({ about }) => about === null || about.part === index);
      const list = answer.data === null ? undefined : read(answer.data, each.part.alias);
      if (Array.isArray(list) && list.length === each.texts.length)
        settlePart(each, list, ofPart, agency, answer.isShared);
      else {
        const given = ofPart[0]?.problem ?? { code: "SUBREQUEST_MALFORMED_RESPONSE" as const, agency };
        const cause: Problem = { ...(answer.failed ? { code: answer.failed, agency } : given), isWhole: true };
        for (const targets of each.targets)
          for (const target of targets)
            withhold(target, each.part.selection, cause, { problems, keep: each.part.required });
      }
    }
  };

  const settlePart = (
    { part, targets, gaps }: Asked,
    list: readonly unknown[],
    reported: readonly Reported[],
    agency: string,
    isForeign: boolean,
  ): void => {
    const { selection, required: keep, outputRewrites, keys } = part;
    const missing: Problem = { code: "SUBREQUEST_MALFORMED_RESPONSE", agency };
    const sources: (object | null)[] = [];
    for (let index = 0; index < list.length; index++) {
      const element = list[index];
      const source = isForeign ? copySelected(element, echoing(part)) : element;
      sources.push(typeof source === "object" && source !== null && !Array.isArray(source) ? source : null);
      if (outputRewrites.length > 0) rewriteKeys(source, outputRewrites, facts.fits);
    }
    if (reported.length > 0)
      placeErrors(
        reported,
        (entity) => targets[entity] ?? [],
        (entity) => sources[entity] ?? null,
      );
    const isPlain = reported.length === 0 && problems.isEmpty;
    for (let index = 0; index < list.length; index++) {
      const source = sources[index] ?? null;
      const places = targets[index] as object[];
      if (isPlain && source !== null && gaps[index] === null && assignAll(part, places, source)) continue;
      const problem =
        source === null
          ? causeOfNull(list[index], reported, index, missing)
          : echoProblem(places[0] as object, source, keys, agency, facts);
      for (let at = 0; at < places.length; at++) {
        const target = places[at] as object;
        if (source === null || problem !== null) withhold(target, selection, problem, { problems, keep });
        else {
          mergeObject(target, source, selection, { problems, missing, keep, fits: facts.fits });
          if (reported.length > 0) explainNulls(reported, target, selection);
          const gap = gaps[index];
          if (gap) markGaps(target, selection, gap, { problems, keep });
        }
      }
    }
  };

  /** Puts each error at the object and key that it is about, as deep as the data goes. */
  const placeErrors = (
    reported: readonly Reported[],
    targetsOf: (entity: number) => readonly object[],
    sourceOf: (entity: number) => object | null,
  ): void => {
    for (const { problem, about } of reported) {
      if (about === null) continue;
      const [key, ...rest] = about.path;
      const source = sourceOf(about.entity);
      if (typeof key !== "string" || source === null) continue;
      let [holder, at, below]: [object, string | number, readonly (string | number)[]] = [source, key, rest];
      for (let next = read(holder, key); below.length > 0 && typeof next === "object" && next !== null; ) {
        holder = next;
        at = below[0] as string | number;
        below = below.slice(1);
        next = read(holder, String(at));
      }
      const placed: Problem = below.length > 0 ? { ...problem, below } : problem;
      if (holder !== source) problems.add(holder, at, placed);
      else for (const target of targetsOf(about.entity)) problems.add(target, at, placed);
    }
  };

  /** An error that does not say where explains the nulls beside it; where there are none, it is told all the same. */
  const explainNulls = (reported: readonly Reported[], target: object, selection: Selection): void => {
    const unplaced = reported.filter(({ about }) => about === null || about.path.length === 0);
    if (unplaced.length === 0) return;
    const typename = read(target, "__typename");
    const fields = selection.of(typeof typename === "string" ? typename : undefined);
    const nulls = fields.filter(({ key }) => read(target, key) === null && problems.at(target, key).length === 0);
    for (const { problem } of unplaced) {
      for (const { key } of nulls) problems.add(target, key, problem);
      if (nulls.length === 0) problems.addLoose(problem);
    }
  };

  return {
    data,
    problems,
    waitedMs: clock.waitedMs,
    send(request) {
      if (!holds(request)) return null;
      if (request.root) return askRoot(request, request.root);
      return request.context.length > 0 ? askInContext(request) : askEntities(request);
    },
  };
}

export type AnswerBody = {
  /** Null: there is none that can be used. */
  readonly data: object | null;
  readonly errors: unknown;
  readonly failed: ErrorCode | null;
  readonly isShared: boolean;
};

function readBody(body: unknown, isShared: boolean): AnswerBody {
  if (typeof body !== "object" || body === null) return { data: null, errors: undefined, failed: null, isShared };
  const data = read(body, "data");
  const isObject = typeof data === "object" && data !== null && !Array.isArray(data);
  return { data: isObject ? data : null, errors: read(body, "errors"), failed: null, isShared };
}

/** False: one or more could not be done, and is to be done with care. */
function assignAll(part: EntityPart, targets: readonly object[], source: object): boolean {
  // Those that are alike are of one type.
  const typename = read(targets[0] as object, "__typename");
  if (typeof typename !== "string") return false;
  const assign = part.assign(typename);
  let isDone = true;
  for (let at = 0; at < targets.length; at++) isDone = assign(targets[at] as object, source) && isDone;
  return isDone;
}

/** Why an entity is not there: null for one that the subgraph says it does not know. */
function causeOfNull(given: unknown, reported: readonly Reported[], index: number, missing: Problem): Problem | null {
  const own = reported.find(({ about }) => about?.entity === index && about.path.length === 0);
  const inside = reported.find(({ about }) => about?.entity === index);
  const unplaced = reported.find(({ about }) => about === null);
  // It is missing because of one place in it, which is told instead.
  if (!own && inside?.about) return { ...inside.problem, instead: inside.about.path };
  return own?.problem ?? unplaced?.problem ?? (given === null ? null : missing);
}

/** INVARIANT: what one person's record says never stands under another's: the answer names the entity that was asked for. */
function echoProblem(
  target: object,
  source: object,
  keys: readonly UsedKey[],
  agency: string,
  { fits }: SchemaFacts,
): Problem | null {
  const typename = read(target, "__typename") as string;
  for (const { condition, fields, isEchoed } of keys) {
    if (!isEchoed || !fits(typename, condition)) continue;
    for (const field of fields) {
      const answered = read(source, field.key);
      if (answered === undefined) return { code: "SUBREQUEST_MALFORMED_RESPONSE", agency };
      if (!isSame(read(target, field.key), answered, field)) return { code: "ENTITY_MISMATCH", agency };
    }
  }
  return null;
}

function isSame(asked: unknown, answered: unknown, { below }: KeyField): boolean {
  if (asked === answered) return true;
  if (Array.isArray(asked) || Array.isArray(answered)) {
    if (!Array.isArray(asked) || !Array.isArray(answered) || asked.length !== answered.length) return false;
    return asked.every((each, index) => isSame(each, answered[index], { key: "", below }));
  }
  if (typeof asked === "object" && asked !== null && typeof answered === "object" && answered !== null)
    return below.every((field) => isSame(read(asked, field.key), read(answered, field.key), field));
  // One agency may write a number where another writes a text.
  return asked !== null && answered !== null && typeof asked !== "object" && String(asked) === String(answered);
}

const echoSelections = new WeakMap<EntityPart, Selection>();

/** What is copied of a shared answer: what was selected, and the keys that are echoed. */
function echoing(part: EntityPart): Selection {
  const known = echoSelections.get(part);
  if (known) return known;
  const echoed = part.keys
    .flatMap(({ fields, isEchoed }) => (isEchoed ? fields : []))
    .map(({ key }) => ({ key, isCertain: true, below: null }));
  const selection: Selection = {
    of: (typename) => {
      const fields = part.selection.of(typename);
      return [...fields, ...echoed.filter(({ key }) => !fields.some((each) => each.key === key))];
    },
  };
  echoSelections.set(part, selection);
  return selection;
}
