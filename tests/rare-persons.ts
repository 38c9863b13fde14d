/**
 * Persons of whom the population has too few or none, made out of ordinary ones in the simulated systems: without them a
 * comparison of random persons says nothing of the rules that only they decide.
 */

import type { Mocks } from "../mocks/main.ts";
import type { E3Subject, ElisCase, GlobalApplication, IdentIdentity, PersonFile } from "../mocks/population/types.ts";
import type { SystemName, World } from "../mocks/world.ts";
import { rareCase, rareCases } from "./rare-cases.ts";

type Rare = {
  /** Out of whom it can be made. */
  readonly from: (file: PersonFile) => boolean;
  readonly make: (file: PersonFile, world: World) => PersonFile;
};

const subject = (file: PersonFile): E3Subject => file.e3[0] as E3Subject;
const isApprehended = (file: PersonFile): boolean => file.e3.length === 1 && subject(file).fin !== null;

/** The same person caught once more. */
const again = (file: PersonFile, more: Partial<E3Subject>): PersonFile => ({
  ...file,
  e3: [...file.e3, { ...subject(file), ...more }],
});

/** An A-number of theirs that can be read; undefined: none. */
function aNumberOf({ ident }: PersonFile): string | undefined {
  const typed = ident.flatMap(({ encounters }) => encounters.map(({ aNumberRaw }) => aNumberRaw ?? ""));
  return typed.flatMap((raw) => /^A?(\d{9})$/.exec(raw)?.[1] ?? [])[0];
}

const paper = (aNumber: string, more: Partial<GlobalApplication>): GlobalApplication => ({
  receiptNumber: "LIN2690300001",
  aNumber,
  filedDate: "2025-02-03",
  decision: "GRANT",
  decisionDate: "2026-02-03",
  birthCountry: "HND",
  ...more,
});

const electronic = (aNumber: string, more: Partial<ElisCase>): ElisCase => ({
  receiptNumber: "LIN2690300001",
  aNumber,
  form: "I-589",
  receivedDate: "2025-02-03",
  status: "Case Was Approved",
  statusDate: "2026-02-03",
  birthCountry: "HND",
  gender: "Female",
  protection: null,
  ...more,
});

const filed = (onPaper: Partial<GlobalApplication>, inElis: Partial<ElisCase>): Rare => ({
  from: (file) => aNumberOf(file) !== undefined && file.global.applications.length + file.elis.cases.length === 0,
  make: (file) => {
    const aNumber = aNumberOf(file)!;
    const global = { ...file.global, applications: [paper(aNumber, onPaper)] };
    return { ...file, global, elis: { cases: [electronic(aNumber, inElis)] } };
  },
});

const crossed = (file: PersonFile): boolean => file.adis.some(({ direction }) => direction === "ARRIVAL");

const others: Readonly<Record<string, Rare>> = {
  "apprehended twice, the earlier event written last": {
    from: isApprehended,
    make: (file) => again(file, { eventNumber: "RARE1", apprehendedAt: "2019-03-04T05:06:07Z" }),
  },
  "apprehended twice at one instant": { from: isApprehended, make: (file) => again(file, { eventNumber: "RARE2" }) },
  "apprehended at a time that nobody wrote down": {
    from: isApprehended,
    make: (file) => again(file, { eventNumber: "RARE3", apprehendedAt: null, arrestedAt: null }),
  },
  "apprehended on a day alone": {
    from: isApprehended,
    make: (file) => again(file, { eventNumber: "RARE4", apprehendedAt: "2025-11-30" }),
  },
  "released twice to different addresses": {
    from: (file) => isApprehended(file) && subject(file).releaseAddress !== null,
    make: (file) => {
      const releaseAddress = { lines: ["1 Rare Street", "Miami, FL 33130"], since: "2026-10-02", undeliverable: null };
      return again(file, { eventNumber: "RARE5", apprehendedAt: "2026-10-01T10:00:00Z", releaseAddress });
    },
  },
  "known to e3 by A-number alone": {
    from: (file) => isApprehended(file) && aNumberOf(file) !== undefined,
    make: (file) => ({ ...file, e3: [{ ...subject(file), fin: null, aNumber: aNumberOf(file)! }] }),
  },
  "arrived with another's I-94 number, which IDENT does not know of them": {
    from: crossed,
    make: (file, world) => {
      const { i94Number } = firstWith(world, ({ index, i94 }) => index !== file.index && i94.length > 0).i94[0]!;
      return { ...file, adis: file.adis.map((each) => ({ ...each, i94Number })) };
    },
  },
  "arrived on a day alone": {
    from: crossed,
    make: (file) => ({ ...file, adis: file.adis.map((each) => ({ ...each, at: each.at.slice(0, 10) })) }),
  },
  "one application in Global and ELIS, decided alike": filed({}, {}),
  "one application in Global and ELIS, decided differently": filed({}, { status: "Case Was Denied" }),
  "two applications of one day": filed({}, { receiptNumber: "IOE0900000001" }),
  "applications without receipt or day": filed({ receiptNumber: null, filedDate: null }, {}),
  "one A-number typed so that nobody can read it, and one so that all can": {
    from: (file) => file.cases.length === 1 && isApprehended(file) && aNumberOf(file) !== undefined,
    make: (file) => {
      const [first, ...identities] = file.ident as [IdentIdentity, ...IdentIdentity[]];
      const encounter = { ...first.encounters[0]!, encounterId: "RARE6", aNumberRaw: "A0?3599353" };
      return { ...file, ident: [{ ...first, encounters: [...first.encounters, encounter] }, ...identities] };
    },
  },
  "two cases at the court": {
    from: ({ cases }) => cases.length === 1,
    make: (file) => ({ ...file, cases: [...file.cases, rareCase({}, file.cases[0]!.aNumber, 999)] }),
  },
};

