/**
 * What a directive in a supergraph means: told by the specification that `@link` names and by nothing else, whatever the
 * directive is called here.
 *
 * INVARIANT: a directive that looks as if it protected something is known, or the supergraph is refused. One that is
 * passed over protects nothing.
 */
import { type ConstDirectiveNode, type DocumentNode, Kind, visit } from "graphql";
import { argumentOf, textOf } from "../execution/planner-join.ts";

/** What the gateway holds to, or reads to know what to hold to. */
export type Label = (typeof labels)[number];

export type LinkedDirectives = {
  /** Null: the gateway holds to nothing that it says. */
  labelOf(directive: string): Label | null;
  /** Whether this is the join specification's directive of that name. */
  isJoin(directive: string, element: "type" | "field" | "directive"): boolean;
};

type Spec = { readonly versions: RegExp; readonly elements: readonly string[] };

const apollo = "https://specs.apollo.dev/";
const known: ReadonlyMap<string, Spec> = new Map([
  [`${apollo}authenticated`, { versions: /^v0\.1$/, elements: ["authenticated"] }],
  [`${apollo}requiresScopes`, { versions: /^v0\.1$/, elements: ["requiresScopes"] }],
  [`${apollo}policy`, { versions: /^v0\.1$/, elements: ["policy"] }],
  [
    `${apollo}federation`,
    { versions: /^v2\.\d{1,2}$/, elements: ["authenticated", "requiresScopes", "policy", "inaccessible"] },
  ],
  [`${apollo}inaccessible`, { versions: /^v0\.[12]$/, elements: ["inaccessible"] }],
  // Linked for security; it says where arguments come from, not who may see them.
  [`${apollo}context`, { versions: /^v0\.1$/, elements: ["context"] }],
  [
    "https://crosswalk.example/core",
    { versions: /^v1\.0$/, elements: ["guard", "open", "release", "sparse", "alerts", "lifetime", "oneOf"] },
  ],
]);
const labels = [
  "authenticated",
  "requiresScopes",
  "policy",
  "guard",
  "open",
  "release",
  "sparse",
  "alerts",
  "inaccessible",
  "lifetime",
] as const;
const looksProtective =
  /auth(?!ors?$)|scope|polic|guard|secur|permi(t|ss)|role|secret|protect|restrict|deny|denied|forbid|private|accessib/i;

/** Throws for a directive or a specification that looks protective and is not known, naming it. */
export function linkedDirectives(document: DocumentNode): LinkedDirectives {
  const meanings = new Map<string, Meaning>();
  const namespaces = new Map<string, Link>();
  for (const link of linksOf(document)) {
    refuseUnknownSpec(link);
    namespaces.set(link.namespace, link);
    addMeaning(meanings, link.namespace, link, link.name);
    for (const { element, name } of link.imports) addMeaning(meanings, name, link, element);
  }
  const meaningOf = (directive: string): Meaning | null => {
    const imported = meanings.get(directive);
    if (imported) return imported;
    const at = directive.indexOf("__");
    const link = at > 0 ? namespaces.get(directive.slice(0, at)) : undefined;
    return link ? { link, element: directive.slice(at + 2) } : null;
  };
  const labelOf = (directive: string): Label | null => {
    const meaning = meaningOf(directive);
    if (meaning === null || !known.get(meaning.link.identity)?.elements.includes(meaning.element)) return null;
    return labels.find((label) => label === meaning.element) ?? null;
  };
  const isJoin: LinkedDirectives["isJoin"] = (directive, element) => {
    const meaning = meaningOf(directive);
    return meaning?.link.identity === `${apollo}join` && meaning.element === element;
  };
  refuseUnknownDirectives(document, meaningOf, isJoin);
  return { labelOf, isJoin };
}

type Link = {
  readonly url: string;
  /** The URL without its version, and the last part of that. */
  readonly identity: string;
  readonly name: string;
  readonly version: string;
  readonly namespace: string;
  readonly isForSecurity: boolean;
  readonly imports: readonly { readonly element: string; readonly name: string }[];
};
type Meaning = { readonly link: Link; readonly element: string };

/** Whatever `@link` itself is called: nothing else on a schema names a URL. `feature`: as `@core` had it. */
function linksOf(document: DocumentNode): readonly Link[] {
  return document.definitions.flatMap((definition) => {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) return [];
    return (definition.directives ?? []).flatMap((directive) => {
      const url = textOf(directive, "url") ?? textOf(directive, "feature");
      return url === undefined ? [] : [readLink(directive, url)];
    });
  });
}

function readLink(directive: ConstDirectiveNode, url: string): Link {
  const parts = url.replace(/\/+$/, "").split("/");
  const version = /^v\d/.test(parts.at(-1) ?? "") ? (parts.pop() ?? "") : "";
  const name = parts.at(-1) ?? "";
  return {
    url,
    identity: parts.join("/"),
    name,
    version,
    namespace: textOf(directive, "as") ?? name,
    isForSecurity: textOf(directive, "for") === "SECURITY",
    imports: importsOf(directive, url),
  };
}

/** Of directives alone: nothing depends on what a type is called. */
function importsOf(directive: ConstDirectiveNode, url: string): Link["imports"] {
  const imported = argumentOf(directive, "import");
  if (imported === undefined) return [];
  if (imported.kind !== Kind.LIST) throw new Error(`@link of ${url}: \`import\` is no list`);
  return imported.values.flatMap((each) => {
    const members = each.kind === Kind.OBJECT ? new Map(each.fields.map((f) => [f.name.value, f.value])) : null;
    const element = members ? members.get("name") : each;
    const name = members?.get("as") ?? element;
    if (element?.kind !== Kind.STRING || name?.kind !== Kind.STRING)
      throw new Error(`@link of ${url}: an import is neither a name nor { name, as }`);
    return element.value.startsWith("@")
      ? [{ element: element.value.slice(1), name: name.value.replace(/^@/, "") }]
      : [];
  });
}

function refuseUnknownSpec({ url, identity, name, version, isForSecurity, imports }: Link): void {
  const spec = known.get(identity);
  if (spec && !spec.versions.test(version))
    throw new Error(`@link of ${url}: this version is not known, so what it protects would not be`);
  if (!spec && (isForSecurity || looksProtective.test(name)))
    throw new Error(`@link of ${url}: this specification is not known, so what it protects would not be`);
  for (const { element, name: alias } of imports)
    if (!spec?.elements.includes(element) && (looksProtective.test(element) || looksProtective.test(alias)))
      throw new Error(`@link of ${url}: @${element} is not known, so what it protects would not be`);
}

function addMeaning(meanings: Map<string, Meaning>, directive: string, link: Link, element: string): void {
  const other = meanings.get(directive);
  if (other && (other.link.identity !== link.identity || other.element !== element))
    throw new Error(`@${directive} would be two directives: of ${other.link.url} and of ${link.url}`);
  meanings.set(directive, { link, element });
}

function refuseUnknownDirectives(
  document: DocumentNode,
  meaningOf: (directive: string) => Meaning | null,
  isJoin: LinkedDirectives["isJoin"],
): void {
  visit(document, {
    Directive(directive) {
      const name = directive.name.value;
      const meaning = meaningOf(name);
      const isKnown = meaning !== null && known.get(meaning.link.identity)?.elements.includes(meaning.element);
      const carried = isJoin(name, "directive") ? textOf(directive as ConstDirectiveNode, "name") : undefined;
      for (const each of [isKnown ? "" : name, carried ?? ""])
        if (looksProtective.test(each))
          throw new Error(`@${each} is no directive of a specification that is known: link it, or take it away`);
    },
  });
}
