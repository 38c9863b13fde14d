/** Ours refuses where Cedar alone permits; a table says what Cedar says, one combination at a time; bad texts are told. */
import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Verdict } from "../execution/rights.ts";
import type { CallerClass } from "./caller-class.ts";
import { type PoliciesSettings, type PolicyFault, type PolicyTexts, readPolicies } from "./policies.ts";
import type { Purpose } from "./purpose.ts";

const schema = `namespace Crosswalk {
  entity Caller = { agency: String, jurisdiction: String, roles: Set<String>, scopes: Set<String>, clearances: Set<String> };
  entity Record;
  action "thing" appliesTo { principal: [Caller], resource: [Record], context: { purpose: String, a: Bool, b: Bool, c: Bool } };
  action "plain" appliesTo { principal: [Caller], resource: [Record], context: { purpose: String } };
}`;
const scope = (action: string) => `(principal, action == Crosswalk::Action::"${action}", resource)`;
const permit = (id: string, rest = ";", action = "thing", more = "") =>
  `@id("${id}") @authority("a law") ${more}\npermit ${scope(action)} ${rest}`;
const forbid = (id: string, effect: string, rest = ";", more = "") =>
  `@id("${id}") @authority("law of ${id}") @effect("${effect}") ${more}\nforbid ${scope("thing")} ${rest}`;

const textsOf = (...rules: readonly string[]): PolicyTexts => ({
  schema,
  policies: new Map([["a.cedar", `// Of 8 CFR § 1.1.\n${rules.join("\n")}\n`]]),
});
const read = (rules: readonly string[], settings?: PoliciesSettings) => readPolicies(textsOf(...rules), settings);

type Claims = Partial<Pick<CallerClass, "agency" | "roles">>;
const classFor = (purpose: Purpose | null, { agency = "ICE", roles = [] }: Claims = {}): CallerClass => {
  const rest = { isAuthenticated: true, agency, jurisdiction: "", roles, scopes: [], clearances: [], purpose };
  return { key: JSON.stringify(rest), ...rest };
};
const custody = classFor("CUSTODY");
const now = Date.parse("2026-07-01T12:00:00Z");

/** What Cedar says by itself to the same question, without any of our code. */
function rawCedar(rules: readonly string[], context: Record<string, boolean | string>): cedar.Response {
  const answer = cedar.isAuthorized({
    principal: { type: "Crosswalk::Caller", id: "caller" },
    action: { type: "Crosswalk::Action", id: "thing" },
    resource: { type: "Crosswalk::Record", id: "record" },
    context: { purpose: "CUSTODY", ...context },
    policies: { staticPolicies: rules.join("\n") },
    entities: [
      {
        uid: { type: "Crosswalk::Caller", id: "caller" },
        attrs: { agency: "ICE", jurisdiction: "", roles: [], scopes: [], clearances: [] },
        parents: [],
      },
    ],
  });
  if (answer.type !== "success") throw new Error(JSON.stringify(answer.errors));
  return answer.response;
}

const refusal = (effect: string, policy: string) => expect.objectContaining({ permits: false, effect, policy });

