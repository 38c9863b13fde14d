/** The normal form, as properties over generated operations: the same for every way of writing, and the same answer. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  buildSchema,
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLCompositeType,
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  Kind,
  OverlappingFieldsCanBeMergedRule,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import { operationPreparer, type PreparedOperation } from "./operation-preparer.ts";
import { refuseOverlaps } from "./overlap.ts";

const schema = buildSchema(`
  scalar Json
  type Query {
    node(id: ID!, kind: Kind! = ONE): Node
    list(first: Int, in: In): [Item!]!
    any: [Any]
    plain: Int
    boom: Int
    echo(a: Int, s: String, in: In, ids: [ID!], f: Float, j: Json, flag: Boolean): String
  }
  interface Node { id: ID!  next(first: Int, in: In): Node  name: String  echo(a: Int, in: In, ids: [ID!]): String }
  type Item implements Node {
    id: ID!  next(first: Int, in: In): Item  name: String  echo(a: Int, in: In, ids: [ID!]): String  size: Int  boom: Int
  }
  type Box implements Node {
    id: ID!  next(first: Int, in: In): Node  name: String  echo(a: Int, in: In, ids: [ID!]): String  items(first: Int = 2): [Item]
  }
  union Any = Item | Box
  input In { a: Int = 7  list: [Int!]  deep: In  kind: Kind }
  enum Kind { ONE TWO }
`);
const fieldNames = new Set(["node", "c2_", "c5_"]);
const preparer = () => operationPreparer({ apiSchema: schema, fieldNames, introspection: true });

/** Choices out of a list of numbers that fast-check can shrink; past its end always the first choice. */
function chooser(numbers: readonly number[]) {
  let at = 0;
  const below = (limit: number): number => (numbers[at++] ?? 0) % limit;
  return {
    below,
    of: <T>(all: readonly T[]): T => all[below(all.length)] as T,
    /** Once in so many times. */
    rarely: (times: number): boolean => below(times) === times - 1,
  };
}
type Chooser = ReturnType<typeof chooser>;
const choices = (maxLength: number) =>
  fc.array(fc.nat({ max: 1000 }), { minLength: maxLength / 2, maxLength }).map((numbers) => numbers);

function fieldsOf(type: GraphQLCompositeType) {
  return isUnionType(type) ? [] : Object.values(type.getFields());
}

/** A value of the type, as it stands in a request's variables. */
function anyValue(choose: Chooser, type: GraphQLInputType, depth = 0): unknown {
  if (!isNonNullType(type) && choose.rarely(9)) return null;
  const bare = getNullableType(type);
  if (isListType(bare)) return Array.from({ length: choose.below(3) }, () => anyValue(choose, bare.ofType, depth + 1));
  if (isEnumType(bare)) return choose.of(bare.getValues()).name;
  if (isInputObjectType(bare)) {
    const members = Object.values(bare.getFields()).filter(
      ({ name }) => choose.below(2) === 1 && (depth < 2 || name !== "deep"),
    );
    return Object.fromEntries(members.map(({ name, type: member }) => [name, anyValue(choose, member, depth + 1)]));
  }
  const scalars: Record<string, () => unknown> = {
    Int: () => choose.below(5) - 2,
    Float: () => choose.of([0, 1, 2.5, 1e21]),
    ID: () => choose.of(["7", "007", "x", ""]),
    String: () => choose.of(["", "a", '"\n\\', "__proto__"]),
    Boolean: () => choose.below(2) === 1,
    Json: () => choose.of<unknown>([1, "x", { a: [1, { b: null }] }, [true]]),
  };
  return scalars[String(bare)]?.();
}

/** The same value, written out. */
function written(value: unknown, type: GraphQLInputType | null): string {
  const bare = type && getNullableType(type);
  if (Array.isArray(value))
    return `[${value.map((each) => written(each, isListType(bare) ? bare.ofType : null)).join(" ")}]`;
  if (typeof value === "object" && value !== null) {
    const members = isInputObjectType(bare) ? bare.getFields() : {};
    return `{${Object.entries(value).map(([name, each]) => `${name}: ${written(each, members[name]?.type ?? null)}`)}}`;
  }
  return isEnumType(bare) ? String(value) : JSON.stringify(value);
}

