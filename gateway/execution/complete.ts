/**
 * Completes an answer: from the data that the fetches brought, under internal names, to what the client asked for, under
 * its own. Every value is checked against its type, nulls spread as the GraphQL specification says, and every null that
 * is not the data's own gets its error. Pure but for the list of errors.
 */
import type { ErrorCode, PartError, Path } from "../errors.ts";
import type { Problem, Problems } from "./problems.ts";
import type { FieldShape, Leaf, ObjectShape, ValueShape } from "./shape.ts";

export type CompleteSettings = {
  readonly problems: Problems;
  /** By internal key at the root: what the gateway itself answers. */
  readonly given: Readonly<Record<string, unknown>>;
  /** Which subgraph was to answer what stands at this path of internal keys; null where nobody was asked. */
  readonly agencyOf: (keys: readonly string[]) => string | null;
  /** Client's path and internal keys from the root to the object that is completed. */
  readonly at?: { readonly path: Path; readonly keys: readonly string[] };
};

export type Completed = {
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly errors: readonly PartError[];
};

const maxErrors = 1000;
/** Custom scalars may hold objects; deeper ones than this would overflow whoever writes or reads them. */
const maxLeafDepth = 64;

/** Stands for a value that is as it should be, and that clients may not know of. */
const hidden = Symbol("inaccessible");
/** Stands for a null that its parent may not hold. */
const spread = Symbol("a null that spreads");

export function complete(raw: object, shape: ObjectShape, settings: CompleteSettings): Completed {
  const completer = openCompleter(settings);
  const data = completer.object(raw, shape);
  return {
    data: data === spread || data === hidden ? null : (data as Readonly<Record<string, unknown>> | null),
    errors: completer.errors(),
  };
}

function openCompleter({ problems, given, agencyOf, at }: CompleteSettings) {
  const path: (string | number)[] = [...(at?.path ?? [])];
  const keys: string[] = [...(at?.keys ?? [])];
  const told = new Map<string, PartError>();

  const tell = ({ code, agency, system, authority, callback }: Problem, where: Path): void => {
    if (told.size >= maxErrors) return;
    const error: PartError = {
      code,
      path: where,
      ...(agency ? { agency } : {}),
      ...(system ? { system } : {}),
      ...(authority ? { authority } : {}),
      ...(callback ? { callback } : {}),
    };
    told.set(JSON.stringify(error), error);
  };
  const tellHere = (problem: Problem, value: ValueShape | null, holder: ObjectShape | null): void => {
    const index = problem.isWhole ? path.findIndex((step) => typeof step === "number") : -1;
    if (index !== -1) tell(problem, path.slice(0, index));
    else if (problem.instead && holder)
      tell(problem, [...path.slice(0, -1), ...clientPath(problem.instead, { kind: "object", shape: holder })]);
    else tell(problem, [...path, ...clientPath(problem.below ?? [], value)]);
  };
  const malformed = (): null => {
    if (told.size >= maxErrors) return null;
    const agency = agencyOf(keys);
    // Nobody was asked: a fault of ours, or a type that not all subgraphs know which may give this field.
    const code: ErrorCode = agency === null ? "PART_NOT_ASKED" : "SUBREQUEST_MALFORMED_RESPONSE";
    tell({ code, ...(agency === null ? {} : { agency }) }, [...path]);
    return null;
  };

  /** `holder` and `key`: where the value stands in the data, which is where its problems are. */
  const value = (
    raw: unknown,
    type: ValueShape,
    holder: object,
    key: string | number,
    shape: ObjectShape | null,
  ): unknown => {
    const found = problems.isEmpty ? [] : problems.at(holder, key);
    for (const problem of found) tellHere(problem, type, shape);
    const completed = raw === null || raw === undefined ? null : nonNull(raw, type);
    if (completed !== null && completed !== hidden) return completed;
    // Null is the data's own where it stands there without a problem, and may stand there; so is what nobody may know of.
    if (raw === undefined && found.length === 0) malformed();
    if (type.kind !== "nonNull") return null;
    if (completed === hidden) tell({ code: "VALUE_INACCESSIBLE" }, [...path]);
    else if (raw === null && found.length === 0) malformed();
    return spread;
  };

  /** What is not of its type is null, with an error. */
  const nonNull = (raw: unknown, type: ValueShape): unknown => {
    switch (type.kind) {
      case "nonNull":
        return nonNull(raw, type.of);
      case "list":
        return Array.isArray(raw) ? list(raw, type.of) : malformed();
      case "object": {
        if (typeof raw !== "object" || Array.isArray(raw)) return malformed();
        const completed = object(raw as object, type.shape);
        return completed === spread ? null : completed;
      }
      case "leaf":
        return isLeaf(raw, type.leaf) ? leafValue(raw, type.leaf) : malformed();
      case "given":
        return raw;
    }
  };

  const list = (raw: readonly unknown[], type: ValueShape): unknown => {
    const completed: unknown[] = [];
    for (let index = 0; index < raw.length; index++) {
      path.push(index);
      const element = value(raw[index], type, raw, index, null);
      path.pop();
      if (element === spread) return null;
      completed.push(element);
    }
    return completed;
  };

  const object = (raw: object, shape: ObjectShape): unknown => {
    const typename = typenameOf(raw, shape);
    const refusal = typename === null ? null : shape.refusal(typename);
    if (refusal !== null) {
      tell(refusal, [...path]);
      return null;
    }
    const fields = typename === null ? null : shape.of(typename);
    if (fields === null) {
      if (typename !== null && shape.hides(typename)) return hidden;
      const found = problems.isEmpty ? [] : problems.at(raw, "__typename");
      for (const problem of found) tellHere(problem, null, null);
      return found.length > 0 ? null : malformed();
    }
    // No prototype: a client may call a field `__proto__`.
    const completed: Record<string, unknown> = Object.create(null);
    for (const field of fields) {
      path.push(field.clientKey);
      keys.push(field.key);
      const element = fieldOf(raw, field, typename as string, shape);
      keys.pop();
      path.pop();
      if (element === spread) return spread;
      completed[field.clientKey] = element;
    }
    return completed;
  };

  const fieldOf = (raw: object, field: FieldShape, typename: string, shape: ObjectShape): unknown => {
    if (field.isTypename) return typename;
    if (field.value.kind === "given") return given[field.key] ?? null;
    if (field.refused !== null) {
      tell(field.refused, [...path]);
      return field.value.kind === "nonNull" ? spread : null;
    }
    return value(read(raw, field.key), field.value, raw, field.key, shape);
  };

  return {
    object,
    errors(): readonly PartError[] {
      const shown = new Set([...told.values()].map(({ code, agency }) => `${code} ${agency}`));
      for (const problem of problems.loose) if (!shown.has(`${problem.code} ${problem.agency}`)) tell(problem, []);
      const errors = [...told.values()];
      return errors.length < maxErrors ? errors : [...errors, { code: "TOO_MANY_ERRORS", path: [] }];
    },
  };
}

