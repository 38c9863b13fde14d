/** Whether one alert is told: by whom is seen, and which of their records. */
import { describe, expect, test } from "@jest/globals";
import { buildSchema, type OperationDefinitionNode, parse } from "graphql";
import type { ErrorCode } from "../errors.ts";
import { allRights, type Guard, type Rights } from "../execution/rights.ts";
import type { AlertContract } from "../supergraph/alert-contract.ts";
import { type Evaluating, evaluate } from "./evaluate.ts";

const apiSchema = buildSchema(`
  type Query { person(by: By!): Person }
  input By { fin: ID }
  type Person { fin: ID cases: [Case!] }
  type Case { id: ID }
  type Subscription { alerts(kinds: [Kind!]): Alert }
  enum Kind { FILED OTHER }
  type Alert { kind: Kind! at: String system: String! person: Person }`);
const contract = {
  records: new Map([["FILED", { field: "cases", type: "Case", id: "id" }]]),
  find: { field: "person", argument: "by", input: "By" },
  key: { field: "fin", member: "fin" },
  tagOf: ({ fin }: Record<string, unknown>) => (typeof fin === "string" ? `Fin ${fin}` : null),
} as unknown as AlertContract;
const [operation] = parse("subscription { alerts { kind } }").definitions as readonly [OperationDefinitionNode];
const document = { kind: "subscription", operation, clientKeys: new Map(), deferLabels: new Map() };
const guarded: Rights = {
  ...allRights,
  key: "guarded",
  guardsOf: (type) => (type === "Case" ? [{} as Guard] : []),
};

type Given = { witness?: unknown; all?: readonly string[] | null; code?: ErrorCode; rights?: Rights; kind?: string };
const seen = (...ids: string[]) => ({ fin: "F1", cases: ids.map((id) => ({ id })) });
async function outcome(
  { witness = seen("1"), all = [], code, rights = allRights, kind = "FILED" }: Given,
  about: readonly (readonly [string, string])[] = [],
) {
  const errors = code ? [{ code, path: ["w0_"] }] : [];
  const execute = Object.assign(async () => ({ data: { w0_: witness }, errors }), {
    lookUp: async () => ({ data: { person: all && seen(...all) }, isWhole: all !== null }),
  });
  const evaluating = {
    supergraph: { apiSchema, execute },
    contract,
    request: { field: "alerts", clientKey: "alerts", by: null },
    operation: { document, variables: {} },
    rights,
  } as unknown as Evaluating;
  const event = { kind, at: null, system: "CASE", about };
  const told = await evaluate(evaluating, event, { by: { fin: "F1" }, tags: new Set(["Fin F1"]) });
  return typeof told === "string" ? told : told.data;
}
const told = { alerts: { kind: "FILED" } };

describe("an alert", () => {
  test.each([
    ["of a person and records that are seen", {}, told],
    ["of nobody, or of somebody hidden", { witness: null }, "withheld"],
    [
      "of a person whose records are refused",
      { witness: { fin: "F1", cases: null }, code: "UNAUTHORIZED_FIELD_OR_TYPE" },
      "withheld",
    ],
    [
      "of a person whose records are another's to tell of",
      { witness: { fin: "F1", cases: null }, code: "OWNER_REFER" },
      "withheld",
    ],
    ["of somebody of whom that cannot be said", { witness: null, code: "GUARD_UNAVAILABLE" }, "unavailable"],
    [
      "of records that could not be asked for",
      { witness: { fin: "F1", cases: null }, code: "SOURCE_TIMEOUT" },
      "unavailable",
    ],
    ["of somebody else, who has the identifier now", { witness: { ...seen("1"), fin: "F2" } }, "withheld"],
    ["of a kind that no records are named for", { kind: "OTHER" }, "withheld"],
  ] as const)("%s", async (_, given, expected) => expect(await outcome(given as Given)).toEqual(expected));
});

describe("where some records may be hidden, and others not", () => {
  test.each([
    ["all of them are seen", { all: ["1", "2"], witness: seen("1", "2") }, [], told],
    ["one of them is not, and nothing says which one it is", { all: ["1", "2"] }, [], "withheld"],
    ["it is about one that is seen", { all: ["1", "2"] }, [["Case", "1"]], told],
    ["it is about one that is not", { all: ["1", "2"] }, [["Case", "2"]], "withheld"],
    [
      "it is about something else as well",
      { all: ["1", "2"] },
      [
        ["Fin", "1"],
        ["Case", "2"],
      ],
      "withheld",
    ],
    ["nobody can say how many there are", { all: null }, [], "unavailable"],
  ] as const)("%s", async (_, given, about, expected) =>
    expect(await outcome({ ...given, rights: guarded } as Given, about)).toEqual(expected),
  );
});
