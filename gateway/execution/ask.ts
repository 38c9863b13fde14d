/** What a subgraph is asked of entities: whom a request is about, and what it says of each of them. */
import { Alikes } from "./alikes.ts";
import type { CompiledPlan, EntityPart } from "./compiled-plan.ts";
import { read } from "./complete.ts";
import type { UsedKey } from "./fetch-document.ts";
import { withhold } from "./merge.ts";
import type { Problem, Problems } from "./problems.ts";
import { buildRepresentation } from "./representation.ts";
import type { SchemaFacts } from "./schema-facts.ts";

export type Asked = {
  readonly part: EntityPart;
  /** By representation: the entities that it stands for. */
  readonly targets: object[][];
  readonly texts: string[];
  /** By representation: what is known to be missing in it. */
  readonly gaps: (Problem | null)[];
};

/** Entities at one place; `keys`: the way to it. */
export type PlacedTargets = { readonly targets: readonly object[]; readonly keys: readonly string[] };

export type Asking = {
  readonly plan: CompiledPlan;
  readonly facts: SchemaFacts;
  readonly problems: Problems;
  /** The subgraph takes representations with gaps. */
  readonly takesGaps: boolean;
  /** Those that are alike are not put together. */
  readonly isApart: boolean;
  /** One object stands at several places from now on. */
  readonly onShared: () => void;
};

export function askedOf(asking: Asking, part: EntityPart, placed: readonly PlacedTargets[]): Asked {
  const { plan, facts, problems, takesGaps, isApart, onShared } = asking;
  const { shape, selection, required: keep } = part;
  const asked: Asked = { part, targets: [], texts: [], gaps: [] };
  const byText = new Map<string, object[]>();
  const isShared = () => {
    if (part.bringsObjects) onShared();
  };
  for (const { targets, keys } of placed) {
    const missing = (below: readonly string[]): Problem => missingAt(plan, [...keys, ...below]);
    const building = { problems, isPartial: takesGaps, missing };
    // Entities that are alike are found by their values, before anything is written.
    const alikes = problems.isEmpty && !plan.usesContext && !isApart ? new Alikes(shape) : null;
    for (const target of targets) {
      const alike = alikes?.find(target);
      if (alike) {
        alike.push(target);
        isShared();
        continue;
      }
      const typename = read(target, "__typename");
      if (typeof typename === "string" && !part.isAsked(typename)) continue;
      const { text, problem } = buildRepresentation(target, shape, building);
      if (text === null || (problem === null && isNobody(target, part.keys, facts))) {
        if (text !== null || problem !== null) withhold(target, selection, problem, { problems, keep });
        continue;
      }
      // What was asked with a gap is not shared with what was asked without.
      const isAlone = problem !== null || plan.usesContext || isApart;
      const same = (isAlone ? undefined : byText.get(text)) ?? [];
      if (same.length > 0) isShared();
      else {
        asked.texts.push(text);
        asked.targets.push(same);
        asked.gaps.push(problem);
        if (!isAlone) byText.set(text, same);
      }
      same.push(target);
      if (!isAlone) alikes?.keep(same);
    }
  }
  return asked;
}

/** A key that is null names no entity: there is nothing to be had, and nobody to ask. */
function isNobody(target: object, keys: readonly UsedKey[], { fits }: SchemaFacts): boolean {
  return keys.some(
    ({ condition, fields }) =>
      fields.every(({ key }) => read(target, key) === null) && fits(String(read(target, "__typename")), condition),
  );
}

function missingAt({ agencyOf }: CompiledPlan, keys: readonly string[]): Problem {
  const agency = agencyOf(keys);
  return agency === null ? { code: "PART_NOT_ASKED" } : { code: "SUBREQUEST_MALFORMED_RESPONSE", agency };
}
