/** Real threads: what is loaded, planned, given up and replaced. */

import { composeServices } from "@apollo/composition";
import { afterEach, describe, expect, test } from "@jest/globals";
import { buildSchema, parse, printSchema } from "graphql";
import { PlannerUnavailable, QueryPlanningFailed, QueryPlanningTimeout } from "./plan.ts";
import { openPlanner, type Planner, type PlannerSettings } from "./planner.ts";
import type { PlannerEvent } from "./planner-pool.ts";

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable",
  "@external", "@requires", "@authenticated", "@requiresScopes", "@policy", "@cost", "@listSize", "@context",
  "@fromContext", "@inaccessible", "@tag", "@composeDirective"])`;

function composed(subgraphs: Readonly<Record<string, string>>): string {
  const services = Object.entries(subgraphs).map(([name, sdl]) => ({
    name,
    url: `http://${name}.example`,
    typeDefs: parse(`${link}\n${sdl}`),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join("\n"));
  return supergraphSdl;
}

const people = composed({
  a: `type Query { p: P } type P @key(fields: "id") { id: ID! x: Int f: P g: P }`,
  b: `type P @key(fields: "id") { id: ID! y: Int }`,
});

/** Doubles with every level: 13 keep the planner busy for seconds, and it takes hundreds of megabytes. */
function doubling(levels: number): string {
  const fragments = Array.from(
    { length: levels },
    (_, level) => `fragment F${level + 1} on P { f { ...F${level} } g { ...F${level} } }`,
  );
  return `{ p { ...F${levels} } } fragment F0 on P { x y } ${fragments.join(" ")}`;
}

const open: Planner[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((planner) => planner.close()));
});

function opened(settings: Partial<PlannerSettings> = {}) {
  const events: PlannerEvent[] = [];
  const onEvent = (event: PlannerEvent) => void events.push(event);
  const planner = openPlanner({ softMs: 10_000, hardMs: 30_000, heapMb: 256, maxWaitMs: 30_000, onEvent, ...settings });
  open.push(planner);
  return { planner, events, lost: () => events.filter(({ kind }) => kind === "thread-lost") };
}

describe("a supergraph", () => {
  test("that carries every directive composition lets through is loaded", async () => {
    const sdl = composed({
      a: `extend schema @link(url: "https://a.example/own/v1.0", import: ["@mark"]) @composeDirective(name: "@mark")
        directive @mark(a: String) on FIELD_DEFINITION | OBJECT
        type Query { t: T ts: [T] @listSize(assumedSize: 3) secret: Int @authenticated }
        type T @key(fields: "id") @context(name: "c") @mark(a: "1") {
          id: ID! u: U prop: String scoped: Int @requiresScopes(scopes: [["s"]]) ruled: Int @policy(policies: [["p"]])
          dear: Int @cost(weight: 9) hidden: Int @inaccessible tagged: Int @tag(name: "t") @mark }
        type U @key(fields: "id") { id: ID! f(a: String @fromContext(field: "$c { prop }")): Int }`,
      b: `type U @key(fields: "id") { id: ID! z: Int }`,
    });
    const { planner } = opened();
    const { plan, apiSdl } = await planner.load(sdl);
    await expect(plan("{ secret t { scoped ruled dear tagged u { f z } } }")).resolves.toMatchObject({
      kind: "QueryPlan",
    });
    expect(apiSdl).not.toMatch(/hidden|@|join__|link__|mark/);
  });

  test("shows clients its API whole: descriptions, defaults, deprecations, what scalars are", async () => {
    const api = `"""What is asked."""
      type Query {
        "One of them." t(by: By = { kind: GOOD, n: [1, 2] }, old: Int @deprecated(reason: "by is better")): T
        gone: Int @deprecated
      }
      interface Node { id: ID! }
      "A thing."
      type T implements Node { id: ID! when: Time others: [Any!] }
      union Any = T | V
      type V { a: String }
      enum Kind { "Fine." GOOD BAD @deprecated(reason: "no more") }
      input By { kind: Kind! = GOOD n: [Int!] = [3] s: String = "a\\"b" }
      "When."
      scalar Time @specifiedBy(url: "https://time.example")`;
    const { planner } = opened();
    const { apiSdl } = await planner.load(composed({ a: api }));
    const sorted = (sdl: string) => printSchema(buildSchema(sdl)).split("\n\n").sort();
    expect(sorted(apiSdl)).toEqual(sorted(api));
  });

  test.each([
    ["is not GraphQL", "type Query {", /Syntax Error/],
    ["is no supergraph", "type Query { a: Int }", /core schema/],
    ["names a type it has not", people.replace("x: Int", "x: Nothing"), /Nothing/],
    [
      "does not hold together",
      people.replace("type P\n", "interface N { n: Int! }\n\ntype P implements N\n"),
      /N\.n|"n"/,
    ],
    [
      "needs a feature that is not known",
      people.replace("schema\n", 'schema @link(url: "https://specs.example/guards/v0.1", for: SECURITY)\n'),
      /guards.*unsupported/,
    ],
  ])("that %s is refused with the reason", async (_, sdl, reason) => {
    const { planner } = opened();
    await expect(planner.load(sdl)).rejects.toThrow(reason);
  });

  test("is planned for while and after another one is loaded and refused", async () => {
    const { planner } = opened();
    const first = await planner.load(people);
    const loads = Promise.allSettled([planner.load(people), planner.load("type Query")]);
    await expect(first.plan("{ p { y } }")).resolves.toHaveProperty("node");
    const [second] = await loads;
    first.release();
    await expect(first.plan("{ p { y } }")).rejects.toThrow(PlannerUnavailable);
    expect(second.status).toBe("fulfilled");
    if (second.status === "fulfilled") await expect(second.value.plan("{ p { y } }")).resolves.toHaveProperty("node");
  });
});

