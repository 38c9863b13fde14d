import { afterEach, describe, expect, test } from "@jest/globals";
import { type Admission, admission, overloaded, priorityOf } from "./admission.ts";

const open: Admission[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});
function admit(maxRequests: number, delayMs = 0): Admission {
  const opened = admission({ maxRequests, loopDelayMs: () => delayMs });
  open.push(opened);
  return opened;
}

describe("places", () => {
  test("are kept for the urgent while others are refused", () => {
    const { enter } = admit(20);
    const took = { deferrable: 0, ordinary: 0, urgent: 0 };
    for (const priority of ["deferrable", "ordinary", "urgent"] as const)
      while (enter(priority) !== null) took[priority] += 1;
    expect(took).toEqual({ deferrable: 14, ordinary: 3, urgent: 3 });
  });

  test("that are left are had again", () => {
    const { enter } = admit(2);
    const [first, second] = [enter("urgent"), enter("urgent")];
    expect(enter("urgent")).toBeNull();
    second?.();
    expect(enter("urgent")).not.toBeNull();
    first?.();
    expect(enter("urgent")).not.toBeNull();
    expect(enter("urgent")).toBeNull();
  });

  test("are there for everybody where there is but one", () => {
    for (const priority of ["deferrable", "ordinary", "urgent"] as const)
      expect(admit(1).enter(priority)).not.toBeNull();
  });
});

test.each([
  [200, ["deferrable", "ordinary", "urgent"]],
  [400, ["ordinary", "urgent"]],
  [1500, ["urgent"]],
  [2500, []],
])("when the event loop lags %d ms, %j are let in", (delayMs, letIn) => {
  const { enter } = admit(100, delayMs);
  expect((["deferrable", "ordinary", "urgent"] as const).filter((each) => enter(each) !== null)).toEqual(letIn);
});

test("one long step is not yet too much to do; long steps without end are", async () => {
  const opened = admission({ maxRequests: 10 });
  open.push(opened);
  const block = (ms: number) => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  };
  block(900);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(opened.enter("deferrable")).not.toBeNull();
  let place: (() => void) | null = () => {};
  while (place !== null) {
    place();
    block(400);
    await new Promise((resolve) => setTimeout(resolve, 1));
    place = opened.enter("deferrable");
  }
});

test.each([
  ["LAW_ENFORCEMENT_INQUIRY", "urgent"],
  ["BORDER_INSPECTION", "urgent"],
  ["REMOVAL_OPERATIONS", "urgent"],
  ["JAIL_INTAKE", "urgent"],
  ["CUSTODY", "urgent"],
  ["BREAK_GLASS", "urgent"],
  ["ASYLUM_ADJUDICATION", "ordinary"],
  ["COURT_PROCEEDING", "ordinary"],
  [null, "ordinary"],
  [undefined, "ordinary"],
  ["__proto__", "ordinary"],
  ["OVERSIGHT", "deferrable"],
])("the purpose %s is %s", (purpose, priority) => expect(priorityOf(purpose)).toBe(priority));

test("those refused together are not told to come back together", () => {
  const times = new Set(Array.from({ length: 200 }, () => overloaded().headers?.["retry-after"]));
  expect([...times].sort()).toEqual(["1", "2", "3", "4"]);
});