/** Documents that use everything at random: not all of them are valid. */
function randomOperation(choose: Chooser, aliases: readonly string[]) {
  const declarations: string[] = [];
  const fragments = new Map<string, { readonly on: string; readonly text: string }>();
  const variables: Record<string, unknown> = {};
  const variable = (type: GraphQLInputType, hasDefault: boolean): string => {
    const name = `v${declarations.length}`;
    const isLoose = isNonNullType(type) && hasDefault;
    const declared = isLoose ? getNullableType(type) : type;
    const defaulted = choose.rarely(3) ? ` = ${written(anyValue(choose, getNullableType(type)) ?? 1, type)}` : "";
    declarations.push(`$${name}: ${declared}${/= null/.test(defaulted) ? "" : defaulted}`);
    if (isNonNullType(declared) || choose.below(3) > 0) variables[name] = anyValue(choose, declared);
    return `$${name}`;
  };
  const argumentsFor = (
    args: readonly { readonly name: string; readonly type: GraphQLInputType; readonly defaultValue?: unknown }[],
  ) => {
    const given = args.flatMap(({ name, type, defaultValue }) => {
      if (!(isNonNullType(type) && defaultValue === undefined) && choose.below(2) === 0) return [];
      const bare = getNullableType(type);
      if (choose.rarely(3)) return [`${name}: ${variable(type, defaultValue !== undefined)}`];
      if (isInputObjectType(bare) && choose.rarely(3)) {
        const a = variable(bare.getFields().a?.type as GraphQLInputType, true);
        return [
          `${name}: {list: ${written(anyValue(choose, bare.getFields().list?.type as GraphQLInputType), null)} a: ${a}}`,
        ];
      }
      return [`${name}: ${written(anyValue(choose, type), type)}`];
    });
    return given.length > 0 ? `(${given.join(", ")})` : "";
  };
  const directives = () => {
    if (!choose.rarely(5)) return "";
    const name = choose.of(["include", "skip"]);
    return ` @${name}(if: ${choose.of(["true", "false", "$"]).replace("$", () => {
      const flag = `f${declarations.length}`;
      declarations.push(`$${flag}: Boolean!`);
      variables[flag] = choose.below(2) === 1;
      return `$${flag}`;
    })})`;
  };
  const within = (type: GraphQLCompositeType): GraphQLCompositeType => {
    const abstracts = ["Node", "Any"].map((name) => schema.getType(name)).filter((each) => isAbstractType(each));
    if (isAbstractType(type)) return choose.of([type, ...schema.getPossibleTypes(type), ...abstracts]);
    return choose.of([type, ...abstracts.filter((each) => schema.isSubType(each, type))]);
  };
  const selections = (type: GraphQLCompositeType, depth: number): string =>
    Array.from({ length: 1 + choose.below(4) }, () => selection(type, depth)).join(" ");
  const selection = (type: GraphQLCompositeType, depth: number): string => {
    const form = choose.below(10);
    if (form < 2 && depth > 0) {
      const on = within(type);
      const condition = on === type && choose.below(2) === 1 ? "" : ` on ${on}`;
      return `...${condition}${directives()} { ${selections(on, depth - 1)} }`;
    }
    if (form === 2 && depth > 0) {
      const on = within(type);
      const known = [...fragments].filter(([, each]) => each.on === String(on) && each.text !== "");
      if (known.length > 0 && choose.below(2) === 1) return `...${choose.of(known)[0]}${directives()}`;
      const name = `F${fragments.size}`;
      fragments.set(name, { on: String(on), text: "" });
      fragments.set(name, { on: String(on), text: selections(on, depth - 1) });
      return `...${name}${directives()}`;
    }
    const usable = fieldsOf(type).filter((each) => depth > 0 || isLeafType(getNamedType(each.type)));
    const field = usable.length === 0 || choose.rarely(9) ? null : choose.of(usable);
    const alias = choose.below(3) === 1 ? `${choose.of(aliases)}: ` : "";
    if (!field) return `${alias}__typename${directives()}`;
    const named = getNamedType(field.type);
    const below = isCompositeType(named) ? ` { ${selections(named, depth - 1)} }` : "";
    return `${alias}${field.name}${argumentsFor(field.args)}${directives()}${below}`;
  };
  const body = selections(schema.getQueryType() as GraphQLCompositeType, 4);
  const declared = declarations.length > 0 ? `query (${declarations.join(" ")}) ` : "";
  const parts = [...fragments].map(([name, { on, text }]) => ` fragment ${name} on ${on} { ${text} }`);
  return { query: `${declared}{ ${body} }${parts.join("")}`, variables };
}

