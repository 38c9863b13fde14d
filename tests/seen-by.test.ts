/** The whole graph, denying by default: who sees whom and what, and what is told while what decides it cannot be had. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { Fault } from "../mocks/faults.ts";
import type { SystemName } from "../mocks/world.ts";
import { type Answer, type Graph, patient, startGraph } from "./graph.ts";
import { recorder } from "./recorded-subgraphs.ts";
import { byClass, type CallerName, callerNames, callers, everything, headersOf, rows, valuesAt } from "./seen-by.ts";

const nobody = "9999999999";
/** Known to USCIS alone. */
const hiddenFromAll = "3758439249";
const recorded = recorder();
let graph: Graph;
let absentTo: Readonly<Record<string, Answer>>;
beforeAll(async () => {
  graph = await startGraph({ population: 2_000, sourceTimeoutMs: 4_000, config: patient, before: recorded.before });
  // The first answers of all pay for what is made once; they would be measured against the time a system has.
  for (const caller of callerNames) await seen(caller, nobody);
  const absent = callerNames.map(async (caller) => [caller, await seen(caller, nobody)] as const);
  absentTo = Object.fromEntries(await Promise.all(absent));
}, 60_000);
afterAll(() => graph?.close());

function seen(caller: CallerName, fin: string, query = everything): Promise<Answer> {
  const [persona, purpose] = callers[caller];
  return graph.ask(query, { by: { fin } }, { persona, headers: headersOf(purpose) });
}

type Told = NonNullable<Answer["body"]["errors"]>[number];
const codesOf = ({ body }: Answer) => (body.errors ?? []).map(({ extensions }: Told) => extensions.code);
const unsettled = (path: readonly (string | number)[]) => [
  { message: expect.any(String) as unknown, path, extensions: { code: "GUARD_UNAVAILABLE" } },
];

describe.each(rows)("$who ($fin)", ({ fin, seenBy, unsettledFor = [], parts }) => {
  test(`is seen by ${seenBy.join(", ")}, each as the law has it, and is nobody to others`, async () => {
    const wrong: unknown[] = [];
    await Promise.all(
      callerNames.map(async (caller) => {
        const answer = await seen(caller, fin);
        const { person } = answer.body.data;
        if (unsettledFor.includes(caller)) {
          expect(answer.body).toEqual({ data: { person: null }, errors: unsettled(["person"]) });
          return;
        }
        if (!seenBy.includes(caller)) {
          expect([caller, answer.text]).toEqual([caller, absentTo[caller]?.text]);
          return;
        }
        if (person === null) throw new Error(`${caller} does not see ${fin}: ${answer.text}`);
        for (const { at, values, seenBy: partBy, otherwise, isReferred } of parts) {
          const told = valuesAt(person, at);
          const expected = partBy.includes(caller) ? values : otherwise;
          if (JSON.stringify([...told].sort()) !== JSON.stringify([...expected].sort())) wrong.push([caller, at, told]);
          if (isReferred && partBy.includes(caller) === codesOf(answer).includes("OWNER_REFER"))
            wrong.push([caller, at, codesOf(answer)]);
        }
        for (const [at, partBy] of Object.entries(byClass))
          if (!partBy.includes(caller) && valuesAt(person, at).length > 0)
            wrong.push([caller, at, valuesAt(person, at)]);
      }),
    );
    expect(wrong).toEqual([]);
  });
});

test("what is refused to some whole classes is told to the others, of somebody: the positive control", async () => {
  const fins = ["4141592653", "6384604019", "5071521634", "9010768789"];
  const answers = new Map<CallerName, readonly Answer[]>();
  for (const caller of new Set(Object.values(byClass).flat()))
    answers.set(caller, await Promise.all(fins.map((fin) => seen(caller, fin))));
  for (const [at, partBy] of Object.entries(byClass))
    for (const caller of partBy) {
      const told = answers.get(caller)?.flatMap(({ body }) => valuesAt(body.data, `person.${at}`)) ?? [];
      const adultsAlone = ["asylum", "enforcementCases"].some((each) => at.startsWith(each));
      if (caller === "placement" && adultsAlone) continue;
      expect([at, caller, told.length > 0]).toEqual([at, caller, true]);
    }
});

/** By system: whose fact it holds, whom that keeps apart, and whom it does not matter for. */
const deciding: readonly {
  readonly system: SystemName;
  readonly subgraph: string;
  readonly caller: CallerName;
  /** There or hidden: with the fact unknown nobody can tell, and nobody is told. */
  readonly unsettled: readonly string[];
  readonly stillSeen: readonly (readonly [CallerName, string])[];
}[] = [
  {
    ...{ system: "elis", subgraph: "uscis", caller: "inspector" },
    unsettled: ["4141592653", "5071521634", "3758439249", "2445356864"],
    stillSeen: [
      ["custody", "4141592653"],
      ["custody", "9010768789"],
      ["border", "9010768789"],
      ["court", "3950015951"],
    ],
  },
  {
    ...{ system: "eid", subgraph: "ice", caller: "removal" },
    unsettled: ["9010768789", "2445356864", "3758439249"],
    stillSeen: [
      ["removal", "4141592653"],
      ["border", "9010768789"],
    ],
  },
  {
    ...{ system: "e3", subgraph: "cbp", caller: "border" },
    unsettled: ["9010768789", "3758439249", "2445356864"],
    stillSeen: [
      ["border", "4141592653"],
      ["custody", "9010768789"],
    ],
  },
  {
    ...{ system: "case", subgraph: "eoir", caller: "court" },
    unsettled: ["9010768789", "3950015951", "3758439249"],
    stillSeen: [
      ["court", "4141592653"],
      ["custody", "9010768789"],
    ],
  },
];

