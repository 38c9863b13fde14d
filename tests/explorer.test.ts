/** What the page at GET / offers is what this graph and this gateway take. */
import { expect, test } from "@jest/globals";
import { parse, validate } from "graphql";
import { purposes } from "../gateway/authorization/purpose.ts";
import { explorerPage } from "../gateway/http/explorer.ts";
import { composeSupergraph } from "../schema/compose.ts";

const { html } = explorerPage();

test("its operation is valid, and asks for every part of a person's record", () => {
  const operation = /const example = `([^`]+)`/.exec(html)?.[1] ?? "";
  expect(operation).toContain("query PersonRecord($by: PersonIdentifier!)");
  expect(validate(composeSupergraph().apiSchema, parse(operation))).toEqual([]);
  for (const part of ["i94Number", "familyUnit", "servedOnEroAt", "liftReason", "nextHearing", "stays"])
    expect(operation).toContain(part);
});

test("its purposes are those that the gateway knows", () => {
  const offered = /const purposes = (\[[^\]]+\])/.exec(html)?.[1] ?? "[]";
  expect(JSON.parse(offered)).toEqual(purposes);
});

test("it says where a token and a scenario's identifiers come from", () => {
  expect(html).toContain("npm run -s token -- ero-officer");
  expect(html).toContain("npm run -s scenarios");
});
