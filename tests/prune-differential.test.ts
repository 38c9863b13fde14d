/**
 * Generated operations over supergraphs with generated rules, for callers of every combination of scopes: the answer is
 * that of one ordinary schema in which the rules are asked again for every field and every object. T04, T05, T06, T07,
 * T09, T10, T11, T12.
 */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { print } from "graphql";
import { classOf } from "../gateway/authorization/caller-class.ts";
import type { EngineAnswer } from "../gateway/execution/engine.ts";
import { openPlanner, type Planner } from "../gateway/execution/planner.ts";
import type { ExecutedCall } from "../gateway/subgraph/call.ts";
import { readSupergraph, type Supergraph } from "../gateway/supergraph/supergraph.ts";
import { differences, nullOf } from "./differential/compare.ts";
import { drawSeeded } from "./differential/draw.ts";
import { hops } from "./differential/graphs/hops.ts";
import { ledger } from "./differential/graphs/ledger.ts";
import { media } from "./differential/graphs/media.ts";
import { shop } from "./differential/graphs/shop.ts";
import { asSent } from "./differential/judge.ts";
import { compose, type Monolith, openMonolith } from "./differential/monolith.ts";
import { type Operation, operationsOver, show } from "./differential/operations.ts";
import { sizes } from "./differential/sizes.ts";
import { type Subgraphs, startSubgraphs } from "./differential/subgraphs.ts";
import {
  drawRules,
  guardSchema,
  importForms,
  type Naive,
  naive,
  type RuleSet,
  unauthorized,
  withRules,
} from "./pruning-rules.ts";

const { operations, seed } = sizes;
const timeoutMs = 120_000 + operations * 300;
const ruleSets = 3;

let planner: Planner;
beforeAll(() => {
  planner = openPlanner({ softMs: 10_000, hardMs: 20_000, heapMb: 512 });
});
afterAll(() => planner.close());

const scopeSets: readonly (readonly string[])[] = [
  [],
  ["a"],
  ["b", "d"],
  ["a", "c", "d"],
  ["b", "c"],
  ["a", "b", "c", "d"],
];

const callerWith = (scopes: readonly string[]) =>
  classOf(
    {
      subject: "x",
      agency: null,
      roles: [],
      purposes: [],
      scopes,
      ori: null,
      clearances: [],
    } as unknown as Parameters<typeof classOf>[0],
    null,
  );

