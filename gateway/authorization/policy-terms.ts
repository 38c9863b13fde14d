/** What a policy says about itself, in its annotations; and the words in it that Cedar's own validation cannot check. */
import type { Effect } from "../execution/rights.ts";
import { always, type Effective, effectiveForm, readEffective } from "./effective.ts";
import { purposes } from "./purpose.ts";

export type PolicyTerms = {
  readonly id: string;
  readonly authority: string;
  /** Of a forbid; null for a permit. */
  readonly effect: Effect | null;
  /** Of a refer. */
  readonly callback: string | null;
  readonly effective: Effective;
};

/** What is read of a policy. `conditions`: Cedar's own form of expressions. */
export type PolicyForm = {
  readonly effect: "permit" | "forbid";
  readonly annotations?: Readonly<Record<string, string>>;
  readonly conditions: readonly unknown[];
};

const known = ["id", "authority", "effect", "effective", "callback"];
const effects: readonly Effect[] = ["hide", "refer", "mask"];

/** The terms, or everything that is wrong with them: each refusal says what to write. */
export function readTerms({ effect, annotations = {}, conditions }: PolicyForm): PolicyTerms | readonly string[] {
  const refusals: string[] = [];
  const text = (name: string) => annotations[name]?.trim() ?? "";
  for (const name of Object.keys(annotations))
    if (!known.includes(name))
      refusals.push(`has @${name}: write one of ${known.map((each) => `@${each}`).join(", ")}`);
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(text("id")))
    refusals.push('has no @id of its form: write @id("own-case-stays-visible"), in small letters, digits and dashes');
  if (text("authority") === "")
    refusals.push('has no @authority: write the law it stands on, @authority("8 USC 1367")');
  const ownEffect = effects.find((each) => each === text("effect")) ?? null;
  if (effect === "forbid" && ownEffect === null)
    refusals.push('is a forbid without an effect: write @effect("hide"), @effect("refer") or @effect("mask")');
  if (effect === "permit" && annotations.effect !== undefined)
    refusals.push("is a permit with @effect: leave it out, only a forbid has one");
  if ((ownEffect === "refer") !== (text("callback") !== ""))
    refusals.push('has @effect("refer") or @callback without the other: write both, @callback("whom to call")');
  const effective = annotations.effective === undefined ? always : readEffective(annotations.effective);
  if (effective === null) refusals.push(`has an @effective that is no span of days: write ${effectiveForm}`);
  for (const purpose of purposesNamed(conditions))
    if (!(purposes as readonly string[]).includes(purpose))
      refusals.push(`names the purpose \`${purpose}\`, which nobody can have: write one of ${purposes.join(", ")}`);
  if (refusals.length > 0 || effective === null) return refusals;
  return {
    id: text("id"),
    authority: text("authority"),
    effect: ownEffect,
    callback: text("callback") || null,
    effective,
  };
}

/** Every text that is compared with `context.purpose`: a misspelt one would make a rule that never holds. */
function purposesNamed(part: unknown): readonly string[] {
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([operator, value]) => {
    const { left, right } = (value ?? {}) as { left?: unknown; right?: unknown };
    const compared =
      ["==", "!=", "contains"].includes(operator) && [left, right].some(isPurposeAsked) ? [left, right] : [];
    return [...compared.flatMap(textsIn), ...purposesNamed(value)];
  });
}

function isPurposeAsked(part: unknown): boolean {
  const { left, attr } = ((part as Record<string, unknown> | undefined)?.["."] ?? {}) as Record<string, unknown>;
  return attr === "purpose" && (left as { Var?: unknown } | undefined)?.Var === "context";
}

/** A literal, or the literals of a set of them. */
function textsIn(part: unknown): readonly string[] {
  const { Value: value, Set: members } = (part ?? {}) as { Value?: unknown; Set?: unknown };
  if (typeof value === "string") return [value];
  return [...(Array.isArray(value) ? value : []), ...(Array.isArray(members) ? members.flatMap(textsIn) : [])].filter(
    (each) => typeof each === "string",
  );
}
