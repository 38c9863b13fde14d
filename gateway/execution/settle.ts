/** Puts a subgraph's answer into the data, and what is wrong with it where it belongs. */
import type { ErrorCode, Path } from "../errors.ts";
import { type Reported, readErrors } from "./answer-errors.ts";
import type { Asked } from "./ask.ts";
import type { EntityPart, Request, RootPart } from "./compiled-plan.ts";
import { read } from "./complete.ts";
import type { KeyField, UsedKey } from "./fetch-document.ts";
import { markGaps } from "./gaps.ts";
import { mergeObject, rewriteKeys, withhold } from "./merge.ts";
import type { Problem, Problems } from "./problems.ts";
import type { SchemaFacts } from "./schema-facts.ts";
import type { Selection } from "./selection.ts";

export type AnswerBody = {
  /** Null: there is none that can be used. */
  readonly data: object | null;
  readonly errors: unknown;
  readonly failed: ErrorCode | null;
  /** Others hold the same object. */
  readonly isShared: boolean;
};

export function readAnswer(body: unknown, isShared: boolean): AnswerBody {
  if (typeof body !== "object" || body === null) return { data: null, errors: undefined, failed: null, isShared };
  const data = read(body, "data");
  const isObject = typeof data === "object" && data !== null && !Array.isArray(data);
  return { data: isObject ? data : null, errors: read(body, "errors"), failed: null, isShared };
}

export type Settling = {
  readonly problems: Problems;
  readonly facts: SchemaFacts;
  /** Of such an entity nothing is expected (gate.ts). */
  readonly isDecoy: (entity: object) => boolean;
  /** One object stands at several places from now on: one of which nothing is known but its key. */
  readonly onUnified: () => void;
};

/** What was reported about one part of an answer, found once however many entities there are. */
type Reports = {
  readonly placed: readonly Reported[];
  /** By entity: about the whole of it. */
  readonly ofEntity: ReadonlyMap<number, readonly Problem[]>;
  /** By entity: the first about something in it. */
  readonly inside: ReadonlyMap<number, Reported>;
  /** Nobody can tell what they are about; each once. */
  readonly unplaced: readonly Problem[];
};

const maxUnplaced = 10;
const nothing: ReadonlySet<string> = new Set();

export function settleRoot(
  settling: Settling,
  { subgraph: agency }: Request,
  part: RootPart,
  targets: readonly object[],
  answer: AnswerBody,
): void {
  const { problems, facts } = settling;
  const { selection, outputRewrites } = part;
  const reports = reportsOf(readErrors(answer.errors, agency, null, outputRewrites.length > 0), 0, 1, selection);
  const missing: Problem = { code: "SUBREQUEST_MALFORMED_RESPONSE", agency };
  if (answer.data === null) {
    const cause = answer.failed
      ? { code: answer.failed, agency }
      : (causeOfNull(undefined, reports, 0, missing) ?? missing);
    for (const target of targets) withhold(target, selection, { ...cause, isWhole: true }, { problems, keep: nothing });
    return;
  }
  const isCopied = answer.isShared || targets.length > 1;
  for (const target of targets) {
    const source = (isCopied ? part.copy(answer.data) : answer.data) as object;
    rewriteKeys(source, outputRewrites, facts.fits);
    if (isSilent(reports) && part.unify?.([source])) settling.onUnified();
    placeErrors(
      problems,
      reports,
      () => [target],
      () => source,
    );
    mergeObject(target, source, selection, { problems, missing, keep: nothing, fits: facts.fits });
    explainNulls(problems, reports, 0, target, selection);
  }
}

export function settleEntities(
  settling: Settling,
  { subgraph: agency, entities }: Request,
  asked: readonly Asked[],
  answer: AnswerBody,
): void {
  const aliases = entities.map(({ alias }) => alias);
  const undoes = entities.some(({ outputRewrites }) => outputRewrites.length > 0);
  const reported = readErrors(answer.errors, agency, aliases, undoes);
  for (const [index, each] of asked.entries()) {
    if (each.texts.length === 0) continue;
    const { part, targets } = each;
    const reports = reportsOf(reported, index, each.texts.length, part.selection);
    const list = answer.data === null ? undefined : read(answer.data, part.alias);
    if (Array.isArray(list) && list.length === each.texts.length) {
      settlePart(settling, each, list, reports, agency, answer.isShared);
      continue;
    }
    const given = reports.unplaced[0] ??
      reports.placed[0]?.problem ?? { code: "SUBREQUEST_MALFORMED_RESPONSE", agency };
    const cause: Problem = { ...(answer.failed ? { code: answer.failed, agency } : given), isWhole: true };
    for (const target of targets.flat())
      withhold(target, part.selection, cause, { problems: settling.problems, keep: part.required });
  }
}

function reportsOf(reported: readonly Reported[], part: number, entities: number, selection: Selection): Reports {
  const unplaced = new Map<string, Problem>();
  const ofEntity = new Map<number, Problem[]>();
  const inside = new Map<number, Reported>();
  const placed: Reported[] = [];
  const keys = reported.length > 0 ? new Set(selection.of(undefined).map(({ key }) => key)) : nothing;
  for (const each of reported) {
    const { problem, about } = each;
    if (about !== null && about.part !== part) continue;
    const isThere = about !== null && about.entity < entities;
    if (isThere && about.path.length === 0) {
      const own = ofEntity.get(about.entity) ?? [];
      if (own.length < maxUnplaced) ofEntity.set(about.entity, [...own, problem]);
    } else if (isThere && keys.has(String(about.path[0]))) {
      placed.push(each);
      if (!inside.has(about.entity)) inside.set(about.entity, each);
    } else if (unplaced.size < maxUnplaced) unplaced.set(`${problem.code} ${problem.system ?? ""}`, problem);
  }
  return { placed, ofEntity, inside, unplaced: [...unplaced.values()] };
}

