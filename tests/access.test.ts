/** `docs/access.md` tells of the callers that there are, and of decisions as the gateway takes them. */
import { describe, expect, test } from "@jest/globals";
import { parse } from "graphql";
import type { CallerClass } from "../gateway/authorization/caller-class.ts";
import { readPolicies } from "../gateway/authorization/policies.ts";
import { isPurpose } from "../gateway/authorization/purpose.ts";
import { rightsReader } from "../gateway/authorization/rights.ts";
import { readRules } from "../gateway/authorization/rules.ts";
import type { Rights } from "../gateway/execution/rights.ts";
import { type Persona, personas } from "../mocks/issuer/personas.ts";
import { type Asking, accessRows, askingOf, readCallers } from "../schema/access.ts";
import { deciding, readPolicyBook, readPolicyTexts } from "../schema/check-policies.ts";
import { composeSupergraph } from "../schema/compose.ts";
import { namedType, readContract } from "../schema/contract.ts";

function classFor({ purpose, agency, jurisdiction, roles, scopes, clearances }: Asking): CallerClass {
  if (!isPurpose(purpose)) throw new Error(`there is no purpose ${purpose}`);
  const rest = { isAuthenticated: true, agency, jurisdiction, roles, scopes, clearances, purpose };
  return { key: JSON.stringify(rest), ...rest };
}

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

describe("the tables of the document", () => {
  const { sdl } = composeSupergraph();
  const supergraph = readContract([{ path: "schema/supergraph.graphql", text: sdl }]);
  const texts = readPolicyTexts();
  const book = readPolicyBook(texts);
  if (!("rules" in book)) throw new Error(book.join("\n"));
  const asking = askingOf(readCallers());
  const rows = accessRows(supergraph, book, asking);
  const rightsOf = rightsReader(readRules(parse(sdl), { denyByDefault: true }), readPolicies(texts), () =>
    Date.parse("2026-10-19"),
  );
  const classes = asking.map((each) => classFor(each));

  /** Types that a way leads to, by the gateway's own rights. */
  const reachedBy = (rights: Rights) => {
    const reached = new Set(["Query", "Subscription"]);
    for (const type of reached)
      for (const { node, name, isInaccessible } of supergraph.get(type)?.fields.values() ?? [])
        if (!isInaccessible && !rights.refusesField(type, name)) reached.add(namedType(node.type));
    return reached;
  };

  test("have a row for every field that the gateway serves to anybody", () => {
    const told = new Set(rows.map(({ element }) => element));
    const served = classes.flatMap((caller) => {
      const rights = rightsOf(caller);
      return [...reachedBy(rights)].flatMap((type) =>
        [...(supergraph.get(type)?.fields.values() ?? [])]
          .filter(({ name, isInaccessible }) => !isInaccessible && !rights.refusesField(type, name))
          .map(({ name }) => `${type}.${name}`),
      );
    });
    expect(served.filter((each) => !told.has(each))).toEqual([]);
    expect(new Set(served).size).toBeGreaterThan(100);
  });

  test.each(asking.map(({ persona, purpose }, at) => ({ name: `${persona}, ${purpose}`, at })))(
    "say of $name what the gateway's rights say",
    ({ at }) => {
      const rights = rightsOf(classes[at] as CallerClass);
      const reached = reachedBy(rights);
      const fields = rows.filter(({ field }) => field !== null);
      const told = fields.map(({ element, access }) => `${element} ${access[at]?.kind}`);
      const held = fields.map(({ element, type, field }) => {
        const isRefused = !reached.has(type) || rights.refusesField(type, field as string);
        // What is told wherever it is asked for is told in a note.
        if (isRefused) return `${element} ${rights.refusalOf(type, field as string) === null ? "refused" : "depends"}`;
        const guards = [
          ...rights.guardsOf(type),
          ...rights.gatesOf(type),
          ...rights.guardsOfField(type, field as string),
        ];
        return `${element} ${guards.length > 0 ? "depends" : "permitted"}`;
      });
      expect(told).toEqual(held);
    },
  );
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
    (asking) => {
      const caller = classFor(asking);
      for (const [policy, names] of book.facts) {
        const table = policies.table(policy, caller, Date.parse("2026-10-19"));
        for (let bits = 0; bits < 2 ** names.length; bits += 1) {
          const facts = Object.fromEntries(names.map((name, at) => [name, (bits >> at) % 2 === 1]));
          const verdict = table.always ?? table.decide(table.relevant.map((each) => facts[each] === true));
          const told = decide(policy, asking, facts);
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
