/** T15 and the policies' own reload, through the whole gateway: a decision that fails refuses and is told of. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { parse } from "graphql";
import { classOf } from "../gateway/authorization/caller-class.ts";
import { readPolicies } from "../gateway/authorization/policies.ts";
import { rightsReader } from "../gateway/authorization/rights.ts";
import { readRules } from "../gateway/authorization/rules.ts";
import { composeTiny, startTestGateway, startTinyGraph, type TestGateway, type TinyGraph } from "./gateway-graph.ts";

const policySchema = `namespace Crosswalk {
  entity Caller = { agency: String, jurisdiction: String, roles: Set<String>, scopes: Set<String>, clearances: Set<String> };
  entity Record;
  action "numbers" appliesTo { principal: [Caller], resource: [Record], context: { purpose: String } };
}`;
const rule = (id: string, text: string, more = "") =>
  `@id("${id}") @authority("a law") ${more}\n${text.replace("(…)", '(principal, action == Crosswalk::Action::"numbers", resource)')}\n`;
const open = rule("everybody", "permit (…);");
const closed = rule("bar", "forbid (…);", '@effect("mask")');
/** Valid, as far as Cedar can tell; it overflows whenever it is evaluated. */
const failing = rule("failing-bar", "forbid (…) when { 9223372036854775807 + 1 > 0 };", '@effect("mask")');

let graph: TinyGraph;
let sdl: string;
let folder: string;
let gateway: TestGateway;
const running: TestGateway[] = [];

beforeAll(async () => {
  graph = await startTinyGraph();
  sdl = composeTiny(
    (name) => graph.subgraphs[name].url,
    "",
    (text) => text.replace("fbiNumbers: [FbiNumber!]", 'fbiNumbers: [FbiNumber!] @guard(policy: "numbers")'),
  );
});
afterAll(() => graph.close());
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "policies-")), "policies");
  mkdirSync(folder);
  writeFileSync(join(folder, "policies.cedarschema"), policySchema);
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
  rmSync(join(folder, ".."), { recursive: true });
});

const write = (...rules: readonly string[]) => writeFileSync(join(folder, "numbers.cedar"), rules.join("\n"));

async function start(...rules: readonly string[]): Promise<void> {
  write(...rules);
  gateway = await startTestGateway(sdl, {
    GATEWAY_POLICIES: folder,
    GATEWAY_SUPERGRAPH_POLL_MS: "1000000",
    GATEWAY_INSECURE: "authentication,purpose,deny-by-default",
  });
  running.push(gateway);
}

