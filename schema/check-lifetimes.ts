/** What may be kept and under whose feed: a lifetime that nobody could hold to would keep what nobody tells the end of. */

import { factNames } from "./check-facts.ts";
import {
  type Element,
  elementsOf,
  type Field,
  fieldsOf,
  type Graph,
  guardsOf,
  type Label,
  rootTypes,
  type Type,
} from "./contract.ts";

const maxSeconds = 86_400;
const form = (feeds: readonly string[], seconds: unknown = 300): string =>
  feeds.map((feed) => `\`@lifetime(seconds: ${seconds}, feed: "${feed}")\``).join(" or ");

/** Each lifetime by itself: a bound, a feed of its own subgraph, and a place where it is resolved. */
export function unheldLifetimes(graph: Graph): readonly string[] {
  const findings = [...graph.subgraphs].flatMap(([subgraph, contract]) =>
    elementsOf(contract).flatMap((element) => {
      const lifetimes = lifetimesOf(element);
      const said = lifetimes.map(({ given }) => String(given.feed));
      return lifetimes.flatMap((label, index) => {
        const refusal =
          said.indexOf(said[index] as string) < index
            ? `names the feed ${said[index]} twice: write it once`
            : refusalOf(graph, subgraph, element, label);
        return refusal === null ? [] : [`${label.place}: the lifetime of ${element.element} ${refusal}`];
      });
    }),
  );
  return [...new Set(findings)];
}

function refusalOf(graph: Graph, subgraph: string, element: Element, { given }: Label): string | null {
  const { seconds, feed } = given;
  const systems = graph.systemsOf(subgraph);
  if (systems.length === 0)
    return `stands in ${subgraph}, which wraps no system that could tell of changes: take it away`;
  if (!systems.includes(String(feed)))
    return `is under the feed "${feed}", which is none of ${subgraph}'s systems: write ${form(systems, seconds)}`;
  if (!Number.isInteger(seconds) || Number(seconds) < 1 || Number(seconds) > maxSeconds)
    return `is ${seconds} seconds long: write 1 to ${maxSeconds}, as in ${form([String(feed)])}`;
  if (element.field === null) return refusalOfType(graph, subgraph, element.type, String(feed));
  if (element.type === "Mutation" || element.type === "Subscription") return "can keep nothing: take it away";
  const field = graph.subgraphs.get(subgraph)?.get(element.type)?.fields.get(element.field);
  return field?.isExternal ? "stands where it is not resolved: write it in its owner's schema" : null;
}

/** A type's own speaks for the fields that other subgraphs give it, too. */
function refusalOfType({ subgraphs }: Graph, subgraph: string, type: string, feed: string): string | null {
  if (rootTypes.has(type)) return `speaks for no field: write ${form([feed])} on its fields`;
  const others = [...subgraphs].filter(
    ([name, contract]) => name !== subgraph && [...(contract.get(type)?.fields.values() ?? [])].some(isResolved),
  );
  const [other] = others.map(([name]) => name);
  return other === undefined ? null : `would speak for ${other}'s fields: write ${form([feed])} on its own fields`;
}

const isResolved = ({ isExternal }: Field): boolean => !isExternal;

/** Whoever is asked for a shared field, its answer is kept alike. */
export function unlikeLifetimes({ subgraphs }: Graph): readonly string[] {
  const fields = [...subgraphs].flatMap(([subgraph, contract]) =>
    fieldsOf(contract)
      .filter(isResolved)
      .map((field) => ({ subgraph, field, element: `${field.type}.${field.name}` })),
  );
  return [...Map.groupBy(fields, ({ element }) => element)].flatMap(([element, all]) => {
    const said = new Set(all.map(({ field }) => textOf(lifetimesOf(field))));
    const [first] = all.filter(({ field }) => lifetimesOf(field).length > 0);
    if (said.size <= 1 || first === undefined) return [];
    const names = all.map(({ subgraph }) => subgraph).join(", ");
    return [
      `${first.field.place}: ${element} is resolved by ${names}, and they keep it differently: write the same lifetime in each, or none`,
    ];
  });
}

/** A record and what decides who may see it come from one read, and go stale together, where both are one owner's. */
export function unlikeFacts({ subgraphs, supergraph }: Graph): readonly string[] {
  const findings = [...subgraphs.values()].flatMap((contract) =>
    elementsOf(contract).flatMap(({ element, type, field, labels }) =>
      guardsOf({ labels }).flatMap((guard) => {
        const own = contract.get(type);
        if (own === undefined) return [];
        const facts = factNames(supergraph, type, guard);
        const guarded = field === null ? [...own.fields.keys()] : [field];
        const feeds = guarded.flatMap((name) => (facts.includes(name) ? [] : feedsOf(own, name)));
        return facts.flatMap((name) => {
          const fact = own.fields.get(name);
          const [known] = feedsOf(own, name);
          const other = feeds.find((each) => known !== undefined && each !== known);
          if (fact === undefined || other === undefined) return [];
          const accepted = other === "" ? "no lifetime" : form(other.split(" "));
          return [
            `${fact.place}: ${type}.${name} decides about ${element} and is not kept under the same feeds: write ${accepted} on it`,
          ];
        });
      }),
    ),
  );
  return [...new Set(findings)];
}

/**
 * One text for a field that is resolved here, which is empty where it is kept as what it stands in. A person's that is not
 * kept, as its key is not, says nothing.
 */
function feedsOf(type: Type, name: string): readonly string[] {
  const field = type.fields.get(name);
  if (field === undefined || !isResolved(field)) return [];
  const said = [field, type].map(lifetimesOf).find((labels) => labels.length > 0) ?? [];
  if (said.length === 0 && type.keys.length > 0 && !type.fields.get(name)?.isInaccessible) return [];
  return [[...new Set(said.map(({ given }) => String(given.feed)))].sort().join(" ")];
}

function lifetimesOf({ labels }: { readonly labels: readonly Label[] }): readonly Label[] {
  return labels.filter(({ name }) => name === "lifetime");
}

function textOf(labels: readonly Label[]): string {
  return labels
    .map(({ given }) => `${given.seconds} ${given.feed}`)
    .sort()
    .join("\n");
}
