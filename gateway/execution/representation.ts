/**
 * Representations: what another subgraph is told of an entity so that it finds it. Compiled per fetch and type; written
 * straight as JSON, which is also what tells two of them apart.
 */

import { isLeaf, read } from "./complete.ts";
import type { RequiredSelection, Rewrite } from "./plan.ts";
import type { Problem, Problems } from "./problems.ts";

/** What goes into a representation of an object of this type. */
export type RepresentationShape = {
  of(typename: string): readonly RepresentedField[];
  /** The scalars by which such a representation differs from others of its type; null where it has more than scalars. */
  scalars(typename: string): readonly string[] | null;
};

type RepresentedField = {
  /** Where it stands in the data. */
  readonly from: string;
  /** Its name in the representation. */
  readonly to: string;
  /** `"name":` as it is written. */
  readonly label: string;
  /** Written in the place of the value. */
  readonly constant: string | null;
  readonly below: RepresentationShape | null;
};

export type RepresentationSettings = {
  readonly fits: (typename: string, condition: string) => boolean;
  /** Synthetic field name → the field it stands for. */
  readonly synthetics: ReadonlyMap<string, string>;
  readonly rewrites: readonly Rewrite[];
};

export function representationShape(
  settings: RepresentationSettings,
  selections: readonly RequiredSelection[],
): RepresentationShape {
  const known = new Map<string, readonly RepresentedField[]>();
  const of = (typename: string): readonly RepresentedField[] => {
    const remembered = known.get(typename);
    if (remembered) return remembered;
    const fields = fieldsOf(settings, selections, typename);
    // INVARIANT: bounded. A subgraph may answer any text for a type's name.
    if (known.size < 1000) known.set(typename, fields);
    return fields;
  };
  return {
    of,
    scalars(typename) {
      const [typenameField, ...fields] = of(typename);
      if (typenameField?.from !== "__typename" || fields.length === 0) return null;
      const areScalars = fields.every(({ constant, below }) => constant === null && below === null);
      return areScalars ? fields.map(({ from }) => from) : null;
    },
  };
}

function fieldsOf(
  settings: RepresentationSettings,
  selections: readonly RequiredSelection[],
  typename: string,
): readonly RepresentedField[] {
  const found = new Map<string, RequiredSelection[]>();
  const collect = (some: readonly RequiredSelection[]): void => {
    for (const each of some) {
      if (each.kind === "InlineFragment") {
        if (each.typeCondition === undefined || settings.fits(typename, each.typeCondition)) collect(each.selections);
      } else {
        const name = each.alias ?? each.name;
        found.set(name, [...(found.get(name) ?? []), ...(each.selections ?? [])]);
      }
    }
  };
  collect(selections);
  return [...found].map(([from, below]) => {
    const here = settings.rewrites.filter(({ path }) => lastFieldIs(path, from, typename, settings.fits));
    const setter = here.find((each) => each.kind === "ValueSetter");
    const renamer = here.find((each) => each.kind === "KeyRenamer");
    const rewrites = settings.rewrites.flatMap((each) => {
      const path = pathBelow(each.path, from, typename, settings.fits);
      return path ? [{ ...each, path }] : [];
    });
    const to = renamer?.renameKeyTo ?? settings.synthetics.get(from) ?? from;
    return {
      from,
      to,
      label: `${JSON.stringify(to)}:`,
      constant: setter ? JSON.stringify(setter.setValueTo) : null,
      below: below.length > 0 ? representationShape({ ...settings, rewrites }, below) : null,
    };
  });
}

const fragment = "... on ";

function lastFieldIs(
  path: readonly string[],
  field: string,
  typename: string,
  fits: RepresentationSettings["fits"],
): boolean {
  const rest = afterFragments(path, typename, fits);
  return rest !== null && rest.length === 1 && rest[0] === field;
}

function pathBelow(
  path: readonly string[],
  field: string,
  typename: string,
  fits: RepresentationSettings["fits"],
): readonly string[] | null {
  const rest = afterFragments(path, typename, fits);
  return rest !== null && rest.length > 1 && rest[0] === field ? rest.slice(1) : null;
}

