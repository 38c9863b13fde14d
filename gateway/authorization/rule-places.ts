/** Where rules may not stand, because nothing there could enforce them. Each refusal names the element. */
import { type DocumentNode, isTypeDefinitionNode, isTypeExtensionNode, Kind, type TypeNode, visit } from "graphql";
import type { Label, LinkedDirectives } from "./linked-directives.ts";
import { hasLabel, namedOf, type SupergraphParts, type TypeParts } from "./supergraph-parts.ts";

const requirements: readonly Label[] = ["authenticated", "requiresScopes", "policy"];
const composites: readonly Kind[] = [Kind.OBJECT_TYPE_DEFINITION, Kind.OBJECT_TYPE_EXTENSION];
const withRequirements: readonly Kind[] = [
  ...composites,
  Kind.INTERFACE_TYPE_DEFINITION,
  Kind.INTERFACE_TYPE_EXTENSION,
  Kind.SCALAR_TYPE_DEFINITION,
  Kind.SCALAR_TYPE_EXTENSION,
  Kind.ENUM_TYPE_DEFINITION,
  Kind.ENUM_TYPE_EXTENSION,
  Kind.FIELD_DEFINITION,
];

/** Rules on what is only given, never seen: arguments, members of inputs, and the scalars and enums that stand there. */
export function misplacedLabels(
  document: DocumentNode,
  { labelOf }: LinkedDirectives,
  { types }: SupergraphParts,
): readonly string[] {
  const refusals: string[] = [];
  let [within, holder]: [string, Kind] = ["schema", Kind.SCHEMA_DEFINITION];
  visit(document, {
    enter(node) {
      if (isTypeDefinitionNode(node) || isTypeExtensionNode(node)) [within, holder] = [node.name.value, node.kind];
      if (node.kind === Kind.DIRECTIVE_DEFINITION) return false;
      const place = "name" in node && node.name && node.name.value !== within ? `${within}.${node.name.value}` : within;
      for (const { name } of "directives" in node ? (node.directives ?? []) : []) {
        const label = labelOf(name.value);
        if (label === null) continue;
        const isGuard = label === "guard" && !(composites.includes(holder) && withRequirements.includes(node.kind));
        if (isGuard || (requirements.includes(label) && !withRequirements.includes(node.kind)))
          refusals.push(`${place}: @${name.value} cannot be held here`);
      }
      if (node.kind === Kind.INPUT_VALUE_DEFINITION) {
        const given = types.get(namedOf(node.type));
        if (given?.labels.some(({ label }) => requirements.includes(label)))
          refusals.push(`${place}: takes a ${given.name}, whose rule holds for what is seen, not for what is given`);
      }
      return undefined;
    },
  });
  return refusals;
}

/**
 * Guards whose refusal would have no place in an answer: what is guarded is nullable, and lists of it are `[T!]`, from
 * which an element can go.
 */
export function unheldGuards(parts: SupergraphParts): readonly string[] {
  const isGuarded = (type: string) => {
    const found = parts.types.get(type);
    return found !== undefined && hasLabel(found, "guard");
  };
  return [...parts.types.values()].flatMap((type) =>
    [...type.fields.values()].flatMap((field) => {
      if (hasLabel(field, "inaccessible") || hasLabel(type, "inaccessible")) return [];
      const place = `${type.name}.${field.name}`;
      const refusals: string[] = [];
      if (hasLabel(field, "guard"))
        refusals.push(...unheldFieldGuards(type, field, parts).map((why) => `${place}: ${why}`));
      const guarded = parts.possibleOf(namedOf(field.type)).filter(isGuarded);
      if (guarded.length > 0 && !canLose(field.type))
        refusals.push(`${place}: may give a guarded ${guarded[0]}: write it as nullable, or as \`[${guarded[0]}!]\``);
      return refusals;
    }),
  );
}

function unheldFieldGuards(
  type: TypeParts,
  { type: given, labels }: { readonly type: TypeNode; readonly labels: TypeParts["labels"] },
  { mutation }: SupergraphParts,
): readonly string[] {
  if (given.kind === Kind.NON_NULL_TYPE) return ["is guarded and can never be null: write it as nullable"];
  const hasFacts = labels.some(({ directive }) => directive.arguments?.some(({ name }) => name.value === "facts"));
  return type.name === mutation && hasFacts ? ["is done before facts about it are there: guard it without facts"] : [];
}

/** A nullable object, or a nullable list of what cannot be null. */
function canLose(type: TypeNode): boolean {
  if (type.kind === Kind.NAMED_TYPE) return true;
  return (
    type.kind === Kind.LIST_TYPE && type.type.kind === Kind.NON_NULL_TYPE && type.type.type.kind === Kind.NAMED_TYPE
  );
}
