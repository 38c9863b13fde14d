/**
 * The policies as the law has them: plain sentences, each with who asks, why, about what, and what is to come of it. Written
 * from the law (DOMAIN.md, section 4), not from the policies: where the two part, one of them is wrong.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import type { Caller } from "../gateway/authorization/authenticate.ts";
import { type CallerClass, classOf } from "../gateway/authorization/caller-class.ts";
import { type PolicyFault, readPolicies } from "../gateway/authorization/policies.ts";
import { type Purpose, purposes } from "../gateway/authorization/purpose.ts";
import type { Verdict } from "../gateway/execution/rights.ts";
import { type PersonaName, personaNames, personas } from "../mocks/issuer/personas.ts";

const folder = fileURLToPath(new URL("../schema/policies/", import.meta.url));
const files = readdirSync(folder).filter((each) => each.endsWith(".cedar"));
const faults: PolicyFault[] = [];
const schema = readFileSync(join(folder, "policies.cedarschema"), "utf8");
const texts = new Map(files.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
const policies = readPolicies({ schema, policies: texts }, { onFault: (fault) => faults.push(fault) });
const now = Date.parse("2026-11-22T12:00:00Z");

type Claims = Partial<Pick<Caller, "agency" | "roles" | "ori" | "clearances">>;

function callerOf(name: PersonaName, claims: Claims = {}): Caller {
  const { sub, agency, roles, purposes: own, scope, clearances, ...rest } = personas[name];
  return {
    subject: sub,
    agency,
    roles,
    purposes: own,
    scopes: scope.split(" ").filter((each) => each !== ""),
    ori: "ori" in rest ? rest.ori : null,
    clearances,
    assurance: { issuer: "https://issuer.test.example", authenticatedAt: null, acr: null },
    ...claims,
  };
}

/** With the persona's usual purpose where none is named. */
function classFor(
  name: PersonaName,
  purpose: Purpose | null = personas[name].purposes[0] ?? null,
  claims: Claims = {},
) {
  return classOf(callerOf(name, claims), purpose);
}

/** Every fact that is not named does not hold. */
function decided(policy: string, caller: CallerClass, facts: readonly string[], by = policies): Verdict {
  for (const fact of facts) if (!policies.factsOf(policy).includes(fact)) throw new Error(`${policy} knows no ${fact}`);
  const { always, relevant, decide } = by.table(policy, caller, now);
  return always ?? decide(relevant.map((each) => facts.includes(each)));
}

const shown = (verdict: Verdict): string => (verdict.permits ? "permit" : verdict.effect);

type Row = readonly [
  statement: string,
  caller: PersonaName | readonly [PersonaName, Purpose],
  policy: string,
  facts: readonly string[],
  expected: "permit" | "hide" | "refer",
];

function holds(law: string, rows: readonly Row[]): void {
  describe(law, () => {
    test.each(rows)("%s", (_, caller, policy, facts, expected) => {
      const [name, purpose] = typeof caller === "string" ? [caller] : caller;
      expect(shown(decided(policy, classFor(name, purpose), facts))).toBe(expected);
    });
  });
}

const removal = ["ero-officer", "REMOVAL_OPERATIONS"] as const;
const custody = ["ero-officer", "CUSTODY"] as const;
const supervisor = "protected-persons-supervisor";
const emergency = [supervisor, "BREAK_GLASS"] as const;

