import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Caller } from "./authenticate.ts";
import { type CallerClass, classOf } from "./caller-class.ts";
import { purposes } from "./purpose.ts";

const caller: Caller = {
  subject: "someone",
  agency: "POLICE",
  roles: ["patrol-officer", "287g-warrant-service"],
  purposes: ["LAW_ENFORCEMENT_INQUIRY"],
  scopes: ["hold:read"],
  ori: "FL9990000",
  clearances: [],
  assurance: { issuer: "https://issuer.test.example", authenticatedAt: null, acr: null },
};

const claims = fc.array(fc.oneof(fc.constantFrom("a", "b", ",", '"', "a,b", '","', "\u0000", "\\"), fc.string()), {
  maxLength: 3,
});
const anyClass = fc
  .tuple(
    fc.option(
      fc.record({
        agency: fc.option(fc.constantFrom("ICE", "CBP", "")),
        ori: fc.option(fc.constantFrom("TX9990000", "FL9990000", "FL9990001")),
        roles: claims,
        scopes: claims,
        clearances: claims,
      }),
    ),
    fc.option(fc.constantFrom(...purposes)),
  )
  .map(([some, purpose]) => classOf(some && { ...caller, ...some }, purpose));

const rest = ({ key: _, ...others }: CallerClass) => others;

describe("the class of a caller", () => {
  test("knows the caller's state by the first two letters of its ORI, and nothing of who it is", () => {
    const { key, ...others } = classOf(caller, "LAW_ENFORCEMENT_INQUIRY");
    expect(others).toEqual({
      isAuthenticated: true,
      agency: "POLICE",
      jurisdiction: "FL",
      roles: ["287g-warrant-service", "patrol-officer"],
      scopes: ["hold:read"],
      clearances: [],
      purpose: "LAW_ENFORCEMENT_INQUIRY",
    });
    expect(key).not.toContain("someone");
  });

  test("is the same whatever the order of claims and however often they are said", () => {
    const roles = ["287g-warrant-service", "patrol-officer", "patrol-officer"];
    const another: Caller = { ...caller, subject: "another", roles };
    expect(classOf(another, "OVERSIGHT")).toEqual(classOf(caller, "OVERSIGHT"));
  });

  test("tells nobody from a caller of whom nothing is known", () => {
    const blank: Caller = { ...caller, agency: null, roles: [], scopes: [], ori: null };
    expect(classOf(null, null).key).not.toBe(classOf(blank, null).key);
  });

  test("has a key that is equal exactly when all the rest is", () => {
    fc.assert(
      fc.property(anyClass, anyClass, (one, other) => {
        expect(one.key === other.key).toBe(JSON.stringify(rest(one)) === JSON.stringify(rest(other)));
      }),
    );
  });
});
