/** What the guard promises of every record: decided by its own facts, on the data, whatever is asked and however. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { EngineAnswer, EngineIncrement } from "../gateway/execution/engine.ts";
import { operations, rulings, worlds } from "./guarded-cases.ts";
import { type GuardedGraph, startGuardedGraph, type World } from "./guarded-graph.ts";
import { openNaive } from "./guarded-oracle.ts";

let graph: GuardedGraph;
const nobody: World = { persons: [], cases: [] };
beforeAll(async () => {
  graph = await startGuardedGraph(nobody);
});
afterEach(() => {
  graph.fault = null;
  graph.requests.length = 0;
});
afterAll(() => graph?.close());

type Whole = { readonly data: unknown; readonly errors: readonly string[] };

/** An answer with all of its parts put together. */
function whole({
  data,
  errors,
  increments,
}: EngineAnswer & { readonly increments: readonly EngineIncrement[] }): Whole {
  const all = JSON.parse(JSON.stringify(data)) as unknown;
  const told = [...errors];
  for (const { parts } of increments)
    for (const part of parts) {
      told.push(...part.errors);
      let at = all as Record<string | number, unknown>;
      for (const step of part.path) at = at[step] as typeof at;
      if (part.data) merge(at, JSON.parse(JSON.stringify(part.data)) as typeof at);
    }
  const lines = told.map(({ code, path, authority, callback }) =>
    `${JSON.stringify(path)} ${code} ${authority ?? callback ?? ""}`.trim(),
  );
  return { data: all, errors: [...new Set(lines)].sort() };
}

function merge(into: Record<string | number, unknown>, from: Record<string | number, unknown>): void {
  for (const [key, value] of Object.entries(from)) {
    const known = into[key];
    if (typeof known === "object" && known !== null && typeof value === "object" && value !== null)
      merge(known as typeof into, value as typeof from);
    else into[key] = value;
  }
}

describe("every record, field and person", () => {
  const rounds = Number(process.env.PROOF_ROUNDS ?? 120);
  test(`is shown or withheld as by a monolith that decides where it resolves (${rounds} operations)`, async () => {
    let [withheld, shown] = [0, 0];
    await fc.assert(
      fc.asyncProperty(worlds, rulings, operations, async (world, { rights, naive }, operation) => {
        graph.world = world;
        const expected = await openNaive(world, naive).answer(operation.replaceAll("@defer", ""));
        const given = whole(await graph.ask(operation, rights));
        expect(given).toEqual(expected);
        const inParts = whole(await graph.ask(operation, rights, { acceptsDefer: true }));
        expect(inParts.data).toEqual(expected.data);
        // A part tells of its own: what a whole answer tells once may be told in two.
        expect(inParts.errors).toEqual(expected.errors);
        withheld += expected.errors.length;
        shown += 1;
      }),
      { numRuns: rounds },
    );
    expect(withheld).toBeGreaterThan(0);
    console.log(`result: ${shown} operations, each whole and in parts; ${withheld} withheld with an error`);
  }, 600_000);
});
