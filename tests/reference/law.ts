/**
 * Who may see what, as the law and the design say it: one plain function for each policy, written from docs/access.md and
 * the headers of schema/policies/. Nothing here reads a policy's text, and nothing of the gateway is used.
 */

export type Caller = {
  readonly agency: string;
  /** The state of a police agency; else empty. */
  readonly jurisdiction: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly clearances: readonly string[];
  readonly purpose: string;
};

export type Facts = Readonly<Record<string, boolean>>;

export type Ruling = "permit" | Refusal;
export type Refusal = {
  readonly effect: "hide" | "refer" | "mask";
  readonly authority: string;
  readonly callback?: string;
};

type Policy = {
  readonly facts: readonly string[];
  readonly rule: (caller: Caller, facts: Facts) => Ruling;
};

const hide = (authority: string): Refusal => ({ effect: "hide", authority });
/** Nothing permits it: as if there were no such record, under no authority in particular. */
const unneeded = hide("");
const when = (permitted: boolean): Ruling => (permitted ? "permit" : unneeded);

const statesPurpose = ({ purpose }: Caller, ...purposes: readonly string[]) => purposes.includes(purpose);
const isOf = ({ agency }: Caller, ...agencies: readonly string[]) => agencies.includes(agency);

/** DHS Instruction 002-02-001: the one who may see what 8 USC 1367 protects. */
const isSupervisor1367 = (caller: Caller): boolean =>
  isOf(caller, "USCIS") &&
  statesPurpose(caller, "PROTECTED_PERSONS_1367") &&
  caller.roles.includes("protected-persons-supervisor") &&
  caller.clearances.includes("1367");

const inspectsAtBorder = (caller: Caller) => isOf(caller, "CBP") && statesPurpose(caller, "BORDER_INSPECTION");
const holdsOrRemoves = (caller: Caller) =>
  isOf(caller, "ICE") && statesPurpose(caller, "CUSTODY", "REMOVAL_OPERATIONS");
const adjudicatesAsylum = (caller: Caller) => isOf(caller, "USCIS") && statesPurpose(caller, "ASYLUM_ADJUDICATION");
const sitsInCourt = (caller: Caller) => isOf(caller, "EOIR") && statesPurpose(caller, "COURT_PROCEEDING");
const placesChildren = (caller: Caller) => isOf(caller, "ORR") && statesPurpose(caller, "CHILD_PLACEMENT");
const oversees = (caller: Caller) => isOf(caller, "OIG", "CROSSWALK") && statesPurpose(caller, "OVERSIGHT");
const investigates = (caller: Caller) => isOf(caller, "OIG") && statesPurpose(caller, "OVERSIGHT");
const breaksGlass = (caller: Caller) =>
  isOf(caller, "CBP", "ICE", "USCIS", "EOIR", "ORR", "OIG") && statesPurpose(caller, "BREAK_GLASS");

/** 5 USC 552a(b)(1): a need for the record in the performance of the duties that the purpose names. */
const hasTask = (caller: Caller): boolean =>
  [inspectsAtBorder, holdsOrRemoves, adjudicatesAsylum, sitsInCourt, oversees, breaksGlass, isSupervisor1367].some(
    (each) => each(caller),
  );

/** 8 CFR 208.6(c): adjudication, courts, defence and investigation; nobody else may know of a claim. */
const mayKnowOfClaims = (caller: Caller): boolean => {
  const isCleared = caller.clearances.includes("asylum");
  const decides =
    isCleared &&
    ((isOf(caller, "USCIS") && statesPurpose(caller, "ASYLUM_ADJUDICATION", "PROTECTED_PERSONS_1367")) ||
      sitsInCourt(caller));
  return decides || holdsOrRemoves(caller) || investigates(caller);
};

