/**
 * `npm run plan -- <file.graphql> [--variables <JSON>] [--as <persona> [--purpose <purpose>]]`: the requests that each
 * operation in the file is planned as, in order. Nothing is asked, and no value is printed.
 */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import {
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  typeFromAST,
  visit,
} from "graphql";
import { type CallerClass, type ClassClaims, classOf } from "./authorization/caller-class.ts";
import type { PolicyTexts } from "./authorization/policies.ts";
import { type Purpose, usualPurpose } from "./authorization/purpose.ts";
import { readProcessConfig } from "./config.ts";
import type { CompiledPlan, Request } from "./execution/compiled-plan.ts";
import { openPlanner } from "./execution/planner.ts";
import { allRights } from "./execution/rights.ts";
import type { PreparedDocument } from "./operation/operation-preparer.ts";
import { policiesAt, supergraphAt } from "./supergraph/source.ts";
import { readSupergraph, type Supergraph } from "./supergraph/supergraph.ts";
import { firstLine } from "./telemetry.ts";

export type PlanQuestion = {
  /** The supergraph, as SDL. */
  readonly sdl: string;
  readonly document: string;
  /** What is not given is made up: it matters to `@skip` and `@include` alone. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** Who asks; null: somebody to whom nothing is refused, and everything is shown whatever the facts. */
  readonly as: Asking | null;
  readonly planSoftMs: number;
  readonly planHardMs: number;
};

export type Asking = {
  readonly caller: CallerClass;
  readonly policies: PolicyTexts;
  readonly denyByDefault: boolean;
};

/** Throws, saying why in a line, for what is refused or cannot be planned. */
export async function describePlans({ sdl, document, variables, as, planSoftMs, planHardMs }: PlanQuestion) {
  const planner = openPlanner({ softMs: planSoftMs, hardMs: planHardMs, heapMb: 512 });
  let made: CompiledPlan | Error | null = null;
  try {
    const supergraph = await readSupergraph(sdl, {
      planner,
      introspection: true,
      maxCost: 0,
      isPartial: () => false,
      isCommon: () => false,
      async onPlan(make) {
        try {
          const plan = await make();
          made = plan as CompiledPlan;
          return plan;
        } catch (error) {
          made = error as Error;
          throw error;
        }
      },
      callOf: () => () => Promise.reject(new Error("nothing is asked here")),
      ...(as === null ? {} : { authorization: authorizationOf(as) }),
    });
    const rights = as === null ? allRights : supergraph.rightsOf(as.caller);
    acceptAnyScalar(supergraph.apiSchema);
    const sections: string[] = [];
    for (const operation of operationsOf(document)) {
      const prepared = prepare(supergraph, document, operation, variables);
      const text = supergraph.plannedFor(prepared, rights);
      made = null;
      if (text !== null) await supergraph.warm([text]);
      const plan = made as CompiledPlan | Error | null;
      if (plan instanceof Error) throw plan;
      const refused = supergraph.refusedIn(prepared, rights);
      sections.push(section(operation.name?.value ?? "unnamed", prepared.document, plan, refused));
    }
    return sections.join("\n");
  } finally {
    await planner.close();
  }
}

function authorizationOf({ policies, denyByDefault }: Asking) {
  const read = async () => (await import("./authorization/policies.ts")).readPolicies(policies);
  return { policies: read, denyByDefault };
}

function operationsOf(document: string): readonly OperationDefinitionNode[] {
  const found = parse(document).definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
  if (found.length === 0) throw new Error("there is no operation in the file");
  return found;
}

/** The schema is this process's own: made-up values need not have the form of an A-number. */
function acceptAnyScalar(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap()))
    if (isScalarType(type) && !isSpecifiedScalarType(type)) type.parseValue = (value) => value;
}

function prepare(
  supergraph: Supergraph,
  query: string,
  operation: OperationDefinitionNode,
  given: Readonly<Record<string, unknown>>,
) {
  const included = includingVariables(operation);
  const variables: Record<string, unknown> = Object.create(null);
  for (const { variable, type, defaultValue } of operation.variableDefinitions ?? []) {
    const name = variable.name.value;
    const input = typeFromAST(supergraph.apiSchema, type) as GraphQLInputType | undefined;
    if (Object.hasOwn(given, name)) variables[name] = given[name];
    else if (included.has(name)) variables[name] = true;
    else if (input && isNonNullType(input) && !defaultValue) variables[name] = anyValue(input);
  }
  const operationName = operation.name?.value ?? null;
  const prepared = supergraph.prepare({ query, operationName, variables }, { acceptsDefer: true });
  if (!("refused" in prepared)) return prepared;
  const lines = prepared.refused.map(({ message, locations: [at] = [], extensions: { code } }) =>
    [at ? `line ${at.line}, column ${at.column}: ` : "", message, ` (${code})`].join(""),
  );
  throw new Error(lines.join("\n"));
}

