import { expect, test } from "@jest/globals";
import { relay } from "./relay.ts";
import { randomCacheKeys } from "./seal.ts";

const keys = randomCacheKeys();

function opened(answers: readonly boolean[] = [true]) {
  const sent: string[] = [];
  let lost = 0;
  const done = Promise.withResolvers<void>();
  const made = relay({
    keys,
    append: async (envelope) => {
      sent.push(envelope);
      const taken = answers[sent.length - 1] ?? true;
      if (taken) done.resolve();
      return taken;
    },
    onLost: () => {
      lost++;
      done.resolve();
    },
  });
  return { ...made, sent, done: done.promise, lost: () => lost };
}

test("what is passed on is opened by whoever has the keys, and says nothing to others", async () => {
  const { pass, sent, done, open, close } = opened();
  pass("somebody's session");
  await done;
  expect(sent.join()).not.toContain("session");
  expect(open(JSON.parse(sent[0] ?? ""))).toBe("somebody's session");
  expect(
    relay({ keys: randomCacheKeys(), append: async () => true, onLost: () => {} }).open(JSON.parse(sent[0] ?? "")),
  ).toBe(null);
  close();
});

test("it is repeated while nobody can say that it is there", async () => {
  const { pass, sent, done, lost, close } = opened([false, false]);
  pass("x");
  await done;
  expect([sent.length, lost()]).toEqual([3, 0]);
  close();
});

test("it is told when it is lost, as when the gateway ends meanwhile", async () => {
  const { pass, done, lost, close } = opened(Array(99).fill(false));
  pass("x");
  close();
  await done;
  expect(lost()).toBe(1);
});

test.each([[null], ["x"], [{}], [{ subgraph: "eoir", key: "a", sealed: "x" }]])(
  "%j is nothing that was passed on",
  (envelope) => {
    expect(opened().open(envelope)).toBeUndefined();
  },
);

test.each([[{ relayed: "AAAA" }], [{ key: keys[0].id, relayed: "AAAA" }]])(
  "%j was sealed by nobody of ours",
  (envelope) => {
    expect(opened().open(envelope)).toBeNull();
  },
);
