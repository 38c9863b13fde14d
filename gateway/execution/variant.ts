/**
 * One document as one request may ask it: without what this caller is refused, and without what `@skip` and `@include`
 * leave out for these variables. The planner never sees a condition: it lifts inner ones above their parents, and fetches
 * what a skipped field would have required.
 */
import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from "graphql";
import { isSkipped, responseKeyOf } from "../operation/document.ts";
import { prune } from "./prune.ts";
import type { Decision, Rights } from "./rights.ts";

export type AskedParts = {
  /** What is planned; null where the gateway answers everything itself. */
  readonly text: string | null;
  /** What asks about the schema itself. */
  readonly introspection: DocumentNode | null;
  /** What was refused, as the schema names it. */
  readonly refused: ReadonlySet<string>;
  /** Those of it that a policy refers or masks whatever the facts: of nobody in particular. */
  readonly told: readonly Decision[];
  /** Internal keys of the fields at the root, where all of them were refused, none is told and nothing else was asked. */
  readonly allRefused: readonly string[] | null;
};

/** `schema`: what clients may ask. Throws QueryPlanningFailed for what would have to be written out too often. */
export function askedParts(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  rights: Rights,
): AskedParts {
  const root = schema.getRootType(operation.operation);
  if (!root) throw new Error("the operation is not valid");
  const folded = fold(operation.selectionSet, variables);
  const { set, refused } = prune(schema, rights, root, folded);
  const told = toldOf(refused, rights);
  const planned = rootFields(set, (field) => !isOurs(field));
  const introspection = rootFields(set, (field) => field === "__schema" || field === "__type");
  return {
    text: planned ? print(withoutUnused({ ...operation, selectionSet: planned })) : null,
    introspection: introspection
      ? { kind: Kind.DOCUMENT, definitions: [withoutUnused({ ...operation, selectionSet: introspection })] }
      : null,
    refused,
    told,
    allRefused: refused.size > 0 && told.length === 0 && set.selections.length === 0 ? rootKeys(folded) : null,
  };
}

function toldOf(refused: ReadonlySet<string>, rights: Rights): readonly Decision[] {
  return [...refused].flatMap((element): readonly Decision[] => {
    const [type = element, field = null] = element.split(".");
    const refusal = rights.refusalOf(type, field);
    if (refusal === null) return [];
    const { effect, policy, authority } = refusal;
    return [{ subject: null, element, effect, policy, authority }];
  });
}

/** Variables of `@skip` and `@include`: a variant is of one combination of their values. */
export function switchesOf(operation: OperationDefinitionNode): readonly string[] {
  const names = new Set<string>();
  visit(operation, {
    Directive({ name, arguments: args }) {
      const value = args?.[0]?.value;
      if (isCondition(name.value) && value?.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
}

const isOurs = (field: string): boolean => field === "__schema" || field === "__type" || field === "__typename";
const isCondition = (directive: string): boolean => directive === "skip" || directive === "include";

/** Stands where nothing is left of a selection; what it brings is not projected. */
const placeholder: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };

function fold(set: SelectionSetNode, variables: Readonly<Record<string, unknown>>): SelectionSetNode {
  const selections = set.selections.flatMap((each): readonly SelectionNode[] => {
    if (isSkipped(each.directives, variables)) return [];
    const directives = each.directives?.filter(({ name }) => !isCondition(name.value)) ?? [];
    if (each.kind === Kind.FRAGMENT_SPREAD) return [{ ...each, directives }];
    if (!each.selectionSet) return [{ ...each, directives }];
    const selectionSet = fold(each.selectionSet, variables);
    if (each.kind === Kind.INLINE_FRAGMENT && selectionSet.selections.length === 0) return [];
    return [{ ...each, directives: directives as DirectiveNode[], selectionSet: orPlaceholder(selectionSet) }];
  });
  return { kind: Kind.SELECTION_SET, selections };
}

function orPlaceholder(set: SelectionSetNode): SelectionSetNode {
  return set.selections.length > 0 ? set : { ...set, selections: [placeholder] };
}

/** The operation's root with the fields of these names alone; null where there are none. */
function rootFields({ selections }: SelectionSetNode, isKept: (field: string) => boolean): SelectionSetNode | null {
  const kept = selections.flatMap((each): readonly SelectionNode[] => {
    if (each.kind === Kind.FIELD) return isKept(each.name.value) ? [each] : [];
    if (each.kind === Kind.FRAGMENT_SPREAD) return [];
    const selectionSet = rootFields(each.selectionSet, isKept);
    return selectionSet ? [{ ...each, selectionSet }] : [];
  });
  return kept.length > 0 ? { kind: Kind.SELECTION_SET, selections: kept } : null;
}

function rootKeys({ selections }: SelectionSetNode): readonly string[] {
  const keys = selections.flatMap((each) => {
    if (each.kind === Kind.FIELD) return [responseKeyOf(each)];
    return each.kind === Kind.INLINE_FRAGMENT ? rootKeys(each.selectionSet) : [];
  });
  return [...new Set(keys)];
}

function withoutUnused(operation: OperationDefinitionNode): OperationDefinitionNode {
  const used = new Set<string>();
  visit(operation.selectionSet, { Variable: ({ name }) => void used.add(name.value) });
  const variableDefinitions = (operation.variableDefinitions ?? []).filter(({ variable }) =>
    used.has(variable.name.value),
  );
  return { ...operation, variableDefinitions };
}