/** Variables by which something is included or deferred: it is, unless another value is given. */
function includingVariables(operation: OperationDefinitionNode): ReadonlySet<string> {
  const names = new Set<string>();
  visit(operation, {
    Directive({ name, arguments: args = [] }) {
      if (name.value !== "include" && name.value !== "defer") return;
      for (const { value } of args) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return names;
}

function anyValue(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return anyValue(type.ofType);
  if (isListType(type)) return [];
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (isInputObjectType(type)) {
    const all = Object.values(type.getFields());
    const needed = type.isOneOf ? all.slice(0, 1) : all.filter(isRequiredInputField);
    return Object.fromEntries(needed.map((field) => [field.name, anyValue(field.type)]));
  }
  if (type.name === "Boolean") return false;
  return type.name === "Int" || type.name === "Float" ? 0 : "";
}

function section(
  name: string,
  document: PreparedDocument,
  plan: CompiledPlan | null,
  refused: readonly string[],
): string {
  const { requests, deferred } = plan ?? { requests: [], deferred: [] };
  const heading = `${document.kind} ${name}: ${requests.length === 1 ? "1 request" : `${requests.length} requests`}`;
  const ordered = inOrder(requests);
  const labels = new Map(
    deferred.map(({ block, label }) => [block, document.deferLabels.get(label) ?? "without label"]),
  );
  const parts = ordered.map(({ request, after }, at) => {
    const numbers = after.map((index) => 1 + ordered.findIndex((each) => each.request.index === index));
    const when = numbers.length === 0 ? "at once" : `after ${numbers.sort((one, other) => one - other).join(", ")}`;
    const later = request.block === 0 ? "" : `, deferred (${labels.get(request.block)})`;
    return `${at + 1}. ${request.subgraph}, ${when}${later}${aboutOf(request, document)}\n${indented(documentOf(request))}`;
  });
  const without = refused.length > 0 ? [`refused: ${[...refused].sort().join(", ")}`] : [];
  return [heading, ...without, ...parts, ""].join("\n");
}

type Ordered = { readonly request: Request; readonly after: readonly number[] };

/** Each after all that it waits for. */
function inOrder(requests: readonly Request[]): readonly Ordered[] {
  const rest = requests.map(
    (request): Ordered => ({
      request,
      after: requests.filter(({ before }) => before.includes(request.index)).map(({ index }) => index),
    }),
  );
  const done: Ordered[] = [];
  while (rest.length > 0) {
    const isDone = (index: number) => done.some(({ request }) => request.index === index);
    const next = rest.findIndex(({ after }) => after.every(isDone));
    done.push(...rest.splice(Math.max(0, next), 1));
  }
  return done;
}

/** Of which entities: where they stand in the answer, and what of them is sent. */
function aboutOf({ entities }: Request, { clientKeys }: PreparedDocument): string {
  return entities
    .map(({ places, required }) => {
      const at = places.map(({ keys }) => keys.map((key) => clientKeys.get(key) ?? key).join("."));
      const sent = [...required].filter((key) => key !== "__typename");
      return `, of ${[...new Set(at)].join(" and ")} by ${sent.join(", ")}`;
    })
    .join("");
}

function documentOf({ prefix }: Request): string {
  const { query } = JSON.parse(`${prefix}}}`) as { readonly query: string };
  return print(parse(query));
}

function indented(text: string): string {
  return text.replace(/^/gm, "   ");
}

type Persona = Omit<ClassClaims, "ori"> & {
  readonly persona: string;
  readonly jurisdiction: string;
  readonly purposes: readonly Purpose[];
};

const callersPath = new URL("../schema/callers.json", import.meta.url);

/** The class of a persona of the development issuer, for its usual purpose where none is given. */
async function classOfPersona(name: string, given: string | undefined): Promise<CallerClass> {
  const personas = JSON.parse(await readFile(callersPath, "utf8")) as readonly Persona[];
  const found = personas.find(({ persona }) => persona === name);
  if (!found) throw new Error(`--as takes one of ${personas.map(({ persona }) => persona).join(", ")}`);
  const purpose = given === undefined ? usualPurpose(found) : found.purposes.find((each) => each === given);
  if (purpose === undefined) throw new Error(`${name} may state ${found.purposes.join(", ") || "no purpose"}`);
  return classOf({ ...found, ori: found.jurisdiction }, purpose);
}

const usage = "npm run -s plan -- <file.graphql> [--variables <JSON>] [--as <persona> [--purpose <purpose>]]";

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    options: {
      variables: { type: "string", default: "{}" },
      as: { type: "string" },
      purpose: { type: "string" },
    },
    allowPositionals: true,
  });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new Error(usage);
  if (values.purpose !== undefined && values.as === undefined) throw new Error(usage);
  const outcome = readProcessConfig();
  if ("refusals" in outcome) throw new Error(outcome.refusals.join("\n"));
  const { config } = outcome;
  const caller = values.as === undefined ? null : await classOfPersona(values.as, values.purpose);
  const document = await readFile(file, "utf8");
  const sdl = (await supergraphAt(config.supergraph)()) ?? "";
  const policies = caller === null ? null : await policiesAt(config.policies)();
  const as = caller && policies ? { caller, policies, denyByDefault: config.denyByDefault } : null;
  console.log(await describePlans({ ...config, sdl, document, variables: JSON.parse(values.variables), as }));
}

if (import.meta.main)
  main().catch((error: unknown) => {
    for (const line of (error instanceof Error ? error.message : firstLine(error)).split("\n"))
      console.error(`plan: ${line}`);
    process.exitCode = 1;
  });
