/**
 * The scenarios S1 to S16, always in the population: at fixed indices, with fixed identifiers, whatever its size and
 * seed. Their dates follow worldNow, so that S1 always stands on the day before the flight.
 */
import { BLOCK_SIZE, type Making, makePerson } from "./block.ts";
import { finish } from "./draft.ts";
import * as identifiers from "./identifiers.ts";
import { personS6, personS8 } from "./scenario-benefits.ts";
import { personS2, personS3, personS7, personS9, personS10 } from "./scenario-custody.ts";
import { peopleOfS5, personS4, personS5 } from "./scenario-families.ts";
import { personS11, personS12, personS13, personS14, personS15, personS16 } from "./scenario-hidden.ts";
import { personS1 } from "./scenario-s1.ts";
import { openStage } from "./stage.ts";
import type { PersonFile, Scenario } from "./types.ts";

/** INVARIANT: S4's two people share a block; S5's first four do. */
const indexOf = {
  ...{ S1: 0, S2: 1, S3: 2, S4: 3, S6: 5, S7: 6, S8: 7, S9: 8, S10: 9 },
  ...{ S11: 10, S12: 11, S13: 12, S14: 13, S15: 14, S16: 15, S5: 16 },
} as const;

const casts: ReadonlyMap<number, (making: Making, index: number) => PersonFile> = new Map([
  [indexOf.S1, personS1],
  [indexOf.S2, personS2],
  [indexOf.S3, personS3],
  [indexOf.S4, (making: Making, index: number) => personS4(making, index, 0)],
  [indexOf.S4 + 1, (making: Making, index: number) => personS4(making, index - 1, 1)],
  [indexOf.S6, personS6],
  [indexOf.S7, personS7],
  [indexOf.S8, personS8],
  [indexOf.S9, personS9],
  [indexOf.S10, personS10],
  [indexOf.S11, personS11],
  [indexOf.S12, personS12],
  [indexOf.S13, personS13],
  [indexOf.S14, personS14],
  [indexOf.S15, personS15],
  [indexOf.S16, personS16],
  ...Array.from(
    { length: peopleOfS5 },
    (_, place) => [indexOf.S5 + place, (making: Making) => personS5(making, indexOf.S5, place)] as const,
  ),
]);

const scenarioBlocks = Math.ceil((indexOf.S5 + peopleOfS5) / BLOCK_SIZE);
/** The smallest population: all of the scenarios' blocks. */
export const scenarioPeople = scenarioBlocks * BLOCK_SIZE;

/** A block with scenario people in it, the rest of it ordinary; null for any other. */
export function makeScenarioBlock(making: Making, block: number): PersonFile[] | null {
  if (block >= scenarioBlocks) return null;
  return Array.from({ length: BLOCK_SIZE }, (_, place) => {
    const index = block * BLOCK_SIZE + place;
    const cast = casts.get(index);
    return cast ? cast(making, index) : finish(makePerson({ ...making, index }));
  });
}

type Identifiers = Scenario["identifiers"];

function identifiersOf(
  index: number,
  more: (stage: ReturnType<typeof openStage>) => Record<string, unknown> = () => ({}),
): Identifiers {
  const stage = openStage({ now: 0 }, index);
  return { fin: stage.fin(), aNumber: stage.aNumber(), ...more(stage) };
}

