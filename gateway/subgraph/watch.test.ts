import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { openWatch, type Wait, type Watch } from "./watch.ts";

let watch: Watch;
let told: string[];

beforeEach(() => {
  jest.useFakeTimers();
  watch = openWatch();
  told = [];
});

afterEach(() => {
  watch.close();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

function wait(name: string, afterMs: number, signal = new AbortController().signal): Wait {
  return { deadline: watch.now() + afterMs, signal, onGivenUp: (why) => void told.push(`${name} ${why}`) };
}

test("each wait ends at its own deadline, whatever the order they came in", () => {
  for (const [name, afterMs] of [
    ["late", 30],
    ["early", 10],
    ["middle", 20],
  ] as const)
    watch.add(wait(name, afterMs));
  jest.advanceTimersByTime(9);
  expect(told).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(told).toEqual(["early deadline"]);
  jest.advanceTimersByTime(20);
  expect(told).toEqual(["early deadline", "middle deadline", "late deadline"]);
});

test("a wait that is deleted is never told", () => {
  const client = new AbortController();
  const gone = wait("gone", 10, client.signal);
  watch.add(gone);
  watch.delete(gone);
  client.abort();
  jest.advanceTimersByTime(20);
  expect(told).toEqual([]);
});

test("all waits of a client that goes are told at once, and only once", () => {
  const client = new AbortController();
  watch.add(wait("first", 10, client.signal));
  watch.add(wait("second", 10, client.signal));
  watch.add(wait("other", 10));
  client.abort();
  expect(told).toEqual(["first aborted", "second aborted"]);
  jest.advanceTimersByTime(20);
  expect(told).toEqual(["first aborted", "second aborted", "other deadline"]);
});

test("one that is told may add and delete others", () => {
  const second = wait("second", 10);
  watch.add({
    ...wait("first", 10),
    onGivenUp() {
      watch.delete(second);
      watch.add(wait("third", 5));
    },
  });
  watch.add(second);
  jest.advanceTimersByTime(20);
  expect(told).toEqual(["third deadline"]);
});

test("a wait without a deadline sets no timer", () => {
  watch.add(wait("endless", Infinity));
  expect(jest.getTimerCount()).toBe(0);
});

test("nobody is given up by a process that stood still, before it has read what arrived meanwhile", () => {
  let instant = 0;
  const slept = openWatch(() => instant);
  slept.add({ deadline: 10, signal: new AbortController().signal, onGivenUp: () => void told.push("given up") });
  instant = 5000;
  jest.advanceTimersByTime(10);
  jest.runOnlyPendingTimers();
  expect(told).toEqual(["given up"]);
  slept.close();
});
