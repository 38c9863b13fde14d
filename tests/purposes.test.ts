/** Why somebody asks (THREATS T32, T33): which role may state which purpose, and what it takes to break the glass. */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { classOf } from "../gateway/authorization/caller-class.ts";
import { readPolicies } from "../gateway/authorization/policies.ts";
import { purposes, purposesByRole } from "../gateway/authorization/purpose.ts";
import { personaNames, personas } from "../mocks/issuer/personas.ts";
import {
  startIssuer,
  startTestGateway,
  startTinyGraph,
  type TestGateway,
  type TestIssuer,
  type TinyGraph,
} from "./gateway-graph.ts";

const windowMs = 60_000;
let graph: TinyGraph;
let issuer: TestIssuer;
let gateway: TestGateway;
beforeAll(async () => {
  [graph, issuer] = await Promise.all([startTinyGraph(), startIssuer()]);
  gateway = await startGateway();
});
beforeEach(() => void gateway.lines.splice(0));
afterAll(async () => {
  await gateway.close();
  await Promise.all([graph.close(), issuer.close()]);
});

function startGateway(env: Record<string, string> = {}): Promise<TestGateway> {
  return startTestGateway(graph.sdl, {
    GATEWAY_ISSUERS: `${issuer.issuer}=${issuer.jwksUrl}`,
    CROSSWALK_ENV: "production",
    GATEWAY_INSECURE: "deny-by-default,audit,subgraph-signature,plaintext",
    BREAK_GLASS_WINDOW_MS: String(windowMs),
    ...env,
  });
}

const fetches = () => Object.values(graph.subgraphs).reduce((sum, { requests }) => sum + requests.length, 0);
const ago = (minutes: number) => Math.floor(Date.now() / 1000 - minutes * 60);

/** Status and code of one request with these claims and headers. */
async function ask(claims: object, headers: Record<string, string>, of: TestGateway = gateway) {
  const authorization = `Bearer ${await issuer.token({ ...claims })}`;
  const { status, body } = await of.ask("{ people { fin } }", {}, { authorization, ...headers });
  if (status !== 200) expect(body).not.toHaveProperty("data");
  return [status, body.errors?.[0]?.extensions.code];
}

describe("T32: a purpose is one that a role of the caller may state, whatever its token claims", () => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    "ero-officer": ["CUSTODY", "REMOVAL_OPERATIONS"],
    "cbp-officer": ["BORDER_INSPECTION"],
    "asylum-officer": ["ASYLUM_ADJUDICATION"],
    "court-clerk": ["COURT_PROCEEDING"],
    "police-patrol": ["LAW_ENFORCEMENT_INQUIRY"],
    "police-jail": ["JAIL_INTAKE", "LAW_ENFORCEMENT_INQUIRY"],
    "police-287g-jail": ["JAIL_INTAKE", "LAW_ENFORCEMENT_INQUIRY"],
    "police-287g-warrant": ["LAW_ENFORCEMENT_INQUIRY"],
    "orr-caseworker": ["CHILD_PLACEMENT"],
    "protected-persons-supervisor": ["BREAK_GLASS", "PROTECTED_PERSONS_1367"],
    oversight: ["OVERSIGHT"],
    integrator: ["OVERSIGHT"],
    nobody: [],
  };
  const whole = { "crosswalk-case": "26-1", "crosswalk-reason": "the duty judge asks for it" };

  test.each(personaNames())("%s, with a token that claims every purpose", async (name) => {
    const { sub, agency, roles, scope } = personas[name];
    const claims = { sub, agency, roles, scope, purposes, acr: "phr", auth_time: ago(1) };
    const permitted: string[] = [];
    for (const purpose of purposes) {
      const before = fetches();
      const [status, code] = await ask(claims, { "crosswalk-purpose": purpose, ...whole });
      if (status === 200) permitted.push(purpose);
      else expect([status, code, fetches() - before]).toEqual([403, "PURPOSE_NOT_PERMITTED", 0]);
    }
    expect(permitted.sort()).toEqual(expected[name]);
  });

  test("a role gives no purpose that the token does not claim, and an unknown role gives none", async () => {
    const claims = { roles: ["deportation-officer"], purposes: ["CUSTODY"] };
    const stated = { "crosswalk-purpose": "REMOVAL_OPERATIONS" };
    expect(await ask(claims, stated)).toEqual([403, "PURPOSE_NOT_PERMITTED"]);
    for (const role of ["director", "constructor", "Deportation-Officer", "deportation-officer "])
      expect(await ask({ roles: [role], purposes }, stated)).toEqual([403, "PURPOSE_NOT_PERMITTED"]);
  });

  const police = { agency: "POLICE", roles: ["jail-officer"], purposes: ["JAIL_INTAKE", "LAW_ENFORCEMENT_INQUIRY"] };
  test.each<[string, Record<string, string>, number, string]>([
    ["no purpose", { "crosswalk-case": "26-1" }, 400, "PURPOSE_REQUIRED"],
    ["an empty purpose", { "crosswalk-purpose": "", "crosswalk-case": "26-1" }, 400, "PURPOSE_REQUIRED"],
    ["an unknown purpose", { "crosswalk-purpose": "CURIOSITY", "crosswalk-case": "1" }, 400, "PURPOSE_UNKNOWN"],
    ["two purposes", { "crosswalk-purpose": "JAIL_INTAKE, LAW_ENFORCEMENT_INQUIRY" }, 400, "PURPOSE_UNKNOWN"],
    ["no case", { "crosswalk-purpose": "JAIL_INTAKE" }, 400, "CASE_REQUIRED"],
    ["an empty case", { "crosswalk-purpose": "JAIL_INTAKE", "crosswalk-case": "" }, 400, "CASE_INVALID"],
    ["too long a case", { "crosswalk-purpose": "JAIL_INTAKE", "crosswalk-case": "x".repeat(65) }, 400, "CASE_INVALID"],
    [
      "a case in other letters",
      { "crosswalk-purpose": "JAIL_INTAKE", "crosswalk-case": "n\u00famero" },
      400,
      "CASE_INVALID",
    ],
  ])("%s is refused before any agency is asked", async (_, headers, status, code) => {
    const before = fetches();
    expect(await ask(police, headers)).toEqual([status, code]);
    expect(fetches()).toBe(before);
  });
});