describe("T15: where a decision fails, ours refuses, and Cedar alone permits", () => {
  const overflowing = [permit("open"), forbid("bar", "hide", "when { context.a && 9223372036854775807 + 1 > 0 };")];

  test("a forbid that overflows", () => {
    expect(rawCedar(overflowing, { a: true, b: false, c: false })).toMatchObject({
      decision: "allow",
      diagnostics: { errors: [expect.anything()] },
    });
    const faults: PolicyFault[] = [];
    const { relevant, decide } = read(overflowing, { onFault: (fault) => faults.push(fault) }).table(
      "thing",
      custody,
      now,
    );
    expect(relevant).toEqual(["a"]);
    expect(decide([true])).toEqual({
      permits: false,
      effect: "hide",
      policy: "thing",
      authority: "no decision could be reached",
    });
    expect(decide([false])).toEqual({ permits: true });
    expect(faults).toEqual([{ policy: "thing", failed: ["bar"], combinations: 4 }]);
  });

  test("a forbid whose fact is missing", () => {
    const rules = [permit("open"), forbid("bar", "hide", "when { context.a };")];
    expect(rawCedar(rules, { b: false, c: false }).decision).toBe("allow");
    const withoutFact = (call: cedar.StatefulAuthorizationCall) => {
      const { a: _, ...context } = call.context;
      return cedar.statefulIsAuthorized({ ...call, context });
    };
    const faults: PolicyFault[] = [];
    const table = read(rules, { authorize: withoutFact, onFault: (fault) => faults.push(fault) }).table(
      "thing",
      custody,
      now,
    );
    expect(table.always).toEqual(refusal("hide", "thing"));
    expect(faults).toEqual([{ policy: "thing", failed: ["bar"], combinations: 8 }]);
  });

  test("a permit that fails beside one that holds", () => {
    const rules = [permit("open"), permit("broken", "when { context.a && 9223372036854775807 + 1 > 0 };")];
    expect(rawCedar(rules, { a: true, b: false, c: false }).decision).toBe("allow");
    expect(read(rules).table("thing", custody, now).decide([true])).toEqual(refusal("hide", "thing"));
  });

  test("fewer values, more of them, or something else than Booleans", () => {
    const { decide } = read([permit("open", "unless { context.a };")]).table("thing", custody, now);
    expect(decide([false])).toEqual({ permits: true });
    for (const values of [[], [false, false], [undefined], [null], [0], ["false"]])
      expect(decide(values as boolean[])).toEqual(refusal("hide", "thing"));
    const open = read([permit("open")]).table("thing", custody, now);
    expect(open.decide([])).toEqual({ permits: true });
    expect(open.decide([false])).toEqual(refusal("hide", "thing"));
  });

  const allowing = { response: { decision: "allow", diagnostics: { reason: [], errors: [] } }, warnings: [] };
  const answers: readonly (readonly [string, () => unknown])[] = [
    [
      "throws",
      () => {
        throw new Error("unreachable");
      },
    ],
    ["answers undefined", () => undefined],
    ["answers null", () => null],
    ["answers a failure", () => ({ type: "failure", errors: [], warnings: [] })],
    ["allows in an answer that says it failed", () => ({ ...allowing, type: "failure", errors: [] })],
    ["answers of an unknown type", () => ({ type: "maybe", response: { decision: "allow" } })],
    ["allows without diagnostics", () => ({ type: "success", response: { decision: "allow" }, warnings: [] })],
    [
      "answers an unknown decision",
      () => ({
        type: "success",
        response: { decision: "Allow", diagnostics: { reason: [], errors: [] } },
        warnings: [],
      }),
    ],
    [
      "names a forbid that nobody wrote",
      () => ({
        type: "success",
        response: { decision: "deny", diagnostics: { reason: ["?"], errors: [] } },
        warnings: [],
      }),
    ],
  ];
  test.each(answers)("a Cedar that %s", (_, answer) => {
    const { table } = read([permit("open")], { authorize: answer as never });
    expect(table("thing", custody, now).always).toEqual(refusal("hide", "thing"));
  });

  test("a Cedar that fails once is asked again for the next caller, and the fault is told", () => {
    let isBroken = true;
    const faults: PolicyFault[] = [];
    const policies = read([permit("open")], {
      onFault: (fault) => faults.push(fault),
      authorize(call) {
        if (isBroken) throw new Error("no memory");
        return cedar.statefulIsAuthorized(call);
      },
    });
    expect(policies.table("thing", custody, now).always).toEqual(refusal("hide", "thing"));
    expect(faults).toEqual([{ policy: "thing", failed: [], combinations: 8 }]);
    isBroken = false;
    expect(policies.table("thing", custody, now).always).toEqual({ permits: true });
  });
});

