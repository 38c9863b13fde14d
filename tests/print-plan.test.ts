/** What `npm run plan` prints, over the project's own supergraph. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { describePlans } from "../gateway/print-plan.ts";
import { personRecord } from "./graph.ts";

const sdl = readFileSync(new URL("../schema/supergraph.graphql", import.meta.url), "utf8");
const plansOf = (document: string, variables: Readonly<Record<string, unknown>> = {}) =>
  describePlans({ sdl, document, variables, as: null, planSoftMs: 10_000, planHardMs: 10_000 });
const headings = (text: string) => text.split("\n").filter((line) => /^\S/.test(line));

test("a person's record is planned as one request for who it is, and then one to each other agency", async () => {
  const [heading, ...requests] = headings(await plansOf(personRecord));
  expect(heading).toBe("query PersonRecord: 5 requests");
  expect(requests[0]).toBe("1. obim, at once");
  expect(
    requests
      .slice(1)
      .map((each) => /^\d\. ([a-z]+), after 1, of person by (.*)$/.exec(each)?.[1])
      .sort(),
  ).toEqual(["cbp", "eoir", "ice", "uscis"]);
  expect(requests.find((each) => each.includes("eoir"))).toMatch(/ by .*\baNumbers\b/);
});

test("every operation of a file is told, deferred parts and what they wait for among them, and no value is", async () => {
  const text = await plansOf(`
    query Names { person(by: { aNumber: "A037-182-818" }) { names { family } } }
    query Later($by: PersonIdentifier!, $more: Boolean!) {
      person(by: $by) { fin ... @defer(label: "court", if: $more) { courtCases { id } } }
    }
    query Ours { __typename }`);
  expect(headings(text)).toEqual([
    "query Names: 1 request",
    "1. obim, at once",
    "query Later: 3 requests",
    "1. obim, at once",
    "2. obim, after 1, deferred (court), of person by fin",
    expect.stringMatching(/^3\. eoir, after 2, deferred \(court\), of person by .*\baNumbers\b/),
    "query Ours: 0 requests",
  ]);
  expect(text).not.toContain("037");
});

test("what is skipped is planned where the variables say so, else what is included", async () => {
  const document =
    'query Q($court: Boolean!) { person(by: {fin: "4141592653"}) { fin courtCases @include(if: $court) { id } } }';
  expect(headings(await plansOf(document))).toHaveLength(3);
  expect(headings(await plansOf(document, { court: false }))).toHaveLength(2);
});

test.each([
  ["{ nobody }", /^line 1, column 3: .*\(GRAPHQL_VALIDATION_FAILED\)$/],
  ["fragment F on Person { fin }", /^there is no operation in the file$/],
])("%s is refused in a line that says why", async (document, why) => {
  await expect(plansOf(document)).rejects.toThrow(why);
});

const command = fileURLToPath(new URL("../gateway/print-plan.ts", import.meta.url));
const recordFile = fileURLToPath(new URL("../schema/documents/person-record.graphql", import.meta.url));

test("as a persona, what is refused is told, and the facts that decide are asked for", () => {
  const planAs = (...args: readonly string[]) =>
    spawnSync(process.execPath, [command, recordFile, "--as", ...args], { encoding: "utf8", timeout: 20_000 }).stdout;
  const forBorder = planAs("cbp-officer");
  const [heading, refused, ...requests] = headings(forBorder);
  expect(heading).toBe("query PersonRecord: 7 requests");
  expect(refused).toBe(
    "refused: CourtCase.juvenile, EnforcementCase.category, EnforcementCase.status, Person.asylum, Stay.basis",
  );
  expect(requests.filter((each) => each.includes("uscis"))).toHaveLength(2);
  expect(forBorder).toMatch(/\bprotected1367\b/);
  expect(planAs("protected-persons-supervisor")).not.toMatch(/\bprotected1367\b/);
  expect(planAs("protected-persons-supervisor", "--purpose", "BREAK_GLASS")).toMatch(/\bprotected1367\b/);
  expect(headings(planAs("police-patrol"))).toEqual(["query PersonRecord: 0 requests", "refused: Query.person"]);
});

test.each([
  ["a persona that is not there", ["x.graphql", "--as", "somebody"], /^plan: --as takes one of ero-officer, /],
  [
    "a purpose that is not the persona's",
    ["x.graphql", "--as", "cbp-officer", "--purpose", "CUSTODY"],
    /^plan: cbp-officer may state BORDER_INSPECTION$/m,
  ],
  ["a purpose of nobody", ["x.graphql", "--purpose", "CUSTODY"], /^plan: npm run -s plan -- <file.graphql>/],
  ["no file", [], /^plan: npm run -s plan -- <file.graphql>/],
  ["a file that is not there", ["no-such.graphql"], /^plan: ENOENT/],
])("the command refuses %s, and says what to do", (_what, args, line) => {
  const { status, stderr } = spawnSync(process.execPath, [command, ...args], { encoding: "utf8", timeout: 20_000 });
  expect(stderr).toMatch(line);
  expect(status).toBe(1);
});
