/** Which rules stand on which element, read from the subgraphs' own schemas: several subgraphs add up, all must permit. */
import { readFileSync } from "node:fs";
import {
  type ConstDirectiveNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  type SelectionSetNode,
  type TypeNode,
  valueFromASTUntyped,
} from "graphql";

export type FactAt = { readonly name: string; readonly of: "record" | "subject" };
export type GuardLabel = { readonly policy: string; readonly facts: readonly FactAt[] };
/** Scopes: any group, whole. */
export type Label = {
  readonly guards: readonly GuardLabel[];
  readonly scopes: readonly (readonly (readonly string[])[])[];
  readonly isOpen: boolean;
};

export type FieldOf = {
  readonly label: Label;
  /** The named type. */
  readonly type: string;
  readonly isList: boolean;
  /** What its owner's answer depends on: names of fields of the same object. */
  readonly requires: readonly string[];
  readonly owner: string;
};
export type TypeOf = { readonly label: Label; readonly hasKey: boolean; readonly fields: ReadonlyMap<string, FieldOf> };
export type Labels = ReadonlyMap<string, TypeOf>;

const text = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

export const agencies: readonly string[] = (
  JSON.parse(text("../../schema/subgraphs.json")) as readonly { readonly name: string }[]
).map(({ name }) => name);

export function definitionsOf(agency: string): readonly ObjectTypeDefinitionNode[] {
  const sdl = `${text("../../schema/shared.graphql")}\n${text(`../../subgraphs/${agency}/schema.graphql`)}`;
  return parse(sdl).definitions.filter((each) => each.kind === Kind.OBJECT_TYPE_DEFINITION);
}

export function readLabels(): Labels {
  const labels = new Map<string, { label: Label; hasKey: boolean; fields: Map<string, FieldOf> }>();
  for (const agency of agencies)
    for (const type of definitionsOf(agency)) {
      const known = labels.get(type.name.value) ?? { label: noLabel, hasKey: false, fields: new Map() };
      known.label = both(known.label, labelOf(type.directives));
      known.hasKey ||= named(type.directives, "key").length > 0;
      for (const field of type.fields ?? []) readField(field, agency, known.fields);
      labels.set(type.name.value, known);
    }
  return labels;
}

const noLabel: Label = { guards: [], scopes: [], isOpen: false };

function readField(field: FieldDefinitionNode, agency: string, fields: Map<string, FieldOf>): void {
  if (isExternal(field)) return;
  const known = fields.get(field.name.value);
  const [requires] = named(field.directives, "requires");
  fields.set(field.name.value, {
    label: both(known?.label ?? noLabel, labelOf(field.directives)),
    type: namedTypeOf(field.type),
    isList: isList(field.type),
    requires: [
      ...(known?.requires ?? []),
      ...(requires === undefined ? [] : topNames(String(valueIn(requires, "fields")))),
    ],
    owner: known?.owner ?? agency,
  });
}

export const isExternal = (field: FieldDefinitionNode): boolean => named(field.directives, "external").length > 0;

function labelOf(directives: readonly ConstDirectiveNode[] | undefined): Label {
  return {
    guards: named(directives, "guard").map((each) => ({
      policy: String(valueIn(each, "policy")),
      facts: factsOf(valueIn(each, "facts")),
    })),
    scopes: named(directives, "requiresScopes").map((each) => valueIn(each, "scopes") as readonly string[][]),
    isOpen: named(directives, "open").length > 0,
  };
}

const both = (one: Label, other: Label): Label => ({
  guards: [...one.guards, ...other.guards],
  scopes: [...one.scopes, ...other.scopes],
  isOpen: one.isOpen || other.isOpen,
});

export const isLabelled = ({ guards, scopes, isOpen }: Label): boolean => isOpen || guards.length + scopes.length > 0;

function factsOf(facts: unknown): readonly FactAt[] {
  if (typeof facts !== "string") return [];
  return fieldsIn(facts).flatMap((field): readonly FactAt[] =>
    field.name === "subject"
      ? field.below.map((name) => ({ name, of: "subject" }))
      : [{ name: field.name, of: "record" }],
  );
}

const topNames = (fieldSet: string): readonly string[] => fieldsIn(fieldSet).map(({ name }) => name);

function fieldsIn(fieldSet: string): readonly { readonly name: string; readonly below: readonly string[] }[] {
  const [operation] = parse(`{ ${fieldSet} }`).definitions;
  const names = (set: SelectionSetNode | undefined) =>
    (set?.selections ?? []).flatMap((each) => (each.kind === Kind.FIELD ? [each] : []));
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`not a field set: ${fieldSet}`);
  return names(operation.selectionSet).map(({ name, selectionSet }) => ({
    name: name.value,
    below: names(selectionSet).map((each) => each.name.value),
  }));
}

function named(directives: readonly ConstDirectiveNode[] | undefined, name: string): readonly ConstDirectiveNode[] {
  return (directives ?? []).filter((each) => each.name.value === name);
}

function valueIn(directive: ConstDirectiveNode, argument: string): unknown {
  const found = directive.arguments?.find(({ name }) => name.value === argument);
  return found === undefined ? undefined : valueFromASTUntyped(found.value);
}

export function namedTypeOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedTypeOf(type.type);
}

function isList(type: TypeNode): boolean {
  if (type.kind === Kind.NON_NULL_TYPE) return isList(type.type);
  return type.kind === Kind.LIST_TYPE;
}
