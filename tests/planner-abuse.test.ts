/**
 * Documents that keep a planner busy, down the straight line as clients send them: limits, then the planner. Each is
 * refused at once or planned within the deadline, and the main thread goes on meanwhile.
 */

import { composeServices } from "@apollo/composition";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { buildSchema, parse } from "graphql";
import { QueryPlanningFailed, QueryPlanningTimeout } from "../gateway/execution/plan.ts";
import { openPlanner, type PlannedSupergraph, type Planner } from "../gateway/execution/planner.ts";
import { operationPreparer, type PrepareOperation } from "../gateway/operation/operation-preparer.ts";

/** As in production. The test machine may be several times as busy: `slack` is how much longer a plan may take here. */
const [softMs, hardMs, heapMb, slack] = [250, 1000, 256, 20];
const maxHeldMs = 50;
/** A tenth of it on a quiet machine; the processor itself may be several times as slow. */
const maxRefusedMs = 20;

function composed(subgraphs: readonly string[]): string {
  const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])`;
  const services = subgraphs.map((sdl, index) => ({
    name: `s${index}`,
    url: `http://s${index}.example`,
    typeDefs: parse(`${link}\n${sdl}`),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join("\n"));
  return supergraphSdl;
}

const doublingGraph = composed([
  `type Query { p: P } type P @key(fields: "id") { id: ID! x: Int f: P g: P }`,
  `type P @key(fields: "id") { id: ID! y: Int }`,
]);

/** 2ⁿ leaves from a document of some hundred characters. */
function doubling(levels: number): string {
  const fragments = Array.from(
    { length: levels },
    (_, level) => `fragment F${level + 1} on P{f{...F${level}} g{...F${level}}}`,
  );
  return `{p{...F${levels}}} fragment F0 on P{x y} ${fragments.join(" ")}`;
}

const shared = ["a", "b", "c"];
const ownFields = (level: number, subgraphs: number) =>
  Array.from({ length: subgraphs }, (_, subgraph) => `own${level}_${subgraph}`);

/** A chain of shareable fields can be had from each subgraph, level by level: the ways to fetch it multiply. */
function shareableGraph(levels: number, subgraphs: number): string {
  const typesOf = (subgraph: number) =>
    Array.from({ length: levels }, (_, level) => {
      const next = level + 1 < levels ? `next: T${level + 1} @shareable` : "";
      const fields = [...shared.map((name) => `${name}: Int @shareable`), `own${level}_${subgraph}: Int`, next];
      return `type T${level} @key(fields: "id") { id: ID! ${fields.join(" ")} }`;
    }).join("\n");
  return composed(
    Array.from({ length: subgraphs }, (_, subgraph) => `type Query { root: T0 @shareable } ${typesOf(subgraph)}`),
  );
}

function chain(levels: number, owners: number): string {
  const below = (level: number): string => {
    const next = level + 1 < levels ? `next { ${below(level + 1)} }` : "";
    return [...shared, ...ownFields(level, owners), next].join(" ");
  };
  return `{ root { ${below(0)} } }`;
}

/**
 * The longest that this thread worked without a pause, by its own processor time: what others take of the machine, or
 * the planner's threads, is not in it.
 */
function watchMainThread() {
  let longestMs = 0;
  let last = process.threadCpuUsage();
  const look = (): void => {
    const { user, system } = process.threadCpuUsage(last);
    last = process.threadCpuUsage();
    longestMs = Math.max(longestMs, (user + system) / 1000);
  };
  const timer = setInterval(look, 1);
  return {
    stop(): number {
      look();
      clearInterval(timer);
      return longestMs;
    },
  };
}

const open: Planner[] = [];
let planner: Planner;
beforeAll(() => {
  planner = openPlanner({ softMs, hardMs: hardMs * slack, heapMb, maxWaitMs: 60_000 });
  open.push(planner);
});
afterAll(() => Promise.all(open.map((each) => each.close())));