describe("an operation", () => {
  test("gets its plan, deferred parts and all", async () => {
    const { planner } = opened();
    const { plan } = await planner.load(people);
    const deferred = await plan('query($if: Boolean!) { p { x ... @defer(if: $if, label: "late") { y } } }');
    expect(JSON.stringify(deferred)).toContain('"kind":"Defer"');
    expect(deferred.node).toMatchObject({ kind: "Condition", condition: "if" });
  });

  test("that the planner has no plan for is refused without a word of it", async () => {
    const { planner } = opened();
    const { plan } = await planner.load(people);
    for (const operation of ["{ noSuchField }", "{ p(", "query($a: Secret) { p { x } }", doubling(12)]) {
      const error: unknown = await plan(operation).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(QueryPlanningFailed);
      expect(String(error)).not.toMatch(/noSuchField|Secret|F0/);
    }
  });

  test("that takes too long is given up, and the next one is planned", async () => {
    const { planner, lost } = opened({ hardMs: 1_000, softMs: 100, heapMb: 2_048 });
    const { plan } = await planner.load(people);
    const [slow, ...others] = await Promise.allSettled([plan(doubling(20)), plan("{ p { x } }"), plan("{ p { y } }")]);
    expect(slow.status === "rejected" && slow.reason).toBeInstanceOf(QueryPlanningTimeout);
    expect(others.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
    expect(lost()).toEqual([{ kind: "thread-lost", why: "deadline" }]);
    await expect(plan("{ p { x y } }")).resolves.toHaveProperty("node");
  });

  test("that needs too much memory is given up, and the next one is planned", async () => {
    const { planner, lost } = opened({ heapMb: 64 });
    const { plan } = await planner.load(people);
    await expect(plan(doubling(18))).rejects.toThrow(QueryPlanningTimeout);
    expect(lost()).toEqual([{ kind: "thread-lost", why: "heap" }]);
    await expect(plan("{ p { x y } }")).resolves.toHaveProperty("node");
  });

  test("that is slow does not hold up others", async () => {
    const { planner, events } = opened({ softMs: 50, heapMb: 1024 });
    const { plan } = await planner.load(people);
    let isSlowDone = false;
    const done = () => {
      isSlowDone = true;
    };
    void plan(doubling(14)).then(done, done);
    await expect(plan("{ p { y } }")).resolves.toHaveProperty("node");
    expect(isSlowDone).toBe(false);
    expect(events.filter(({ kind }) => kind === "loaded")).toHaveLength(2);
  });

  test("waits for the one thread there is while none takes long", async () => {
    const { planner, events } = opened();
    const { plan } = await planner.load(people);
    await Promise.all(Array.from({ length: 30 }, (_, index) => plan(`{ p { c${index}: y } }`)));
    expect(events.filter(({ kind }) => kind === "loaded")).toHaveLength(1);
    expect(events.filter(({ kind }) => kind === "planned")).toHaveLength(30);
  });

  test("that waits too long is turned away, to be planned another time", async () => {
    const { planner } = opened({ hardMs: 1_000, maxWaitMs: 100, maxWorkers: 1, heapMb: 2_048 });
    const { plan } = await planner.load(people);
    const all = await Promise.allSettled([plan(doubling(20)), plan("{ p { x } }")]);
    const reasons = all.map((each) => each.status === "rejected" && each.reason.constructor);
    expect(reasons[0]).toBe(QueryPlanningTimeout);
    expect(reasons.at(-1)).toBe(PlannerUnavailable);
  });
});

test("closing rejects what waits and what is being loaded, and nothing is loaded afterwards", async () => {
  const { planner, lost } = opened();
  const { plan } = await planner.load(people);
  const outcomes = Promise.allSettled([plan(doubling(16)), plan("{ p { x } }"), planner.load(people)]);
  await planner.close();
  for (const each of await outcomes)
    expect(each.status === "rejected" && each.reason).toBeInstanceOf(PlannerUnavailable);
  await expect(planner.load(people)).rejects.toThrow(PlannerUnavailable);
  expect(lost()).toEqual([]);
});