/** The records' confidentiality itself, apart from any task: 8 CFR 208.6(a). */
const asylumLaw = "8 CFR 208.6(a), 1208.6(a)";
const protectionLaw = "8 USC 1367(a)(2)";
const whereaboutsLaw = `${protectionLaw}; DHS Instruction 002-02-001`;
const lawDesk = "ICE Law Enforcement Support Center (invented): +1-802-555-0142";
const courtDesk = "Immigration court, stay desk (invented): +1-703-555-0142";

const taskOrChild = (caller: Caller): boolean => hasTask(caller) || placesChildren(caller);
const forTask: Policy = { facts: [], rule: (caller) => when(taskOrChild(caller)) };
const forClaims: Policy = { facts: [], rule: (caller) => (mayKnowOfClaims(caller) ? "permit" : hide(asylumLaw)) };

/** The agency that holds, charged or admitted the person, or decides on the filing, is not kept from the person. */
function hasOwnCase(caller: Caller, facts: Facts): boolean {
  if (holdsOrRemoves(caller)) return facts.iceCase === true;
  if (inspectsAtBorder(caller)) return facts.cbpCase === true;
  if (adjudicatesAsylum(caller)) return facts.uscisCase === true;
  if (sitsInCourt(caller)) return facts.eoirCase === true;
  return false;
}

/** Local police, asking about a hold; a state whose police ICE does not answer by machine calls instead. */
function inquires(caller: Caller, roles: readonly string[]): Ruling {
  const isPolice =
    isOf(caller, "POLICE") &&
    statesPurpose(caller, "LAW_ENFORCEMENT_INQUIRY", "JAIL_INTAKE") &&
    caller.roles.some((role) => roles.includes(role));
  if (!isPolice) return unneeded;
  if (caller.jurisdiction === "MD") return { effect: "refer", authority: "8 CFR 287.7(a)", callback: lawDesk };
  return "permit";
}
const ofPolice = (...roles: readonly string[]): Policy => ({ facts: [], rule: (caller) => inquires(caller, roles) });

export const policies: Readonly<Record<string, Policy>> = {
  person: {
    facts: ["protected1367", "iceCase", "cbpCase", "uscisCase", "eoirCase", "minor"],
    rule(caller, facts) {
      if (facts.protected1367 && !isSupervisor1367(caller) && !hasOwnCase(caller, facts)) return hide(protectionLaw);
      return when(hasTask(caller) || (placesChildren(caller) && facts.minor === true));
    },
  },
  // The number of a filing tells of the filing whom it finds.
  "person-by-filing": {
    facts: ["foundByReceipt", "protected1367"],
    rule(caller, { foundByReceipt, protected1367 }) {
      if (foundByReceipt && !mayKnowOfClaims(caller)) return hide(asylumLaw);
      return foundByReceipt && protected1367 && !isSupervisor1367(caller)
        ? hide(protectionLaw)
        : when(taskOrChild(caller));
    },
  },
  identity: forTask,
  border: forTask,
  custody: forTask,
  court: forTask,
  // 8 USC 1232: placing a child needs no benefits.
  benefit: {
    facts: ["protectedFiling"],
    rule: (caller, { protectedFiling }) =>
      protectedFiling && !isSupervisor1367(caller) ? hide(protectionLaw) : when(hasTask(caller)),
  },
  whereabouts: {
    facts: ["protected1367"],
    rule: (caller, { protected1367 }) =>
      protected1367 && !isSupervisor1367(caller) ? hide(whereaboutsLaw) : when(taskOrChild(caller)),
  },
  "filing-encounter": {
    facts: ["filingRelated", "protected1367"],
    // Which filing it was for is not said: it may have been a claim.
    rule(caller, { filingRelated, protected1367 }) {
      if (filingRelated && !mayKnowOfClaims(caller)) return hide(asylumLaw);
      return filingRelated && protected1367 && !isSupervisor1367(caller)
        ? hide(protectionLaw)
        : when(taskOrChild(caller));
    },
  },
  asylum: forClaims,
  "asylum-marker": forClaims,
  // 8 CFR 235.3(b)(4): the border officer asked, and wrote the answer down.
  "fear-claim": { facts: [], rule: (caller) => (inspectsAtBorder(caller) ? "permit" : forClaims.rule(caller, {})) },
  "protected-filing": {
    facts: ["protectedFiling"],
    rule(caller, { protectedFiling }) {
      if (protectedFiling && !isSupervisor1367(caller)) return hide(protectionLaw);
      return forClaims.rule(caller, {});
    },
  },
  "asylum-record": {
    facts: ["asylumRelated"],
    rule: (caller, { asylumRelated }) =>
      asylumRelated && !mayKnowOfClaims(caller) ? hide(asylumLaw) : when(taskOrChild(caller)),
  },
  "asylum-stay-basis": {
    facts: [],
    // Which stays rest on a claim is told by telling the reason of those that do not: so of none.
    rule(caller) {
      if (!taskOrChild(caller)) return unneeded;
      if (!mayKnowOfClaims(caller)) return { effect: "refer", authority: asylumLaw, callback: courtDesk };
      return "permit";
    },
  },
  // Whoever decides about the child; never police, and never by breaking the glass.
  juvenile: {
    facts: [],
    rule: (caller) =>
      when([sitsInCourt, placesChildren, adjudicatesAsylum, holdsOrRemoves, investigates].some((each) => each(caller))),
  },
  // HSPD-6: the officers of ERO alone.
  screening: {
    facts: [],
    rule: (caller) => when(holdsOrRemoves(caller) && caller.roles.includes("deportation-officer")),
  },
  hold: {
    facts: [],
    rule: (caller) =>
      caller.jurisdiction === ""
        ? unneeded
        : inquires(caller, ["patrol-officer", "jail-officer", "287g-jail-enforcement", "287g-warrant-service"]),
  },
  "hold-warrant": ofPolice("287g-jail-enforcement", "287g-warrant-service"),
  "hold-clock": ofPolice("jail-officer", "287g-jail-enforcement"),
  "hold-basis": ofPolice("287g-jail-enforcement"),
};