describe.each([media, shop, hops, ledger].map((each) => [each.name, each] as const))("over %s", (_name, definition) => {
  let subgraphs: Subgraphs;
  let monolith: Monolith;
  let sdl: string;
  let rights: Naive;
  beforeAll(async () => {
    subgraphs = await startSubgraphs(definition);
    sdl = compose(definition, subgraphs.urls);
    monolith = openMonolith(definition, sdl);
    guardSchema(monolith.schema, () => rights);
  }, timeoutMs);
  afterAll(() => subgraphs.close());

  const open = (rules: RuleSet, form: number): Promise<Supergraph> => {
    const call: ExecutedCall = async ({ subgraph, body }) => {
      const { query, variables = {} } = JSON.parse(String(body)) as {
        query: string;
        variables?: Record<string, unknown>;
      };
      const answer = await subgraphs.answer(subgraph, query, variables);
      return { body: JSON.parse(JSON.stringify(answer)) as unknown, isShared: false };
    };
    return readSupergraph(
      withRules(sdl, rules, importForms[form % importForms.length] as (typeof importForms)[number]),
      {
        planner,
        introspection: true,
        authorization: { policies: null, denyByDefault: false },
        maxCost: 0,
        isPartial: () => false,
        isCommon: () => true,
        onPlan: (make) => make(),
        callOf: () => call,
      },
    );
  };

  test.each(Array.from({ length: ruleSets }, (_, at) => [at] as const))(
    "every answer under rule set %d is the naive one, for every caller",
    async (at) => {
      const rules = drawRules(monolith.schema, drawSeeded(seed + at));
      const supergraph = await open(rules, at + definition.name.length);
      const tally = { compared: 0, refused: 0, denied: 0 };
      const property = fc.asyncProperty(
        operationsOver({ schema: monolith.schema, names: ["id", "title", "c1_"], mutations: 30 }),
        async (operation) => {
          const wrong = await judged(supergraph, operation, rules, tally);
          if (wrong.length > 0) throw new Error(`${wrong.join("\n")}\n${show(operation)}`);
        },
      );
      await fc.assert(property, { numRuns: Math.ceil(operations / ruleSets), seed, endOnFailure: !sizes.shrinks });
      expect(tally.denied).toBeGreaterThan(tally.compared / 20);
      console.log(
        `result: ${definition.name} ${at}: ${rules.size} rules, ${tally.compared} answers compared, ${tally.denied} with something refused, ${tally.refused} refused by limits`,
      );
    },
    timeoutMs,
  );

  const judged = async (
    supergraph: Supergraph,
    operation: Operation,
    rules: RuleSet,
    tally: { compared: number; refused: number; denied: number },
  ): Promise<readonly string[]> => {
    const { document, variables, operationName } = operation;
    const prepared = supergraph.prepare({ query: print(document), operationName, variables }, { acceptsDefer: false });
    if ("refused" in prepared) {
      tally.refused++;
      return [];
    }
    const found: string[] = [];
    // The same operation for one after the other: what was planned for one is there when the next asks.
    for (const scopes of [...scopeSets, ...scopeSets.slice(0, 2)]) {
      rights = naive(monolith.schema, rules, new Set(scopes));
      subgraphs.reset();
      const given = await supergraph.execute(prepared, {
        signal: new AbortController().signal,
        deadline: performance.now() + 30_000,
        rights: supergraph.rightsOf(callerWith(scopes)),
      } as Parameters<Supergraph["execute"]>[1]);
      const expected = withoutNothing(asSent(await monolith.answer(operation)) as CodedAnswer);
      tally.compared++;
      if (denials(expected).size > 0) tally.denied++;
      const wrong = [...differences(expected, toAnswer(given)), ...codes(expected, toAnswer(given))];
      found.push(...wrong.map((each) => `[${scopes}]: ${each}`));
    }
    return found;
  };
});

type CodedAnswer = {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly path?: readonly (string | number)[];
    /** `isField`: refused before anything was asked. */
    readonly extensions?: { readonly code?: unknown; readonly isField?: boolean };
  }[];
};

function toAnswer({ data, errors }: EngineAnswer): CodedAnswer {
  const told = errors.map(({ code, path }) => ({ path, extensions: { code } }));
  return { data: JSON.parse(JSON.stringify(data)) as unknown, ...(told.length > 0 ? { errors: told } : {}) };
}

/** Where something was refused: the places of the nulls. */
function denials({ data, errors = [] }: CodedAnswer): ReadonlySet<string> {
  const denied = errors.filter(({ extensions }) => extensions?.code === unauthorized);
  return new Set(denied.map(({ path = [] }) => JSON.stringify(nullOf(data ?? null, path))));
}

/** A null that came up may stand for several errors, of which one is a refusal: any of them will do. */
function codes(expected: CodedAnswer, given: CodedAnswer): readonly string[] {
  const [should, is] = [denials(expected), denials(given)];
  const other = ({ data, errors = [] }: CodedAnswer) =>
    new Set(
      errors
        .filter(({ extensions }) => extensions?.code !== unauthorized)
        .map(({ path = [] }) => JSON.stringify(nullOf(data ?? null, path))),
    );
  const mayBeOther = other(expected);
  return [
    ...[...should]
      .filter((each) => !is.has(each) && !other(given).has(each))
      .map((each) => `not told as refused: ${each}`),
    ...[...is].filter((each) => !should.has(each) && !mayBeOther.has(each)).map((each) => `told as refused: ${each}`),
  ];
}

/** Where every field at the root is refused, and nothing else is asked, there is no answer. */
function withoutNothing(answer: CodedAnswer): CodedAnswer {
  const keys = Object.keys((answer.data ?? {}) as object);
  const refused = new Set(
    (answer.errors ?? [])
      .filter(({ path = [], extensions }) => path.length === 1 && extensions?.isField === true)
      .map(({ path = [] }) => path[0]),
  );
  return keys.length > 0 && keys.every((key) => refused.has(key)) ? { ...answer, data: null } : answer;
}