holds("4.1 asylum confidentiality, 8 CFR 208.6", [
  ["an asylum officer sees applications and screenings", "asylum-officer", "asylum", [], "permit"],
  ["the immigration court sees applications and screenings", "court-clerk", "asylum", [], "permit"],
  ["an officer about to remove somebody sees that a fear claim is open", removal, "asylum", [], "permit"],
  ["an officer who holds somebody sees that a fear claim is open", custody, "asylum", [], "permit"],
  ["the Inspector General, who investigates, sees applications and screenings", "oversight", "asylum", [], "permit"],
  ["a border officer at inspection does not see the application", "cbp-officer", "asylum", [], "hide"],
  ["who places a child does not see the application", "orr-caseworker", "asylum", [], "hide"],
  ["who runs this system does not see the application", "integrator", "asylum", [], "hide"],
  ["police on patrol do not see the application", "police-patrol", "asylum", [], "hide"],
  ["police in a jail do not see the application", "police-jail", "asylum", [], "hide"],
  ["police under a jail agreement do not see the application", "police-287g-jail", "asylum", [], "hide"],
  ["police under a warrant agreement do not see the application", "police-287g-warrant", "asylum", [], "hide"],
  [
    "a case of a type that tells of a claim is hidden from the border",
    "cbp-officer",
    "asylum-record",
    ["asylumRelated"],
    "hide",
  ],
  ["another case is not", "cbp-officer", "asylum-record", [], "permit"],
  [
    "a hearing that tells of a claim is hidden from who places a child",
    "orr-caseworker",
    "asylum-record",
    ["asylumRelated"],
    "hide",
  ],
  ["another hearing is not: the child must be brought to it", "orr-caseworker", "asylum-record", [], "permit"],
  ["the court sees its own asylum-only docket", "court-clerk", "asylum-record", ["asylumRelated"], "permit"],
  ["who removes sees the asylum-only docket", removal, "asylum-record", ["asylumRelated"], "permit"],
  [
    "an asylum officer sees the encounter of the interview",
    "asylum-officer",
    "asylum-record",
    ["asylumRelated"],
    "permit",
  ],
  [
    "who runs this system does not see the asylum-only docket",
    "integrator",
    "asylum-record",
    ["asylumRelated"],
    "hide",
  ],
  ["ICE sees the category it has itself given", custody, "asylum-marker", [], "permit"],
  ["the border does not see ICE's category, which tells of a referral", "cbp-officer", "asylum-marker", [], "hide"],
  ["the border sees the answer that its officer wrote down", "cbp-officer", "fear-claim", [], "permit"],
  ["who places a child does not see that answer", "orr-caseworker", "fear-claim", [], "hide"],
  ["the asylum officer sees that answer", "asylum-officer", "fear-claim", [], "permit"],
]);

holds("4.1, 4.9 a stay is told to everybody who may see the person, its reason not", [
  ["the border sees that removal is stayed", "cbp-officer", "court", [], "permit"],
  ["who places a child sees that removal is stayed", "orr-caseworker", "court", [], "permit"],
  ["who removes sees that removal is stayed", removal, "court", [], "permit"],
  ["in an emergency it is seen that removal is stayed", emergency, "court", [], "permit"],
  ["who removes sees why", removal, "asylum-stay-basis", [], "permit"],
  ["the court sees why", "court-clerk", "asylum-stay-basis", [], "permit"],
  ["the border is told to ask the court why, of every stay alike", "cbp-officer", "asylum-stay-basis", [], "refer"],
  ["so is who places a child", "orr-caseworker", "asylum-stay-basis", [], "refer"],
  ["and everybody in an emergency", emergency, "asylum-stay-basis", [], "refer"],
  ["police learn of no stay at all", "police-jail", "court", [], "hide"],
  ["nor why, nor whom to ask", "police-jail", "asylum-stay-basis", [], "hide"],
]);

