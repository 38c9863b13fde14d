/**
 * One supergraph, ready to be asked: immutable, swapped whole. Operations in flight finish on the one they began with,
 * because they hold it.
 */
import { createHash } from "node:crypto";
import {
  buildASTSchema,
  type DocumentNode,
  type GraphQLSchema,
  isScalarType,
  Kind,
  parse,
  printSchema,
  visit,
} from "graphql";
import { identifierScalars } from "#schema/scalars.ts";
import type { Execute } from "../execution/port.ts";
import { type Prepare, preparer } from "../operation/prepare.ts";

export type Supergraph = {
  /** Of its text; tells two apart. */
  readonly id: string;
  /** What clients may ask. */
  readonly apiSchema: GraphQLSchema;
  readonly prepare: Prepare;
  readonly execute: Execute;
};

/** The execution of one supergraph, and the API schema that goes with it. Throws for one that cannot be used. */
export type OpenExecution = (sdl: string) => Promise<{ readonly apiSchema: GraphQLSchema; readonly execute: Execute }>;

/** Our own spec: directives and scalars that the gateway knows. */
const coreSpec = "https://crosswalk.example/core/";

/** Throws for text that is no usable supergraph, before anything is replaced. */
export async function readSupergraph(
  sdl: string,
  { open, introspection }: { readonly open: OpenExecution; readonly introspection: boolean },
): Promise<Supergraph> {
  const document = parse(sdl, { noLocation: true });
  const fieldNames = new Set<string>();
  visit(document, { FieldDefinition: ({ name }) => void fieldNames.add(name.value) });
  const { apiSchema: stockSchema, execute } = await open(sdl);
  const apiSchema = withCore(stockSchema, document);
  return {
    id: createHash("sha256").update(sdl).digest("hex").slice(0, 12),
    apiSchema,
    prepare: preparer({ apiSchema, fieldNames, introspection }),
    execute,
  };
}

/** Gives back what deriving the API schema drops: `@oneOf`, and how identifiers are parsed. Only where our spec is linked. */
function withCore(apiSchema: GraphQLSchema, supergraph: DocumentNode): GraphQLSchema {
  const oneOf = oneOfName(supergraph);
  if (oneOf === null) return apiSchema;
  const oneOfInputs = new Set(
    supergraph.definitions.flatMap((each) =>
      each.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION && each.directives?.some(({ name }) => name.value === oneOf)
        ? [each.name.value]
        : [],
    ),
  );
  const document = visit(parse(printSchema(apiSchema), { noLocation: true }), {
    InputObjectTypeDefinition: (type) =>
      oneOfInputs.has(type.name.value) ? { ...type, directives: [builtInOneOf] } : undefined,
  });
  const schema = buildASTSchema(document);
  for (const [name, identifier] of Object.entries(identifierScalars)) {
    const scalar = schema.getType(name);
    if (!isScalarType(scalar)) continue;
    scalar.parseValue = identifier.parseValue;
    scalar.parseLiteral = identifier.parseLiteral;
  }
  return schema;
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