describe("what several rules say together", () => {
  const [hide, refer, mask] = [
    forbid("hidden", "hide", "when { context.a };"),
    forbid("referred", "refer", "when { context.b };", '@callback("the owner")'),
    forbid("masked", "mask", "when { context.c };"),
  ] as [string, string, string];
  test.each([[[hide, refer, mask]], [[mask, refer, hide]], [[refer, hide, mask]]])(
    "hide goes before refer, refer before mask, in whatever order they are written (%#)",
    (forbids) => {
      const { decide } = read([...forbids, permit("open")]).table("thing", custody, now);
      expect(decide([true, true, true])).toEqual({
        permits: false,
        effect: "hide",
        policy: "hidden",
        authority: "law of hidden",
      });
      expect(decide([true, false, true])).toEqual(refusal("hide", "hidden"));
      expect(decide([false, true, true])).toEqual({
        permits: false,
        effect: "refer",
        policy: "referred",
        authority: "law of referred",
        callback: "the owner",
      });
      expect(decide([false, false, true])).toEqual(refusal("mask", "masked"));
      expect(decide([false, false, false])).toEqual({ permits: true });
    },
  );

  test("whom nothing permits is told the same whatever forbids there are", () => {
    const { always, relevant } = read([hide, refer, mask, permit("other", ";", "plain")]).table("thing", custody, now);
    expect(relevant).toEqual([]);
    expect(always).toEqual({ permits: false, effect: "hide", policy: "thing", authority: "no rule permits it" });
  });

  test("an unknown policy, and one without any rule, permit nothing", () => {
    const { table, names, factsOf } = read([permit("open")]);
    expect(table("plain", custody, now).always).toEqual(refusal("hide", "plain"));
    expect(table("unknown", custody, now).always).toEqual(refusal("hide", "unknown"));
    expect(names).toEqual(new Set(["thing", "plain"]));
    expect([factsOf("thing"), factsOf("plain"), factsOf("unknown")]).toEqual([["a", "b", "c"], [], []]);
  });

  test("rules see the caller's claims and purpose, and nothing of another caller's", () => {
    const ofIce = permit(
      "own",
      'when { principal.agency == "ICE" && principal.roles.contains("r") && context.purpose == "CUSTODY" };',
    );
    const { table } = read([ofIce]);
    const isPermitted = (purpose: Purpose | null, claims: Claims) =>
      table("thing", classFor(purpose, claims), now).always?.permits;
    expect(isPermitted("CUSTODY", { roles: ["r"] })).toBe(true);
    expect(isPermitted("CUSTODY", { roles: ["r", "x"] })).toBe(true);
    expect(isPermitted("CUSTODY", { roles: ["x"] })).toBe(false);
    expect(isPermitted("CUSTODY", { roles: ["r"], agency: "CBP" })).toBe(false);
    expect(isPermitted("CUSTODY", { roles: ["r"], agency: "" })).toBe(false);
    expect(isPermitted("OVERSIGHT", { roles: ["r"] })).toBe(false);
    expect(isPermitted(null, { roles: ["r"] })).toBe(false);
  });
});

/** A condition over the facts, as Cedar writes it. */
const condition = fc.letrec<{ term: string; leaf: string }>((tie) => ({
  leaf: fc.constantFrom(
    "context.a",
    "context.b",
    "context.c",
    "!context.a",
    "!context.c",
    'principal.agency == "ICE"',
    'context.purpose == "OVERSIGHT"',
    "(if context.a then context.b else context.c)",
    'context["b"]',
    "(context has c && context.c)",
    "context == context && context.b",
    "(!(context.a == context.c))",
    "context.b && 9223372036854775807 + 1 > 0",
  ),
  term: fc.oneof(
    { weight: 3, arbitrary: tie("leaf") },
    { weight: 1, arbitrary: fc.tuple(tie("term"), tie("leaf")).map(([x, y]) => `(${x}) && (${y})`) },
    { weight: 1, arbitrary: fc.tuple(tie("term"), tie("leaf")).map(([x, y]) => `(${x}) || (${y})`) },
  ),
})).term;

const ruleSets = fc.record({
  permits: fc.array(condition, { maxLength: 3 }),
  forbids: fc.array(fc.tuple(fc.constantFrom("hide", "refer", "mask"), condition), { maxLength: 3 }),
});