holds("4.2 protected persons, 8 USC 1367", [
  [
    "the Inspector General does not see a protected person",
    "oversight",
    "person",
    ["protected1367", "uscisCase"],
    "hide",
  ],
  [
    "the border does not see a protected person it has no record of",
    "cbp-officer",
    "person",
    ["protected1367", "uscisCase"],
    "hide",
  ],
  [
    "the border sees a protected person it apprehended itself",
    "cbp-officer",
    "person",
    ["protected1367", "cbpCase"],
    "permit",
  ],
  ["the border does not see one whom ICE holds", "cbp-officer", "person", ["protected1367", "iceCase"], "hide"],
  ["ICE sees a protected person it holds", custody, "person", ["protected1367", "iceCase"], "permit"],
  ["ICE sees a protected person it is to remove", removal, "person", ["protected1367", "iceCase"], "permit"],
  ["ICE does not see one whom it does not hold", custody, "person", ["protected1367", "cbpCase", "eoirCase"], "hide"],
  [
    "the court sees a protected person whose case it hears",
    "court-clerk",
    "person",
    ["protected1367", "eoirCase"],
    "permit",
  ],
  [
    "the court does not see one whose case it does not hear",
    "court-clerk",
    "person",
    ["protected1367", "iceCase"],
    "hide",
  ],
  [
    "USCIS sees a protected person whose filing it decides",
    "asylum-officer",
    "person",
    ["protected1367", "uscisCase"],
    "permit",
  ],
  [
    "who places children does not see a protected child",
    "orr-caseworker",
    "person",
    ["protected1367", "minor"],
    "hide",
  ],
  ["the supervisor for protected persons sees the person", supervisor, "person", ["protected1367"], "permit"],
  ["the supervisor sees the filing", supervisor, "benefit", ["protectedFiling"], "permit"],
  ["the supervisor sees where the person lives", supervisor, "whereabouts", ["protected1367"], "permit"],
  ["the supervisor sees a protected asylum application", supervisor, "protected-filing", ["protectedFiling"], "permit"],
  ["ICE does not see the filing of one whom it holds", custody, "benefit", ["protectedFiling"], "hide"],
  [
    "USCIS's asylum officers do not see the protected filing either",
    "asylum-officer",
    "benefit",
    ["protectedFiling"],
    "hide",
  ],
  ["nor an asylum application that is part of it", "asylum-officer", "protected-filing", ["protectedFiling"], "hide"],
  ["an application that is no part of one is seen", "asylum-officer", "protected-filing", [], "permit"],
  ["the Inspector General does not see the filing", "oversight", "benefit", ["protectedFiling"], "hide"],
  ["ICE does not learn where a protected person lives", removal, "whereabouts", ["protected1367"], "hide"],
  ["nor does the court, from here", "court-clerk", "whereabouts", ["protected1367"], "hide"],
  ["ICE learns where anybody else lives", removal, "whereabouts", [], "permit"],
  [
    "the encounter for a filing of a protected person is hidden from ICE",
    custody,
    "filing-encounter",
    ["filingRelated", "protected1367"],
    "hide",
  ],
  ["another encounter of a protected person is not", custody, "filing-encounter", ["protected1367"], "permit"],
  ["nor the encounter for a filing of somebody else", custody, "filing-encounter", ["filingRelated"], "permit"],
]);

holds("whom the number of a filing finds", [
  ["the border finds nobody by one", "cbp-officer", "person-by-filing", ["foundByReceipt"], "hide"],
  ["nor does who places children", "orr-caseworker", "person-by-filing", ["foundByReceipt"], "hide"],
  ["nor who runs this system", "integrator", "person-by-filing", ["foundByReceipt"], "hide"],
  ["nor an emergency", [supervisor, "BREAK_GLASS"], "person-by-filing", ["foundByReceipt"], "hide"],
  ["the border finds the person by anything else", "cbp-officer", "person-by-filing", ["protected1367"], "permit"],
  ["ICE finds somebody by one", custody, "person-by-filing", ["foundByReceipt"], "permit"],
  ["but no protected person", custody, "person-by-filing", ["foundByReceipt", "protected1367"], "hide"],
  ["nor does the court", "court-clerk", "person-by-filing", ["foundByReceipt", "protected1367"], "hide"],
  ["nor the Inspector General", "oversight", "person-by-filing", ["foundByReceipt", "protected1367"], "hide"],
  ["the supervisor does", supervisor, "person-by-filing", ["foundByReceipt", "protected1367"], "permit"],
]);

