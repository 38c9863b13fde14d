import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import type { Priority } from "./admission.ts";
import type { Wait, Watch } from "./subgraph/watch.ts";
import { openTurns } from "./turns.ts";

/** What begins asks so many questions, some microtasks later; its number is noted, as is that of who is given up. */
function openDesk(questions: number, priorityOf: (number: number) => Priority = () => "ordinary", watch?: Watch) {
  const begun: number[] = [];
  const givenUp: number[] = [];
  const done = { asked: 0, readBytes: 0 };
  const turns = openTurns({ asked: () => done.asked, readBytes: () => done.readBytes }, watch);
  const ask = async (number: number, { deadline = Infinity, signal = nobodyGoes } = {}): Promise<void> => {
    const turn = turns(priorityOf(number), { deadline, signal });
    if (turn !== null && !(await turn)) return void givenUp.push(number);
    begun.push(number);
    await Promise.resolve();
    done.asked += questions;
  };
  const askAtOnce = (from: number, to: number): void => {
    for (let number = from; number < to; number++) void ask(number);
  };
  return { begun, givenUp, done, ask, askAtOnce };
}

const nobodyGoes = new AbortController().signal;
const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);

describe("what has been let in", () => {
  test("begins at once where little has been asked", () => {
    const { begun, askAtOnce } = openDesk(1);
    askAtOnce(0, 8);
    expect(begun).toEqual(numbers(8));
  });

  test("begins, where there is more, until eight questions are asked in a turn, the oldest first, and all of it", async () => {
    const { begun, askAtOnce } = openDesk(2);
    for (let number = 0; number < 12; number++) {
      askAtOnce(number, number + 1);
      // As between what two connections bring.
      for (let step = 0; step < 5; step++) await Promise.resolve();
    }
    const sizes = [begun.length];
    while (begun.length < 12) {
      await setImmediate();
      sizes.push(begun.length);
    }
    expect(sizes).toEqual([4, 8, 12]);
    expect(begun).toEqual(numbers(12));
  });

  test("begins together where nothing has to be asked, and still not without end", async () => {
    const { begun, askAtOnce } = openDesk(0);
    askAtOnce(0, 100);
    expect(begun.length).toBe(64);
    await setImmediate();
    expect(begun).toEqual(numbers(100));
  });

  test("does not pass those who wait", async () => {
    const { begun, askAtOnce } = openDesk(8);
    askAtOnce(0, 70);
    for (let number = 70; number < 90; number++) {
      await setImmediate();
      askAtOnce(number, number + 1);
    }
    while (begun.length < 90) await setImmediate();
    expect(begun).toEqual(numbers(90));
  });

  test("does not begin after a turn in which much was read, and begins after the next", async () => {
    const { begun, done, askAtOnce } = openDesk(1);
    askAtOnce(0, 1);
    done.readBytes += 32 * 1024;
    askAtOnce(1, 4);
    expect(begun).toEqual([0]);
    await setImmediate();
    expect(begun).toEqual([0]);
    await setImmediate();
    expect(begun).toEqual(numbers(4));
  });

  test("begins one by one, each second turn, where much is read in every turn", async () => {
    const { begun, done, askAtOnce } = openDesk(1);
    askAtOnce(0, 1);
    done.readBytes += 32 * 1024;
    askAtOnce(1, 4);
    const sizes: number[] = [];
    for (let turn = 0; turn < 6; turn++) {
      await setImmediate();
      done.readBytes += 32 * 1024;
      sizes.push(begun.length);
    }
    expect(sizes).toEqual([1, 2, 2, 3, 3, 4]);
  });

  test("begins in the order of its urgency, and one of four by its age", async () => {
    const priorities: readonly Priority[] = ["urgent", "deferrable", "ordinary"];
    const { begun, askAtOnce } = openDesk(8, (number) => priorities[number % 3] as Priority);
    askAtOnce(0, 64);
    askAtOnce(64, 73);
    while (begun.length < 73) await setImmediate();
    expect(begun.slice(64)).toEqual([66, 69, 72, 64, 65, 68, 71, 67, 70]);
  });

  test("begins within so many others' turns, however many come that are more urgent", async () => {
    const { begun, askAtOnce } = openDesk(8, (number) => (number === 64 ? "deferrable" : "urgent"));
    askAtOnce(0, 65);
    for (let number = 65; !begun.includes(64) && number < 200; number += 2) {
      askAtOnce(number, number + 2);
      await setImmediate();
    }
    expect(begun.indexOf(64)).toBeLessThan(64 + 4);
  });

  test("is given up when its client goes or its time is over, and those behind it begin", async () => {
    const waits: Wait[] = [];
    const watch = { now: () => 0, add: (wait: Wait) => void waits.push(wait), delete() {}, close() {} };
    const { begun, givenUp, ask, askAtOnce } = openDesk(8, undefined, watch);
    askAtOnce(0, 65);
    void ask(65, { deadline: 7 });
    void ask(66, { signal: AbortSignal.abort() });
    askAtOnce(67, 69);
    waits.find(({ deadline }) => deadline === 7)?.onGivenUp("deadline");
    while (begun.length + givenUp.length < 69) await setImmediate();
    expect(givenUp.sort()).toEqual([65, 66]);
    expect(begun.slice(-3)).toEqual([64, 67, 68]);
  });

  test("is given up with its client by the watch that it opens for itself", async () => {
    const { begun, givenUp, ask, askAtOnce } = openDesk(8);
    const client = new AbortController();
    askAtOnce(0, 64);
    void ask(64, { signal: client.signal });
    client.abort();
    while (begun.length + givenUp.length < 65) await setImmediate();
    expect(givenUp).toEqual([64]);
  });

  test("begins at once again when nobody waits any more", async () => {
    const { begun, askAtOnce } = openDesk(8);
    askAtOnce(0, 70);
    while (begun.length < 70) await setImmediate();
    await setImmediate();
    askAtOnce(70, 71);
    expect(begun.length).toBe(71);
  });
});
