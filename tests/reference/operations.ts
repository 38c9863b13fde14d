/** Operations that clients could send: any selection of the API, about somebody or nobody. */
import fc from "fast-check";
import {
  type ArgumentNode,
  buildASTSchema,
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  parse,
  parseType,
  parseValue,
  print,
  printSchema,
  TypeInfo,
  type TypeNode,
  type ValueNode,
  type VariableDefinitionNode,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { type Operation, operationsOver } from "../differential/operations.ts";

export type { Operation };

export type Asked = { readonly by: Readonly<Record<string, unknown>>; readonly releaseAt?: string };
export type Pools = { readonly persons: readonly Asked[]; readonly holds: readonly Asked[] };

/** What a client's alias could be confused with: keys, required fields, facts, and what the gateway calls its own. */
const names = [
  ...["fin", "fins", "aNumbers", "i94Numbers", "eidSubjectIds", "subject", "receiptNumbers", "id", "source"],
  ...["protected1367", "iceCase", "cbpCase", "uscisCase", "eoirCase", "minor", "c1", "c2"],
  ...["asylumRelated", "protectedFiling", "filingRelated", "birthDate", "caseType"],
  ...["identity", "detainerFacts", "protection", "basis", "person"],
];

/** `who`: whom the roots are about, in the order of their response keys; a variable's or a literal's value. */
export type Generated = { readonly operation: Operation; readonly roots: ReadonlySet<string> };

export function operationsAbout(schema: GraphQLSchema, pools: Pools): fc.Arbitrary<Generated> {
  const bare = withoutRootArguments(schema);
  const narrow = only(bare, decidedByRecord);
  const picks = fc.array(fc.record({ who: fc.nat(1_000_000), asVariable: fc.boolean() }), {
    minLength: 4,
    maxLength: 4,
  });
  const over = (some: GraphQLSchema) => operationsOver({ schema: some, names, mutations: 0 });
  return fc
    .tuple(fc.oneof({ arbitrary: over(bare), weight: 1 }, { arbitrary: over(narrow), weight: 1 }), picks)
    .map(([operation, chosen]) => about(operation, bare, pools, chosen));
}

/** Roots that take arguments are drafted without them, and given some afterwards: these must be of some use. */
function withoutRootArguments(schema: GraphQLSchema): GraphQLSchema {
  return buildASTSchema(visit(parse(printSchema(schema)), { FieldDefinition: (node) => ({ ...node, arguments: [] }) }));
}

/** Of a person, what is decided for each record: drawn by itself, lest it be rare among all that can be asked. */
const decidedByRecord: Readonly<Record<string, readonly string[]>> = {
  Query: ["person"],
  Person: ["encounters", "addresses", "courtCases", "stays", "asylum", "benefitRequests"],
};

function only(schema: GraphQLSchema, fields: Readonly<Record<string, readonly string[]>>): GraphQLSchema {
  const narrowed = visit(parse(printSchema(schema)), {
    ObjectTypeDefinition: (node) => {
      const wanted = fields[node.name.value];
      return wanted && { ...node, fields: node.fields?.filter(({ name }) => wanted.includes(name.value)) ?? [] };
    },
  });
  return buildASTSchema(narrowed);
}

type Pick = { readonly who: number; readonly asVariable: boolean };

function about(operation: Operation, bare: GraphQLSchema, pools: Pools, picks: readonly Pick[]): Generated {
  const byKey = new Map<string, readonly ArgumentNode[]>();
  const declared: VariableDefinitionNode[] = [];
  const values: Record<string, unknown> = Object.assign(Object.create(null), operation.variables);
  const roots = new Set<string>();
  const given = (value: unknown, type: string, asVariable: boolean): ValueNode => {
    if (!asVariable) return parseValue(literal(value));
    const name = `given${declared.length}`;
    declared.push({
      kind: Kind.VARIABLE_DEFINITION,
      variable: variableNode(name),
      type: parseType(type) as TypeNode,
    });
    values[name] = value;
    return variableNode(name);
  };
  const argumentsFor = (field: string, key: string): readonly ArgumentNode[] => {
    const known = byKey.get(`${field} ${key}`);
    if (known) return known;
    const { who, asVariable } = picks[byKey.size % picks.length] as Pick;
    const isPerson = field === "person";
    const pool = isPerson ? pools.persons : pools.holds;
    const { by, releaseAt } = pool[who % pool.length] as Asked;
    const made = [argument("by", given(by, isPerson ? "PersonIdentifier!" : "HoldCheckIdentifier!", asVariable))];
    if (releaseAt !== undefined) made.push(argument("releaseAt", given(releaseAt, "DateTime", asVariable)));
    byKey.set(`${field} ${key}`, made);
    return made;
  };
  const info = new TypeInfo(bare);
  const filled: DocumentNode = visit(
    operation.document,
    visitWithTypeInfo(info, {
      Field(node) {
        const field = node.name.value;
        if (info.getParentType()?.name !== "Query" || field.startsWith("__")) return undefined;
        roots.add(field);
        return { ...node, arguments: argumentsFor(field, node.alias?.value ?? field) };
      },
    }),
  );
  // The one operation that is asked stands first; another beside it uses nothing.
  const document: DocumentNode = {
    ...filled,
    definitions: filled.definitions.map((each, index) =>
      index === 0 && each.kind === Kind.OPERATION_DEFINITION
        ? { ...each, variableDefinitions: [...(each.variableDefinitions ?? []), ...declared] }
        : each,
    ),
  };
  return { operation: { ...operation, document, variables: values }, roots };
}

export const textOf = ({ document }: Operation): string => print(document);
export const shown = ({ document, variables }: Operation): string => `${print(document)}\n${JSON.stringify(variables)}`;

const variableNode = (name: string) => ({ kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } }) as const;
const argument = (name: string, value: ValueNode): ArgumentNode => ({
  kind: Kind.ARGUMENT,
  name: { kind: Kind.NAME, value: name },
  value,
});

function literal(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, each]) => `${name}: ${literal(each)}`);
  return `{ ${members.join(", ")} }`;
}
