/** The selection of a fetch, read once: which keys an object of a type brings, and what lies below them. */
import { type FieldNode, Kind, type SelectionNode, type SelectionSetNode } from "graphql";
import { responseKeyOf } from "../operation/document.ts";

export type SelectedField = {
  readonly key: string;
  /** False where `@skip` or `@include` may leave it out. */
  readonly isCertain: boolean;
  /** Null for a leaf. */
  readonly below: Selection | null;
};

export type Selection = {
  /** The fields of an object of this type; of every type where it is not known. */
  of(typename: string | undefined): readonly SelectedField[];
};

export type Fits = (typename: string, condition: string) => boolean;

type Part = { readonly set: SelectionSetNode; readonly isCertain: boolean };

/** `sets` are without fragment spreads. */
export function selectionOf(sets: readonly Part[], fits: Fits): Selection {
  const known = new Map<string, readonly SelectedField[]>();
  return {
    of(typename = "") {
      const remembered = known.get(typename);
      if (remembered) return remembered;
      const fields = fieldsOf(sets, typename === "" ? () => true : (condition) => fits(typename, condition), fits);
      // INVARIANT: bounded. A subgraph may answer any text for a type's name.
      if (known.size < 1000) known.set(typename, fields);
      return fields;
    },
  };
}

function fieldsOf(
  parts: readonly Part[],
  applies: (condition: string) => boolean,
  fits: Fits,
): readonly SelectedField[] {
  const found = new Map<string, { isCertain: boolean; parts: Part[] }>();
  const collect = ({ set, isCertain }: Part): void => {
    for (const selection of set.selections) {
      const certain = isCertain && !selection.directives?.length;
      if (selection.kind === Kind.FIELD) {
        const key = responseKeyOf(selection);
        const field = found.get(key) ?? { isCertain: false, parts: [] };
        field.isCertain ||= certain;
        if (selection.selectionSet) field.parts.push({ set: selection.selectionSet, isCertain: certain });
        found.set(key, field);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition?.name.value;
        if (condition === undefined || applies(condition)) collect({ set: selection.selectionSet, isCertain: certain });
      } else throw new Error("fragment spreads are inlined before");
    }
  };
  for (const part of parts) collect(part);
  return [...found].map(([key, { isCertain, parts: below }]) => ({
    key,
    isCertain,
    below: below.length > 0 ? selectionOf(below, fits) : null,
  }));
}

/** Whether a selection has the keys of this path, whatever the types: for finding who was to answer. */
export function selectsPath(set: SelectionSetNode | undefined, path: readonly string[]): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  return (set?.selections ?? []).some((selection) => {
    if (selection.kind === Kind.FIELD) return keyIs(selection, key) && selectsPath(selection.selectionSet, rest);
    return selection.kind === Kind.INLINE_FRAGMENT && selectsPath(selection.selectionSet, path);
  });
}

function keyIs(field: FieldNode, key: string): boolean {
  return responseKeyOf(field) === key;
}

/** A selection with these of its first fields alone. */
export function keptFields(set: SelectionSetNode, fields: ReadonlySet<FieldNode>): SelectionSetNode {
  const selections = set.selections.flatMap((each): readonly SelectionNode[] => {
    if (each.kind === Kind.FIELD) return fields.has(each) ? [each] : [];
    if (each.kind === Kind.FRAGMENT_SPREAD) return [];
    const selectionSet = keptFields(each.selectionSet, fields);
    return selectionSet.selections.length > 0 ? [{ ...each, selectionSet }] : [];
  });
  return { ...set, selections };
}
