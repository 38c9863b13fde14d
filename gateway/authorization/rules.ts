/**
 * Who may see what, as the supergraph's directives say it: read once for each supergraph, for whoever may ask. What they
 * mean for one class of callers is worked out in rights.ts.
 *
 * INVARIANT: a rule is enforced or the supergraph is refused; it is never passed over.
 */
import type { DocumentNode } from "graphql";
import { type GuardRule, readFacts } from "./guard-facts.ts";
import { type Label, linkedDirectives } from "./linked-directives.ts";
import { follows, type Requirement, readRequirement } from "./requirements.ts";
import { misplacedLabels, unheldGuards } from "./rule-places.ts";
import { type ElementParts, namedOf, supergraphParts, type TypeParts } from "./supergraph-parts.ts";

export type ElementRule = {
  /** All must hold. */
  readonly requires: readonly Requirement[];
  /** All must permit. */
  readonly guards: readonly GuardRule[];
};

export type FieldRule = ElementRule & {
  /** The named type of what it gives. */
  readonly output: string;
  /** False: nothing says who may see it. */
  readonly isServed: boolean;
};

export type TypeRule = ElementRule & {
  readonly kind: "object" | "abstract" | "leaf";
  /** Object types that an object of this type can be of. */
  readonly possible: readonly string[];
  readonly hasKey: boolean;
  readonly fields: ReadonlyMap<string, FieldRule>;
};

export type Rules = {
  readonly types: ReadonlyMap<string, TypeRule>;
  /** Some element is decided about by a policy. */
  readonly usePolicies: boolean;
  /** No label speaks for any field of a root: every operation is refused, whoever asks. */
  readonly servesNothing: boolean;
};

export type RulesSettings = {
  /** Fields that no label speaks of are not served. */
  readonly denyByDefault: boolean;
};

/**
 * Throws for a protective directive or specification that is not known, a rule where none can be enforced, and a guard
 * that cannot be held; each message names the element.
 */
export function readRules(supergraph: DocumentNode, settings: RulesSettings): Rules {
  const directives = linkedDirectives(supergraph);
  const parts = supergraphParts(supergraph, directives);
  const refusals = [...misplacedLabels(supergraph, directives, parts), ...unheldGuards(parts)];
  if (refusals.length > 0) throw new Error(refusals.join("\n"));
  const types = new Map<string, TypeRule>();
  for (const type of parts.types.values()) types.set(type.name, typeRule(type));
  const elements = [...types.values()].flatMap((type): readonly ElementRule[] => [type, ...type.fields.values()]);
  const usePolicies = elements.some(
    ({ guards, requires }) => guards.length > 0 || requires.some(({ kind }) => kind === "policies"),
  );
  const ofRoots = [...parts.roots].flatMap((root) => [...(types.get(root)?.fields.values() ?? [])]);
  return { types, usePolicies, servesNothing: ofRoots.every(({ isServed }) => !isServed) };

  function typeRule(type: TypeParts): TypeRule {
    const isRoot = parts.roots.has(type.name);
    const labelsFields = !isRoot && !type.hasKey && isLabelled(type);
    const fields = [...type.fields.values()].map((field): [string, FieldRule] => {
      const place = `${type.name}.${field.name}`;
      return [
        field.name,
        {
          requires: [...requirementsOf(field, place), ...inheritedBy(type, field.name)],
          guards: guardsOf(field, type, place),
          output: namedOf(field.type),
          isServed: !settings.denyByDefault || labelsFields || isLabelled(field),
        },
      ];
    });
    return {
      kind: type.kind === "object" ? "object" : type.kind === "leaf" ? "leaf" : "abstract",
      requires: [...requirementsOf(type, type.name), ...inheritedBy(type, null)],
      guards: guardsOf(type, type, type.name),
      possible: parts.possibleOf(type.name),
      hasKey: type.hasKey,
      fields: new Map(fields),
    };
  }

  function guardsOf(element: ElementParts, type: TypeParts, place: string): readonly GuardRule[] {
    return element.labels.flatMap(({ label, directive }) =>
      label === "guard" ? [readFacts(directive, type, parts, place)] : [],
    );
  }

  /**
   * What interfaces require of the object types that implement them. Composition writes on an interface what its
   * implementers require together: that follows from theirs and adds nothing. Anything else was written by hand, and
   * would be passed by with `... on Implementer`.
   */
  function inheritedBy(type: TypeParts, field: string | null): readonly Requirement[] {
    if (type.kind !== "object") return [];
    return type.interfaces.flatMap((name) => {
      const parent = parts.types.get(name);
      const element = field === null ? parent : parent?.fields.get(field);
      if (!element) return [];
      const own = parts.possibleOf(name).flatMap((each) => {
        const implementer = parts.types.get(each);
        const same = field === null ? implementer : implementer?.fields.get(field);
        return same ? requirementsOf(same, each) : [];
      });
      return requirementsOf(element, name).filter((each) => !follows(each, own));
    });
  }
}

function requirementsOf({ labels }: ElementParts, place: string): readonly Requirement[] {
  return labels.flatMap(({ label, directive }) => {
    if (label !== "authenticated" && label !== "requiresScopes" && label !== "policy") return [];
    try {
      return [readRequirement(label, directive)];
    } catch (error) {
      throw new Error(`${place}: ${(error as Error).message}`);
    }
  });
}

const fieldLabels: readonly Label[] = ["authenticated", "requiresScopes", "policy", "guard", "open"];

function isLabelled({ labels }: ElementParts): boolean {
  return labels.some(({ label }) => fieldLabels.includes(label));
}