/** Null for an object that says it is of no type. */
export function typenameOf(raw: object, { typename, declared }: ObjectShape): string | null {
  if (typename !== null) return typename;
  const given = read(raw, "__typename");
  return given === undefined ? declared : typeof given === "string" ? given : null;
}

/** Its own member of this name. INVARIANT: what JSON gives is never a function, what a prototype gives is. */
export function read(raw: object, key: string): unknown {
  const value = (raw as Record<string, unknown>)[key];
  return typeof value === "function" ? undefined : value;
}

export function isLeaf(value: unknown, leaf: Leaf): boolean {
  switch (leaf) {
    case "String":
      return typeof value === "string";
    case "ID":
      return typeof value === "string" || Number.isSafeInteger(value);
    case "Int":
      return (value as number) === ((value as number) | 0) && typeof value === "number";
    case "Float":
      return typeof value === "number" && Number.isFinite(value);
    case "Boolean":
      return typeof value === "boolean";
    case "any":
      return value !== undefined && isExact(value, maxLeafDepth);
    default:
      return leaf.has(value);
  }
}

/** Identifiers stay strings, whatever a subgraph makes of them. */
function leafValue(value: unknown, leaf: Leaf): unknown {
  if (typeof leaf !== "string") return leaf.get(value) ?? hidden;
  return leaf === "ID" && typeof value === "number" ? String(value) : value;
}

/** JSON.parse rounds whole numbers beyond 2^53 in silence: those are not passed on as if they were exact. */
function isExact(value: unknown, depth: number): boolean {
  if (typeof value === "number")
    return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((each) => isExact(each, depth - 1));
}

/** As far as the client asked for what the path leads to. */
function clientPath(below: Path, value: ValueShape | null): Path {
  const steps: (string | number)[] = [];
  let at: ValueShape | null = value;
  for (const step of below) {
    while (at?.kind === "nonNull") at = at.of;
    if (typeof step === "number") {
      // A number that counts nothing may be anybody's.
      if (at?.kind !== "list" || step < 0) break;
      steps.push(step);
      at = at.of;
      continue;
    }
    const field: FieldShape | null = at?.kind === "object" ? at.shape.find(step) : null;
    if (field === null) break;
    steps.push(field.clientKey);
    at = field.value;
  }
  return steps;
}
