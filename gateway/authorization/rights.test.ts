/** Rights of a class of callers: rules and policies worked out, and refused whatever is not known. */
import { describe, expect, test } from "@jest/globals";
import { parse } from "graphql";
import type { Verdict } from "../execution/rights.ts";
import { type CallerClass, classOf } from "./caller-class.ts";
import { type DecisionTable, decisionTable } from "./decision-table.ts";
import type { Policies } from "./policies.ts";
import { rightsReader } from "./rights.ts";
import { readRules } from "./rules.ts";

const hide: Verdict = { permits: false, effect: "hide", policy: "h", authority: "the law" };
const refer: Verdict = {
  permits: false,
  effect: "refer",
  policy: "r",
  authority: "the law",
  callback: "somebody",
} as Verdict;
const mask: Verdict = { permits: false, effect: "mask", policy: "m", authority: "another law" };
const permit: Verdict = { permits: true };

/** By policy: its facts, and what they come to. */
const table: Readonly<
  Record<string, readonly [readonly string[], (values: readonly boolean[], caller: CallerClass) => Verdict]>
> = {
  all: [[], () => permit],
  none: [[], () => hide],
  agency: [[], (_, { agency }) => (agency === "ICE" ? permit : hide)],
  hidden: [["flag"], ([flag]) => (flag ? hide : permit)],
  referred: [["flag"], ([flag]) => (flag ? refer : permit)],
  "always referred": [["flag"], () => refer],
  "always masked": [[], () => mask],
  "referred or hidden": [["flag"], ([flag]) => (flag ? refer : hide)],
  both: [["flag", "sealed"], ([flag, sealed]) => (flag && sealed ? hide : permit)],
  gate: [["sealed"], ([sealed]) => (sealed ? hide : permit)],
};

function policies(change = Number.POSITIVE_INFINITY, asked: string[] = []): Policies {
  return {
    id: "p",
    names: new Set(Object.keys(table)),
    factsOf: (policy) => table[policy]?.[0] ?? [],
    nextChange: (nowMs) => (nowMs < change ? change : Number.POSITIVE_INFINITY),
    table(policy, caller): DecisionTable {
      asked.push(policy);
      const [facts, decide] = table[policy] ?? [[], () => hide];
      const outcomes = new Map<string, Verdict>();
      return decisionTable(
        facts,
        (values) => {
          const verdict = decide(values, caller);
          const known = outcomes.get(JSON.stringify(verdict)) ?? verdict;
          outcomes.set(JSON.stringify(verdict), known);
          return known;
        },
        hide,
      );
    },
  };
}

const links = `schema @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)
  @link(url: "https://crosswalk.example/core/v1.0", import: ["@guard", "@open"]) { query: Query }`;
const read = (types: string) => readRules(parse(`${links} ${types}`), { denyByDefault: false });
const callerOf = (agency: string) =>
  classOf({ subject: "x", agency, roles: [], purposes: [], scopes: [], ori: null, clearances: [] } as never, "CUSTODY");
const rightsIn = (types: string, agency = "ICE", given: Policies | null = policies()) =>
  rightsReader(read(types), given, () => 0)(callerOf(agency));
const guarded = (guards: string) =>
  `type Query { r: R p: P } type R ${guards} { f: String flag: Boolean subject: P }
   type P @join__type(graph: A, key: "id") @guard(policy: "gate", facts: "sealed") { id: ID sealed: Boolean }`;

test("what no facts could permit is refused before anything is asked, and what all permit is no guard", () => {
  expect(rightsIn(guarded('@guard(policy: "none")')).refusesType("R")).toBe(true);
  expect(rightsIn(guarded('@guard(policy: "none")')).refusesField("Query", "r")).toBe(true);
  const open = rightsIn(guarded('@guard(policy: "all")'));
  expect([open.refusesType("R"), open.guardsOf("R")]).toEqual([false, []]);
  expect(rightsIn(guarded('@guard(policy: "agency")'), "CBP").refusesType("R")).toBe(true);
  expect(rightsIn(guarded('@guard(policy: "agency")'), "ICE").refusesType("R")).toBe(false);
});

describe("what is refused whatever the facts keeps the effect that its policy gives it", () => {
  const rights = rightsIn(`type Query { r: R t: T m: T @guard(policy: "always masked") either: Either }
    union Either = T | U
    type R { f: String @guard(policy: "always referred", facts: "flag") g: String @guard(policy: "none")
      h: String @guard(policy: "always masked") @guard(policy: "always referred", facts: "flag")
      i: String @guard(policy: "always referred", facts: "flag") @guard(policy: "none") flag: Boolean
      j: String @guard(policy: "always masked") @authenticated
      k: String @guard(policy: "referred or hidden", facts: "flag")
      l: String @guard(policy: "always referred", facts: "flag") @guard(policy: "hidden", facts: "flag") }
    type T @guard(policy: "always referred", facts: "flag") { f: String flag: Boolean }
    type U @guard(policy: "always masked") { f: String }`);
  test.each([
    ["a field", "R", "f", refer],
    ["a field that is hidden", "R", "g", null],
    ["a field for two reasons: the stricter", "R", "h", refer],
    ["a field for two reasons, of which one is not told", "R", "i", null],
    ["a field that the caller is known well enough for", "R", "j", mask],
    ["a field that gives what is referred", "Query", "t", refer],
    ["a masked field that gives what is referred", "Query", "m", refer],
    ["a field of what is referred", "T", "f", refer],
    ["what is referred", "T", null, refer],
    ["a union of what is referred and what is masked", "Query", "either", refer],
    ["what some fact would hide as well: it is told of every record alike", "R", "l", refer],
  ])("%s", (_title, type, field, told) => {
    expect(field === null ? rights.refusesType(type) : rights.refusesField(type, field)).toBe(true);
    expect(rights.refusalOf(type, field)).toEqual(told);
  });
  test("but what is hidden of some and referred of others is decided for each", () => {
    expect([rights.refusesField("R", "k"), rights.refusalOf("R", "k")]).toEqual([false, null]);
    expect(rights.guardsOfField("R", "k")).toHaveLength(1);
  });
  test("and what is open is not refused", () => {
    expect([rights.refusesField("R", "flag"), rights.refusalOf("R", "flag"), rights.refusalOf("No", "f")]).toEqual([
      false,
      null,
      null,
    ]);
  });
});

