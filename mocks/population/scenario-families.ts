/** S4: a parent and a child whom the systems no longer know to belong together. S5: twenty-five people, one address. */
import type { Making } from "./block.ts";
import { inventNames } from "./names.ts";
import { countryOf } from "./places.ts";
import { createRandom } from "./random.ts";
import { courtCase, e3Subject, openStage } from "./stage.ts";
import type { CaseFile, E3Subject, PersonFile } from "./types.ts";

const together = { entered: true, derived: true };
/** e3 derived that the child came with a parent; the officer entered that it came alone. */
const contradicted = { entered: false, derived: true };

/** S4: `role` 0 is the parent, 1 the child at the next index. */
export function personS4(making: Making, leadIndex: number, role: 0 | 1): PersonFile {
  const stage = openStage(making, leadIndex + role);
  const lead = openStage(making, leadIndex);
  const parent = role === 0;
  const apprehendedAt = stage.at("2025-02-08 06:40");
  const { eventNumber } = e3Subject(lead, { apprehendedAt });
  const bookedOutAt = stage.at("2025-02-10 16:00");
  return stage.file({
    ident: [
      stage.identity(0, {
        birthDate: stage.on(parent ? "1996-01-28" : "2017-09-02"),
        sex: parent ? "F" : "M",
        citizenship: "VEN",
        names: [{ family: "Zúñiga Peña", given: parent ? "Belén" : "Mateo", kind: "PRIMARY" }],
        encounters: [
          stage.encounter("2025-02-08 12:30", {
            sender: "CBP-USBP",
            reason: "Apprehension",
            aNumberRaw: `A${stage.aNumber()}`,
          }),
        ],
      }),
    ],
    e3: [
      e3Subject(stage, {
        eventNumber,
        apprehendedAt,
        sector: "Del Rio",
        citizenship: "VEN",
        familyUnitNumber: parent ? "FMU25021187" : "FMU25021178",
        familyUnitType: parent ? "FMUA" : "UAC",
        familyMember: parent ? together : contradicted,
        unaccompaniedChild: parent ? { entered: false, derived: false } : { entered: true, derived: false },
        disposition: "Notice to Appear - Released on Own Recognizance",
        bookedOutAt,
        releaseAddress: { lines: ["77 Orchard Ln", "Denver, CO 80202"], since: bookedOutAt, undeliverable: false },
      }),
    ],
    cases: [
      courtCase(stage, {
        nationality: "VE",
        city: "Denver",
        state: "CO",
        zip: "80202",
        asylumType: "E",
        birthDate: stage.on(parent ? "1996-01-28" : "2017-09-02"),
        juvenile: parent ? null : "J",
        leadOf: parent ? [{ rider: openStage(making, leadIndex + 1).idncase(), severedOn: null, active: true }] : [],
        proceeding: {
          baseCity: "DEN",
          hearingLocation: "DEN",
          oscDate: stage.on("2025-02-10"),
          inputDate: stage.on("2025-03-17"),
        },
        hearings: [{ date: stage.on("2026-02-24"), adjournReason: "30" }, { date: stage.on("2026-12-08") }],
      }),
    ],
  });
}

export const peopleOfS5 = 25;
const addressOfS5 = ["4410 Mesquite Dr", "Houston, TX 77002"] as const;
const familyOfS5 = 4;
const countriesOfS5 = ["HND", "VEN", "HND", "COL", "HTI", "ECU", "NIC", "CUB"];

/** S5: the first four are a family; the others gave the same house within five months. */
export function personS5(making: Making, firstIndex: number, place: number): PersonFile {
  const stage = openStage(making, firstIndex + place);
  const family = place < familyOfS5;
  const random = createRandom(0x55, place);
  const country = countryOf(family ? "HND" : countriesOfS5[place % countriesOfS5.length]!);
  const sex = place % 2 === 0 ? "F" : "M";
  const relatives = inventNames(createRandom(0x55, 0), "spanish", "F").familyNames;
  const { names } = inventNames(random, country.culture, sex, family ? relatives : undefined);
  const born = `${family && place >= 2 ? 2014 + place : 1975 + place}-0${1 + (place % 9)}-1${place % 10}`;
  // One more released each week; the family came first.
  const week = family ? 0 : place - familyOfS5;
  const month = `2025-0${3 + Math.floor(week / 4)}`;
  const crossedOn = `${month}-0${1 + (week % 4) * 2}`;
  const apprehendedAt = stage.at(`${crossedOn} 05:30`);
  const bookedOutAt = stage.at(
    `${crossedOn.slice(0, 8)}${String(Number(crossedOn.slice(8)) + 2).padStart(2, "0")} 17:00`,
  );
  const lead = openStage(making, firstIndex);
  const event: Partial<E3Subject> = family
    ? {
        eventNumber: e3Subject(lead, { apprehendedAt: lead.at("2025-03-01 05:30") }).eventNumber,
        familyUnitNumber: "FMU25030044",
        familyUnitType: "FMUA",
        familyMember: together,
      }
    : {};
  return stage.file({
    ident: [
      stage.identity(0, {
        birthDate: stage.on(born),
        sex,
        citizenship: country.iso,
        names,
        encounters: [
          stage.encounter(`${crossedOn} 11:00`, {
            sender: "CBP-USBP",
            reason: "Apprehension",
            aNumberRaw: `A${stage.aNumber()}`,
          }),
        ],
      }),
    ],
    e3: [
      e3Subject(stage, {
        ...event,
        apprehendedAt,
        citizenship: country.iso,
        disposition: "Notice to Appear - Released on Own Recognizance",
        bookedOutAt,
        releaseAddress: { lines: addressOfS5, since: bookedOutAt, undeliverable: place % 5 === 3 },
      }),
    ],
    cases: family ? [caseOfS5(making, firstIndex, place)] : [],
  });
}

function caseOfS5(making: Making, firstIndex: number, place: number): CaseFile {
  const stage = openStage(making, firstIndex + place);
  const riders = Array.from({ length: familyOfS5 - 1 }, (_, n) => openStage(making, firstIndex + n + 1).idncase());
  return courtCase(stage, {
    nationality: "HO",
    city: "Houston",
    state: "TX",
    zip: "77002",
    juvenile: place >= 2 ? "J" : null,
    leadOf: place === 0 ? riders.map((rider) => ({ rider, severedOn: null, active: true })) : [],
    proceeding: {
      baseCity: "HOU",
      hearingLocation: "HOU",
      oscDate: stage.on("2025-03-03"),
      inputDate: stage.on("2025-04-14"),
    },
    hearings: [{ date: stage.on("2026-04-20"), adjournReason: "30" }, { date: stage.on("2027-01-25") }],
  });
}
