import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import type { Priority } from "./admission.ts";
import { openTurns } from "./turns.ts";

/** What begins asks so many questions, some microtasks later; its number is noted. */
function openDesk(questions: number, priorityOf: (number: number) => Priority = () => "ordinary") {
  const begun: number[] = [];
  const done = { asked: 0, readBytes: 0 };
  const turns = openTurns({ asked: () => done.asked, readBytes: () => done.readBytes });
  const ask = async (number: number): Promise<void> => {
    const turn = turns(priorityOf(number));
    if (turn !== null) await turn;
    begun.push(number);
    await Promise.resolve();
    done.asked += questions;
  };
  const askAtOnce = (from: number, to: number): void => {
    for (let number = from; number < to; number++) void ask(number);
  };
  return { begun, done, askAtOnce };
}

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

  test("begins in the order of its urgency, and of what is alike the oldest first", async () => {
    const priorities: readonly Priority[] = ["urgent", "deferrable", "ordinary"];
    const { begun, askAtOnce } = openDesk(8, (number) => priorities[number % 3] as Priority);
    askAtOnce(0, 64);
    askAtOnce(64, 73);
    while (begun.length < 73) await setImmediate();
    expect(begun.slice(64)).toEqual([66, 69, 72, 65, 68, 71, 64, 67, 70]);
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