holds("4.1 what a filing's encounter tells of a claim", [
  ["the border does not see that somebody filed", "cbp-officer", "filing-encounter", ["filingRelated"], "hide"],
  ["nor does who places children", "orr-caseworker", "filing-encounter", ["filingRelated"], "hide"],
  ["nor who runs this system", "integrator", "filing-encounter", ["filingRelated"], "hide"],
  ["nor an emergency", [supervisor, "BREAK_GLASS"], "filing-encounter", ["filingRelated"], "hide"],
  ["the border sees every other encounter", "cbp-officer", "filing-encounter", [], "permit"],
  ["who decides about claims sees it", "asylum-officer", "filing-encounter", ["filingRelated"], "permit"],
  ["the court sees it", "court-clerk", "filing-encounter", ["filingRelated"], "permit"],
]);

holds("4.4 children", [
  ["who places children sees a child", "orr-caseworker", "person", ["minor"], "permit"],
  ["who places children does not see an adult", "orr-caseworker", "person", [], "hide"],
  ["the court sees its juvenile code", "court-clerk", "juvenile", [], "permit"],
  ["who places children sees it", "orr-caseworker", "juvenile", [], "permit"],
  ["police do not", "police-jail", "juvenile", [], "hide"],
  ["the border does not", "cbp-officer", "juvenile", [], "hide"],
  ["benefits are not needed to place a child", "orr-caseworker", "benefit", [], "hide"],
]);

holds("4.5, 4.6 holds, and what local police are told", [
  ["police on patrol may ask whether a hold stands", "police-patrol", "hold", [], "permit"],
  ["police in a jail may ask at intake", ["police-jail", "JAIL_INTAKE"], "hold", [], "permit"],
  ["a jail is told until when", "police-jail", "hold-clock", [], "permit"],
  ["a patrol is not", "police-patrol", "hold-clock", [], "hide"],
  ["who serves warrants is told the form of the warrant", "police-287g-warrant", "hold-warrant", [], "permit"],
  ["but not the ground", "police-287g-warrant", "hold-basis", [], "hide"],
  ["nor until when", "police-287g-warrant", "hold-clock", [], "hide"],
  ["a jail under an agreement is told the ground", "police-287g-jail", "hold-basis", [], "permit"],
  ["and the form of the warrant", "police-287g-jail", "hold-warrant", [], "permit"],
  ["another jail is told neither: not the ground", "police-jail", "hold-basis", [], "hide"],
  ["nor the form", "police-jail", "hold-warrant", [], "hide"],
  ["police see no person", "police-patrol", "person", ["iceCase"], "hide"],
  ["police under a jail agreement see no person", "police-287g-jail", "person", ["iceCase"], "hide"],
  ["police see no detainer beside the answer to their question", "police-jail", "custody", [], "hide"],
  ["police see no benefit", "police-jail", "benefit", [], "hide"],
  ["police do not learn where somebody lives", "police-patrol", "whereabouts", [], "hide"],
  ["who is authenticated and has no role may not ask", "nobody", "hold", [], "hide"],
]);

holds("4.7 watch-lists: the day of the last screening, for ERO alone", [
  ["ERO sees when it last screened somebody", custody, "screening", [], "permit"],
  ["ERO sees it before a removal", removal, "screening", [], "permit"],
  ["the border does not", "cbp-officer", "screening", [], "hide"],
  ["police do not", "police-patrol", "screening", [], "hide"],
  ["the Inspector General does not, from here", "oversight", "screening", [], "hide"],
  ["the supervisor for protected persons does not", supervisor, "screening", [], "hide"],
]);

holds("the owner's own view, and each agency's task", [
  ["ICE sees whom it holds", custody, "person", ["iceCase"], "permit"],
  ["ICE sees somebody it has no record of", removal, "person", [], "permit"],
  ["ICE sees its own detainers", custody, "custody", [], "permit"],
  ["the border sees its own apprehensions", "cbp-officer", "border", [], "permit"],
  ["the court sees its own cases", "court-clerk", "court", [], "permit"],
  ["USCIS sees benefit requests", "asylum-officer", "benefit", [], "permit"],
  ["who is authenticated and has no purpose sees nobody", "nobody", "person", ["iceCase"], "hide"],
]);