test("a table says what Cedar, asked about each combination by itself, would have said", () => {
  fc.assert(
    fc.property(ruleSets, ({ permits, forbids }) => {
      const permitTexts = permits.map((each, at) => permit(`p${at}`, `when { ${each} };`));
      const texts = [
        ...permitTexts,
        ...forbids.map(([effect, each], at) =>
          forbid(`f${at}`, effect, `when { ${each} };`, effect === "refer" ? '@callback("x")' : ""),
        ),
      ];
      const named = texts.map((text, at) => [`q${at}`, text] as const);
      const { valid } = validity(Object.fromEntries(named));
      fc.pre(valid && texts.length > 0);
      const table = read(texts).table("thing", custody, now);
      for (let at = 0; at < 8; at++) {
        const facts = { a: (at & 1) !== 0, b: (at & 2) !== 0, c: (at & 4) !== 0 };
        const verdict = table.always ?? table.decide(table.relevant.map((name) => facts[name as "a"]));
        expect(outcome(verdict)).toBe(expected(texts, permitTexts, facts));
      }
    }),
    { numRuns: 60 },
  );
});

test("a rule about all facts at once is asked about all of them", () => {
  const all = '{ purpose: "CUSTODY", a: true, b: false, c: true }';
  const { relevant, decide } = read([permit("exactly", `when { context == ${all} };`)]).table("thing", custody, now);
  expect(relevant).toEqual(["a", "b", "c"]);
  expect(decide([true, false, true])).toEqual({ permits: true });
  expect(decide([true, true, true])).toEqual(refusal("hide", "thing"));
});

/** Impossible rules are refused when they are read: they are none of this test's. */
function validity(staticPolicies: Record<string, string>): { valid: boolean } {
  const answer = cedar.validate({ schema, policies: { staticPolicies } });
  return {
    valid: answer.type === "success" && answer.validationErrors.length + answer.validationWarnings.length === 0,
  };
}

function expected(texts: readonly string[], permits: readonly string[], facts: Record<string, boolean>): string {
  const { decision, diagnostics } = rawCedar(texts, facts);
  if (diagnostics.errors.length > 0) return "hide";
  if (decision === "allow") return "permit";
  if (permits.length === 0 || rawCedar(permits, facts).decision !== "allow") return "hide";
  // By themselves, Cedar numbers rules as they are written.
  const effects = diagnostics.reason.map(
    (id) => /@effect\("(\w+)"\)/.exec(texts[Number(id.slice("policy".length))] ?? "")?.[1],
  );
  return ["hide", "refer", "mask"].find((each) => effects.includes(each)) ?? "none";
}

function outcome(verdict: Verdict): string {
  return verdict.permits ? "permit" : verdict.effect;
}

describe("rules that begin and end on a day", () => {
  const rules = [
    permit("open"),
    forbid("summer", "hide", "when { context.a };", '@effective("2026-07-01/2026-08-31")'),
  ];
  const policies = read(rules);
  const decided = (instant: string) => {
    const { always, decide } = policies.table("thing", custody, Date.parse(instant));
    return outcome(always ?? decide([true]));
  };
  test.each([
    ["2026-06-30T23:59:59.999-04:00", "permit"],
    ["2026-07-01T00:00:00-04:00", "hide"],
    ["2026-08-31T23:59:59.999-04:00", "hide"],
    ["2026-09-01T00:00:00-04:00", "permit"],
    ["2026-07-01T00:00:00Z", "permit"],
  ])("at %s: %s", (instant, verdict) => expect(decided(instant)).toBe(verdict));

  test("tell when they change next, and nothing changes before", () => {
    const [begins, ends] = [Date.parse("2026-07-01T04:00:00Z"), Date.parse("2026-09-01T04:00:00Z")];
    expect(policies.nextChange(begins - 1)).toBe(begins);
    expect(policies.nextChange(begins)).toBe(ends);
    expect(policies.nextChange(ends)).toBe(Number.POSITIVE_INFINITY);
    expect(read([permit("open")]).nextChange(0)).toBe(Number.POSITIVE_INFINITY);
  });

  test("a permit that has ended permits no more, and one of two that follow each other always holds", () => {
    const { table } = read([
      permit("old", ";", "thing", '@effective("/2026-06-30")'),
      permit("new", ";", "thing", '@effective("2026-12-01/")'),
    ]);
    const at = (instant: string) => table("thing", custody, Date.parse(instant)).always?.permits;
    expect(at("2026-06-30T23:59:59-04:00")).toBe(true);
    expect(at("2026-07-01T00:00:00-04:00")).toBe(false);
    expect(at("2026-12-01T00:00:00-05:00")).toBe(true);
  });

  test("begin at midnight in Washington on the days when its clocks change too", () => {
    const from = (day: string) => read([permit("x", ";", "thing", `@effective("${day}/")`)]).nextChange(0);
    expect(new Date(from("2026-03-08")).toISOString()).toBe("2026-03-08T05:00:00.000Z");
    expect(new Date(from("2026-03-09")).toISOString()).toBe("2026-03-09T04:00:00.000Z");
    expect(new Date(from("2026-11-01")).toISOString()).toBe("2026-11-01T04:00:00.000Z");
    expect(new Date(from("2026-11-02")).toISOString()).toBe("2026-11-02T05:00:00.000Z");
  });
});

