/** Persons to ask about, by every identifier they have, and what the subgraphs say of them that decisions depend on. */
import type { Mocks } from "../../mocks/main.ts";
import type { PersonFile } from "../../mocks/population/types.ts";
import { decoyIdentifiers } from "../../schema/scalars.ts";
import type { PersonFacts } from "./law.ts";

export type Identifier = {
  /** A member of PersonIdentifier, as a value. */
  readonly by: Readonly<Record<string, unknown>>;
  /** What of it is nobody else's, and what stands there for nobody. */
  readonly value: string;
  readonly nobodys: string;
};

export type Someone = {
  readonly fins: readonly string[];
  readonly identifiers: readonly Identifier[];
  readonly facts: PersonFacts;
  /** Whether there is anything to ask other agencies by. */
  readonly hasANumber: boolean;
  /** Whether records are there that are hidden from some of those who may see the person. */
  readonly isTelling: boolean;
};

// biome-ignore lint/suspicious/noExplicitAny: whatever was asked for.
type Json = any;

/**
 * Many of those who are not in a scenario have filed for a protected status, most of them people whom other agencies know:
 * the population has too few.
 */
export function protectMore({ world }: Mocks): void {
  for (const { index, ident, elis, e3, cases } of [...world.persons()]) {
    const isKnown = e3.length > 0 || cases.length > 0;
    if (index < 40 || index % (isKnown ? 2 : 7) !== 0) continue;
    const aNumber = ident
      .flatMap(({ encounters }) => encounters.map(({ aNumberRaw }) => aNumberRaw))
      .flatMap((raw) => /^A?(\d{9})$/.exec(raw ?? "")?.[1] ?? [])[0];
    if (aNumber === undefined) continue;
    const filing = {
      receiptNumber: `IOE09${String(index).padStart(8, "0")}`,
      aNumber,
      form: "I-918",
      receivedDate: "2025-06-02",
      status: "Case Was Received",
      statusDate: "2025-06-02",
      birthCountry: "HND",
      gender: null,
      protection: "1367",
    } as const;
    world.change(index, (file): PersonFile => ({ ...file, elis: { ...elis, cases: [...elis.cases, filing] } }));
  }
}

const ofCourt =
  "courtCases { asylumRelated nextHearing { asylumRelated } orders { asylumRelated } motions { asylumRelated } noticeAddress { lines } }";

/** Those of whom every fact that decides is known. */
export async function readPeople(mocks: Mocks, urls: Readonly<Record<string, string>>): Promise<readonly Someone[]> {
  const fins = [...mocks.world.persons()].flatMap(({ ident }) => [
    ...new Map(ident.map(({ clusterId, fin }) => [clusterId, fin])).values(),
  ]);
  const known: Json[] = [];
  for (let from = 0; from < fins.length; from += 25) {
    const some = fins.slice(from, from + 25);
    const fields = some.map((fin, at) => `p${at}: person(by: { fin: "${fin}" }) { ...who }`).join(" ");
    const { data } = await askSubgraph(
      urls.obim ?? "",
      `{ ${fields} } fragment who on Person { fin fins aNumbers i94Numbers passports { number country } sevisIds fbiNumbers eidSubjectIds minor encounters { asylumRelated } }`,
    );
    known.push(...Object.values(data).filter((each) => each !== null));
  }
  const facts = new Map<string, Json>(known.map((each) => [each.fin, { minor: each.minor }]));
  const by = {
    uscis: "protected1367 uscisCase",
    ice: "iceCase",
    cbp: "cbpCase addresses { status }",
    eoir: `eoirCase ${ofCourt}`,
  };
  for (const [subgraph, names] of Object.entries(by))
    for (let from = 0; from < known.length; from += 50) {
      const some = known.slice(from, from + 50);
      const { data } = await askSubgraph(
        urls[subgraph] ?? "",
        `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Person { fin ${names} } } }`,
        {
          of: some.map(({ fin, fins: all, aNumbers, i94Numbers, eidSubjectIds }) => ({
            __typename: "Person",
            fin,
            fins: all,
            aNumbers,
            i94Numbers,
            eidSubjectIds,
          })),
        },
      );
      for (const entity of data._entities) if (entity) Object.assign(facts.get(entity.fin) ?? {}, entity);
    }
  return known.flatMap((who) => {
    const { fin: _, addresses, courtCases, ...own } = facts.get(who.fin);
    const told = JSON.stringify([courtCases, who.encounters]);
    const hasRecords = own.protected1367 === true && (addresses?.length > 0 || told.includes('"lines":["'));
    const hasClaims = told.includes(":true");
    const isKnown = ["protected1367", "iceCase", "cbpCase", "uscisCase", "eoirCase"].every(
      (name) => typeof own[name] === "boolean",
    );
    return isKnown && who.aNumbers !== null
      ? [
          {
            hasANumber: who.aNumbers.length > 0,
            isTelling: hasRecords || hasClaims,
            fins: who.fins,
            identifiers: identifiersOf(who, mocks),
            facts: own as PersonFacts,
          },
        ]
      : [];
  });
}

function identifiersOf(who: Json, { world }: Mocks): readonly Identifier[] {
  const members = [
    ["fin", "Fin", [who.fin]],
    ["aNumber", "ANumber", who.aNumbers],
    ["i94Number", "I94Number", who.i94Numbers],
    ["sevisId", "SevisId", who.sevisIds],
    ["fbiNumber", "FbiNumber", who.fbiNumbers],
    ["eidSubjectId", "EidSubjectId", who.eidSubjectIds],
  ] as const;
  const plain = members.flatMap(([member, scalar, values]) =>
    ((values ?? []) as readonly string[])
      .filter((value) => world.find(member, value).length === 1)
      .map((value) => ({ by: { [member]: value }, value, nobodys: decoyIdentifiers[scalar] ?? "" })),
  );
  const passports = ((who.passports ?? []) as readonly { number: string; country: string }[]).map((passport) => ({
    by: { passport },
    value: passport.number,
    nobodys: decoyIdentifiers.PassportNumber ?? "",
  }));
  return [...plain, ...passports];
}

async function askSubgraph(url: string, query: string, variables: unknown = {}): Promise<Json> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}