/** Values that depend on the field, its arguments and where it stands, and on nothing else. */
const fieldResolver = (
  source: { readonly path?: string },
  args: unknown,
  _: unknown,
  { fieldName, returnType }: { fieldName: string; returnType: unknown },
) => {
  const path = `${source?.path ?? ""}.${fieldName}${JSON.stringify(args)}`;
  if (fieldName === "boom") throw new Error("boom");
  const code = [...path].reduce((sum, each) => (sum * 31 + each.charCodeAt(0)) % 9973, 7);
  const make = (type: Parameters<typeof getNullableType>[0], at: number): unknown => {
    const bare = getNullableType(type);
    if (isListType(bare)) return [0, 1].map((index) => make(bare.ofType, at + index));
    if (!isCompositeType(bare)) return String(bare) === "Int" ? at : path;
    const name = isObjectType(bare) ? bare.name : ["Item", "Box"][at % 2];
    return at % 7 === 0 && !isNonNullType(type) ? null : { __typename: name, path };
  };
  return make(returnType as never, code);
};

function answer(document: DocumentNode, variableValues: Readonly<Record<string, unknown>>): ExecutionResult {
  return execute({ schema, document, variableValues, fieldResolver: fieldResolver as never }) as ExecutionResult;
}

function underClientKeys(value: unknown, keys: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((each) => underClientKeys(each, keys));
  if (typeof value !== "object" || value === null) return value;
  const renamed: Record<string, unknown> = Object.create(null);
  for (const [key, each] of Object.entries(value)) renamed[keys.get(key) ?? key] = underClientKeys(each, keys);
  return renamed;
}

const documentOf = ({ document: { operation } }: PreparedOperation): DocumentNode => ({
  kind: Kind.DOCUMENT,
  definitions: [operation],
});
const aliases = ["x", "y", "id", "name", "size", "c1_", "__proto__", "constructor", "toString"];

describe("an operation in normal form", () => {
  test("gives the same answer, in the same order, and the same errors as the client's own", () => {
    let compared = 0;
    fc.assert(
      fc.property(choices(160), (numbers) => {
        const { query, variables } = randomOperation(chooser(numbers), aliases);
        const prepared = preparer()({ query, operationName: null, variables }, { acceptsDefer: false });
        if ("refused" in prepared) return;
        compared++;
        const [ours, theirs] = [answer(documentOf(prepared), prepared.variables), answer(parse(query), variables)];
        const keys = prepared.document.clientKeys;
        expect(JSON.stringify(underClientKeys(ours.data, keys))).toBe(JSON.stringify(theirs.data));
        const paths = ({ errors = [] }: ExecutionResult, names: ReadonlyMap<string, string>) =>
          errors.map(({ path = [] }) => path.map((step) => names.get(String(step)) ?? step).join(".")).sort();
        expect(paths(ours, keys)).toEqual(paths(theirs, new Map()));
      }),
      { numRuns: 400 },
    );
    expect(compared).toBeGreaterThan(100);
  });

  test("keeps what may be left out before what follows it of the same key", () => {
    const query = "query ($no: Boolean!) { list { id } list @skip(if: $no) { name } list { size } }";
    const prepared = preparer()({ query, operationName: null, variables: { no: false } }, { acceptsDefer: false });
    if ("refused" in prepared) throw new Error("it is valid");
    const data = answer(documentOf(prepared), prepared.variables).data as { list: object[] };
    expect(data.list.length).toBeGreaterThan(0);
    for (const each of data.list) expect(Object.keys(each)).toEqual(["id", "name", "size"]);
  });

  test("is valid, has no spread, and says nothing of the client's names", () => {
    fc.assert(
      fc.property(choices(160), (numbers) => {
        const { query, variables } = randomOperation(chooser(numbers), ["secretAlias", "other_secret"]);
        const prepared = preparer()({ query, operationName: null, variables }, { acceptsDefer: false });
        if ("refused" in prepared) return;
        expect(validate(schema, documentOf(prepared)).map(({ message }) => message)).toEqual([]);
        expect(prepared.document.text).not.toMatch(
          /secret|\.\.\.F|@(skip|include)\(if: (true|false)\)(?<!__typename @skip\(if: true\))/,
        );
        expect(parse(prepared.document.text, { noLocation: true }).definitions).toEqual([
          parse(prepared.document.text, { noLocation: true }).definitions[0],
        ]);
      }),
      { numRuns: 200 },
    );
  });

  test("is prepared exactly when graphql-js finds the document valid", () => {
    fc.assert(
      fc.property(choices(120), (numbers) => {
        const { query, variables } = randomOperation(chooser(numbers), ["id", "name"]);
        const prepared = preparer()({ query, operationName: null, variables }, { acceptsDefer: false });
        const errors = validate(schema, parse(query), specifiedRules);
        expect({ query, isRefused: "refused" in prepared }).toEqual({ query, isRefused: errors.length > 0 });
      }),
      { numRuns: 400 },
    );
  });
});