describe("texts that cannot be relied on are refused, each with file, line, rule and what to write", () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["no Cedar at all", ["permit("], /^a\.cedar:\d: is no Cedar: .+expected/m],
    ["no @id", [`@authority("x") permit ${scope("thing")};`], /^a\.cedar:2 \(no @id\): has no @id .*write @id\(/m],
    ["an @id of no form", [permit("Not Good")], /^a\.cedar:2 Not Good: has no @id of its form/m],
    [
      "two rules of one @id",
      [permit("x"), permit("x", "when { context.a };")],
      /^a\.cedar:4 x: has the @id of the rule at a\.cedar:2 x/m,
    ],
    ["no @authority", [`@id("x") permit ${scope("thing")};`], /^a\.cedar:2 x: has no @authority: write/m],
    ["an empty @authority", [`@id("x") @authority(" ") permit ${scope("thing")};`], /x: has no @authority/],
    [
      "a forbid without @effect",
      [`@id("x") @authority("y") forbid ${scope("thing")};`],
      /^a\.cedar:2 x: .*write @effect\("hide"\)/m,
    ],
    ["an effect that is none", [forbid("x", "remove")], /x: is a forbid without an effect/],
    [
      "a permit with @effect",
      [permit("x", ";", "thing", '@effect("hide")')],
      /x: is a permit with @effect: leave it out/,
    ],
    ["a refer without @callback", [forbid("x", "refer")], /x: has @effect\("refer"\) or @callback without the other/],
    [
      "a hide with @callback",
      [forbid("x", "hide", ";", '@callback("y")')],
      /x: has @effect\("refer"\) or @callback without/,
    ],
    [
      "a misspelt annotation",
      [permit("x", ";", "thing", '@efective("2026-01-01/")')],
      /x: has @efective: write one of @id/,
    ],
    ...["2026-02-30/", "/", "2026-01-02/2026-01-01", "2026-01-01", "2026-1-1/", "", "2026-01-01/2026-02-01/", "0/"].map(
      (span): readonly [string, readonly string[], RegExp] => [
        `@effective("${span}")`,
        [permit("x", ";", "thing", `@effective("${span}")`)],
        /x: has an @effective that is no span of days: write `2026-07-01\/2026-12-31`/,
      ],
    ),
    [
      "a purpose that nobody has",
      [permit("x", 'when { context.purpose == "CUSTODI" };')],
      /x: names the purpose `CUSTODI`.*CUSTODY/,
    ],
    [
      "one among several",
      [permit("x", 'when { ["CUSTODY", "SEARCH"].contains(context.purpose) };')],
      /x: names the purpose `SEARCH`/,
    ],
    ["a fact that is none", [permit("x", "when { context.d };")], /^a\.cedar:2 x: .*attribute `d`.*not found/m],
    ["a fact of another action", [permit("x", "when { context.a };", "plain")], /x: .*attribute `a`.*not found/],
    ["an attribute that callers have not", [permit("x", 'when { principal.role == "y" };')], /x: .*attribute `role`/],
    [
      "an action that is none",
      [permit("x", ";", "things")],
      /^a\.cedar:2 x: names the action `things`: declare it .* thing/m,
    ],
    ["a comparison of unlike things", [permit("x", 'when { context.a == "yes" };')], /x: .+/],
    [
      "a rule that never holds (only a warning to Cedar)",
      [permit("x", "when { context.a && false };")],
      /x: .*impossible/,
    ],
    [
      "letters that look like others (only a warning to Cedar)",
      [permit("x", 'when { principal.agency == "IС" };')],
      /mixed scripts/,
    ],
    [
      "a permit for every action",
      ['@id("x") @authority("y") permit (principal, action, resource);'],
      /x: permits every action: name them/,
    ],
    [
      "a template",
      ['@id("x") @authority("y") permit (principal == ?principal, action, resource);'],
      /is a template: write a rule without/,
    ],
    ["no rule", ["// nothing"], /there is no rule/],
  ];
  test.each(cases)("%s", (_, rules, line) => expect(() => read(rules)).toThrow(line));

  test("all of them at once", () => {
    const attempt = () => read([permit("x", 'when { context.purpose == "Y" };'), forbid("z", "?")]);
    expect(attempt).toThrow(/^a\.cedar:2 x: .*\na\.cedar:4 z: /);
  });

  const badSchemas: readonly (readonly [string, string, RegExp])[] = [
    ["no schema", "namespace {", /^policies\.cedarschema:1: /],
    ["another namespace", schema.replace("namespace Crosswalk", "namespace Other"), /write namespace Crosswalk/],
    [
      "callers of another form",
      schema.replace("roles: Set<String>", "roles: String"),
      /write entity Caller = \{ agency/,
    ],
    ["an optional fact", schema.replace("a: Bool", "a?: Bool"), /action `thing`: its context is of another form/],
    [
      "a fact that is no Boolean",
      schema.replace("a: Bool", "a: Long"),
      /action `thing`: its context is of another form/,
    ],
    ["no purpose", schema.replace("purpose: String, ", ""), /action `thing`: its context is of another form/],
    [
      "too many facts",
      schema.replace("a: Bool", "d: Bool, e: Bool, f: Bool, g: Bool, h: Bool, i: Bool, a: Bool"),
      /action `thing`: has 9 facts: at most 8/,
    ],
    [
      "a group of actions",
      schema.replace('action "plain"', 'action "all";\n  action "plain" in ["all"]'),
      /action `plain`: write appliesTo/,
    ],
  ];
  test.each(badSchemas)("in the schema: %s", (_, text, line) => {
    expect(() => readPolicies({ ...textsOf(permit("open")), schema: text })).toThrow(line);
  });
});