export const scenarios: readonly Scenario[] = [
  {
    id: "S1",
    title: "A removal tomorrow, a stay nobody keyed",
    shows:
      "In-absentia order; a motion to reopen it (MA) has been pending since 30 September, so removal is stayed by operation of law with STAY_GRANT empty and no notice. In custody since September, moved today to a staging facility in another state, removal scheduled for tomorrow. Has something in every part of PersonRecord.",
    identifiers: identifiersOf(indexOf.S1, (stage) => ({
      eidSubjectId: stage.subject,
      i94Number: stage.i94(0),
      passport: stage.passport("HND"),
      receiptNumber: stage.receipt(0),
      fbiNumber: stage.fbi,
      idncase: stage.idncase(),
    })),
  },
  {
    id: "S2",
    title: "A fear found reasonable, served on the applicant only",
    shows:
      "Reasonable-fear decision positive; served on the applicant, not on ERO nor the court; removal scheduled in three days.",
    identifiers: identifiersOf(indexOf.S2, (stage) => ({ eidSubjectId: stage.subject })),
  },
  {
    id: "S3",
    title: "The court does not answer",
    shows:
      'Removal scheduled in two days, final order, no stay. Take CASE away (PUT /systems/case/fault {"kind":"down"}) and the answer must become UNKNOWN, never clear.',
    identifiers: identifiersOf(indexOf.S3, (stage) => ({ eidSubjectId: stage.subject, idncase: stage.idncase() })),
  },
  {
    id: "S4",
    title: "Parent and child under two family unit numbers",
    shows:
      "One e3 event, two family unit numbers (two digits swapped), the child entered as unaccompanied but derived as accompanied; in court the child rides with the parent.",
    identifiers: identifiersOf(indexOf.S4, (stage) => {
      const child = openStage({ now: 0 }, indexOf.S4 + 1);
      return {
        idncase: stage.idncase(),
        childFin: child.fin(),
        childANumber: child.aNumber(),
        childIdncase: child.idncase(),
      };
    }),
  },
  {
    id: "S5",
    title: "Twenty-five people at one address",
    shows:
      "A family of four and twenty-one others gave the same house on release within five months; mail to five of them came back.",
    identifiers: identifiersOf(indexOf.S5, () => ({
      others: Array.from({ length: peopleOfS5 - 1 }, (_, n) => identifiers.fin(indexOf.S5 + n + 1, 0)),
    })),
  },
  {
    id: "S6",
    title: "A citizen held on a place of birth",
    shows:
      "US citizen by derivation (N-600 approved); an active detainer rests on a database match alone: foreign place of birth, no statements, no proceedings, no warrant.",
    identifiers: identifiersOf(indexOf.S6, (stage) => ({
      eidSubjectId: stage.subject,
      fbiNumber: stage.fbi,
      receiptNumber: stage.receipt(0),
    })),
  },
  {
    id: "S7",
    title: "The order stands under the other A-number",
    shows:
      "Two linked FINs with different birth dates, two A-numbers: ICE holds him under the first and knows of no order; the in-absentia order stands under the second.",
    identifiers: identifiersOf(indexOf.S7, (stage) => ({
      secondFin: stage.fin(1),
      secondANumber: stage.aNumber(1),
      eidSubjectId: stage.subject,
      idncase: stage.idncase(),
    })),
  },
  {
    id: "S8",
    title: "A filing that nobody may learn of",
    shows:
      "An ordinary file with a pending self-petition protected by 8 USC 1367 in ELIS: to police the answer is the same bytes as for nobody.",
    identifiers: identifiersOf(indexOf.S8, (stage) => ({
      i94Number: stage.i94(0),
      passport: stage.passport("UKR"),
      protectedReceiptNumber: stage.receipt(2),
    })),
  },
  {
    id: "S9",
    title: "One arrest, three rows",
    shows: "EID holds the same arrest twice and once more within 24 hours as a reprocessed arrest; there was one stay.",
    identifiers: identifiersOf(indexOf.S9, (stage) => ({ eidSubjectId: stage.subject })),
  },
  {
    id: "S10",
    title: "A hold that ends",
    shows:
      'An active, served detainer. Lift it (POST /systems/eid/do {"act":"lift-detainer","aNumber":"…"}): no answer from then on may show it as ACTIVE; it stays on record as LIFTED.',
    identifiers: identifiersOf(indexOf.S10, (stage) => ({
      eidSubjectId: stage.subject,
      fbiNumber: stage.fbi,
      dtaId: stage.serial(40_000_000),
    })),
  },
  {
    id: "S11",
    title: "Held by ICE, and protected by 8 USC 1367",
    shows:
      "A pending U petition in ELIS. In ICE custody, in removal proceedings, with an address given on release and one for the court's notices. ICE sees her, but neither address nor what goes back to the petition; to those with no case of hers she is nobody. Her next hearing is on asylum (IA).",
    identifiers: identifiersOf(indexOf.S11, (stage) => ({
      eidSubjectId: stage.subject,
      idncase: stage.idncase(),
      protectedReceiptNumber: stage.receipt(0),
    })),
  },
  {
    id: "S12",
    title: "A case that is by its type about asylum",
    shows:
      "Admitted without a visa, so that his case is asylum-only (AOC): its existence tells of the claim. Denied on 30 September, the time to appeal runs: removal is stayed, which all may know, and why, not all.",
    identifiers: identifiersOf(indexOf.S12, (stage) => ({
      eidSubjectId: stage.subject,
      i94Number: stage.i94(0),
      passport: stage.passport("POL"),
      idncase: stage.idncase(),
    })),
  },
  {
    id: "S13",
    title: "A child who came alone",
    shows:
      "Twelve years old, unaccompanied by both indicators, handed over to HHS; in removal proceedings with a juvenile code. Those who place children see her, and no adult.",
    identifiers: identifiersOf(indexOf.S13, (stage) => ({ idncase: stage.idncase() })),
  },
  {
    id: "S14",
    title: "A fear claimed at the border",
    shows:
      "Expedited removal with a credible-fear referral: the claim stands in e3's indicators and disposition, in EID's category (8G) and in Global's open screening; there is no court case.",
    identifiers: identifiersOf(indexOf.S14, (stage) => ({ eidSubjectId: stage.subject })),
  },
  {
    id: "S15",
    title: "Known to USCIS alone, by a protected filing",
    shows:
      "A pending T application is all there is: for everybody but USCIS's own this person does not exist, and no answer may differ from that about nobody.",
    identifiers: identifiersOf(indexOf.S15, (stage) => ({ protectedReceiptNumber: stage.receipt(0) })),
  },
  {
    id: "S16",
    title: "A hold that police may not learn of",
    shows:
      "An active, served detainer on a person with a pending self-petition under 8 USC 1367: holdCheck reads as for somebody nobody holds; ICE sees its detainer.",
    identifiers: identifiersOf(indexOf.S16, (stage) => ({
      eidSubjectId: stage.subject,
      fbiNumber: stage.fbi,
      protectedReceiptNumber: stage.receipt(0),
      dtaId: stage.serial(40_000_000),
    })),
  },
];
