import { expect, test } from "@jest/globals";
import { judgeOf, refusalsOf } from "./judge.ts";
import { openProblems } from "./problems.ts";
import type { Guard, Verdict } from "./rights.ts";

const permit: Verdict = { permits: true };
const hide: Verdict = { permits: false, effect: "hide", policy: "bar", authority: "8 USC 1367" };

/** Hidden where protected, unless it is the agency's own. */
const guard: Guard = {
  policy: "person",
  facts: [
    { name: "protected", of: "subject" },
    { name: "own", of: "record" },
  ],
  decide: ([isProtected, isOwn]) => (isProtected && !isOwn ? hide : permit),
};

test.each([
  ["nothing is protected", { protected: false }, { own: false }, permit],
  ["it is protected and the agency's own", { protected: true }, { own: true }, permit],
  ["it is protected", { protected: true }, { own: false }, hide],
  ["it is the agency's own, whether or not it is protected", { protected: null }, { own: true }, permit],
  ["it is not protected, whoever's it is", { protected: false }, {}, permit],
  ["it may be protected", { protected: null }, { own: false }, null],
  ["it may be the agency's own", { protected: true }, { own: "yes" }, null],
  ["nothing is known", {}, {}, null],
  ["there is no subject, and it is the agency's own", null, { own: true }, permit],
  ["there is no subject", null, { own: false }, null],
])("what is known decides, and nothing is hidden by what is not: %s", (_, subject, record, verdict) => {
  const judge = judgeOf(guard);
  expect(judge(record, subject, openProblems())).toEqual(verdict);
  expect(judge(record, subject, openProblems())).toEqual(verdict);
});

test("a fact that is told with an error is not known, whatever stands there", () => {
  const problems = openProblems();
  const [subject, record] = [{ protected: false }, { own: false }];
  problems.add(subject, "protected", { code: "SOURCE_UNAVAILABLE" });
  expect(judgeOf(guard)(record, subject, problems)).toBeNull();
  expect(judgeOf(guard)({ own: true }, subject, problems)).toEqual(permit);
});

test("somebody is hidden by what is known, whatever could not be read of them, and where it does not hide, by nothing", () => {
  const placement: Guard = {
    policy: "person",
    facts: [
      { name: "protected", of: "record" },
      { name: "minor", of: "record" },
    ],
    decide: ([isProtected, isMinor]) => (isMinor && !isProtected ? permit : hide),
  };
  const refusals = refusalsOf(placement);
  expect(refusals({ protected: true, minor: null }, null, openProblems())).toEqual(hide);
  expect(refusals({ protected: false, minor: null }, null, openProblems())).toBeNull();
  const [unread, down] = [openProblems(), openProblems()];
  const person = { protected: true, minor: true };
  unread.add(person, "protected", { code: "RECORD_UNREADABLE" });
  down.add(person, "protected", { code: "SOURCE_UNAVAILABLE" });
  expect(refusals(person, null, unread)).toEqual(hide);
  expect(refusals(person, null, down)).toBeNull();
});
