/**
 * A subscription to alerts as a query: what a client selects of an alert's person is asked as if it had asked for that
 * person at this moment by the identifier that it subscribed with. So all that holds for a query holds for each event:
 * the same rights, gate, guard and decoys, and the rules about how somebody was found.
 *
 * INVARIANT: beside what the client selects stands a witness, which it cannot reach: whether this caller may see the
 * person, and the records that the alert is about. Without it nothing is told.
 */
import {
  type FieldNode,
  type GraphQLSchema,
  getArgumentValues,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { type Refusal, refuse } from "../errors.ts";
import { switchesOf } from "../execution/variant.ts";
import { isSkipped, responseKeyOf } from "../operation/document.ts";
import type { PreparedDocument, PreparedOperation } from "../operation/operation-preparer.ts";
import type { AlertContract, AlertRecords, AlertRoot } from "../supergraph/alert-contract.ts";

/** What one client asked for, read once. */
export type AlertRequest = {
  readonly field: string;
  readonly root: AlertRoot;
  /** Under which the client wants it. */
  readonly clientKey: string;
  /** Null: it is about anybody. */
  readonly by: Readonly<Record<string, unknown>> | null;
  /** Null: of every kind. */
  readonly kinds: ReadonlySet<string> | null;
};

export type AlertQuery = {
  readonly document: PreparedDocument;
  /** Of the alert, in the client's order. */
  readonly fields: readonly AlertField[];
};
/** `key`: in the query's answer, for what is asked of the person. */
type AlertField = { readonly name: string; readonly key: string; readonly clientKey: string };

export const witnessKey = "w0_";
export const byVariable = "v0_";

export function readAlertRequest(
  { document, variables }: PreparedOperation,
  contract: AlertContract,
  apiSchema: GraphQLSchema,
): AlertRequest | Refusal {
  const [field, ...more] = document.operation.selectionSet.selections;
  if (field?.kind !== Kind.FIELD || more.length > 0 || (field.directives?.length ?? 0) > 0) return conditional;
  const root = contract.roots.get(field.name.value);
  const definition = apiSchema.getSubscriptionType()?.getFields()[field.name.value];
  if (!root || !definition) return refuse("OPERATION_NOT_SUPPORTED");
  const given = getArgumentValues(definition, field, variables);
  const kinds = given[root.kinds] as readonly string[] | null | undefined;
  const key = responseKeyOf(field);
  return {
    field: field.name.value,
    root,
    clientKey: document.clientKeys.get(key) ?? key,
    by: root.by === null ? null : (given[root.by] as Readonly<Record<string, unknown>>),
    kinds: kinds ? new Set(kinds) : null,
  };
}

const conditional = refuse("GRAPHQL_VALIDATION_FAILED", "what a subscription is to cannot depend on a condition");

type Made = { readonly switches: readonly string[]; readonly queries: Map<string, AlertQuery> };

const made = new WeakMap<PreparedDocument, Made>();
const maxQueries = 64;

/** The same object for the same document, switches and records: plans and shapes are kept by its document. */
export function alertQueryOf(
  { document, variables }: PreparedOperation,
  contract: AlertContract,
  records: AlertRecords,
): AlertQuery {
  const known = made.get(document) ?? { switches: switchesOf(document.operation), queries: new Map() };
  made.set(document, known);
  const { switches, queries } = known;
  const key = `${records.field} ${switches.map((name) => (variables[name] === true ? "1" : "0")).join("")}`;
  let query = queries.get(key);
  if (!query) {
    query = makeQuery(document, variables, contract, records);
    if (queries.size >= maxQueries) queries.clear();
    queries.set(key, query);
  }
  return query;
}

function makeQuery(
  document: PreparedDocument,
  variables: PreparedOperation["variables"],
  contract: AlertContract,
  records: AlertRecords,
): AlertQuery {
  const [root] = document.operation.selectionSet.selections as readonly [FieldNode];
  const clientKeys = new Map(document.clientKeys);
  const fields = new Map<string, AlertField>();
  const persons: FieldNode[] = [];
  for (const each of chosen(root.selectionSet, variables)) {
    const own = responseKeyOf(each);
    const name = each.name.value;
    // Bare names at the root would be read as keys and facts are.
    const key = own === name ? "a0_" : own;
    const clientKey = document.clientKeys.get(own) ?? own;
    if (!fields.has(clientKey)) fields.set(clientKey, { name, key, clientKey });
    // The client's names of these are put in place here.
    clientKeys.delete(own);
    if (name === "person") persons.push({ ...each, ...findNode(contract), alias: nameNode(key), directives: [] });
  }
  const witness: FieldNode = {
    kind: Kind.FIELD,
    ...findNode(contract),
    alias: nameNode(witnessKey),
    selectionSet: setOf([
      leaf(contract.key.field),
      { ...leaf(records.field), selectionSet: setOf([leaf(records.id ?? "__typename")]) },
    ]),
  };
  const operation: OperationDefinitionNode = {
    kind: Kind.OPERATION_DEFINITION,
    operation: "query" as OperationDefinitionNode["operation"],
    variableDefinitions: [
      ...(document.operation.variableDefinitions ?? []),
      {
        kind: Kind.VARIABLE_DEFINITION,
        variable: { kind: Kind.VARIABLE, name: nameNode(byVariable) },
        type: {
          kind: Kind.NON_NULL_TYPE,
          type: { kind: Kind.NAMED_TYPE, name: nameNode(contract.find.input) },
        },
      },
    ],
    selectionSet: setOf([...persons, witness]),
  };
  const text = print(operation);
  return {
    document: { ...document, kind: "query", operation, text, clientKeys, deferLabels: new Map() },
    fields: [...fields.values()],
  };
}

/** Fields of the alert for these variables. */
function chosen(set: SelectionSetNode | undefined, variables: PreparedOperation["variables"]): readonly FieldNode[] {
  return (set?.selections ?? []).flatMap((each): readonly FieldNode[] => {
    if (isSkipped(each.directives, variables) || each.kind === Kind.FRAGMENT_SPREAD) return [];
    return each.kind === Kind.FIELD ? [each] : chosen(each.selectionSet, variables);
  });
}

function findNode({ find }: AlertContract): Pick<FieldNode, "name" | "arguments"> {
  const value = { kind: Kind.VARIABLE, name: nameNode(byVariable) } as const;
  return { name: nameNode(find.field), arguments: [{ kind: Kind.ARGUMENT, name: nameNode(find.argument), value }] };
}

const nameNode = (value: string) => ({ kind: Kind.NAME, value }) as const;
const leaf = (name: string): FieldNode => ({ kind: Kind.FIELD, name: nameNode(name) });
const setOf = (selections: readonly SelectionNode[]): SelectionSetNode => ({ kind: Kind.SELECTION_SET, selections });

/** Who subscribes alike is told alike: of one document and the same variables. */
export const sameAsked = ({ document, variables }: PreparedOperation): string =>
  JSON.stringify([document.text, [...document.clientKeys], variables]);
