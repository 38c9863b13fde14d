/** The facts that a guard names: Boolean fields of the guarded record, or of the person it is about. */
import { type ConstDirectiveNode, Kind, type SelectionSetNode, type TypeNode } from "graphql";
import { textOf } from "../execution/planner-join.ts";
import type { FactPath } from "../execution/rights.ts";
import { parseFieldSet } from "../execution/schema-facts.ts";
import { namedOf, type SupergraphParts, type TypeParts } from "./supergraph-parts.ts";

export type GuardRule = { readonly policy: string; readonly facts: readonly FactPath[] };

/** `place` has the guard; `type` has the facts. Throws where one of them is none. */
export function readFacts(
  guard: ConstDirectiveNode,
  type: TypeParts,
  { types }: SupergraphParts,
  place: string,
): GuardRule {
  const refuse = (why: string) => new Error(`${place}: @${guard.name.value} ${why}`);
  const [policy, text] = [textOf(guard, "policy"), textOf(guard, "facts")];
  if (policy === undefined) throw refuse("names no policy");
  const facts: FactPath[] = [];
  const add = ({ selections }: SelectionSetNode, holder: TypeParts, of: FactPath["of"]): void => {
    for (const each of selections) {
      const plain = each.kind === Kind.FIELD && !each.alias && !each.arguments?.length && !each.directives?.length;
      if (!plain) throw refuse(`takes plain fields as facts (${text})`);
      const name = each.name.value;
      const field = holder.fields.get(name);
      if (!field) throw refuse(`names the fact ${name}, which ${holder.name} does not have`);
      const output = namedOf(field.type);
      if (each.selectionSet) {
        const subject = types.get(output);
        const isSubject = of === "record" && name === "subject" && subject?.kind === "object" && subject.hasKey;
        if (!isSubject || isList(field.type))
          throw refuse(`reads facts through ${name}: only through \`subject\`, one person`);
        add(each.selectionSet, subject, "subject");
        continue;
      }
      if (output !== "Boolean" || isList(field.type)) throw refuse(`names the fact ${name}, which is no Boolean`);
      if (facts.some((known) => known.name === name)) throw refuse(`names the fact ${name} twice`);
      facts.push({ name, of });
    }
  };
  if (text !== undefined && text.trim() !== "") add(readFieldSet(text, refuse), type, "record");
  return { policy, facts };
}

function readFieldSet(text: string, refuse: (why: string) => Error): SelectionSetNode {
  try {
    return parseFieldSet(text);
  } catch {
    throw refuse(`has facts that are no field set (${text})`);
  }
}

function isList(type: TypeNode): boolean {
  return type.kind === Kind.NON_NULL_TYPE ? isList(type.type) : type.kind === Kind.LIST_TYPE;
}
