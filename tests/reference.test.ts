/**
 * A reference decision model: the same systems read past the gateway into plain objects, and rules written anew from the
 * law. Every generated (operation, caller, purpose) is answered by the gateway as by it: data to the byte, and the same
 * errors; with all systems up, and with each of them down. `PROOF_REFERENCE=10000` asks for more, `PROOF_SEED` for others.
 */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type DocumentNode, Kind, parse, visit } from "graphql";
import type { SystemName } from "../mocks/world.ts";
import { composeSupergraph } from "../schema/compose.ts";
import { type Graph, patient, startGraph } from "./graph.ts";
import { type Asker, readAskers } from "./reference/callers.ts";
import { type Compared, differences, seenIn } from "./reference/compare.ts";
import { agencies, type Labels, readLabels } from "./reference/labels.ts";
import { isSomeDecided, isSomePermitted, policies } from "./reference/law.ts";
import { type Model, type ModelAnswer, openModel } from "./reference/model.ts";
import { type Generated, operationsAbout, shown, textOf } from "./reference/operations.ts";
import { finsOf, poolsOf, population, readAll } from "./reference/persons.ts";
import { openReadings } from "./reference/readings.ts";
import { writeTraits } from "./reference/traits.ts";
import { type Subgraphs, startSubgraphs } from "./systems.ts";

const count = Number(process.env.PROOF_REFERENCE ?? 100);
const seed = Number(process.env.PROOF_SEED ?? 20_261_019);
/** Each operation is asked by so many callers, all at once. */
const callersForEach = 5;
const timeoutMs = 120_000 + count * 500;
const systems: readonly SystemName[] = ["ident", "adis", "i94", "e3", "eid", "global", "elis", "case"];

const traits = writeTraits();
let graph: Graph;
/** The same agencies' subgraphs once more, open to whoever asks, over the same systems. */
let open: Subgraphs;
let labels: Labels;
let askers: readonly Asker[];
let police: readonly Asker[];
let officers: readonly Asker[];
let model: Model;
let arbitrary: fc.Arbitrary<Generated>;
const { apiSchema } = composeSupergraph();
const newModel = (): Model => openModel(apiSchema, labels, openReadings(open.urls, labels));

beforeAll(async () => {
  graph = await startGraph({ population, sourceTimeoutMs: 20_000, config: { ...patient, subgraphsFile: traits.path } });
  open = await startSubgraphs(graph.mocks.urls);
  await courtIsRead();
  labels = readLabels();
  askers = await readAskers();
  police = askers.filter(({ caller }) => caller.agency === "POLICE");
  const some = askers.filter(({ caller }) => isSomePermitted("person", caller));
  // Twice those from whom some records are hidden and others are not.
  officers = [...some, ...some.filter(({ caller }) => isSomeDecided(caller))];
  const readings = openReadings(open.urls, labels);
  const pools = await poolsOf(readings, finsOf(graph.mocks.world, seed, 20));
  await readAll(readings, pools);
  arbitrary = operationsAbout(apiSchema, pools);
  model = openModel(apiSchema, labels, readings);
}, 120_000);
afterAll(async () => {
  await open?.close();
  await graph?.close();
  traits.remove();
});
afterEach(async () => {
  for (const system of systems) await graph?.mocks.setFault(system, { kind: "none" });
});

/** The court's subgraph reads its snapshot when it starts; until then it knows of nothing. */
async function courtIsRead(): Promise<void> {
  for (;;) {
    const { body } = await graph.ask('{ person(by: { fin: "4141592653" }) { stays { state } } }');
    if (body.data?.person?.stays?.[0]?.state === "IN_FORCE") return;
  }
}

type Given = Compared & { readonly status: number };

/** A machine that is busy with other tests is no fault of the gateway's: who is refused for that asks again. */
async function ask(generated: Generated, asker: Asker): Promise<Given> {
  for (let attempt = 1; ; attempt++) {
    const given = await askOnce(generated, asker);
    if (given.status !== 503 || attempt === 20) return given;
    await setTimeout(200);
  }
}

