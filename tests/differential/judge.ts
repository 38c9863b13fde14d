/** Judges one operation over one graph: ours against the monolith, and against the reference wherever that is right. */
import type { Arena } from "./arena.ts";
import { type Answer, differences } from "./compare.ts";
import { type Operation, show } from "./operations.ts";
import { referenceFaults } from "./reference-faults.ts";
import { canonical } from "./world.ts";

export type Tally = {
  /** Compared with the monolith; of these, with a failure somewhere in the answer. */
  compared: number;
  failing: number;
  /** Refused by a limit. */
  refused: number;
  /** Compared with the reference too. */
  withReference: number;
  /** By the reference's fault: operations that were left out of that comparison. */
  readonly faults: Map<string, number>;
};

export const newTally = (): Tally => ({
  compared: 0,
  failing: 0,
  refused: 0,
  withReference: 0,
  faults: new Map(),
});

/** What is wrong with the gateway's answer, in words; none: nothing is. Counts into `tally`. */
export async function judge(arena: Arena, operation: Operation, tally: Tally): Promise<readonly string[]> {
  const { monolith } = arena;
  const expected = asSent(await monolith.answer(operation));
  const given = await arena.ask(operation);
  if (given.refusedWith?.endsWith("_LIMIT")) {
    tally.refused++;
    return [];
  }
  if (given.refusedWith !== null) return [`refused with ${given.refusedWith}`];
  const failures = expected.errors ? await monolith.failures(operation) : [];
  // What is asked again is answered by code made for it.
  const again = JSON.stringify(await arena.ask(operation)) === JSON.stringify(given);
  tally.compared++;
  if (expected.errors) tally.failing++;
  return [
    ...differences(expected, given, failures),
    ...(again ? [] : ["asked again, it is answered in another way"]),
    ...(arena.reference && !expected.errors ? await besideReference(arena, operation, expected, given, tally) : []),
  ];
}

/** Answers with failures are left to the monolith: the reference sends nulls on as facts. */
async function besideReference(arena: Arena, operation: Operation, expected: Answer, given: Answer, tally: Tally) {
  arena.subgraphs.reset();
  const answer = await arena.reference?.answer(operation).catch((error: unknown) => ({ data: String(error) }));
  const data = canonical(asSent(answer ?? {}).data);
  if (data === canonical(expected.data)) {
    tally.withReference++;
    return data === canonical(given.data) ? [] : ["data differs from the reference's, which is right"];
  }
  const fault = referenceFaults.find((each) => each.applies(operation, arena.definition.name, arena.names));
  if (!fault) return [`the reference is wrong in a way that has no name: ${data.slice(0, 300)}`];
  tally.faults.set(fault.name, (tally.faults.get(fault.name) ?? 0) + 1);
  return [];
}

/** As it would come over the wire. */
export function asSent(answer: Answer): Answer {
  return JSON.parse(JSON.stringify(answer)) as Answer;
}

/** For a failure's message: all there is to see. */
export async function report(arena: Arena, operation: Operation, wrong: readonly string[]): Promise<string> {
  const text = (value: unknown) => JSON.stringify(value).slice(0, 3000);
  const [expected, given] = [await arena.monolith.answer(operation), await arena.ask(operation)];
  return [
    `over ${arena.definition.name}:`,
    show(operation),
    ...wrong,
    `right: ${text(expected)}`,
    `given: ${text(given)}`,
  ].join("\n");
}