test("what depends on facts is left to a guard, with the facts that matter, in the order they are decided by", () => {
  const rights = rightsIn(guarded('@guard(policy: "both", facts: "subject { sealed } flag") @guard(policy: "all")'));
  const [guard, ...others] = rights.guardsOf("R");
  expect(others).toEqual([]);
  expect(guard?.facts).toEqual([
    { name: "flag", of: "record" },
    { name: "sealed", of: "subject" },
  ]);
  expect([guard?.decide([true, true]), guard?.decide([true, false])]).toEqual([hide, permit]);
  expect(rights.mayHide).toBe(true);
});

test("a person's guards are gates, a record's are not", () => {
  const rights = rightsIn(guarded('@guard(policy: "referred", facts: "flag")'));
  expect([rights.gatesOf("P").length, rights.guardsOf("P"), rights.gatesOf("R"), rights.guardsOf("R").length]).toEqual([
    1,
    [],
    [],
    1,
  ]);
});

test("only what may be hidden makes answers wait for the grid", () => {
  const types = (policy: string) =>
    `type Query { r: R } type R @guard(policy: "${policy}", facts: "flag") { flag: Boolean }`;
  expect(rightsIn(types("referred")).mayHide).toBe(false);
  expect(rightsIn(types("hidden")).mayHide).toBe(true);
});

describe("whatever is not known is refused", () => {
  test.each<[string, string, Policies | null]>([
    ["a guard, where there are no policies", '@guard(policy: "all")', null],
    ["a guard whose policy does not exist", '@guard(policy: "other")', policies()],
    ["a guard without a fact that matters", '@guard(policy: "hidden")', policies()],
    ["a policy that does not exist", '@policy(policies: [["other"]])', policies()],
    ["a policy that depends on facts", '@policy(policies: [["hidden"]])', policies()],
    ["no policy of any", "@policy(policies: [])", policies()],
    ["a group of none", "@policy(policies: [[]])", policies()],
    ["a policy, where there are none", '@policy(policies: [["all"]])', null],
  ])("%s", (_title, rule, given) => {
    expect(rightsIn(guarded(rule), "ICE", given).refusesType("R")).toBe(true);
  });
  test("types and fields that the supergraph does not have, for everybody", () => {
    for (const rights of [
      rightsIn("type Query { a: String }"),
      rightsIn(guarded('@guard(policy: "hidden", facts: "flag")')),
    ]) {
      expect([
        rights.refusesType("Other"),
        rights.refusesField("Query", "other"),
        rights.refusesField("Other", "a"),
      ]).toEqual([true, true, true]);
      expect([
        rights.refusesType("String"),
        rights.refusesType("__Schema"),
        rights.refusesField("Query", "__schema"),
      ]).toEqual([false, false, false]);
    }
  });
});

test("@policy is decided by the policy of that name: any group, whole", () => {
  const types = 'type Query { a: String @policy(policies: [["all", "none"], ["agency", "all"]]) }';
  expect(rightsIn(types, "ICE").refusesField("Query", "a")).toBe(false);
  expect(rightsIn(types, "CBP").refusesField("Query", "a")).toBe(true);
});

test("equal rights have one key, whoever has them, and different ones never", () => {
  const types = guarded('@guard(policy: "agency")');
  const key = (agency: string, other = types) => rightsIn(other, agency).key;
  expect(key("CBP")).toBe(key("EOIR"));
  expect(key("CBP")).not.toBe(key("ICE"));
  const facts = (policy: string) => key("ICE", guarded(`@guard(policy: "${policy}", facts: "flag")`));
  expect(facts("hidden")).not.toBe(facts("referred"));
});

test("rights are kept for a class until a policy begins or ends", () => {
  const asked: string[] = [];
  let nowMs = 0;
  const rightsOf = rightsReader(read(guarded('@guard(policy: "agency")')), policies(1000, asked), () => nowMs);
  const first = rightsOf(callerOf("ICE"));
  const { length } = asked;
  nowMs = 999;
  expect(rightsOf(callerOf("ICE"))).toBe(first);
  expect(asked).toHaveLength(length);
  nowMs = 1000;
  expect(rightsOf(callerOf("ICE"))).not.toBe(first);
  expect(asked.length).toBeGreaterThan(length);
});

test("a caller whom nobody knows has no right that needs a caller", () => {
  const rules = read("type Query { a: String @authenticated b: String }");
  const rights = rightsReader(rules, policies(), () => 0)(classOf(null, null));
  expect([rights.refusesField("Query", "a"), rights.refusesField("Query", "b")]).toEqual([true, false]);
});