async function askOnce({ operation }: Generated, asker: Asker): Promise<Given> {
  const { variables, operationName } = operation;
  const response = await fetch(graph.url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json", ...asker.headers },
    body: JSON.stringify({ query: textOf(operation), variables, operationName }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: an answer of whatever form.
  const { data, errors = [] } = (await response.json()) as { data?: unknown; errors?: any[] };
  const told = errors.map(({ path = [], extensions: { code, authority, callback } }) => ({
    code,
    path,
    ...(authority === undefined ? {} : { authority }),
    ...(callback === undefined ? {} : { callback }),
  }));
  return { status: response.status, data, errors: told };
}

type Tally = Map<string, number>;
const add = (tally: Tally, what: string) => void tally.set(what, (tally.get(what) ?? 0) + 1);

/** One operation for one caller: what is different, in words. */
function judge(expected: ModelAnswer, given: Given, asker: Asker, tally: Tally): readonly string[] {
  const isLimited = given.status === 400 && given.errors.every(({ code }) => code.endsWith("_LIMIT"));
  if (isLimited) {
    add(tally, "refused by limits");
    return [];
  }
  add(tally, "answers");
  add(tally, `caller ${asker.name}`);
  for (const what of expected.tally.keys()) add(tally, `with ${what}`);
  return given.status === 200 ? differences(expected, given) : [`${given.status} ${JSON.stringify(given.errors)}`];
}

/** Those who may ask about what the operation is about, most of the time. */
function askersFor({ roots }: Generated, turn: number): readonly Asker[] {
  const among = roots.has("person") ? officers : roots.has("holdCheck") ? police : askers;
  return Array.from({ length: callersForEach }, (_, at) => {
    const some = at === 0 ? askers : among;
    return some[(turn * callersForEach + at) % some.length] as Asker;
  });
}

/** So many answers are compared. Throws with the smallest operation that is answered otherwise, and how. */
async function compareAll(
  runs: { readonly answers: number; readonly seed: number },
  reference: Model,
  tally: Tally,
  alsoWrong: (generated: Generated, asker: Asker, given: Given) => Promise<readonly string[]> = async () => [],
): Promise<void> {
  let turn = 0;
  const property = fc.asyncProperty(arbitrary, async (generated) => {
    const judged = askersFor(generated, turn++).map(async (asker) => {
      const expected = await reference.answer(generated.operation, asker.caller);
      const given = await ask(generated, asker);
      const wrong = [...judge(expected, given, asker, tally), ...(await alsoWrong(generated, asker, given))];
      return wrong.length > 0 ? [`as ${asker.name}:`, ...wrong, shown(generated.operation)] : [];
    });
    const wrong = (await Promise.all(judged)).flat();
    if (wrong.length > 0) throw new Error(wrong.join("\n"));
  });
  const endOnFailure = process.env.PROOF_SHRINKS === "0";
  await fc.assert(property, { numRuns: Math.ceil(runs.answers / callersForEach), seed: runs.seed, endOnFailure });
}

function report(title: string, tally: Tally): void {
  const isCaller = (what: string) => what.startsWith("caller ");
  const parts = [...tally].filter(([what]) => !isCaller(what)).map(([what, times]) => `${times} ${what}`);
  const callers = [...tally.keys()].filter(isCaller).length;
  console.log(`result: ${title}: ${parts.join(", ")}; ${callers} of ${askers.length} callers with their purpose`);
}

const documentOf = (name: string) =>
  parse(readFileSync(new URL(`../schema/documents/${name}.graphql`, import.meta.url), "utf8"));
const wholePerson = documentOf("person-record");
const aliasedPerson = visit(wholePerson, {
  Field: (node) => ({ ...node, alias: { kind: Kind.NAME, value: `a_${node.name.value}` } }),
});

const asking = (root: string, document: DocumentNode, ...fins: readonly string[]): readonly Generated[] =>
  fins.map((fin) => ({
    operation: { document, variables: { by: { fin } }, operationName: null },
    roots: new Set([root]),
  }));

const nobody = "8888888888";
const [s11, s12, s15, s16] = ["9010768789", "7697686404", "3758439249", "2445356864"] as const;
/** Of their A-numbers, in this order: one, one, none can be read. */
const unreadable = ["1786763171", "4085683595", "3482998960"];

/** Asked for by everybody, so that what is rare among generated operations is compared in any case. */
const certain: readonly Generated[] = [
  ...asking("person", wholePerson, s11, s12, s15, s16, nobody, ...unreadable),
  ...asking("person", aliasedPerson, s11, s12, s12),
  ...asking("holdCheck", documentOf("hold-check"), s11, s16, nobody),
];
const certainInOutages = asking("person", wholePerson, nobody, s15, ...unreadable.slice(0, 1));

async function compareCertain(of: readonly Generated[], part: number, reference: Model, tally: Tally): Promise<void> {
  const compared = askers.map(async (asker, index) => {
    // Each by one of so many callers; who asks about which changes with the length of the list.
    for (const generated of of.filter((_, at) => (at + index) % part === 0)) {
      const expected = await reference.answer(generated.operation, asker.caller);
      const wrong = judge(expected, await ask(generated, asker), asker, tally);
      expect({ asker: asker.name, ...generated.operation.variables, wrong }).toMatchObject({ wrong: [] });
    }
  });
  await Promise.all(compared);
}

test(
  "every generated operation is answered for every caller and purpose as the reference decides",
  async () => {
    const tally: Tally = new Map();
    await compareCertain(certain, 3, model, tally);
    await compareAll({ answers: count, seed }, model, tally);
    report("all systems up", tally);
    const classes = ["person", "hidden person", "absent", "person unavailable", "hold"];
    const decisions = ["refused root", "refused", "permit", "hide", "refer", "unavailable"];
    // A comparison in which something never came up says nothing about it.
    expect([...classes, ...decisions].filter((each) => !tally.has(`with ${each}`))).toEqual([]);
    expect(tally.get("answers") ?? 0).toBeGreaterThan(count * 0.9);
  },
  timeoutMs,
);

test(
  "with one system down the same is decided of what is known, and nothing is seen that is hidden when it is up",
  async () => {
    for (const [index, system] of systems.entries()) {
      const tally: Tally = new Map();
      await graph.mocks.setFault(system, { kind: "down" });
      const answers = Math.ceil(count / systems.length / 2);
      const reference = newModel();
      await compareCertain(certainInOutages, 4, reference, tally);
      await compareAll({ answers, seed: seed + index + 1 }, reference, tally, async ({ operation }, asker, given) =>
        seenBeyond((await model.answer(operation, asker.caller)).data, given.data),
      );
      report(`${system} down`, tally);
      await graph.mocks.setFault(system, { kind: "none" });
    }
  },
  timeoutMs,
);

/** Values in `given` that are not in `healthy`. A stay of which nothing is known is one more, with the court's name. */
function seenBeyond(healthy: unknown, given: unknown): readonly string[] {
  const before = seenIn(healthy);
  return [...seenIn(given)]
    .filter(([value, times]) => (before.get(value) ?? 0) < times && !saysNothing.test(value))
    .map(([value]) => `seen: ${value}`);
}

const saysNothing = / "(UNKNOWN|CASE|2026-10-01T06:00:00Z)"$/;

test("the reference knows every rule of the schemas, and imports nothing of what it checks", () => {
  const guards = [...labels.values()].flatMap(({ label, fields }) => [
    label,
    ...[...fields.values()].map((f) => f.label),
  ]);
  const named = new Set(guards.flatMap((label) => label.guards.map(({ policy }) => policy)));
  expect([...named].sort()).toEqual(Object.keys(policies).sort());
  expect(agencies.length).toBeGreaterThan(5);
  const folder = new URL("./reference/", import.meta.url);
  const sources = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8"));
  const imports = sources.flatMap((text) => [...text.matchAll(/\bfrom "([^"]+)"/g)].map(([, path]) => path ?? ""));
  expect(imports.length).toBeGreaterThan(sources.length);
  expect(imports.filter((path) => /gateway|cedar/.test(path))).toEqual([]);
});
