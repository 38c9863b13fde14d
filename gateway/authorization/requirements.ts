/** What a directive requires of a caller, read from its arguments, and when one requirement follows from others. */
import { type ConstDirectiveNode, type ConstValueNode, Kind } from "graphql";
import { argumentOf } from "../execution/planner-join.ts";

/** `anyOf`: groups, of which all of one must be had. Several requirements of one element must all hold. */
export type Requirement =
  | { readonly kind: "authenticated" }
  | { readonly kind: "scopes" | "policies"; readonly anyOf: readonly (readonly string[])[] };

/** Throws for arguments that are not of their form. */
export function readRequirement(
  label: "authenticated" | "requiresScopes" | "policy",
  directive: ConstDirectiveNode,
): Requirement {
  if (label === "authenticated") return { kind: "authenticated" };
  const [kind, argument] = label === "policy" ? (["policies", "policies"] as const) : (["scopes", "scopes"] as const);
  return {
    kind,
    anyOf: textsOf(
      listOf(argumentOf(directive, argument), directive).map((each) => listOf(each, directive)),
      directive,
    ),
  };
}

function listOf(value: ConstValueNode | undefined, { name }: ConstDirectiveNode): readonly ConstValueNode[] {
  if (value?.kind !== Kind.LIST) throw new Error(`@${name.value} takes a list of lists of names`);
  return value.values;
}

function textsOf(
  groups: readonly (readonly ConstValueNode[])[],
  { name }: ConstDirectiveNode,
): readonly (readonly string[])[] {
  return groups.map((group) =>
    group.map((each) => {
      if (each.kind !== Kind.STRING) throw new Error(`@${name.value} takes a list of lists of names`);
      return each.value;
    }),
  );
}

/** Groups of what must be had together; any of them will do. Null where there are too many to write down. */
function alternatives(requirements: readonly Requirement[]): readonly ReadonlySet<string>[] | null {
  let all: readonly ReadonlySet<string>[] = [new Set()];
  for (const requirement of requirements) {
    const own = groupsOf(requirement);
    if (all.length * own.length > maxGroups) return null;
    all = all.flatMap((group) => own.map((each) => new Set([...group, ...each])));
  }
  return all;
}

const maxGroups = 1000;

function groupsOf(requirement: Requirement): readonly (readonly string[])[] {
  if (requirement.kind === "authenticated") return [["authenticated"]];
  return requirement.anyOf.map((group) => group.map((each) => `${requirement.kind} ${each}`));
}

/** Whether whoever fulfils all of these fulfils that one. When in doubt, not. */
export function follows(that: Requirement, from: readonly Requirement[]): boolean {
  const known = alternatives(from);
  const wanted = groupsOf(that);
  return known?.every((had) => wanted.some((group) => group.every((each) => had.has(each)))) ?? false;
}