export type Decided = {
  /** Facts on which anything depends for this caller. */
  readonly relevant: readonly string[];
  /** The same whatever the facts; null: it depends. */
  readonly always: Ruling | null;
  readonly rule: (facts: Facts) => Ruling;
};

/** A policy for one caller, by trying every combination of facts. Throws where no such policy is written down. */
export function decidedFor(name: string, caller: Caller): Decided {
  const policy = policies[name];
  if (policy === undefined) throw new Error(`no rule of this name is written in the reference: ${name}`);
  const rule = (facts: Facts) => policy.rule(caller, facts);
  const worlds = allFacts(policy.facts);
  // Whom nothing permits it learns of no reason either, unless it is sent elsewhere with every question.
  const isSent = (ruling: Ruling) => typeof ruling === "object" && ruling.effect !== "hide";
  if (worlds.every((world) => rule(world) !== "permit") && !worlds.every((world) => isSent(rule(world))))
    return { relevant: [], always: unneeded, rule };
  const outcome = (facts: Facts) => JSON.stringify(rule(facts));
  const relevant = policy.facts.filter((fact) =>
    worlds.some((world) => outcome(world) !== outcome({ ...world, [fact]: !world[fact] })),
  );
  return { relevant, always: relevant.length === 0 ? rule(worlds[0] ?? {}) : null, rule };
}

export function isSomePermitted(name: string, caller: Caller): boolean {
  const { always } = decidedFor(name, caller);
  return always === null || always === "permit";
}

/** Whether records are hidden from this caller by what they tell. */
export function isSomeDecided(caller: Caller): boolean {
  return isSomePermitted("person", caller) && decidedFor("asylum-record", caller).always === null;
}

function allFacts(names: readonly string[]): readonly Facts[] {
  return names.reduce<readonly Facts[]>(
    (worlds, name) =>
      worlds.flatMap((world) => [
        { ...world, [name]: false },
        { ...world, [name]: true },
      ]),
    [{}],
  );
}
