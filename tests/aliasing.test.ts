/**
 * However a client writes an operation (aliases, names, fragments), the subgraphs are asked about the same entities with
 * the same required fields, and the answer is the same but for the client's own keys.
 */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { validate } from "graphql";
import { type Arena, openArena } from "./differential/arena.ts";
import { differences } from "./differential/compare.ts";
import { drawSeeded } from "./differential/draw.ts";
import { graphs } from "./differential/graphs/index.ts";
import { asSent } from "./differential/judge.ts";
import { type Operation, show } from "./differential/operations.ts";
import { type Relayout, relayout } from "./differential/relayouts.ts";
import { representationsIn } from "./differential/sent.ts";
import { sizes } from "./differential/sizes.ts";

const { operations, seed } = sizes;
const numRuns = Math.ceil(operations / 4);
/**
 * Below a fragment on one type of several, the planner asks for the field of every type where the key is the same: so over
 * interface objects a layout may ask about more entities. What it says of an entity must be the same there too.
 */
function differencesInSent(first: readonly string[], other: readonly string[], graph: string): readonly string[] {
  const others = new Set(other);
  const firsts = new Set(first);
  const gone = first.filter((each) => !others.has(each));
  const come = other.filter((each) => !firsts.has(each));
  const isAboutOther = (each: string, among: readonly string[]) =>
    !among.some((one) => subjectOf(one) === subjectOf(each));
  const counts = (each: string, among: readonly string[]) => graph !== "media" || !isAboutOther(each, among);
  return [
    ...gone.filter((each) => counts(each, other)).map((each) => `no longer sent: ${each}`),
    ...come.filter((each) => counts(each, first)).map((each) => `sent now: ${each}`),
  ];
}

/** The subgraph, the entity, and what is said of it, without the values. */
function subjectOf(sent: string): string {
  const [, subgraph = "", json = ""] = /^(\S+) (.*)$/s.exec(sent) ?? [];
  const names = [...json.matchAll(/[{,](\w+):/g)].map(([, name]) => name);
  return [subgraph, /[{,]id:("[^"]*")/.exec(json)?.[1], ...names].join(" ");
}

const timeoutMs = 60_000 + operations * 300;

describe.each(graphs.map((each) => [each.name, each] as const))("over %s", (_name, definition) => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await openArena(definition);
  }, timeoutMs);
  afterAll(() => arena?.close());

  const ask = async ({ operation, restored }: Relayout) => {
    arena.subgraphs.requests.length = 0;
    const answer = await arena.ask(operation);
    return {
      answer: restored(answer),
      refusedWith: answer.refusedWith,
      sent: representationsIn(arena.subgraphs.requests),
    };
  };

  /** Without aliases, with each field called like another one, and with names that mean something to a gateway. */
  const relayouts = (operation: Operation, seedOfDraw: number): readonly Relayout[] => {
    const draw = drawSeeded(seedOfDraw);
    const reserved = ["__proto__", "constructor", "c1_", "_entities", "representations", "a", "b"];
    return (["bare", [...arena.names], reserved] as const).map((aliases) => relayout(operation, draw, aliases));
  };

  test(
    "representations and answers are the same for every way to write an operation",
    async () => {
      let compared = 0;
      const judged = async (operation: Operation, drawSeed: number): Promise<readonly string[]> => {
        const first = await ask({ operation, restored: (answer) => answer });
        if (first.refusedWith !== null) return first.refusedWith.endsWith("_LIMIT") ? [] : [first.refusedWith];
        for (const each of relayouts(operation, drawSeed)) {
          const other = await ask(each);
          if (other.refusedWith?.endsWith("_LIMIT")) continue;
          compared++;
          const wrong = [
            ...validate(arena.monolith.schema, each.operation.document).map(({ message }) => message),
            ...(other.refusedWith === null
              ? differences(asSent(first.answer), asSent(other.answer))
              : [other.refusedWith]),
            ...differencesInSent(first.sent, other.sent, definition.name),
          ];
          if (wrong.length > 0) return [...wrong, `as ${show(each.operation)}`];
        }
        return [];
      };
      const property = fc.asyncProperty(arena.operations, fc.noShrink(fc.nat()), async (operation, drawSeed) => {
        return (await judged(operation, drawSeed)).length === 0;
      });
      const outcome = await fc.check(property, { numRuns, seed, endOnFailure: !sizes.shrinks });
      if (outcome.failed) {
        const [operation, drawSeed] = outcome.counterexample ?? [];
        if (!operation || drawSeed === undefined) throw outcome.errorInstance;
        const wrong = await judged(operation, drawSeed);
        throw new Error([`seed ${seed}, over ${definition.name}:`, show(operation), ...wrong].join("\n"));
      }
      expect(compared).toBeGreaterThan(numRuns * 2);
      console.log(`result: ${definition.name}: ${compared} relayouts of ${numRuns} operations`);
    },
    timeoutMs,
  );
});