describe("T33: the glass is broken for a reason, for a while, by somebody known for certain, and is told", () => {
  let supervisors = 0;
  /** Each of them another, so that no window is open. */
  const supervisor = () => {
    supervisors += 1;
    return { ...personas["protected-persons-supervisor"], sub: `supervisor-${supervisors}`, auth_time: ago(1) };
  };
  const counted = async (outcome: string) => {
    const metrics = await (await fetch(`${gateway.internalUrl}/metrics`)).text();
    expect(metrics).not.toContain("sister");
    return Number(new RegExp(`crosswalk_break_glass_total\\{outcome="${outcome}"\\} (\\d+)`).exec(metrics)?.[1] ?? 0);
  };
  const reason = "sister called, child said to be in danger";
  const whole = { "crosswalk-purpose": "BREAK_GLASS", "crosswalk-case": "26-1", "crosswalk-reason": reason };
  const without = (name: keyof typeof whole) => ({ ...whole, [name]: undefined as never });
  const alerts = () => gateway.lines.map((line) => JSON.parse(line)).filter((line) => line.event === "break-glass");

  test.each<[string, () => object, Record<string, string>, number, string]>([
    [
      "by somebody whose role has no right to it",
      () => ({ roles: ["inspector"], purposes, acr: "phr" }),
      whole,
      403,
      "PURPOSE_NOT_PERMITTED",
    ],
    [
      "with a claim of the right to it alone",
      () => ({ roles: [], purposes, acr: "phr" }),
      whole,
      403,
      "PURPOSE_NOT_PERMITTED",
    ],
    ["with the role alone", () => ({ ...supervisor(), purposes: [] }), whole, 403, "PURPOSE_NOT_PERMITTED"],
    ["without a case", supervisor, without("crosswalk-case"), 400, "CASE_REQUIRED"],
    ["without a reason", supervisor, without("crosswalk-reason"), 400, "REASON_REQUIRED"],
    ["for a reason of one word", supervisor, { ...whole, "crosswalk-reason": "urgent" }, 400, "REASON_INVALID"],
    [
      "20 minutes after the sign-in",
      () => ({ ...supervisor(), auth_time: ago(20) }),
      whole,
      401,
      "REAUTHENTICATION_REQUIRED",
    ],
    [
      "with a sign-in of unknown time",
      () => ({ ...supervisor(), auth_time: undefined }),
      whole,
      401,
      "REAUTHENTICATION_REQUIRED",
    ],
    ["with a weak sign-in", () => ({ ...supervisor(), acr: "pwd" }), whole, 401, "REAUTHENTICATION_REQUIRED"],
    [
      "with a sign-in of unknown strength",
      () => ({ ...supervisor(), acr: undefined }),
      whole,
      401,
      "REAUTHENTICATION_REQUIRED",
    ],
  ])("%s it is refused, told, and no agency is asked", async (_, claims, headers, status, code) => {
    const before = fetches();
    const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
    expect(await ask(claims(), given)).toEqual([status, code]);
    expect(fetches()).toBe(before);
    expect(alerts()).toMatchObject([{ alert: true, outcome: code }]);
  });

  test("each use is an alert with its case and without its reason, and is counted", async () => {
    const [claims, opened, used] = [supervisor(), await counted("opened"), await counted("used")];
    for (let use = 0; use < 3; use += 1) expect(await ask(claims, whole)).toEqual([200, undefined]);
    const told = { event: "break-glass", alert: true, agency: "USCIS", case: "26-1", hasReason: true };
    expect(alerts()).toMatchObject(["opened", "used", "used"].map((outcome) => ({ ...told, outcome })));
    for (const alert of alerts())
      expect(Object.keys(alert).sort()).toEqual(["agency", "alert", "case", "event", "hasReason", "outcome", "time"]);
    expect(gateway.lines.join()).not.toContain("sister");
    expect(gateway.lines.join()).not.toContain(claims.sub);
    expect([await counted("opened"), await counted("used")]).toEqual([opened + 1, used + 2]);
  });

  test("once its window is over it takes a new sign-in", async () => {
    const short = await startGateway({ BREAK_GLASS_WINDOW_MS: "1" });
    const claims = supervisor();
    expect(await ask(claims, whole, short)).toEqual([200, undefined]);
    const openedAt = performance.now();
    while (performance.now() - openedAt < 2) await new Promise(setImmediate);
    expect(await ask(claims, whole, short)).toEqual([401, "REAUTHENTICATION_REQUIRED"]);
    // Within the tolerance of clocks: signed in since.
    expect(await ask({ ...claims, auth_time: ago(-0.2) }, whole, short)).toEqual([200, undefined]);
    await short.close();
  });

  test("it is never what a caller is taken to ask for that names no purpose", async () => {
    const development = await startGateway({ CROSSWALK_ENV: "development", GATEWAY_INSECURE: "" });
    const claims = { ...supervisor(), purposes: ["BREAK_GLASS"] };
    expect(await ask(claims, {}, development)).toContain(200);
    const told = development.lines.map((line) => JSON.parse(line));
    expect(told.filter(({ event }) => event === "request")).toEqual([expect.objectContaining({ agency: "USCIS" })]);
    for (const line of told) expect(line.purpose ?? line.alert).toBeUndefined();
    await development.close();
  });
});