holds("T33: breaking the glass, never over a statutory bar", [
  ["somebody's life at stake, a person is seen", emergency, "person", [], "permit"],
  ["where that person lives is seen", emergency, "whereabouts", [], "permit"],
  [
    "a protected person is not seen, not by the supervisor either",
    emergency,
    "person",
    ["protected1367", "uscisCase"],
    "hide",
  ],
  ["a protected filing is not seen", emergency, "benefit", ["protectedFiling"], "hide"],
  ["where a protected person lives is not seen", emergency, "whereabouts", ["protected1367"], "hide"],
  ["asylum records are not seen, whatever the caller is cleared for", emergency, "asylum", [], "hide"],
  ["a case that tells of a claim is not seen", emergency, "asylum-record", ["asylumRelated"], "hide"],
  ["the juvenile code is not seen", emergency, "juvenile", [], "hide"],
  ["screening is not seen", emergency, "screening", [], "hide"],
]);

const refusal = (effect: string, authority: RegExp) => ({
  permits: false,
  effect,
  authority: expect.stringMatching(authority),
});

test.each([
  ["person", ["protected1367"], /^8 USC 1367/],
  ["whereabouts", ["protected1367"], /^8 USC 1367/],
  ["benefit", ["protectedFiling"], /^8 USC 1367/],
  ["filing-encounter", ["filingRelated"], /^8 CFR 208\.6/],
  ["asylum-record", ["asylumRelated"], /^8 CFR 208\.6/],
])("what is hidden from the border under %s is hidden by its law", (policy, facts, authority) => {
  expect(decided(policy, classFor("cbp-officer"), facts)).toMatchObject(refusal("hide", authority));
});

test("who is referred is given whom to call", () => {
  const verdict = decided("asylum-stay-basis", classFor("cbp-officer"), []);
  expect(verdict).toMatchObject({ ...refusal("refer", /208\.6/), callback: expect.stringContaining("court") });
  // No fact of a stay counts: else to be referred would tell of it.
  expect(policies.factsOf("asylum-stay-basis")).toEqual([]);
});

describe("every claim of the supervisor for protected persons is needed", () => {
  const lacking: readonly (readonly [string, Claims])[] = [
    ["without the clearance", { clearances: ["asylum"] }],
    ["without the role", { roles: ["asylum-officer"] }],
    ["of another agency", { agency: "ICE" }],
    ["of police", { agency: "POLICE", ori: "TX9990000" }],
  ];
  test.each(lacking)("%s", (_, claims) => {
    const caller = classFor(supervisor, "PROTECTED_PERSONS_1367", claims);
    expect(shown(decided("person", caller, ["protected1367"]))).toBe("hide");
    expect(shown(decided("whereabouts", caller, ["protected1367"]))).toBe("hide");
  });
});

describe("refusal by the requester's jurisdiction", () => {
  const police = (ori: string | null) => classFor("police-287g-jail", "JAIL_INTAKE", { ori });
  test.each(["hold", "hold-warrant", "hold-clock", "hold-basis"])(
    "%s: a state that ICE does not answer by machine calls",
    (policy) => {
      expect(shown(decided(policy, police("TX9990000"), []))).toBe("permit");
      expect(decided(policy, police("MD9990000"), [])).toMatchObject({
        effect: "refer",
        callback: expect.stringMatching(/\d/),
      });
    },
  );
  test("police without an originating agency identifier are not answered", () => {
    expect(shown(decided("hold", police(null), []))).toBe("hide");
  });
});

/** Every caller that the development issuer knows, for each of its own purposes. */
const known = personaNames().flatMap((name): (readonly [PersonaName, Purpose | null])[] => {
  const own: readonly Purpose[] = personas[name].purposes;
  return own.length === 0 ? [[name, null]] : own.map((purpose) => [name, purpose]);
});

