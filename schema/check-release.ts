/**
 * What one agency's subgraph gets of another's: only what its owner releases to it, and nothing is released for nobody.
 * A protected field that another field is computed from is thereby never carried on silently.
 */
import {
  argumentsOf,
  type Contract,
  type Field,
  fieldsOf,
  type Graph,
  guardsOf,
  selectedBy,
  type Type,
  texts,
} from "./contract.ts";

/** A field that a subgraph receives, though another resolves it. */
type Received = { readonly by: string; readonly for: Field; readonly type: string; readonly field: string };

export function unreleased(graph: Graph): readonly string[] {
  const received = [...graph.subgraphs.keys()].flatMap((name) => receivedBy(graph, name));
  const receivers = (type: string, field: string) =>
    [...new Set(received.filter((each) => each.type === type && each.field === field).map(({ by }) => by))].sort();
  const missing = received.flatMap(({ by, for: computed, type, field }) =>
    ownersOf(graph, type, field, by)
      .filter(([, owned]) => !releasedTo(owned).includes(by))
      .map(
        ([owner, owned]) =>
          `${owned.place}: ${type}.${field} goes to ${by} for ${computed.type}.${computed.name} (${computed.place}), and ${owner} does not release it: write ${releaseForm(receivers(type, field).filter((each) => each !== owner))}`,
      ),
  );
  return [...new Set([...missing, ...stale(graph, receivers)])];
}

function stale(graph: Graph, receivers: (type: string, field: string) => readonly string[]): readonly string[] {
  return [...graph.subgraphs].flatMap(([owner, contract]) =>
    fieldsOf(contract).flatMap((field) => {
      const asking = receivers(field.type, field.name).filter((each) => each !== owner);
      const form = asking.length > 0 ? `write ${releaseForm(asking)}` : "take `@release` away";
      return releasedTo(field)
        .filter((each) => !asking.includes(each))
        .map(
          (each) =>
            `${field.place}: ${field.type}.${field.name} is released to ${each}, which does not ask for it: ${form}`,
        );
    }),
  );
}

function releaseForm(to: readonly string[]): string {
  return `\`@release(to: [${to.map((each) => `"${each}"`).join(", ")}])\``;
}

function releasedTo(field: Field): readonly string[] {
  return field.labels.filter(({ name }) => name === "release").flatMap(({ given }) => texts(given.to));
}

/** Every other subgraph that resolves the field. */
function ownersOf(
  { subgraphs }: Graph,
  type: string,
  field: string,
  by: string,
): readonly (readonly [string, Field])[] {
  return [...subgraphs].flatMap(([name, contract]) => {
    const found = contract.get(type)?.fields.get(field);
    return name === by || found === undefined || found.isExternal ? [] : [[name, found] as const];
  });
}

/** By `@requires` and `@fromContext`; keys apart. */
function receivedBy({ subgraphs }: Graph, by: string): readonly Received[] {
  const contract = subgraphs.get(by) as Contract;
  return fieldsOf(contract).flatMap((computed) =>
    fieldSetsFor(contract, computed).flatMap(([type, fieldSet]) =>
      selectedBy(contract, type, fieldSet)
        .filter((each) => !isKey(contract, each.type, each.name))
        .map((each) => ({ by, for: computed, type: each.type, field: each.name })),
    ),
  );
}

/** Each with the type on which it stands. */
function fieldSetsFor(contract: Contract, field: Field): readonly (readonly [string, string])[] {
  const required = (field.node.directives ?? [])
    .filter(({ name }) => name.value === "requires")
    .flatMap((each) => texts(argumentsOf(each).fields));
  const fromContext = (field.node.arguments ?? [])
    .flatMap(({ directives = [] }) => directives)
    .filter(({ name }) => name.value === "fromContext")
    .flatMap((each) => texts(argumentsOf(each).field));
  return [
    ...required.map((each) => [field.type, each] as const),
    ...fromContext.flatMap((each) => {
      const [, context = "", selection = ""] = /^\s*\$(\w+)([\s\S]*)$/.exec(each) ?? [];
      const fields = selection.trim().replace(/^\{([\s\S]*)\}$/, "$1");
      return [...contract.values()]
        .filter((type) => setsContext(type, context))
        .map(({ name }) => [name, fields] as const);
    }),
  ];
}

function setsContext({ directives }: Type, context: string): boolean {
  return directives.some((each) => each.name.value === "context" && argumentsOf(each).name === context);
}

function isKey(contract: Contract, type: string, field: string): boolean {
  const keys = contract.get(type)?.keys ?? [];
  return keys.some((key) => selectedBy(contract, type, key).some((each) => each.type === type && each.name === field));
}

/**
 * A key goes to every subgraph that has the type, released or not: so only its owners make a field a key, and it stands
 * under no guard of its own.
 */
export function unfitKeys(graph: Graph): readonly string[] {
  return [...graph.subgraphs].flatMap(([name, contract]) =>
    [...contract.values()].flatMap((type) =>
      type.keys
        .flatMap((key) => selectedBy(contract, type.name, key))
        .flatMap((key) => {
          const element = `${key.type}.${key.name}`;
          const withheld = guardsOf(graph.supergraph.get(key.type)?.fields.get(key.name) ?? { labels: [] });
          if (withheld.length > 0)
            return [
              `${key.field?.place ?? type.place}: ${element} is guarded and a key of ${type.name}: take it out of the key, or its guard away`,
            ];
          return ownersOf(graph, key.type, key.name, name)
            .filter(([owner]) => !isKeyOf(graph, owner, type.name, key.path))
            .map(
              ([owner]) =>
                `${type.place}: ${element} is a key in ${name} and none in ${owner}, which resolves it: write \`@requires\` here and ${releaseForm([name])} there`,
            );
        }),
    ),
  );
}

function isKeyOf({ subgraphs }: Graph, owner: string, type: string, path: readonly string[]): boolean {
  const contract = subgraphs.get(owner) as Contract;
  return (contract.get(type)?.keys ?? []).some((key) =>
    selectedBy(contract, type, key).some((each) => each.path.join(".") === path.join(".")),
  );
}