/** Fields under few keys, on types that may and may not be one object's. */
function crowded(choose: Chooser, depth = 3): string {
  const one = (type: "Item" | "Box" | "Node"): string => {
    const own = { Item: ["size", "boom"], Box: ["items"], Node: [] }[type];
    const field = choose.of(["id", "name", "next", "echo", "__typename", ...own]);
    const key = choose.of(["", "k: ", "next: "]);
    const args = choose.of(["", "", "(a: 1)", "(a: 2)", "(in: {a: 1, kind: ONE})", "(in: {kind: ONE, a: 1})"]);
    if (field === "next" || field === "items") {
      const below = depth === 0 ? "id" : field === "next" && type !== "Item" ? crowded(choose, depth - 1) : one("Item");
      return `${key}${field}${field === "next" && args.startsWith("(in") ? args : ""} { ${below} }`;
    }
    return `${key}${field}${field === "echo" ? args : ""}`;
  };
  const parts = Array.from({ length: 1 + choose.below(3) }, () => {
    const type = choose.of(["Item", "Box", "Node"] as const);
    return `... on ${type} { ${one(type)} ${one(type)} }`;
  });
  return parts.join(" ");
}

test.each<[title: string, document: (choose: Chooser) => string]>([
  ["everything at random", (choose) => randomOperation(choose, ["id", "echo", "next"]).query],
  ["few keys on many types", (choose) => `{ any { ${crowded(choose)} } }`],
])("fields overlap exactly when graphql-js's own rule says so: %s", (_, make) => {
  let refused = 0;
  fc.assert(
    fc.property(choices(200), (numbers) => {
      const query = make(chooser(numbers));
      const document = parse(query);
      const theirs = validate(schema, document, [OverlappingFieldsCanBeMergedRule]).length > 0;
      if (theirs) refused++;
      expect({ query, isRefused: refuseOverlaps(schema, document) !== null }).toEqual({ query, isRefused: theirs });
    }),
    { numRuns: 1000 },
  );
  expect(refused).toBeGreaterThan(100);
  expect(refused).toBeLessThan(900);
});

type Model =
  | {
      readonly field: string;
      readonly isAliased: boolean;
      readonly args: readonly (readonly [name: string, type: GraphQLInputType, value: unknown])[];
      readonly below: readonly Model[];
    }
  | { readonly on: string; readonly below: readonly Model[] };

/** What is asked, apart from how it is written. Every field but plain ones stands once in its scope. */
function randomModel(choose: Chooser, type: GraphQLCompositeType, depth: number, narrows = true): readonly Model[] {
  return Array.from({ length: 1 + choose.below(3) }, (): Model => {
    if (narrows && isAbstractType(type) && depth > 0 && choose.rarely(3)) {
      const on = choose.of(schema.getPossibleTypes(type));
      return { on: on.name, below: randomModel(choose, on, depth - 1, false) };
    }
    const usable = fieldsOf(type).filter((each) => depth > 0 || isLeafType(getNamedType(each.type)));
    if (usable.length === 0) return { field: "__typename", isAliased: true, args: [], below: [] };
    const field = choose.of(usable);
    const args = field.args
      .filter(
        ({ type: each, defaultValue }) => (isNonNullType(each) && defaultValue === undefined) || choose.below(2) === 1,
      )
      .map(({ name, type: each }) => [name, each, anyValue(choose, each)] as const)
      .filter(([, , value]) => value !== null);
    const named = getNamedType(field.type);
    const isComposite = isCompositeType(named);
    return {
      field: field.name,
      isAliased: args.length > 0 || isComposite || choose.below(2) === 1,
      args,
      below: isComposite ? randomModel(choose, named, depth - 1) : [],
    };
  });
}

