/** About whom is asked: those of whom the law hides something or leaves open, some others, and nobody. */
import { scenarios } from "../../mocks/population/scenarios.ts";
import type { World } from "../../mocks/world.ts";
import { drawSeeded } from "../differential/draw.ts";
import type { Asked, Pools } from "./operations.ts";
import type { Readings, Row } from "./readings.ts";

export const population = 2_000;

/** Of the population of seed 1, by what makes each of them worth asking about. */
const chosen: Readonly<Record<string, readonly string[]>> = {
  "the court's orphan of S8; both FINs of S7": ["3950015951", "5263098336", "1825404210"],
  "categories that tell of a claim": ["5043567105", "4085683595", "2581024508", "2553069979"],
  "cases that are about asylum": ["7697686404", "5642146739", "2744646681", "5973496086"],
  "hearings that tell of a claim": ["4660413701", "2221720632", "9385712191", "4412927941"],
  "motions for changed conditions; stays by order": ["8998453786", "8439363206", "3845627359"],
  children: ["7889263106", "6384604019", "7478155173", "7506109702", "3347331316"],
  "no birth date": ["8982814260", "7669731875"],
  "protected, and known to some agencies alone": ["3758439249", "2632828565", "2445356864", "9010768789"],
  "a protected form whose marker is gone": ["4460626997"],
  "A-numbers that cannot be read": ["1786763171", "2002189401", "3482998960", "9665257481"],
  "a fear claim, no court": ["5071521634", "4141592653", "2828510268"],
};

/** FINs: the scenarios', the chosen, and some drawn by the seed. */
export function finsOf(world: World, seed: number, drawn: number): readonly string[] {
  const draw = drawSeeded(seed);
  const all = [...world.persons()].flatMap(({ ident }) => ident.map(({ fin }) => fin));
  const some = Array.from({ length: drawn }, () => draw.of(all));
  return [
    ...new Set([...scenarios.map(({ identifiers }) => identifiers.fin), ...Object.values(chosen).flat(), ...some]),
  ];
}

/** Reads all that can be asked about, so that nothing of it is read later, when a system is down. */
export async function readAll(readings: Readings, { persons, holds }: Pools): Promise<void> {
  await readings.nobody();
  for (let from = 0; from < persons.length; from += atOnce)
    await Promise.all(persons.slice(from, from + atOnce).map(({ by }) => readings.personBy(by)));
  for (let from = 0; from < holds.length; from += atOnce)
    await Promise.all(holds.slice(from, from + atOnce).map((asked) => readings.holdBy(asked)));
}

const atOnce = 8;

const kinds: readonly (readonly [list: string, kind: string])[] = [
  ["fins", "fin"],
  ["aNumbers", "aNumber"],
  ["i94Numbers", "i94Number"],
  ["receiptNumbers", "receiptNumber"],
  ["sevisIds", "sevisId"],
  ["fbiNumbers", "fbiNumber"],
  ["eidSubjectIds", "eidSubjectId"],
];

/** One of every form, that is nobody's. */
const unknown: readonly Asked[] = [
  { fin: "8888888888" },
  { aNumber: "A 188-888-888" },
  { i94Number: "88888888888" },
  { passport: { number: "Z8888888", country: "HND" } },
  { receiptNumber: "IOE0888888888" },
  { sevisId: "N8888888888" },
  { fbiNumber: "888888ZZ8" },
  { eidSubjectId: "888888888" },
].map((by) => ({ by }));

const releases = ["2026-10-20T15:00:00Z", "2026-10-23T22:30:00Z"];

/** Every way to ask about these persons and about nobody; police ask by A-number and FIN alone. */
export async function poolsOf(readings: Readings, fins: readonly string[]): Promise<Pools> {
  const persons: Asked[] = [];
  const holds: Asked[] = [];
  for (const [index, fin] of fins.entries()) {
    const row = await readings.person(fin);
    if (row === null) throw new Error("somebody of the population is not in it");
    const ways = identifiersOf(row);
    // By FIN twice: a person of many numbers is not asked about more often than one of few.
    persons.push({ by: { fin } }, { by: { fin } }, ...ways.slice(0, 8));
    if (decides.test(JSON.stringify(row))) for (let round = 0; round < 6; round++) persons.push({ by: { fin } });
    const byNumber = ways.filter(({ by }) => "aNumber" in by).slice(0, 1);
    const release = releases[index % 3];
    holds.push({ by: { fin } }, ...byNumber.map((each) => (release ? { ...each, releaseAt: release } : each)));
  }
  for (let round = 0; round < 3; round++) persons.push(...unknown);
  holds.push(...unknown.slice(0, 2));
  return { persons, holds };
}

/** Facts on which records of a person are hidden. */
const decides = /"(asylumRelated|protectedFiling|protected1367)":true/;

function identifiersOf(row: Row): readonly Asked[] {
  const lists = kinds.flatMap(([list, kind]) =>
    ((row[list] ?? []) as readonly string[]).slice(0, 2).map((value) => ({ by: { [kind]: written(kind, value) } })),
  );
  const passports = (row.passports ?? []) as readonly { readonly number: string; readonly country: string }[];
  return [...lists, ...passports.slice(0, 1).map(({ number, country }) => ({ by: { passport: { number, country } } }))];
}

/** As people write them, now and then. */
function written(kind: string, value: string): string {
  return kind === "aNumber" && Number(value) % 3 === 0
    ? `A${value.slice(0, 3)}-${value.slice(3, 6)}-${value.slice(6)}`
    : value;
}