/** All combinations of a policy's facts. */
function combinations(policy: string): readonly (readonly string[])[] {
  return policies
    .factsOf(policy)
    .reduce<string[][]>((all, fact) => all.flatMap((each) => [each, [...each, fact]]), [[]]);
}

const everyCase = [...policies.names].flatMap((policy) =>
  combinations(policy).map((facts) => [policy, facts] as const),
);

test("police, and who has no rights, are told nothing but of holds, whatever the facts", () => {
  for (const [name, purpose] of known.filter(([each]) => each.startsWith("police") || each === "nobody"))
    for (const [policy, facts] of everyCase.filter(([each]) => !each.startsWith("hold")))
      expect([name, policy, facts, shown(decided(policy, classFor(name, purpose), facts))]).toEqual([
        name,
        policy,
        facts,
        "hide",
      ]);
});

test("police stay police whatever other purpose, role and clearance their issuer gives them", () => {
  const claims = {
    roles: [...new Set(personaNames().flatMap((name) => [...personas[name].roles]))],
    clearances: ["1367", "asylum"],
  };
  for (const purpose of purposes)
    for (const [policy, facts] of everyCase.filter(([each]) => !each.startsWith("hold")))
      expect(shown(decided(policy, classFor("police-287g-jail", purpose, claims), facts))).toBe("hide");
});

test("an agency that nobody knows sees nothing, whatever else its issuer says", () => {
  for (const agency of ["", "FR", "icE", "ICE "])
    for (const purpose of purposes)
      for (const [policy, facts] of everyCase) {
        const caller = classFor("ero-officer", purpose, { agency, clearances: ["1367", "asylum"] });
        expect(shown(decided(policy, caller, facts))).toBe("hide");
      }
});

test("an emergency opens nothing that an inspector would not see", () => {
  for (const agency of ["CBP", "ICE", "USCIS", "EOIR", "ORR", "OIG", "POLICE"])
    for (const [policy, facts] of everyCase) {
      const broken = decided(policy, classFor("oversight", "BREAK_GLASS", { agency, roles: ["break-glass"] }), facts);
      if (broken.permits)
        expect([policy, facts, shown(decided(policy, classFor("oversight"), facts))]).toEqual([
          policy,
          facts,
          "permit",
        ]);
    }
});

test("nobody but the supervisor for protected persons is permitted what 8 USC 1367 protects", () => {
  const isProtected = (policy: string, facts: readonly string[]) =>
    facts.includes("protectedFiling") ||
    (policy === "whereabouts" && facts.includes("protected1367")) ||
    (facts.includes("filingRelated") && facts.includes("protected1367"));
  const seen = known.filter(([name, purpose]) =>
    everyCase.some(
      ([policy, facts]) => isProtected(policy, facts) && decided(policy, classFor(name, purpose), facts).permits,
    ),
  );
  expect(seen).toEqual([[supervisor, "PROTECTED_PERSONS_1367"]]);
});