/** One of the many ways of writing it. */
function write(choose: Chooser, model: readonly Model[]) {
  const fragments: string[] = [];
  const declarations: string[] = [];
  const variables: Record<string, unknown> = {};
  const prefix = choose.of(["a", "key", "__proto__", "constructor"]);
  const isGlobal = choose.below(2) === 1;
  let count = 0;
  const space = () => choose.of([" ", "\n", " , ", " # a comment\n"]);
  const layout = (text: string, type: string): string => {
    const form = choose.below(6);
    if (form === 1) return `...{${text}}`;
    if (form === 2) return `... on ${type} @include(if: true) {${text}}`;
    if (form === 3) {
      const name = choose.of(["F", "on_", "__proto__"]) + fragments.length;
      fragments.push(`fragment ${name} on ${type}${space()}{${text}}`);
      return `...${name}`;
    }
    if (form === 4) return `${text}${space()}gone${count++}: __typename @skip(if: true)`;
    return text;
  };
  const render = (models: readonly Model[], type: string, scope: { count: number }): string =>
    models
      .map((each): string => {
        if ("on" in each) return layout(`... on ${each.on} {${render(each.below, each.on, scope)}}`, type);
        const alias = each.isAliased ? `${prefix}${isGlobal ? count++ : scope.count++}:${space()}` : "";
        const args = each.args.map(([name, argumentType, value]) => {
          if (choose.below(2) === 1) return `${name}: ${written(value, argumentType)}`;
          const variable = `${choose.of(["v", "__proto__", "constructor"])}${declarations.length}`;
          declarations.push(`$${variable}: ${argumentType}`);
          variables[variable] = value;
          return `${name}:${space()}$${variable}`;
        });
        if (choose.below(2) === 1) args.reverse();
        const definition = schema.getType(type);
        const field = isCompositeType(definition)
          ? fieldsOf(definition).find(({ name }) => name === each.field)
          : undefined;
        const below =
          each.below.length > 0
            ? `{${render(each.below, String(field && getNamedType(field.type)), { count: 0 })}}`
            : "";
        const text = `${alias}${each.field}${args.length > 0 ? `(${args.join(space())})` : ""}${below}`;
        return layout(text, type);
      })
      .join(space());
  const body = render(model, "Query", { count: 0 });
  const operation = `query ${choose.of(["", "Q", "constructor"])}${declarations.length > 0 ? `(${declarations.join(space())})` : ""} {${body}}`;
  const definitions = choose.below(2) === 1 ? [operation, ...fragments] : [...fragments, operation];
  return { query: definitions.join(space()), variables };
}

test("T88: text and variables are the same for every aliasing, naming, fragment layout and place of a value", () => {
  fc.assert(
    fc.property(choices(80), choices(120), choices(120), (asked, one, other) => {
      const model = randomModel(chooser(asked), schema.getQueryType() as GraphQLCompositeType, 3);
      const prepare = preparer();
      const [first, second] = [one, other].map((numbers) => {
        const text = write(chooser(numbers), model);
        const prepared = prepare({ ...text, operationName: null }, { acceptsDefer: false });
        if ("refused" in prepared) throw new Error(`${text.query}\n${JSON.stringify(prepared.refused)}`);
        return prepared;
      });
      expect(second?.document.text).toBe(first?.document.text);
      expect(JSON.stringify(second?.variables)).toBe(JSON.stringify(first?.variables));
      expect([...(second?.document.clientKeys.keys() ?? [])]).toEqual([...(first?.document.clientKeys.keys() ?? [])]);
    }),
    { numRuns: 400 },
  );
});
