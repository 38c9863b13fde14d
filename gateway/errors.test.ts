import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { type ErrorCode, errorTable, partError, readSubgraphError, refusalStatus, refuse } from "./errors.ts";
import { errorsDocument, errorsDocumentPath } from "./errors-document.ts";

test("docs/errors.md is what the table generates", () => {
  expect(readFileSync(errorsDocumentPath, "utf8")).toBe(errorsDocument());
});

test("codes and texts follow one form", () => {
  for (const [code, { text, kind, status }] of Object.entries(errorTable)) {
    expect(code).toMatch(/^[A-Z][A-Z0-9_]+$/);
    expect(text).not.toMatch(/\.$/);
    expect(kind === "part" ? status === 200 : status >= 400).toBe(true);
  }
});

test.each<[ErrorCode, number, number]>([
  ["GRAPHQL_PARSE_FAILED", 400, 200],
  ["BAD_USER_INPUT", 400, 200],
  ["BAD_REQUEST", 400, 400],
  ["UNAUTHENTICATED", 401, 401],
  ["PURPOSE_NOT_PERMITTED", 403, 403],
  ["PAYLOAD_TOO_LARGE", 413, 413],
])("%s is %d, and %d under application/json", (code, graphqlStatus, jsonStatus) => {
  expect(refusalStatus(refuse(code), "application/graphql-response+json")).toBe(graphqlStatus);
  expect(refusalStatus(refuse(code), "application/json")).toBe(jsonStatus);
});

describe("a subgraph's error", () => {
  test.each<[unknown, unknown]>([
    [
      { code: "SOURCE_TIMEOUT", system: "EID" },
      { code: "SOURCE_TIMEOUT", system: "EID" },
    ],
    [{ code: "INVALID_IDENTIFIER" }, { code: "BAD_USER_INPUT" }],
    [{ code: "UNAUTHENTICATED" }, { code: "SUBGRAPH_ERROR" }],
    [{ code: "constructor" }, { code: "SUBGRAPH_ERROR" }],
    [{ code: 7, system: "eid" }, { code: "SUBGRAPH_ERROR" }],
    [{ code: "SOURCE_REFUSED", system: "A123456789\n" }, { code: "SOURCE_REFUSED" }],
    [undefined, { code: "SUBGRAPH_ERROR" }],
    ["text", { code: "SUBGRAPH_ERROR" }],
  ])("with extensions %j passes as %j", (extensions, expected) => {
    expect(readSubgraphError(extensions)).toEqual(expected);
  });

  test("is shown with code, agency, system and path alone", () => {
    const shown = partError({ code: "SOURCE_TIMEOUT", path: ["a", 0], agency: "ice", system: "EID" });
    expect(shown).toEqual({
      message: errorTable.SOURCE_TIMEOUT.text,
      path: ["a", 0],
      extensions: { code: "SOURCE_TIMEOUT", agency: "ice", system: "EID" },
    });
  });
});