describe("whatever somebody permits one day, to everybody and for every purpose, a bar stays a bar", () => {
  const named = [...policies.names].map((each) => `Crosswalk::Action::"${each}"`).join(", ");
  const carelessness = `@id("careless") @authority("none") permit (principal, action in [${named}], resource);`;
  const careless = readPolicies({ schema, policies: new Map([...texts, ["careless.cedar", carelessness]]) });
  const everybody = {
    roles: [...new Set(personaNames().flatMap((name) => [...personas[name].roles]))],
    clearances: ["1367", "asylum"],
    ori: "TX9990000",
  };
  const agencies = ["", "FR", "POLICE", "CBP", "ICE", "USCIS", "EOIR", "ORR", "OIG", "CROSSWALK"];
  /** Agencies and purposes that are permitted all the same. */
  const open = (policy: string, facts: readonly string[], claims: Claims = {}) =>
    agencies.flatMap((agency) =>
      purposes
        .filter((purpose) => {
          const caller = classFor("nobody", purpose, { ...everybody, agency, ...claims });
          return decided(policy, caller, facts, careless).permits;
        })
        .map((purpose) => `${agency} ${purpose}`),
    );
  const forAsylum = [
    "ICE CUSTODY",
    "ICE REMOVAL_OPERATIONS",
    "USCIS ASYLUM_ADJUDICATION",
    "USCIS COURT_PROCEEDING",
    "USCIS PROTECTED_PERSONS_1367",
    "EOIR ASYLUM_ADJUDICATION",
    "EOIR COURT_PROCEEDING",
    "EOIR PROTECTED_PERSONS_1367",
    "OIG OVERSIGHT",
  ];
  test.each([
    ["asylum", [], forAsylum],
    ["asylum-marker", [], forAsylum],
    ["asylum-record", ["asylumRelated"], forAsylum],
    ["asylum-stay-basis", [], forAsylum],
    ["protected-filing", [], forAsylum],
    ["fear-claim", [], ["CBP BORDER_INSPECTION", ...forAsylum]],
    ["benefit", ["protectedFiling"], ["USCIS PROTECTED_PERSONS_1367"]],
    ["protected-filing", ["protectedFiling"], ["USCIS PROTECTED_PERSONS_1367"]],
    ["whereabouts", ["protected1367"], ["USCIS PROTECTED_PERSONS_1367"]],
    ["filing-encounter", ["filingRelated"], forAsylum],
    ["filing-encounter", ["filingRelated", "protected1367"], ["USCIS PROTECTED_PERSONS_1367"]],
    ["person", ["protected1367"], ["USCIS PROTECTED_PERSONS_1367"]],
    ["person-by-filing", ["foundByReceipt"], forAsylum],
    ["person-by-filing", ["foundByReceipt", "protected1367"], ["USCIS PROTECTED_PERSONS_1367"]],
    ["screening", [], ["ICE CUSTODY", "ICE REMOVAL_OPERATIONS"]],
  ])("%s %j", (policy, facts, permitted) => expect(open(policy, facts)).toEqual(permitted));

  test("without the clearance or the role, nobody is permitted what 8 USC 1367 protects", () => {
    for (const lacking of [{ clearances: ["asylum"] }, { roles: ["deportation-officer"] }] satisfies Claims[])
      for (const [policy, facts] of [
        ["person", ["protected1367"]],
        ["whereabouts", ["protected1367"]],
        ["benefit", ["protectedFiling"]],
        ["filing-encounter", ["filingRelated", "protected1367"]],
      ] as const)
        expect(open(policy, facts, lacking)).toEqual([]);
  });

  test("an emergency tells no juvenile code", () => {
    expect(open("juvenile", []).filter((each) => each.endsWith("BREAK_GLASS"))).toEqual([]);
  });

  test("police are told of holds alone", () => {
    const others = [...policies.names].filter((each) => !each.startsWith("hold"));
    for (const policy of others) expect(open(policy, []).filter((each) => each.startsWith("POLICE"))).toEqual([]);
    expect(open("hold", [])).toContain("POLICE JAIL_INTAKE");
  });

  test("the states that ICE does not answer by machine are not answered", () => {
    expect(open("hold", [], { ori: "MD9990000" })).toEqual([]);
  });
});

test("a protected person, a claim and a screening are only ever hidden; a refer is one of two, and no rule masks", () => {
  const found = new Set<string>();
  for (const [name, purpose] of known)
    for (const [policy, facts] of everyCase) {
      const verdict = decided(policy, classFor(name, purpose), facts);
      if (!verdict.permits && verdict.effect !== "hide") found.add(`${verdict.effect} ${verdict.policy}`);
    }
  expect([...found]).toEqual(["refer stay-basis-of-asylum"]);
});

test("no decision about any known caller fails", () => {
  for (const [name, purpose] of known)
    for (const [policy, facts] of everyCase) decided(policy, classFor(name, purpose), facts);
  expect(faults).toEqual([]);
});
