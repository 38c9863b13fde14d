/**
 * Where `@apollo/gateway` is wrong, and how it is known: an operation whose answer differs from the monolith's has to be
 * of one of these kinds. Nothing else is left out of the comparison.
 */
import { Kind, visit } from "graphql";
import type { Operation } from "./operations.ts";

export type ReferenceFault = {
  readonly name: string;
  readonly why: string;
  /** `names`: every field name of the supergraph. */
  applies(operation: Operation, graph: string, names: ReadonlySet<string>): boolean;
};

export const referenceFaults: readonly ReferenceFault[] = [
  {
    name: "reserved variable",
    why: "a client's variable called `representations` is taken for the entities of a fetch",
    applies: (operation) => hasVariable(operation, "representations"),
  },
  {
    name: "alias is a field's name",
    why: "what a client's alias holds is sent on as a key or as a required field",
    applies: (operation, _graph, names) =>
      aliasesOf(operation).some((each) => names.has(each) || each === "__typename"),
  },
  {
    name: "conditions",
    why: "a `@skip` or `@include` reaches keys and required fields, or is lifted above what it does not stand on",
    applies: hasConditions,
  },
  {
    name: "arguments of required fields",
    why: "a field required with arguments shares its key with what the client or another requirement asks for",
    applies: (_operation, graph) => graph === "required-arguments",
  },
  {
    name: "required from a later fetch",
    why: "the planner places the fetch of a required field after the one that needs it",
    applies: (operation, graph) => graph === "hops" && fieldsOf(operation).has("fourOf"),
  },
  {
    name: "re-entry by the wrong key",
    why: "the planner takes the first key without regard to `resolvable: false`",
    applies: (operation, graph) => graph === "hops" && fieldsOf(operation).has("derived"),
  },
  {
    name: "interface objects",
    why: "a fragment on a type that shares members gets no plan, and a required field of the interface is not sent on",
    applies: (_operation, graph) => graph === "media",
  },
];

function hasConditions({ document }: Operation): boolean {
  let found = false;
  visit(document, {
    Directive() {
      found = true;
    },
  });
  return found;
}

function aliasesOf({ document }: Operation): readonly string[] {
  const aliases: string[] = [];
  visit(document, { Field: ({ alias }) => void (alias && aliases.push(alias.value)) });
  return aliases;
}

function fieldsOf({ document }: Operation): ReadonlySet<string> {
  const fields = new Set<string>();
  visit(document, { Field: ({ name }) => void fields.add(name.value) });
  return fields;
}

function hasVariable({ document }: Operation, name: string): boolean {
  return document.definitions.some(
    (each) =>
      each.kind === Kind.OPERATION_DEFINITION &&
      each.variableDefinitions?.some(({ variable }) => variable.name.value === name),
  );
}