async function reload(): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${gateway.internalUrl}/reload`, { method: "POST" });
  return { status: response.status, body: await response.json() };
}

/** What is seen of everybody's numbers: whether any was given, and the codes of errors. */
async function seen() {
  const { body } = await gateway.ask("{ people { fin fbiNumbers } }");
  const given = (body.data.people as { fbiNumbers: unknown }[]).some(({ fbiNumbers }) => fbiNumbers != null);
  return [given, [...new Set((body.errors ?? []).map(({ extensions }) => extensions.code))]];
}

const permitted = [true, []];
const refused = [false, ["UNAUTHORIZED_FIELD_OR_TYPE"]];
const masked = [false, ["MASKED"]];
const lines = (event: string) => gateway.lines.filter((line) => line.includes(`"${event}"`));

describe("T15: a forbid that fails", () => {
  test("refuses what Cedar alone would permit, and is told of with its name", async () => {
    await start(open, failing);
    expect(await seen()).toEqual(refused);
    const [line, ...more] = lines("decision-failed");
    expect(more).toEqual([]);
    expect(JSON.parse(line ?? "")).toMatchObject({ alert: true, policy: "numbers", rules: "failing-bar" });
    const metrics = await (await fetch(`${gateway.internalUrl}/metrics`)).text();
    expect(metrics).toContain('crosswalk_failed_decisions_total{policy="numbers"} 1');
  });

  test("as long as it stands: without it the same caller is permitted", async () => {
    await start(open, failing);
    expect(await seen()).toEqual(refused);
    write(open);
    expect(await reload()).toMatchObject({ status: 200, body: { outcome: "replaced" } });
    expect(await seen()).toEqual(permitted);
  });
});

test("a rule begins and ends on its days, with no reload and no start in between", () => {
  const forbidden = rule("bar", "forbid (…);", '@effect("mask") @effective("2026-12-01/2026-12-01")');
  const policies = readPolicies({ schema: policySchema, policies: new Map([["numbers.cedar", open + forbidden]]) });
  let now = "";
  const rightsOf = rightsReader(readRules(parse(sdl), { denyByDefault: false }), policies, () => Date.parse(now));
  const isRefused = (instant: string) => {
    now = instant;
    return rightsOf(classOf(null, null)).refusesField("Person", "fbiNumbers");
  };
  expect(isRefused("2026-11-30T23:59:59-05:00")).toBe(false);
  expect(isRefused("2026-12-01T00:00:00-05:00")).toBe(true);
  expect(isRefused("2026-12-01T23:59:59-05:00")).toBe(true);
  expect(isRefused("2026-12-02T00:00:00-05:00")).toBe(false);
});

describe("a supergraph of which no label says who may see what", () => {
  const unlabelled = (env: Record<string, string>) =>
    startTestGateway(graph.sdl, { GATEWAY_SUPERGRAPH_POLL_MS: "1000000", ...env });
  test("is refused to everybody by default, and told of with its id alone", async () => {
    gateway = await unlabelled({ GATEWAY_INSECURE: "authentication,purpose" });
    running.push(gateway);
    expect((await gateway.ask("{ people { fin } }")).body.data).toBeNull();
    expect(lines("supergraph-unlabelled").map((line) => JSON.parse(line))).toEqual([
      {
        time: expect.any(String),
        event: "supergraph-unlabelled",
        supergraph: expect.stringMatching(/^[\w-]+$/),
        remedy: "label what may be seen: everything is refused",
      },
    ]);
  });
  test("is nothing to tell of where everything is served", async () => {
    gateway = await unlabelled({ GATEWAY_INSECURE: "authentication,purpose,deny-by-default" });
    running.push(gateway);
    expect(lines("supergraph-unlabelled")).toEqual([]);
  });
});

describe("what a policy refers or masks whatever the facts", () => {
  const effects = [
    ["refers", '@effect("refer") @callback("a desk")', { code: "OWNER_REFER", callback: "a desk" }],
    ["masks", '@effect("mask")', { code: "MASKED", authority: "a law" }],
    ["hides", '@effect("hide")', { code: "UNAUTHORIZED_FIELD_OR_TYPE" }],
  ] as const;
  test.each(effects)(
    "%s: null at each place, told in the same words, and no subgraph is asked for it",
    async (...row) => {
      const [, effect, told] = row;
      await start(open, rule("bar", "forbid (…);", effect));
      graph.subgraphs.people.requests.length = 0;
      const { status, body } = await gateway.ask("{ people { fin mine: fbiNumbers } }");
      expect(status).toBe(200);
      expect(body.data.people).toMatchObject([{ mine: null }, { mine: null }]);
      expect(body.errors?.map(({ path, extensions }) => ({ path, extensions }))).toEqual(
        [0, 1].map((at) => ({ path: ["people", at, "mine"], extensions: told })),
      );
      expect(graph.subgraphs.people.requests.map(({ query }) => query).join()).not.toContain("fbiNumbers");
    },
  );
  test.each(effects)("%s of what nobody is permitted: it is refused, and no effect is learnt", async (...row) => {
    const [, effect] = row;
    await start(rule("bar", "forbid (…);", effect));
    expect(await seen()).toEqual(refused);
  });
  test("and what is referred can be found in the schema, what is hidden cannot", async () => {
    const fields = async () =>
      (await gateway.ask('{ __type(name: "Person") { fields { name } } }')).body.data.__type.fields.map(
        ({ name }: { name: string }) => name,
      );
    await start(open, rule("bar", "forbid (…);", effects[0][1]));
    expect(await fields()).toContain("fbiNumbers");
    await start(open, rule("bar", "forbid (…);", effects[2][1]));
    expect(await fields()).not.toContain("fbiNumbers");
  });
});

describe("policies are replaced while running", () => {
  test("by themselves, and the gateway says that it serves by others", async () => {
    await start(open);
    expect(await seen()).toEqual(permitted);
    const ready = async () =>
      ((await (await fetch(`${gateway.internalUrl}/ready`)).json()) as { supergraph: string }).supergraph;
    const before = await ready();
    write(open, closed);
    expect(await reload()).toMatchObject({ status: 200, body: { outcome: "replaced" } });
    expect(await seen()).toEqual(masked);
    expect(await ready()).not.toBe(before);
  });

  test.each([
    [
      "without an authority",
      '@id("bar") forbid (principal, action, resource);',
      "numbers.cedar:1 bar: has no @authority",
    ],
    ["that is no Cedar", "forbid (", "numbers.cedar:1: is no Cedar"],
    [
      "about something unknown",
      rule("bar", "forbid (…) when { context.age };", '@effect("hide")'),
      "numbers.cedar:1 bar: for policy `bar`, attribute `age`",
    ],
  ])("but not by a rule %s: the last good ones stay, and the bad one is named", async (_, bad, told) => {
    await start(open);
    write(bad);
    expect(await reload()).toMatchObject({ status: 422, body: { outcome: "refused" } });
    expect(await seen()).toEqual(permitted);
    expect(lines("supergraph-refused").map((line) => JSON.parse(line).reason)).toEqual([
      expect.stringContaining(`${folder}/${told}`),
    ]);
    write(open, closed);
    expect(await reload()).toMatchObject({ status: 200, body: { outcome: "replaced" } });
    expect(await seen()).toEqual(masked);
  });
});
