/**
 * Eight neighbours made together. INVARIANT: whatever one person's file says of another (families, lead and rider cases,
 * A-numbers recorded for two people) stays inside their block, so that a block can be made alone, in any order.
 */
import { crossWithFamily } from "./border-courses.ts";
import { courses, familyWeight } from "./courses.ts";
import { DAY, HOUR, type Seconds } from "./dates.ts";
import { beginDraft, type Draft, earlier, finish, meet } from "./draft.ts";
import { readANumber } from "./identifiers.ts";
import { pickCountry } from "./places.ts";
import { createRandom, type Random } from "./random.ts";
import { rates } from "./rates.ts";
import type { PersonFile } from "./types.ts";

export const BLOCK_SIZE = 8;

const BLOCK_STREAM = 0xb10c;
const PERSON_STREAM = 0x9e50;
const FAMILY_STREAM = 0xfa31;

const familySizes = [
  [15, 1],
  [45, 2],
  [25, 3],
  [15, 4],
] as const;
const meanFamily = familySizes.reduce((sum, [weight, size]) => sum + (weight * size) / 100, 0);
const allWeights = courses.reduce((sum, { weight }) => sum + weight, familyWeight);
/** One family per block at most: its share makes families as frequent as their weight says. */
const familyShare = ((familyWeight / allWeights) * BLOCK_SIZE) / meanFamily;
const wheel = courses.map((course) => [course.weight, course] as const);

export type Making = { readonly seed: number; readonly now: Seconds };

/** The eight people of a block: a pure function of seed, block and worldNow. */
export function makeBlock(making: Making, block: number): PersonFile[] {
  const { seed, now } = making;
  const random = createRandom(seed, BLOCK_STREAM, block);
  const first = block * BLOCK_SIZE;
  const size = random.chance(familyShare) ? random.weighted(familySizes) : 0;
  const leadIndex = first + random.int(BLOCK_SIZE - size + 1);
  const drafts: Draft[] = [];
  if (size > 0) drafts.push(...makeFamily(making, leadIndex, size));
  for (let index = first; index < first + BLOCK_SIZE; index += 1) {
    if (index < leadIndex || index >= leadIndex + size) drafts.push(makePerson({ seed, now, index }));
  }
  drafts.sort((a, b) => a.index - b.index);
  mixUpANumbers(random, drafts);
  return drafts.map(finish);
}

/** One person of an ordinary life course, by themselves. */
export function makePerson(at: Making & { readonly index: number }): Draft {
  const random = createRandom(at.seed, PERSON_STREAM, at.index);
  const course = random.weighted(wheel);
  const draft = beginDraft(at, random, {
    sex: random.chance(0.5) ? "M" : "F",
    age: random.between(...course.ages),
    country: pickCountry(random, course.from),
  });
  course.live(draft);
  return draft;
}

function makeFamily({ seed, now }: Making, leadIndex: number, size: number): Draft[] {
  const random = createRandom(seed, FAMILY_STREAM, leadIndex);
  const country = pickCountry(random, "border");
  const at = now - random.between(70, 1200) * DAY + random.int(24) * HOUR;
  const together = () => createRandom(seed, FAMILY_STREAM, leadIndex, 1);
  const drafts: Draft[] = [];
  for (let member = 0; member < size; member += 1) {
    const index = leadIndex + member;
    const own = createRandom(seed, PERSON_STREAM, index);
    const adult = size > 1 && (member === 0 || (member === 1 && size > 2 && own.chance(0.6)));
    const names = drafts[0]?.familyNames;
    const draft = beginDraft({ seed, now, index }, own, {
      sex: member < 2 && adult ? (member === 0 ? "F" : "M") : own.chance(0.5) ? "M" : "F",
      age: adult ? own.between(24, 45) : size === 1 ? own.between(14, 19) : own.between(4, 16),
      country,
      ...(names ? { familyNames: names } : {}),
    });
    crossWithFamily(draft, { leadIndex, size, at, together });
    drafts.push(draft);
  }
  return drafts;
}

/** For a few A-numbers, somebody typed them into a neighbour's encounter as well. */
function mixUpANumbers(random: Random, drafts: readonly Draft[]): void {
  for (const owner of drafts) {
    const known = new Set<string>();
    for (const [, { aNumberRaw }] of owner.encounters) {
      const aNumber = aNumberRaw === null ? null : readANumber(aNumberRaw);
      if (aNumber !== null) known.add(aNumber);
    }
    for (const aNumber of known) {
      if (!random.chance(rates.aNumberOnTwoFins.rate)) continue;
      const other = drafts[(drafts.indexOf(owner) + 1 + random.int(drafts.length - 1)) % drafts.length]!;
      const at = earlier(other, 30, 2000);
      meet(other, { at, sender: "CBP-OFO", reason: "Secondary inspection", aNumberRaw: `A${aNumber}` });
    }
  }
}
