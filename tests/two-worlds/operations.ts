/** Operations about persons, drawn from what clients may ask: any selection, in any of the forms that a client can send. */
import { readFileSync } from "node:fs";
import { Supergraph } from "@apollo/federation-internals";
import fc from "fast-check";
import {
  buildSchema,
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  Kind,
  parse,
  print,
  printSchema,
  type SelectionNode,
  type VariableDefinitionNode,
  visit,
} from "graphql";
import { type Operation, operationsOver } from "../differential/operations.ts";
import type { ClientRequest } from "./client.ts";

export type Asking = {
  readonly operation: Operation;
  /** Asked about every person beside: what records are most often hidden in. Null: nothing. */
  readonly more: string | null;
  /** A second operation of a batch. */
  readonly second: Operation | null;
  readonly form: "json" | "graphql-response" | "get" | "defer";
};

/** `roots`: the fields at the root that are drawn. Two persons can be asked for in one operation. */
export function askings(roots: readonly ("person" | "another" | "holdCheck")[]): fc.Arbitrary<Asking> {
  const operation = operationsOver({ schema: drawnSchema(roots), names, mutations: 0 });
  return fc.record({
    operation,
    more: fc.noBias(fc.constantFrom(null, ...guarded)),
    second: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: operation }),
    // A hold is told of what was asked with it: a later part of it is answered UNKNOWN, and which part is, is chance.
    form: roots.includes("holdCheck")
      ? fc.constantFrom("graphql-response", "json", "get")
      : fc.noBias(fc.constantFrom("graphql-response", "json", "graphql-response", "get", "defer")),
  });
}

const guarded = [
  "addresses { lines status since }",
  "addresses { undeliverable source { system } }",
  "courtCases { id caseType }",
  "courtCases { nextHearing { at kind } orders { kind final } motions { id kind } appeals { id } noticeAddress { lines } }",
  "encounters { id reason sender }",
  "benefitRequests { receiptNumber form decision }",
  "asylum { applications { receiptNumber decision } screenings { kind } }",
  "stays { state basis courtCaseId since }",
];

const names = ["fin", "subject", "protected1367", "asylumRelated", "iceCase", "addresses", "person"];

/** What clients may ask; at the root persons without arguments, which are put in later. */
function drawnSchema(roots: readonly string[]): GraphQLSchema {
  const path = new URL("../../schema/supergraph.graphql", import.meta.url);
  const api = Supergraph.build(readFileSync(path, "utf8"), { supportedFeatures: null, validateSupergraph: false })
    .apiSchema()
    .toGraphQLJSSchema();
  const types = { person: "Person", another: "Person", holdCheck: "ImmigrationHold" } as Readonly<
    Record<string, string>
  >;
  const query = `type Query { ${roots.map((root) => `${root}: ${types[root]}`).join(" ")} }`;

  return buildSchema(printSchema(api).replace(/^type Query \{[\s\S]*?^\}/m, query));
}

export type Identified = Readonly<Record<"person" | "another" | "holdCheck", unknown>>;

/** The request that a client would send. */
export function requestOf(
  { operation, more, second, form }: Asking,
  identified: Identified,
): Pick<ClientRequest, "method" | "path" | "body" | "headers"> {
  const isDeferred = form === "defer" && second === null;
  const one = sentOf(operation, identified, isDeferred, more);
  const accept = isDeferred
    ? "multipart/mixed;deferSpec=20220824, application/json"
    : form === "json"
      ? "application/json"
      : "application/graphql-response+json";
  if (form === "get" && second === null) {
    const parameters = new URLSearchParams({ query: one.query, variables: JSON.stringify(one.variables) });
    if (one.operationName !== null) parameters.set("operationName", one.operationName);
    return { method: "GET", path: `/graphql?${parameters}`, body: "", headers: { accept } };
  }
  const body = second === null ? one : [one, sentOf(second, identified, false, null)];
  return {
    method: "POST",
    path: "/graphql",
    body: JSON.stringify(body),
    headers: { accept, "content-type": "application/json" },
  };
}

function sentOf(
  { document, variables, operationName }: Operation,
  identified: Identified,
  isDeferred: boolean,
  more: string | null,
) {
  const asked = new Set<keyof Identified>();
  const added = more === null ? [] : selectionsIn(`{ more_: ${more} }`);
  const field = ({ name, ...rest }: FieldNode, root: keyof Identified): FieldNode => {
    asked.add(root);
    const by = { kind: Kind.NAME, value: "by" } as const;
    const value = { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: `${root}_` } } as const;
    const alias = rest.alias ?? (root === "another" ? name : undefined);
    return {
      ...rest,
      ...(alias ? { alias } : {}),
      ...(rest.selectionSet && root !== "holdCheck"
        ? { selectionSet: { ...rest.selectionSet, selections: [...rest.selectionSet.selections, ...added] } }
        : {}),
      name: root === "another" ? { ...name, value: "person" } : name,
      arguments: [{ kind: Kind.ARGUMENT, name: by, value }],
    };
  };
  const withArguments: DocumentNode = visit(document, {
    Field: (node) =>
      node.name.value in identified && node.arguments?.length === 0
        ? field(node, node.name.value as keyof Identified)
        : undefined,
  });
  const definitions = withArguments.definitions.map((each) => {
    if (each.kind !== Kind.OPERATION_DEFINITION || each.name?.value === "Other") return each;
    const declared = [...asked].map(
      (root): VariableDefinitionNode => ({
        kind: Kind.VARIABLE_DEFINITION,
        variable: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: `${root}_` } },
        type: {
          kind: Kind.NON_NULL_TYPE,
          type: {
            kind: Kind.NAMED_TYPE,
            name: { kind: Kind.NAME, value: root === "holdCheck" ? "HoldCheckIdentifier" : "PersonIdentifier" },
          },
        },
      }),
    );
    const selections = isDeferred ? each.selectionSet.selections.map(deferring) : each.selectionSet.selections;
    return {
      ...each,
      variableDefinitions: [...(each.variableDefinitions ?? []), ...declared],
      selectionSet: { ...each.selectionSet, selections },
    };
  });
  const values = Object.fromEntries([...asked].map((root) => [`${root}_`, identified[root]]));
  return {
    query: print({ ...withArguments, definitions }),
    variables: { ...variables, ...values },
    operationName,
  };
}

function selectionsIn(text: string): readonly SelectionNode[] {
  const [operation] = parse(text, { noLocation: true }).definitions;
  return operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet.selections : [];
}

/** All but the first of what is asked about a person comes later. */
function deferring(selection: SelectionNode): SelectionNode {
  if (selection.kind !== Kind.FIELD || !selection.selectionSet || selection.selectionSet.selections.length < 2)
    return selection;
  const [first, ...rest] = selection.selectionSet.selections;
  const later: SelectionNode = {
    kind: Kind.INLINE_FRAGMENT,
    directives: [{ kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: "defer" } }],
    selectionSet: { kind: Kind.SELECTION_SET, selections: rest },
  };
  return { ...selection, selectionSet: { kind: Kind.SELECTION_SET, selections: [first as SelectionNode, later] } };
}
