/**
 * "Fields in set can merge" of the specification (5.3.2), instead of graphql-js's rule: that one compares pairs, so that
 * n fields of one response key cost n². This one compares every field with the first of its group.
 *
 * Works on a document that is valid otherwise and whose fragments contain no circle.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from "graphql";
import { type ClientError, clientError } from "../errors.ts";
import { fieldDefinition, fragmentsOf, responseKeyOf, sameArguments } from "./document.ts";

type Selected = {
  readonly parent: GraphQLNamedType;
  readonly field: FieldNode;
  readonly type: GraphQLOutputType | undefined;
};
type Within = readonly [selectionSet: SelectionSetNode, parent: GraphQLNamedType];
type Scope = {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Fields that may still be looked at: only interfaces over interfaces make more than a few of each. */
  stepsLeft: number;
};

const maxSteps = 100_000;

/** Null where every two fields of one response key agree. */
export function refuseOverlaps(schema: GraphQLSchema, document: DocumentNode): ClientError | null {
  const scope: Scope = { schema, fragments: fragmentsOf(document), stepsLeft: maxSteps };
  for (const operation of document.definitions) {
    if (operation.kind !== Kind.OPERATION_DEFINITION) continue;
    const root = schema.getRootType(operation.operation);
    if (!root) continue;
    const differing =
      differsInShape(scope, [[operation.selectionSet, root]]) ?? differs(scope, [[operation.selectionSet, root]]);
    if (scope.stepsLeft < 0)
      return clientError("MAX_FIELDS_LIMIT", "the operation's fragments overlap in too many ways");
    if (differing) return overlap(differing);
  }
  return null;
}

function overlap(fields: readonly Selected[]): ClientError {
  const locations = fields.flatMap(({ field: { loc } }) =>
    loc ? [{ line: loc.startToken.line, column: loc.startToken.column }] : [],
  );
  return clientError("GRAPHQL_VALIDATION_FAILED", "fields with the same response key differ", locations);
}

/** Wherever values may come from, those under one key have one shape. */
function differsInShape(scope: Scope, within: readonly Within[]): readonly Selected[] | null {
  for (const group of collect(scope, within).values()) {
    const first = group.find(({ type }) => type !== undefined);
    const other = first && group.find(({ type }) => !sameShape(first.type, type));
    if (other) return [first, other];
    const found = differsInShape(scope, below(group));
    if (found) return found;
  }
  return null;
}

/** Where two fields may both apply to one object, they are the same field with the same arguments. */
function differs(scope: Scope, within: readonly Within[]): readonly Selected[] | null {
  for (const group of collect(scope, within).values()) {
    for (const together of applyingTogether(group)) {
      scope.stepsLeft -= together.length;
      const first = together[0] as Selected;
      const other = together.find(
        ({ field }) =>
          field !== first.field &&
          (field.name.value !== first.field.name.value || !sameArguments(field.arguments, first.field.arguments)),
      );
      if (other) return [first, other];
      const found = differs(scope, below(together));
      if (found) return found;
    }
  }
  return null;
}

/** Two different object types never hold for one object; anything else might. */
function applyingTogether(group: readonly Selected[]): readonly (readonly Selected[])[] {
  const anywhere: Selected[] = [];
  const byObject = new Map<GraphQLNamedType, Selected[]>();
  for (const each of group) {
    const { parent } = each;
    if (!isObjectType(parent)) anywhere.push(each);
    else {
      const own = byObject.get(parent);
      if (own) own.push(each);
      else byObject.set(parent, [each]);
    }
  }
  return byObject.size < 2 ? [group] : [...byObject.values()].map((each) => [...each, ...anywhere]);
}

function below(group: readonly Selected[]): readonly Within[] {
  return group.flatMap(({ field: { selectionSet }, type }): readonly Within[] =>
    selectionSet && type ? [[selectionSet, getNamedType(type)]] : [],
  );
}

/** Fields by response key, fragments put in place, each fragment once. */
function collect(scope: Scope, within: readonly Within[]): ReadonlyMap<string, readonly Selected[]> {
  const groups = new Map<string, Selected[]>();
  const seen = new Set<string>();
  const add = ({ selections }: SelectionSetNode, parent: GraphQLNamedType): void => {
    for (const selection of selections) {
      if (scope.stepsLeft-- <= 0) return;
      if (selection.kind === Kind.FIELD) {
        const { value: name } = selection.name;
        // graphql-js leaves the shape of `__typename` out of account, and so do the clients written against it.
        const isTyped = isCompositeType(parent) && name !== "__typename";
        const type = isTyped ? fieldDefinition(scope.schema, parent, name)?.type : undefined;
        const key = responseKeyOf(selection);
        const group = groups.get(key);
        if (group) group.push({ parent, field: selection, type });
        else groups.set(key, [{ parent, field: selection, type }]);
        continue;
      }
      const isSpread = selection.kind === Kind.FRAGMENT_SPREAD;
      if (isSpread && seen.has(selection.name.value)) continue;
      if (isSpread) seen.add(selection.name.value);
      const fragment = isSpread ? scope.fragments.get(selection.name.value) : selection;
      const condition = fragment?.typeCondition?.name.value;
      const type = condition === undefined ? parent : scope.schema.getType(condition);
      if (fragment && type) add(fragment.selectionSet, type);
    }
  };
  for (const [selectionSet, parent] of within) add(selectionSet, parent);
  return groups;
}

function sameShape(a: GraphQLOutputType | undefined, b: GraphQLOutputType | undefined): boolean {
  if (!a || !b || a === b) return true;
  if (isNonNullType(a) || isNonNullType(b))
    return isNonNullType(a) && isNonNullType(b) && sameShape(a.ofType, b.ofType);
  if (isListType(a) || isListType(b)) return isListType(a) && isListType(b) && sameShape(a.ofType, b.ofType);
  return !isLeafType(a) && !isLeafType(b);
}
