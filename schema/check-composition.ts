/**
 * Nothing that a subgraph says about who may see what is lost on the way into the supergraph. Composition drops one of
 * two labels that differ, and all labels of a name that no `@composeDirective` names; it says neither.
 */
import { isDeepStrictEqual } from "node:util";
import { Kind, parse, Source } from "graphql";
import type { SchemaSource } from "./compose.ts";
import { argumentsOf, elementsOf, type Graph, type Label, placeOf, texts } from "./contract.ts";

const sharedPath = "schema/shared.graphql";
const ownLabels = ["guard", "open", "release", "sparse", "alerts", "lifetime"];
const builtIn = ["deprecated", "specifiedBy"];

/**
 * Links and directives are named in one file, by one name: a renamed or namespaced directive is one that is not looked
 * for. INVARIANT: every directive in a subgraph's SDL is one that the shared file imports or defines under that name.
 */
export function foreignDirectives(sources: readonly SchemaSource[]): readonly string[] {
  const findings = new Set<string>();
  for (const { files } of sources) {
    const known = new Set(builtIn);
    for (const { path, text } of files) {
      for (const definition of parse(new Source(text, path)).definitions) {
        const isSchema = definition.kind === Kind.SCHEMA_EXTENSION || definition.kind === Kind.SCHEMA_DEFINITION;
        if (isSchema || definition.kind === Kind.DIRECTIVE_DEFINITION) {
          const place = placeOf(definition);
          if (path !== sharedPath)
            findings.add(`${place}: links and directives have one place: write it in ${sharedPath}`);
          if (definition.kind === Kind.DIRECTIVE_DEFINITION) known.add(definition.name.value);
          for (const link of isSchema ? (definition.directives ?? []) : [])
            for (const finding of renames(link, known)) findings.add(`${placeOf(link)}: ${finding}`);
        }
      }
    }
    for (const { path, text } of files)
      for (const { name, place } of directivesIn(new Source(text, path)))
        if (!known.has(name))
          findings.add(`${place}: @${name} is none that ${sharedPath} imports: write \`import: ["@${name}"]\` there`);
  }
  return [...findings];
}

/** Fills `known` with what a link imports. */
function renames(link: Parameters<typeof argumentsOf>[0], known: Set<string>): readonly string[] {
  known.add(link.name.value);
  const { as, import: imported = [] } = argumentsOf(link);
  for (const each of texts(imported)) known.add(each.replace("@", ""));
  const isRenamed = as !== undefined || texts(imported).length !== (imported as readonly unknown[]).length;
  return isRenamed ? ['a directive has one name: write `import: ["@name"]`, without `as`'] : [];
}

function directivesIn(source: Source): readonly { readonly name: string; readonly place: string }[] {
  const found: { name: string; place: string }[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const each of value) walk(each);
    else if (typeof value === "object" && value !== null && "kind" in value) {
      if (value.kind === Kind.DIRECTIVE) {
        const directive = value as Parameters<typeof argumentsOf>[0];
        found.push({ name: directive.name.value, place: placeOf(directive) });
      }
      for (const [key, each] of Object.entries(value)) if (key !== "loc") walk(each);
    }
  };
  walk(parse(source).definitions);
  return found;
}

/** Every label that a subgraph writes on an element stands on that element in the supergraph, or is implied there. */
export function lostLabels({ subgraphs, supergraph }: Pick<Graph, "subgraphs" | "supergraph">): readonly string[] {
  const arrivedNames = new Set(elementsOf(supergraph).flatMap(({ labels }) => labels.map(({ name }) => name)));
  const findings = [...subgraphs.values()].flatMap(elementsOf).flatMap(({ element, type, field, labels }) => {
    const above = supergraph.get(type);
    const arrived = (field === null ? above : above?.fields.get(field))?.labels ?? [];
    return labels
      .filter((label) => !arrives(label, arrived))
      .map(({ name, place }) => {
        const isComposed = arrivedNames.has(name) || !ownLabels.includes(name);
        return `${place}: @${name} on ${element} is lost in composition: ${
          isComposed
            ? "write it where the element is resolved, and alike in every subgraph that has it"
            : `write \`@composeDirective(name: "@${name}")\` beside the link in ${sharedPath}`
        }`;
      });
  });
  return [...new Set(findings)];
}

/** Scopes and policies of several subgraphs become one rule: it may demand more than this label does, never less. */
function arrives({ name, given }: Label, arrived: readonly Label[]): boolean {
  const alike = arrived.filter((each) => each.name === name);
  if (name !== "requiresScopes" && name !== "policy") return alike.some((each) => isDeepStrictEqual(each.given, given));
  const demanded = groupsIn(given);
  return alike.some((each) =>
    groupsIn(each.given).every((group) => demanded.some((needed) => needed.every((one) => group.includes(one)))),
  );
}

/** `[["a", "b"], ["c"]]`: both a and b, or c. */
function groupsIn(given: Label["given"]): readonly (readonly string[])[] {
  const groups = given.scopes ?? given.policies;
  return Array.isArray(groups) ? groups.map(texts) : [];
}