async function opened(sdl: string) {
  const supergraph = await planner.load(sdl);
  const apiSchema = buildSchema(supergraph.apiSdl);
  return { supergraph, prepare: operationPreparer({ apiSchema, fieldNames: new Set(), introspection: false }) };
}

/** `heldMs`: of this thread, in one stretch. */
type Outcome = { readonly outcome: "refused" | "planned" | "given up"; readonly heldMs: number };

async function ask(supergraph: PlannedSupergraph, prepare: PrepareOperation, query: string): Promise<Outcome> {
  const preparing = watchMainThread();
  const prepared = prepare({ query, operationName: null, variables: {} }, { acceptsDefer: true });
  const preparedMs = preparing.stop();
  if ("refused" in prepared) return { outcome: "refused", heldMs: preparedMs };
  const watch = watchMainThread();
  const outcome = await supergraph.plan(prepared.document.text).then(
    () => "planned" as const,
    (error: unknown) => {
      if (error instanceof QueryPlanningTimeout || error instanceof QueryPlanningFailed) return "given up" as const;
      throw error;
    },
  );
  return { outcome, heldMs: Math.max(preparedMs, watch.stop()) };
}

describe("a document that doubles with every level", () => {
  let line: Awaited<ReturnType<typeof opened>>;
  beforeAll(async () => {
    line = await opened(doublingGraph);
    // What is compiled on first use is no part of what is measured.
    for (const levels of [1, 2, 3, 20]) await ask(line.supergraph, line.prepare, doubling(levels));
  });
  afterAll(() => line.supergraph.release());

  test.each([5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 30, 100])(
    "of %d levels is refused at once or planned in time",
    async (levels) => {
      const outcomes: Outcome[] = [];
      // The best of some, each a document of its own: what else the machine does shows in caches too.
      for (const spaces of ["", " ", "  "])
        outcomes.push(await ask(line.supergraph, line.prepare, doubling(levels) + spaces));
      const [{ outcome }] = outcomes as [Outcome];
      expect(new Set(outcomes.map((each) => each.outcome))).toEqual(new Set([outcome]));
      expect(outcome).not.toBe("given up");
      const heldMs = Math.min(...outcomes.map((each) => each.heldMs));
      expect(heldMs).toBeLessThan(outcome === "refused" ? maxRefusedMs : maxHeldMs);
    },
  );

  test("is not refused while it is small", async () => {
    expect(await ask(line.supergraph, line.prepare, doubling(4))).toHaveProperty("outcome", "planned");
  });
});

describe("fields that every subgraph shares", () => {
  test.each([
    [2, 0],
    [11, 0],
    [4, 8],
    [6, 8],
    [11, 8],
  ])(
    "in a chain of %d levels in 8 subgraphs, %d with fields of their own, are planned in time",
    async (levels, owners) => {
      const { supergraph, prepare } = await opened(shareableGraph(levels, 8));
      const outcomes: Outcome[] = [];
      // The best of some, each a document of its own.
      for (const spaces of ["", " ", "  "])
        outcomes.push(await ask(supergraph, prepare, chain(levels, owners) + spaces));
      supergraph.release();
      expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(["planned"]));
      expect(Math.min(...outcomes.map(({ heldMs }) => heldMs))).toBeLessThan(maxHeldMs);
    },
  );
});

test("what no limit holds back is given up by the deadline or before, and what comes after it is planned", async () => {
  const impatient = openPlanner({ softMs: 50, hardMs, heapMb, maxWaitMs: 60_000 });
  open.push(impatient);
  const { plan } = await impatient.load(doublingGraph);
  const held: number[] = [];
  for (const levels of [18, 19, 20]) {
    const watch = watchMainThread();
    const error = await plan(doubling(levels)).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    // A fast machine comes to where the planner itself has no room for more.
    expect(error instanceof QueryPlanningTimeout || error instanceof QueryPlanningFailed).toBe(true);
    await expect(plan("{p{x y}}")).resolves.toHaveProperty("node");
    held.push(watch.stop());
  }
  // The best of some: what else the machine does shows in caches too.
  expect(Math.min(...held)).toBeLessThan(maxHeldMs);
});
