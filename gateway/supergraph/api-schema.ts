/**
 * What clients may ask, as a schema: what federation derives, and what deriving drops: directives that operations may
 * use; and, where a supergraph links our own spec, `@oneOf`, and how identifiers are parsed.
 */
import {
  buildASTSchema,
  type DirectiveDefinitionNode,
  DirectiveLocation,
  type DocumentNode,
  type GraphQLSchema,
  type InputValueDefinitionNode,
  isScalarType,
  isTypeDefinitionNode,
  Kind,
  type NameNode,
  parse,
  specifiedDirectives,
  specifiedScalarTypes,
  type TypeNode,
  visit,
} from "graphql";
import { argumentScalars } from "#schema/scalars.ts";

/** Our own spec: directives and scalars that the gateway knows. */
const coreSpec = "https://crosswalk.example/core/";

export function readApiSchema(apiSdl: string, supergraph: DocumentNode): GraphQLSchema {
  const derived = parse(apiSdl, { noLocation: true });
  const api = { ...derived, definitions: [...derived.definitions, ...droppedDirectives(derived, supergraph)] };
  const oneOf = oneOfName(supergraph);
  if (oneOf === null) return buildASTSchema(api, { assumeValidSDL: true });
  const oneOfInputs = new Set(
    supergraph.definitions.flatMap((each) =>
      each.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION && each.directives?.some(({ name }) => name.value === oneOf)
        ? [each.name.value]
        : [],
    ),
  );
  const document = visit(api, {
    InputObjectTypeDefinition: (type) =>
      oneOfInputs.has(type.name.value) ? { ...type, directives: [builtInOneOf] } : undefined,
  });
  const schema = buildASTSchema(document, { assumeValidSDL: true });
  for (const [name, { parseValue, parseLiteral }] of Object.entries(argumentScalars)) {
    const scalar = schema.getType(name);
    if (isScalarType(scalar)) Object.assign(scalar, { parseValue, parseLiteral });
  }
  return schema;
}

/** Those that a spec of its own brought along (`@composeDirective`): deriving takes them for the supergraph's own affairs. */
function droppedDirectives(api: DocumentNode, supergraph: DocumentNode): readonly DirectiveDefinitionNode[] {
  const directives = new Set(ownDirectives);
  const types = new Set(specifiedScalarTypes.map(({ name }) => name));
  const scalars = new Set<string>();
  for (const each of api.definitions) {
    if (each.kind === Kind.DIRECTIVE_DEFINITION) directives.add(each.name.value);
    else if (isTypeDefinitionNode(each)) types.add(each.name.value);
    if (each.kind === Kind.SCALAR_TYPE_DEFINITION) scalars.add(each.name.value);
  }
  // Of a scalar of the schema's own not every default can be shown by introspection.
  const isUsable = ({ type, defaultValue }: InputValueDefinitionNode): boolean =>
    types.has(namedType(type)) && (defaultValue === undefined || !scalars.has(namedType(type)));
  return supergraph.definitions.flatMap((each) => {
    if (each.kind !== Kind.DIRECTIVE_DEFINITION || directives.has(each.name.value)) return [];
    const locations = each.locations.filter(isExecutable);
    return locations.length > 0 && (each.arguments ?? []).every(isUsable) ? [{ ...each, locations }] : [];
  });
}

/** What the gateway itself reads in an operation is never a subgraph's. */
const ownDirectives = [...specifiedDirectives.map(({ name }) => name), "defer", "stream", "freshness"];

const executableLocations: ReadonlySet<string> = new Set([
  DirectiveLocation.QUERY,
  DirectiveLocation.MUTATION,
  DirectiveLocation.SUBSCRIPTION,
  DirectiveLocation.FIELD,
  DirectiveLocation.FRAGMENT_DEFINITION,
  DirectiveLocation.FRAGMENT_SPREAD,
  DirectiveLocation.INLINE_FRAGMENT,
  DirectiveLocation.VARIABLE_DEFINITION,
]);
const isExecutable = ({ value }: NameNode): boolean => executableLocations.has(value);

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}

const builtInOneOf = { kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: "oneOf" } } as const;

/** What `@oneOf` of our spec is called in this supergraph; null when our spec is not linked. */
function oneOfName(supergraph: DocumentNode): string | null {
  for (const definition of supergraph.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) continue;
    for (const link of definition.directives ?? []) {
      const args = new Map(link.arguments?.map(({ name, value }) => [name.value, value]));
      const url = args.get("url");
      if (link.name.value !== "link" || url?.kind !== Kind.STRING || !url.value.startsWith(coreSpec)) continue;
      const imports = args.get("import");
      for (const each of imports?.kind === Kind.LIST ? imports.values : []) {
        if (each.kind === Kind.STRING && each.value === "@oneOf") return "oneOf";
        const renamed =
          each.kind === Kind.OBJECT ? new Map(each.fields.map((f) => [f.name.value, f.value])) : undefined;
        const [name, as] = [renamed?.get("name"), renamed?.get("as")];
        if (name?.kind === Kind.STRING && name.value === "@oneOf" && as?.kind === Kind.STRING) return as.value.slice(1);
      }
      return "core__oneOf";
    }
  }
  return null;
}