/** Nothing in the answer is said to be wrong. */
function isSilent({ placed, ofEntity, unplaced }: Reports): boolean {
  return placed.length + ofEntity.size + unplaced.length === 0;
}

function settlePart(
  { problems, facts, isDecoy, onUnified }: Settling,
  { part, targets, gaps }: Asked,
  list: readonly unknown[],
  reports: Reports,
  agency: string,
  isShared: boolean,
): void {
  const { selection, required: keep, outputRewrites } = part;
  const { fits } = facts;
  const missing: Problem = { code: "SUBREQUEST_MALFORMED_RESPONSE", agency };
  const sources = list.map((element) => {
    const source = isShared ? part.copy(element) : element;
    if (outputRewrites.length > 0) rewriteKeys(source, outputRewrites, fits);
    return typeof source === "object" && source !== null && !Array.isArray(source) ? source : null;
  });
  const hasReports = !isSilent(reports);
  if (!hasReports && part.unify?.(sources)) onUnified();
  if (hasReports)
    placeErrors(
      problems,
      reports,
      (entity) => targets[entity] ?? [],
      (entity) => sources[entity] ?? null,
    );
  const isPlain = !hasReports && problems.isEmpty;
  for (let index = 0; index < list.length; index++) {
    const source = sources[index] ?? null;
    const places = targets[index] as object[];
    if (isPlain && source !== null && gaps[index] === null && assignAll(part, places, source)) continue;
    const problem =
      source === null
        ? causeOfNull(list[index], reports, index, missing)
        : echoProblem(places[0] as object, source, part.keys, agency, facts);
    for (const target of places) {
      if (source === null && problem === null && isDecoy(target)) continue;
      if (source === null || problem !== null) {
        withhold(target, selection, problem, { problems, keep });
        continue;
      }
      mergeObject(target, source, selection, { problems, missing, keep, fits });
      if (hasReports) explainNulls(problems, reports, index, target, selection);
      const gap = gaps[index];
      if (gap) markGaps(target, selection, gap, { problems, keep });
    }
  }
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

/** Puts each error at the object and key that it is about, as deep as the data goes. */
function placeErrors(
  problems: Problems,
  { placed }: Reports,
  targetsOf: (entity: number) => readonly object[],
  sourceOf: (entity: number) => object | null,
): void {
  for (const { problem, about } of placed) {
    if (about === null) continue;
    const [key, ...rest] = about.path as readonly [string, ...Path];
    const source = sourceOf(about.entity);
    if (source === null) continue;
    let [holder, at, below]: [object, string | number, Path] = [source, key, rest];
    for (let next = read(holder, key); below.length > 0 && typeof next === "object" && next !== null; ) {
      holder = next;
      at = below[0] as string | number;
      below = below.slice(1);
      next = read(holder, String(at));
    }
    const located: Problem = below.length > 0 ? { ...problem, below } : problem;
    if (holder !== source) problems.add(holder, at, located);
    else for (const target of targetsOf(about.entity)) problems.add(target, at, located);
  }
}

/** An error that does not say where explains the nulls beside it; where there are none, it is told all the same. */
function explainNulls(
  problems: Problems,
  { unplaced, ofEntity }: Reports,
  entity: number,
  target: object,
  selection: Selection,
): void {
  const own = ofEntity.get(entity) ?? [];
  if (unplaced.length + own.length === 0) return;
  const typename = read(target, "__typename");
  const fields = selection.of(typeof typename === "string" ? typename : undefined);
  const nulls = fields.filter(({ key }) => read(target, key) === null && problems.at(target, key).length === 0);
  for (const problem of [...unplaced, ...own]) {
    for (const { key } of nulls) problems.add(target, key, problem);
    if (nulls.length === 0) problems.addLoose(problem, target);
  }
}

/** Why an entity is not there: null for one that the subgraph says it does not know. */
function causeOfNull(given: unknown, reports: Reports, entity: number, missing: Problem): Problem | null {
  const own = reports.ofEntity.get(entity)?.[0];
  const inside = reports.inside.get(entity);
  // It is missing because of one place in it, which is told instead.
  if (!own && inside?.about) return { ...inside.problem, instead: inside.about.path };
  return own ?? reports.unplaced[0] ?? (given === null ? null : missing);
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
  const given = read(source, "__typename");
  if (typeof given === "string" && given !== typename && !fits(typename, given) && !fits(given, typename))
    return { code: "ENTITY_MISMATCH", agency };
  for (const { condition, fields, isEchoed } of keys) {
    if (!isEchoed || !fits(typename, condition)) continue;
    for (const field of fields) {
      const answered = read(source, field.answered);
      if (answered === undefined) return { code: "SUBREQUEST_MALFORMED_RESPONSE", agency };
      if (!isSame(read(target, field.key), answered, field.below)) return { code: "ENTITY_MISMATCH", agency };
    }
  }
  return null;
}

function isSame(asked: unknown, answered: unknown, below: readonly KeyField[]): boolean {
  if (asked === answered) return true;
  if (Array.isArray(asked) || Array.isArray(answered)) {
    if (!Array.isArray(asked) || !Array.isArray(answered) || asked.length !== answered.length) return false;
    return asked.every((each, index) => isSame(each, answered[index], below));
  }
  if (typeof asked === "object" && asked !== null && typeof answered === "object" && answered !== null)
    return below.every((field) => isSame(read(asked, field.key), read(answered, field.answered), field.below));
  // One agency may write a number where another writes a text.
  return asked !== null && answered !== null && typeof asked !== "object" && String(asked) === String(answered);
}