function firstWith(world: World, has: (file: PersonFile) => boolean): PersonFile {
  for (const file of world.persons()) if (has(file)) return file;
  throw new Error("nobody in the population is such a person");
}

const court = Object.entries(rareCases).map(([title, variant], place): [string, Rare] => [
  title,
  {
    from: (file) => file.cases.length === 0 && aNumberOf(file) !== undefined,
    make: (file) => ({ ...file, cases: [rareCase(variant, aNumberOf(file)!, place)] }),
  },
]);

type Acted = {
  readonly system: SystemName;
  readonly acts: readonly Act[];
  readonly from: (file: PersonFile) => boolean;
};
type Act = { readonly act: string } & Readonly<Record<string, unknown>>;

const isIn = (file: PersonFile) => aNumberOf(file) !== undefined && aNumberOf(file) === file.eid.stays[0]?.aFileNumber;
const isInSnapshot = (file: PersonFile) =>
  file.cases.length === 1 && file.cases[0]?.inSnapshot === true && file.cases[0].aNumber === aNumberOf(file);
const isFree = (file: PersonFile) => isIn(file) && file.eid.stays.every(({ bookOutAt }) => bookOutAt !== null);

/** What only happens in a system's own tables: EID's are filled before anybody can be changed, so is the court's snapshot. */
const acted: Readonly<Record<string, Acted>> = {
  "the court's case is gone since the snapshot": {
    system: "case",
    acts: [{ act: "remove-case" }],
    from: (file) => isInSnapshot(file),
  },
  "an order of the snapshot is appealed from today": {
    system: "case",
    acts: [{ act: "file-appeal" }],
    from: (file) => isInSnapshot(file) && file.cases[0]?.proceedings[0]?.decCode === "X",
  },
  "taken into custody once more, moved, and let go": {
    system: "eid",
    acts: [{ act: "book-in" }, { act: "transfer" }, { act: "book-out", reason: "Bonded Out" }],
    from: isFree,
  },
  "in custody as a subject of whom IDENT does not know": {
    system: "eid",
    acts: [{ act: "book-in" }],
    from: (file) =>
      aNumberOf(file) !== undefined &&
      Object.values(file.eid).every((rows) => rows.length === 0) &&
      file.ident.every(({ encounters }) => encounters.every(({ eidSubjectId }) => eidSubjectId === null)),
  },
  "in custody once more": { system: "eid", acts: [{ act: "book-in" }], from: isFree },
  "a second detainer": {
    system: "eid",
    acts: [{ act: "lodge-detainer", warrantForm: "I-205" }],
    from: (file) => isIn(file) && file.eid.detainers.length === 1,
  },
  "a detainer lifted today, for no reason given": {
    system: "eid",
    acts: [{ act: "lodge-detainer" }, { act: "lift-detainer" }],
    from: isIn,
  },
  "a second removal is planned": {
    system: "eid",
    acts: [{ act: "schedule-removal", at: "2026-10-25", country: "KOR" }],
    from: (file) => isIn(file) && file.eid.removals.length === 1,
  },
};

/** Makes each of them out of somebody else, who is no scenario's person; returns a FIN of each. */
export async function makeRarePersons({ world, act }: Pick<Mocks, "world" | "act">, after: number): Promise<string[]> {
  const left = [...world.persons()].filter(({ index }) => index >= after);
  const take = (title: string, from: (file: PersonFile) => boolean): PersonFile => {
    const place = left.findIndex(from);
    const [file] = left.splice(place, place < 0 ? 0 : 1);
    if (file === undefined) throw new Error(`nobody can be made into this: ${title}`);
    return file;
  };
  const made = [...Object.entries(others), ...court].map(([title, { from, make }]) =>
    world.change(take(title, from).index, (before) => make(before, world)),
  );
  const seen = Object.entries(acted).map(([title, { from, ...rest }]) => ({ file: take(title, from), ...rest }));
  for (const { file, system, acts } of seen)
    for (const each of acts) await act(system, { aNumber: aNumberOf(file)!, ...each });
  return [...made, ...seen.map(({ file }) => file)].map(({ ident }) => ident[0]!.fin);
}
