/** Who may see what, worked out from the supergraph's labels and the policies: for each element and each kind of caller. */
import { readFileSync } from "node:fs";
import { factNames } from "./check-facts.ts";
import { type Claims, type Decide, type Decision, deciding, type PolicyBook } from "./check-policies.ts";
import {
  type Contract,
  type Field,
  implementers,
  isInaccessible,
  type Label,
  namedType,
  rootTypes,
  rulesOf,
  type Type,
  texts,
} from "./contract.ts";

export type Caller = Claims & {
  readonly title: string;
  readonly persona: string;
  readonly purposes: readonly string[];
};
export type Asking = Caller & { readonly purpose: string };

/** `notes`: what it depends on; a refusal by each of them. Neither permitted nor refused to all: decided by record. */
export type Access = { readonly kind: "permitted" | "refused" | "depends"; readonly notes: readonly string[] };

export type AccessRow = {
  readonly element: string;
  readonly type: string;
  readonly field: string | null;
  /** In words: `border`, `scope person:read`, `open: …`. */
  readonly rules: readonly string[];
  /** In the order of those who ask. */
  readonly access: readonly Access[];
};

/** Kinds of callers that the document tells of: those of the development issuer, as a test holds. */
export function readCallers(): readonly Caller[] {
  return JSON.parse(readFileSync(new URL("./callers.json", import.meta.url), "utf8"));
}

export function askingOf(callers: readonly Caller[]): readonly Asking[] {
  return callers.flatMap((caller) => caller.purposes.map((purpose) => ({ ...caller, purpose })));
}

/**
 * A row for every element that clients can ask for: root types first, then persons, then records by name. A field's rules
 * are its own, its type's, for it is seen only in a record that is, and those of what it gives. Rules for some days only
 * are taken at their strictest: forbids hold, permits do not.
 */
export function accessRows(supergraph: Contract, book: PolicyBook, asking: readonly Asking[]): readonly AccessRow[] {
  const rules = book.rules.filter(({ effective, effect }) => effective === null || effect !== "permit");
  const judge = judging(supergraph, book, deciding(rules));
  const given = (field: Field) => supergraph.get(namedType(field.node.type));
  const mayGet = (type: Type, field: Field, by: Asking) =>
    judge(type.name, [...rulesOf(type), ...rulesOf(field)], by).kind !== "refused" &&
    judge(given(field)?.name ?? "", rulesOf(given(field) ?? { labels: [] }), by).kind !== "refused";
  const reached = asking.map((by) => reachable(supergraph, (type, field) => mayGet(type, field, by)));
  const rank = ({ name, keys }: Type) => (rootTypes.has(name) ? 0 : keys.length > 0 ? 1 : 2);
  return [...supergraph.values()]
    .filter((type) => type.kind === "object" && !isInaccessible(type))
    .sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))
    .flatMap((type) => {
      const access = (labels: readonly Label[], field?: Field) =>
        asking.map((by, at): Access => {
          const isServed = reached[at]?.has(type.name) && (field === undefined || mayGet(type, field, by));
          return isServed ? judge(type.name, rulesOf({ labels: [...type.labels, ...labels] }), by) : refused;
        });
      const row = (element: string, labels: readonly Label[], field?: Field): AccessRow => ({
        element,
        type: type.name,
        field: field?.name ?? null,
        rules: labels.filter(({ name }) => !silent.has(name)).map(inWords),
        access: access(field ? labels : [], field),
      });
      const fields = [...type.fields.values()].filter(({ isInaccessible }) => !isInaccessible);
      return [
        ...(type.labels.length > 0 ? [row(type.name, type.labels)] : []),
        ...fields.map((each) => row(`${type.name}.${each.name}`, each.labels, each)),
      ];
    });
}

/** Labels that say nothing of who may see an element. */
const silent: ReadonlySet<string> = new Set(["release", "sparse", "alerts", "lifetime"]);

const refused: Access = { kind: "refused", notes: [] };

/** Types to which some way leads from a root by fields that may be had. */
function reachable(supergraph: Contract, mayGet: (type: Type, field: Field) => boolean): ReadonlySet<string> {
  const reached = new Set<string>();
  const visit = (name: string): void => {
    const type = supergraph.get(name);
    if (type === undefined || reached.has(name)) return;
    reached.add(name);
    const behind =
      type.kind === "union" ? type.related : type.kind === "interface" ? implementers(supergraph, name) : [];
    for (const each of behind) visit(each);
    for (const field of type.fields.values())
      if (!field.isInaccessible && mayGet(type, field)) visit(namedType(field.node.type));
  };
  for (const root of rootTypes) visit(root);
  return reached;
}

