/**
 * Splits an operation at its root: what is refused, what asks about the schema itself, and what the plan executes.
 * Aliases, fragments, `@skip` and `@include` make no difference to what a root field is.
 */
import { type DocumentNode, type FieldNode, Kind, type SelectionNode, type SelectionSetNode } from "graphql";
import { fragmentsOf, isSkipped, operationOf, responseKeyOf } from "./document.ts";
import type { PreparedOperation } from "./prepare.ts";

export type RootPart = "executed" | "refused" | "schema";

export type SplitRoot = {
  /** Response keys at the root in the order of the answer; those skipped are not in it. */
  readonly keys: ReadonlyMap<string, { readonly part: RootPart; readonly field: string }>;
  /** The operation with the fields of this part alone; null where there are none. */
  only(part: RootPart): DocumentNode | null;
};

/** `isRefused` decides by the field's name at the root. */
export function splitRoot(operation: PreparedOperation, isRefused: (field: string) => boolean): SplitRoot {
  const { document, variables } = operation;
  const partOf = ({ name }: FieldNode): RootPart =>
    name.value === "__schema" || name.value === "__type" ? "schema" : isRefused(name.value) ? "refused" : "executed";
  const fragments = fragmentsOf(document);
  const within = (selection: Exclude<SelectionNode, FieldNode>) =>
    selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;

  const parts = new Set<RootPart>();
  const keys = new Map<string, { part: RootPart; field: string }>();
  const collect = ({ selections }: SelectionSetNode, skipped: boolean): void => {
    for (const selection of selections) {
      const skips = skipped || isSkipped(selection.directives, variables);
      if (selection.kind !== Kind.FIELD) {
        const fragment = within(selection);
        if (fragment) collect(fragment.selectionSet, skips);
        continue;
      }
      const part = partOf(selection);
      parts.add(part);
      const key = responseKeyOf(selection);
      if (!skips && !keys.has(key)) keys.set(key, { part, field: selection.name.value });
    }
  };
  const root = operationOf(document);
  collect(root.selectionSet, false);

  const filtered = ({ selections }: SelectionSetNode, part: RootPart): readonly SelectionNode[] =>
    selections.flatMap((selection): readonly SelectionNode[] => {
      if (selection.kind === Kind.FIELD) return partOf(selection) === part ? [selection] : [];
      const fragment = within(selection);
      const kept = fragment ? filtered(fragment.selectionSet, part) : [];
      if (!fragment || kept.length === 0) return [];
      const { typeCondition } = fragment;
      return [
        {
          kind: Kind.INLINE_FRAGMENT,
          ...(typeCondition ? { typeCondition } : {}),
          ...(selection.directives ? { directives: selection.directives } : {}),
          selectionSet: { kind: Kind.SELECTION_SET, selections: kept },
        },
      ];
    });

  return {
    keys,
    only(part) {
      if (!parts.has(part)) return null;
      if (parts.size === 1) return document;
      const selectionSet = { kind: Kind.SELECTION_SET, selections: filtered(root.selectionSet, part) } as const;
      return {
        ...document,
        definitions: document.definitions.map((each) => (each === root ? { ...root, selectionSet } : each)),
      };
    },
  };
}