function afterFragments(path: readonly string[], typename: string, fits: RepresentationSettings["fits"]) {
  let at = 0;
  for (; path[at]?.startsWith(fragment); at++)
    if (!fits(typename, (path[at] as string).slice(fragment.length))) return null;
  return path.slice(at);
}

/** What became of building one. */
export type Built = {
  /** Null: this entity cannot be asked about. */
  text: string | null;
  /** Why not; or what is known to be missing in what was written. */
  problem: Problem | null;
  /** Required fields that were left out because they went unanswered, for a subgraph that is told so. */
  unanswered: string[] | null;
};

export type BuildSettings = {
  readonly problems: Problems;
  /** The subgraph takes a representation with gaps, and is told which they are. */
  readonly isPartial: boolean;
  /** Why a field that should be there is not. */
  readonly missing: (keys: readonly string[]) => Problem;
};

/**
 * INVARIANT: "could not ask" is never sent on as a fact: a required value that is null because of an error, or that is
 * not there at all, is not written.
 */
export function buildRepresentation(entity: object, shape: RepresentationShape, settings: BuildSettings): Built {
  const built: Built = { text: null, problem: null, unanswered: null };
  const typename = read(entity, "__typename");
  if (typeof typename !== "string") {
    built.problem = settings.missing(["__typename"]);
    return built;
  }
  const fields = shape.of(typename);
  // No fragment of the fetch is about this type: there is nothing to ask.
  if (!fields.some(({ from }) => from === "__typename")) return built;
  let text = "";
  for (const field of fields) {
    const value =
      field.constant ?? write(read(entity, field.from), field, entity, field.from, settings, built, [field.from]);
    if (value !== null) text += `${text === "" ? "{" : ","}${field.label}${value}`;
    else if (!settings.isPartial || field.from === "__typename") return built;
    else {
      built.unanswered ??= [];
      built.unanswered.push(field.to);
      built.problem = null;
    }
  }
  if (built.unanswered) text += `,"__unanswered":${JSON.stringify(built.unanswered)}`;
  built.text = `${text}}`;
  return built;
}

/** JSON of a value; null where there is none to send, with the problem in `built`. */
function write(
  value: unknown,
  field: RepresentedField,
  holder: object,
  key: string | number,
  settings: BuildSettings,
  built: Built,
  keys: readonly string[],
): string | null {
  const found = settings.problems.isEmpty ? [] : settings.problems.at(holder, key);
  if (value === undefined || (value === null && found.length > 0)) {
    built.problem = found[0] ?? settings.missing(keys);
    return null;
  }
  if (found[0]) built.problem = found[0];
  if (typeof value === "string" || value === null) return JSON.stringify(value);
  // The elements of a list have problems of their own.
  if (Array.isArray(value) && (field.below !== null || !settings.problems.isEmpty))
    return writeList(value, field, settings, built, keys);
  // What was rounded on its way, or is nested too deep to be written, is no fact.
  if (field.below === null && isLeaf(value, "any")) return JSON.stringify(value);
  if (field.below === null) {
    built.problem = settings.missing(keys);
    return null;
  }
  if (typeof value !== "object") {
    built.problem = settings.missing(keys);
    return null;
  }
  const typename = read(value, "__typename");
  let text = "";
  for (const each of field.below.of(typeof typename === "string" ? typename : "")) {
    const written =
      each.constant ?? write(read(value, each.from), each, value, each.from, settings, built, [...keys, each.from]);
    if (written === null) return null;
    text += `${text === "" ? "{" : ","}${each.label}${written}`;
  }
  return text === "" ? "{}" : `${text}}`;
}

function writeList(
  list: readonly unknown[],
  field: RepresentedField,
  settings: BuildSettings,
  built: Built,
  keys: readonly string[],
): string | null {
  let text = "[";
  for (const [index, element] of list.entries()) {
    const written = write(element, field, list, index, settings, built, keys);
    if (written === null) return null;
    text += index === 0 ? written : `,${written}`;
  }
  return `${text}]`;
}