function inWords({ name, given }: Label): string {
  if (name === "guard") return String(given.policy);
  if (name === "open") return `open: ${given.reason}`;
  if (name === "authenticated") return "any known caller";
  const groups = (given.scopes ?? given.policies) as readonly unknown[];
  const said = groups.map((each) => texts(each).join(" and ")).join(" or ");
  return name === "policy" ? said : `scope ${said}`;
}

function judging(supergraph: Contract, { facts }: PolicyBook, decide: Decide) {
  const known = new Map<string, Access>();
  const byPolicy = (policy: string, asking: Asking, names: readonly string[]): Access => {
    const key = JSON.stringify([policy, asking, names]);
    const found = known.get(key) ?? accessBy(names, (values) => decide(policy, asking, values));
    known.set(key, found);
    return found;
  };
  return (type: string, rules: readonly Label[], asking: Asking): Access => {
    const parts = rules.map((rule): Access => {
      if (rule.name === "guard") return byPolicy(String(rule.given.policy), asking, factNames(supergraph, type, rule));
      if (rule.name === "authenticated") return { kind: "permitted", notes: [] };
      const groups = ((rule.given.scopes ?? rule.given.policies) as readonly unknown[]).map(texts);
      const holds = (each: string) =>
        rule.name === "requiresScopes"
          ? asking.scopes.includes(each)
          : facts.has(each) && byPolicy(each, asking, []).kind === "permitted";
      const isPermitted = groups.some((group) => group.length > 0 && group.every(holds));
      return { kind: isPermitted ? "permitted" : "refused", notes: [] };
    });
    if (parts.some(({ kind }) => kind === "refused")) return refused;
    const notes = [...new Set(parts.flatMap((each) => each.notes))];
    return { kind: notes.length > 0 ? "depends" : "permitted", notes };
  };
}

/** Every combination of facts is decided; what is said of them is the shortest that says the same. */
function accessBy(names: readonly string[], decided: (values: Record<string, boolean>) => Decision): Access {
  const combinations = Array.from({ length: 2 ** names.length }, (_, bits) =>
    names.map((_, at) => (bits >> at) % 2 === 1),
  );
  const outcomes = combinations.map((values) => ({
    values,
    ...decided(Object.fromEntries(names.map((name, at) => [name, values[at] === true]))),
  }));
  if (outcomes.every(({ outcome }) => outcome === "permit")) return { kind: "permitted", notes: [] };
  const words = { hide: "hidden", refer: "referred", mask: "masked", permit: "" };
  const [{ outcome: first, authority: by }] = outcomes as unknown as readonly [Decision];
  if (outcomes.every(({ outcome }) => outcome === first))
    return first === "hide" ? refused : { kind: "depends", notes: [`${words[first]} (${by})`] };
  const said = Map.groupBy(
    outcomes.filter(({ outcome }) => outcome !== "permit"),
    ({ outcome, authority }) => `${words[outcome]} (${authority})`,
  );
  return {
    kind: "depends",
    notes: [...said].map(
      ([what, of]) =>
        `${what} if ${conditions(
          names,
          of.map(({ values }) => values),
        )}`,
    ),
  };
}

type Term = readonly (boolean | null)[];

/** `protected1367 and not iceCase, or minor`: the facts' combinations in as few words. */
function conditions(names: readonly string[], combinations: readonly Term[]): string {
  let terms: readonly Term[] = combinations;
  const prime: Term[] = [];
  while (terms.length > 0) {
    const merged = new Map<string, Term>();
    const used = new Set<Term>();
    for (const [at, one] of terms.entries()) {
      for (const other of terms.slice(at + 1)) {
        const differing = one.flatMap((value, index) => (value === other[index] ? [] : [index]));
        const [place = -1] = differing;
        if (differing.length !== 1 || one[place] === null || other[place] === null) continue;
        const both = one.map((value, index) => (index === place ? null : value));
        merged.set(String(both), both);
        used.add(one).add(other);
      }
    }
    prime.push(...terms.filter((each) => !used.has(each)));
    terms = [...merged.values()];
  }
  return covering(prime, combinations)
    .map((term) =>
      term.flatMap((value, at) => (value === null ? [] : [value ? names[at] : `not ${names[at]}`])).join(" and "),
    )
    .join(", or ");
}

/** Of the terms those that are needed, the widest first. */
function covering(terms: readonly Term[], combinations: readonly Term[]): readonly Term[] {
  const covers = (term: Term, values: Term) => term.every((each, at) => each === null || each === values[at]);
  const left = new Set(combinations);
  const taken: Term[] = [];
  const width = (term: Term) => combinations.filter((each) => covers(term, each)).length;
  for (const term of [...terms].sort((a, b) => width(b) - width(a))) {
    const covered = [...left].filter((each) => covers(term, each));
    if (covered.length === 0) continue;
    taken.push(term);
    for (const each of covered) left.delete(each);
  }
  return taken;
}
