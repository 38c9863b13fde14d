/** Limits on an operation, counted on the document itself, before anything is planned. */
import { type DocumentNode, Kind, type OperationDefinitionNode, type SelectionSetNode } from "graphql";
import { type ClientError, clientError } from "../errors.ts";
import { fragmentsOf } from "./document.ts";

export const maxTokens = 2000;
export const maxDepth = 12;
/** Fields after all fragments are put in place. */
export const maxFields = 2000;
/** What introspection tools send nests types of types; it reaches no subgraph, and graphql-js bounds its lists. */
const maxIntrospectionDepth = 24;

type Size = { readonly depth: number; readonly fields: number };

/**
 * Refuses an operation of a valid document that is too deep or too wide. Linear in the document: a fragment is measured
 * once, however often it is spread.
 */
export function refuseTooLarge(document: DocumentNode, operation: OperationDefinitionNode): ClientError | null {
  const measure = measurer(document);
  for (const selection of operation.selectionSet.selections) {
    const introspects = selection.kind === Kind.FIELD && /^__(schema|type)$/.test(selection.name.value);
    const { depth } = measure({ kind: Kind.SELECTION_SET, selections: [selection] });
    if (depth > (introspects ? maxIntrospectionDepth : maxDepth))
      return clientError("MAX_DEPTH_LIMIT", `the operation is deeper than ${maxDepth} levels`);
  }
  if (measure(operation.selectionSet).fields > maxFields)
    return clientError("MAX_FIELDS_LIMIT", `the operation has more than ${maxFields} fields`);
  return null;
}

function measurer(document: DocumentNode): (selectionSet: SelectionSetNode) => Size {
  const fragments = fragmentsOf(document);
  const measured = new Map<string, Size>();
  const fragmentSize = (name: string): Size => {
    const selectionSet = fragments.get(name)?.selectionSet;
    const size = measured.get(name) ?? (selectionSet ? measure(selectionSet) : { depth: 0, fields: 0 });
    measured.set(name, size);
    return size;
  };
  const measure = ({ selections }: SelectionSetNode): Size => {
    let [depth, fields] = [0, 0];
    for (const selection of selections) {
      const below =
        selection.kind === Kind.FRAGMENT_SPREAD
          ? fragmentSize(selection.name.value)
          : selection.selectionSet
            ? measure(selection.selectionSet)
            : { depth: 0, fields: 0 };
      const own = selection.kind === Kind.FIELD ? 1 : 0;
      depth = Math.max(depth, below.depth + own);
      fields = Math.min(fields + below.fields + own, Number.MAX_SAFE_INTEGER);
    }
    return { depth, fields };
  };
  return measure;
}