describe("T33: a broken glass opens nothing that a statute closes, to nobody", () => {
  const folder = new URL("../schema/policies/", import.meta.url);
  const text = (file: string) => readFileSync(new URL(file, folder), "utf8");
  const files = readdirSync(folder).filter((file) => file.endsWith(".cedar"));
  const policies = readPolicies({
    schema: text("policies.cedarschema"),
    policies: new Map(files.map((file) => [file, text(file)])),
  });
  /** With every role, scope and clearance there is. */
  const classFor = (agency: string) =>
    classOf(
      {
        agency,
        roles: Object.keys(purposesByRole),
        scopes: ["person:read", "hold:read"],
        ori: null,
        clearances: ["1367", "asylum"],
      },
      "BREAK_GLASS",
    );
  /** Every verdict that this policy can reach while these facts hold. */
  function verdicts(policy: string, agency: string, facts: readonly string[]) {
    const { relevant, always, decide } = policies.table(policy, classFor(agency), Date.now());
    if (always !== null) return [always];
    return Array.from({ length: 2 ** relevant.length }, (_, at) =>
      relevant.map((fact, bit) => facts.includes(fact) || ((at >> bit) & 1) === 1),
    ).map(decide);
  }

  const agencies = ["CBP", "ICE", "USCIS", "EOIR", "ORR", "OIG", "POLICE", "CROSSWALK", ""];
  describe.each(agencies)("of agency %j", (agency) => {
    test.each<[string, readonly string[]]>([
      ["person", ["protected1367"]],
      ["whereabouts", ["protected1367"]],
      ["benefit", ["protectedFiling"]],
      ["filing-encounter", ["filingRelated", "protected1367"]],
      ["asylum-record", ["asylumRelated"]],
      ["protected-filing", []],
      ["asylum", []],
      ["asylum-marker", []],
      ["fear-claim", []],
      ["juvenile", []],
      ["screening", []],
    ])("%s is hidden where %j holds, whatever else does", (policy, facts) => {
      expect(policies.names).toContain(policy);
      for (const fact of facts) expect(policies.factsOf(policy)).toContain(fact);
      for (const verdict of verdicts(policy, agency, facts))
        expect(verdict).toMatchObject({ permits: false, effect: "hide" });
    });
  });

  test("it opens other persons to a federal agency, and none to the police", () => {
    const { relevant, decide } = policies.table("person", classFor("USCIS"), Date.now());
    expect(decide(relevant.map(() => false))).toEqual({ permits: true });
    expect(verdicts("person", "POLICE", []).every(({ permits }) => !permits)).toBe(true);
  });
});