const faults: readonly (Fault & { readonly title: string })[] = [
  { title: "is down", kind: "down" },
  { title: "takes 5 seconds", kind: "slow", ms: 5_000 },
  { title: "refuses", kind: "refuse" },
  { title: "breaks off", kind: "truncate" },
  { title: "talks nonsense", kind: "garbage" },
];
const name = "query ($by: PersonIdentifier!) { person(by: $by) { fin names { family } } }";
const factNames = /^(protected1367|uscisCase|iceCase|cbpCase|eoirCase)$/;

/** The facts that a subgraph answers, as told. */
function spoilt(text: string, value: unknown): string {
  return JSON.stringify(JSON.parse(text), (key, each) => (factNames.test(key) ? value : each));
}

async function expectWithheld({ caller, unsettled: fins, stillSeen }: (typeof deciding)[number]): Promise<void> {
  const whoever = fins.map((fin) => ["supervisor", fin] as const);
  const [told, own] = await Promise.all([
    Promise.all([...fins, nobody].map((fin) => seen(caller, fin, name))),
    Promise.all([...stillSeen, ...whoever].map(async ([who, fin]) => ({ who, fin, ...(await seen(who, fin, name)) }))),
  ]);
  for (const { body } of told) expect(body).toEqual({ data: { person: null }, errors: unsettled(["person"]) });
  expect(new Set(told.map(({ text }) => text)).size).toBe(1);
  for (const { fin, who, body } of own) expect([who, fin, body.data.person]).toMatchObject([who, fin, { fin }]);
}

describe.each(deciding)("T14: the fact of $system", (row) => {
  afterEach(async () => {
    recorded.spoil = null;
    await graph.mocks.setFault(row.system, { kind: "none" });
  });

  test("decides when it can be had", async () => {
    for (const fin of [...row.unsettled, nobody]) {
      const { body } = await seen(row.caller, fin, name);
      expect([fin, body.errors]).toEqual([fin, undefined]);
    }
  });

  test.each(faults)("$title: nothing is told of anybody whom it decides about", async ({ title: _, ...fault }) => {
    await graph.mocks.setFault(row.system, fault);
    await expectWithheld(row);
  });

  const shapes: readonly (readonly [string, (text: string) => string | null])[] = [
    ["null", (text) => spoilt(text, null)],
    ["absent", (text) => spoilt(text, undefined)],
    ["a text that says false", (text) => spoilt(text, "false")],
    ["a number", (text) => spoilt(text, 0)],
    ["an empty list", (text) => spoilt(text, [])],
    ["no JSON", () => "<html>"],
    ["cut off with the connection", () => null],
  ];
  test.each(shapes)("is %s: the same", async (_, shape) => {
    recorded.spoil = ({ subgraph, query }, text) =>
      subgraph === row.subgraph && /protected1367|Case\b/.test(query) ? shape(text) : text;
    await expectWithheld(row);
  });

  test("is told with an error that nobody can place: who is hidden reads as nobody", async () => {
    recorded.spoil = ({ subgraph, query }, text) =>
      subgraph === row.subgraph && /protected1367|Case\b/.test(query)
        ? text.replace(/^\{/, '{"errors":[{"message":"x"}],')
        : text;
    const [hidden, absent] = await Promise.all([hiddenFromAll, nobody].map((fin) => seen(row.caller, fin, name)));
    expect(hidden?.body).toEqual({ data: { person: null }, errors: unsettled(["person"]) });
    expect(hidden?.text).toBe(absent?.text);
  });
});

test("T14: records that a fact decides about are withheld with it, whether or not there are any", async () => {
  await graph.mocks.setFault("elis", { kind: "down" });
  const query =
    "query ($by: PersonIdentifier!) { person(by: $by) { addresses { status } encounters { reason } courtCases { noticeAddress { since } } } }";
  // S1 has an address and filings; S13 has neither. The court has a case of both, and so sees both.
  const parts = await Promise.all(["4141592653", "6384604019"].map((fin) => seen("court", fin, query)));
  await graph.mocks.setFault("elis", { kind: "none" });
  for (const { body } of parts) {
    expect(body.data.person).toMatchObject({ addresses: null, encounters: null });
    expect(body.errors).toEqual(
      expect.arrayContaining([...unsettled(["person", "addresses"]), ...unsettled(["person", "encounters"])]),
    );
  }
  expect(parts[0]?.body.data.person.courtCases).toEqual([{ noticeAddress: null }]);
});