test("tables are remembered by class, and policies told apart by any change of their texts", () => {
  let asked = 0;
  const policies = read([permit("open", "when { context.a };")], {
    authorize(call) {
      asked += 1;
      return cedar.statefulIsAuthorized(call);
    },
  });
  const first = policies.table("thing", custody, now);
  // Once for each value of the one fact that is named.
  expect(asked).toBe(2);
  expect(policies.table("thing", classFor("CUSTODY"), now + 1)).toBe(first);
  expect(asked).toBe(2);
  policies.table("thing", classFor("OVERSIGHT"), now);
  expect(asked).toBe(4);
  expect(read([permit("open")]).id).not.toBe(policies.id);
  expect(read([permit("open", "when { context.a };")]).id).toBe(policies.id);
});

test("however many sets of policies there have been, each decides by its own rules", () => {
  const of = (at: number) => read([permit("open", `when { principal.agency == "A${at}" };`)]);
  const all = Array.from({ length: 300 }, (_, at) => of(at));
  const isPermitted = (at: number, agency: string) =>
    all[at]?.table("thing", classFor("CUSTODY", { agency }), now).always?.permits;
  for (const at of [0, 1, 150, 299]) expect(isPermitted(at, `A${at}`)).toBe(true);
  for (let at = 0; at < 300; at += 7) expect(isPermitted(at, `A${at}`)).toBe(true);
  for (const at of [0, 1, 150, 299]) expect(isPermitted(at, "A77777")).toBe(false);
});
