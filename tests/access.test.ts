/** `docs/access.md` tells of the callers that there are, and of decisions as the gateway takes them. */
import { describe, expect, test } from "@jest/globals";
import { readPolicies } from "../gateway/authorization/policies.ts";
import { isPurpose } from "../gateway/authorization/purpose.ts";
import { type Persona, personas } from "../mocks/issuer/personas.ts";
import { askingOf, readCallers } from "../schema/access.ts";
import { deciding, readPolicyBook, readPolicyTexts } from "../schema/check-policies.ts";

describe("the callers of the document", () => {
  test("are the development issuer's personas, claim by claim", () => {
    const told = readCallers().map(({ title: _, ...caller }) => caller);
    const known = Object.entries<Persona>(personas).map(
      ([persona, { agency, roles, purposes, clearances, ...rest }]) => ({
        ...{ persona, agency, roles, purposes, clearances },
        jurisdiction: (rest.ori ?? "").slice(0, 2),
        scopes: rest.scope.split(" ").filter((each) => each !== ""),
      }),
    );
    expect(told).toEqual(known);
  });
});

describe("the decisions of the document", () => {
  const texts = readPolicyTexts();
  const book = readPolicyBook(texts);
  if (!("rules" in book)) throw new Error(book.join("\n"));
  const policies = readPolicies(texts);
  const decide = deciding(book.rules.filter(({ effective }) => effective === null));

  test("are about the same policies and facts as the gateway's", () => {
    expect([...book.facts.keys()].sort()).toEqual([...policies.names].sort());
    for (const [policy, facts] of book.facts) expect(policies.factsOf(policy)).toEqual(facts);
  });

  test.each(askingOf(readCallers()).map((asking) => ({ ...asking, name: `${asking.persona}, ${asking.purpose}` })))(
    "are the gateway's for $name, whatever the facts",
    ({ purpose, agency, jurisdiction, roles, scopes, clearances }) => {
      if (!isPurpose(purpose)) throw new Error(`there is no purpose ${purpose}`);
      const rest = { isAuthenticated: true, agency, jurisdiction, roles, scopes, clearances, purpose };
      const caller = { key: JSON.stringify(rest), ...rest };
      for (const [policy, names] of book.facts) {
        const table = policies.table(policy, caller, Date.parse("2026-10-19"));
        for (let bits = 0; bits < 2 ** names.length; bits += 1) {
          const facts = Object.fromEntries(names.map((name, at) => [name, (bits >> at) % 2 === 1]));
          const verdict = table.always ?? table.decide(table.relevant.map((each) => facts[each] === true));
          const told = decide(policy, rest, facts);
          expect({ policy, facts, outcome: told.outcome }).toEqual({
            policy,
            facts,
            outcome: verdict.permits ? "permit" : verdict.effect,
          });
          if (!verdict.permits) expect(told.authority).toBe(verdict.authority);
        }
      }
    },
  );
});
