/**
 * Identifier numbers are an affine permutation of (person, slot), so that a number found in a document leads back to its
 * person by arithmetic: a population of any size needs no index.
 *
 * INVARIANT: decode…() may name a wrong person for a number nobody holds; callers look into the file before believing it.
 */
import type { IdentifierKind } from "../world.ts";
import { DAY, day, type Seconds } from "./dates.ts";

/** Beyond this many people the number spaces below would overlap. */
export const MAX_PEOPLE = 10_000_000;

type Space = {
  readonly prime: number;
  readonly multiplier: number;
  readonly shift: number;
  /** How many numbers of this kind one person may hold. */
  readonly slots: number;
  readonly inverse: bigint;
};

const spaces = {
  fin: space(8_999_999_993, 5_562_305_867, 3_141_592_653, 3),
  aNumber: space(229_999_981, 142_147_789, 27_182_818, 4),
  i94Number: space(9_999_999_967, 6_180_339_881, 5_772_156_649, 8),
  passport: space(2_399_999_983, 1_483_281_569, 1_644_934_066, 4),
  receiptNumber: space(99_999_989, 61_803_397, 91_596_559, 6),
  sevisId: space(9_999_999_967, 3_819_660_113, 131_035_478, 1),
  fbiNumber: space(5_759_999_953, 3_559_875_773, 2_685_452_001, 1),
  eidSubjectId: space(899_999_963, 556_230_577, 660_161_815, 2),
  idncase: space(89_999_999, 55_623_059, 12_824_271, 3),
  centreReceipt: space(699_967, 432_603, 424_243, 1),
} as const;

function space(prime: number, multiplier: number, shift: number, slots: number): Space {
  return {
    prime,
    multiplier,
    slots,
    shift,
    inverse: inverseOf(BigInt(multiplier), BigInt(prime)),
  };
}

/** Fermat: a^(p-2) is the inverse of a modulo the prime p. */
function inverseOf(value: bigint, prime: bigint): bigint {
  let result = 1n;
  let power = value % prime;
  for (let exponent = prime - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * power) % prime;
    power = (power * power) % prime;
  }
  return result;
}

/** INVARIANT: every product stays below 2^53: multiplier < 10^10, halves of n < 2^14 and 2^13. */
function permute({ prime, multiplier, shift }: Space, n: number): number {
  const high = Math.floor(n / 8192);
  const low = n % 8192;
  return (((((multiplier * high) % prime) * 8192 + multiplier * low) % prime) + shift) % prime;
}

function unpermute({ prime, inverse, shift }: Space, value: number): number {
  return Number((BigInt((value - shift + prime) % prime) * inverse) % BigInt(prime));
}

function numberOf(kind: keyof typeof spaces, index: number, slot: number): number {
  const { slots } = spaces[kind];
  if (slot >= slots) throw new RangeError(`a person holds at most ${slots} of ${kind}`);
  return permute(spaces[kind], index * slots + slot);
}

const digits = (value: number, width: number) => String(value).padStart(width, "0");

export const fin = (index: number, slot: number): string => String(1_000_000_000 + numberOf("fin", index, slot));
/** Nine digits. Slots 0–2: the person's own; slot 3: one that was never anybody's. */
export const aNumber = (index: number, slot: number): string =>
  digits(10_000_000 + numberOf("aNumber", index, slot), 9);
export const sevisId = (index: number): string => `N${digits(numberOf("sevisId", index, 0), 10)}`;
export const eidSubjectId = (index: number, slot: number): string =>
  String(100_000_000 + numberOf("eidSubjectId", index, slot));
export const idncase = (index: number, slot: number): number => 10_000_000 + numberOf("idncase", index, slot);

const maxEncounters = 64;

/** Nobody looks for a person by it: so it is no arithmetic, by which an encounter that is hidden would be told by its neighbours. */
export function encounterId(index: number, slot: number): string {
  if (slot >= maxEncounters) throw new RangeError(`a person has at most ${maxEncounters} encounters`);
  return `E${digits(scattered(index * maxEncounters + slot), 10)}`;
}

/** A permutation of the numbers below 2^30 (a Feistel network of four rounds): neighbours are no more alike than others. */
function scattered(n: number): number {
  let [left, right] = [n >>> 15, n & 0x7fff];
  for (const key of [0x3243, 0x6a88, 0x85a3, 0x08d3])
    [left, right] = [right, left ^ (Math.imul((right ^ key) + 1, 0x9e3779b1) >>> 17)];
  return left * 32_768 + right;
}

const letters = "ABCDEFGHJKLMNPRSTUVWXYZQ";

/** Eleven digits; since May 2019 nine digits, a letter and a digit. */
export function i94Number(index: number, slot: number, admittedAt: Seconds): string {
  const value = digits(numberOf("i94Number", index, slot), 10);
  return admittedAt < firstLetterI94
    ? `${value}${(index + slot) % 10}`
    : `${value.slice(0, 9)}${letters[(index + slot) % 23]}${value[9]}`;
}
const firstLetterI94 = Date.UTC(2019, 4, 1) / 1000;

/** A letter and eight digits. */
export function passportNumber(index: number, slot: number): string {
  const value = numberOf("passport", index, slot);
  return `${letters[Math.floor(value / 1e8)]}${digits(value % 1e8, 8)}`;
}

/** Six digits, two letters, a digit. */
export function fbiNumber(index: number): string {
  const value = numberOf("fbiNumber", index, 0);
  const pair = Math.floor(value / 1e7);
  const number = digits(value % 1e7, 7);
  return `${number.slice(0, 6)}${letters[Math.floor(pair / 24)]}${letters[pair % 24]}${number[6]}`;
}

export const receiptNumber = (index: number, slot: number): string =>
  `IOE09${digits(numberOf("receiptNumber", index, slot), 8)}`;

const centres = ["EAC", "LIN", "SRC", "MSC", "NBC", "WAC", "YSC"];
/** Only people below this index have receipts of a service centre: its number has 7 × 100,000 places for one workday. */
const centreRounds = 16;

/**
 * A receipt of a service centre: fiscal year, computer workday, sequence. The workday carries part of the person's
 * number, so the day of receipt moves by up to three weeks: it is returned with the number.
 */
export function centreReceipt(index: number, around: Seconds): { number: string; receivedAt: Seconds } {
  const { prime } = spaces.centreReceipt;
  const round = Math.floor(index / prime) % centreRounds;
  let receivedAt = around;
  let workday = fiscalWorkday(receivedAt);
  while (workday.day % centreRounds !== round || workday.weekend) {
    receivedAt -= DAY;
    workday = fiscalWorkday(receivedAt);
  }
  const place = permute(spaces.centreReceipt, index % prime);
  const number = `${centres[Math.floor(place / 1e5)]}${digits(workday.year % 100, 2)}${digits(workday.day, 3)}${digits(place % 1e5, 5)}`;
  return { number, receivedAt };
}

/** The US government's fiscal year begins on 1 October; days are counted without weekends. */
function fiscalWorkday(at: Seconds): { year: number; day: number; weekend: boolean } {
  const date = day(at);
  const calendarYear = Number(date.slice(0, 4));
  const year = Number(date.slice(5, 7)) >= 10 ? calendarYear + 1 : calendarYear;
  const start = Date.UTC(year - 1, 9, 1) / 1000 / DAY;
  const today = Math.floor(at / DAY);
  const startSinceMonday = (start + 3) % 7;
  const sinceMonday = today - start + startSinceMonday;
  const weekends = Math.floor(sinceMonday / 7) * 2 - Math.max(0, startSinceMonday - 5);
  return { year, day: today - start + 1 - weekends, weekend: sinceMonday % 7 > 4 };
}

/** Indices of the persons who may hold this identifier (usually one); empty for a form that nobody holds. */
export function decode(kind: IdentifierKind, value: string): readonly number[] {
  const number = numberIn(kind, value);
  if (number === null) return [];
  if (typeof number !== "number") return centreHolders(number.place, number.workday);
  const found = spaces[kind];
  if (number < 0 || number >= found.prime) return [];
  return [Math.floor(unpermute(found, number) / found.slots)];
}

function centreHolders(place: number, workday: number): readonly number[] {
  const { prime } = spaces.centreReceipt;
  if (place >= prime) return [];
  return [unpermute(spaces.centreReceipt, place) + (workday % centreRounds) * prime];
}

/** The inverse of the formats above; null for any other text. */
function numberIn(kind: IdentifierKind, value: string): number | { place: number; workday: number } | null {
  const matched = forms[kind].exec(value);
  if (matched === null) return null;
  const part = (at: number) => matched[at] ?? "";
  const letter = (at: number) => letters.indexOf(part(at));
  switch (kind) {
    case "fin":
      return Number(value) - 1_000_000_000;
    case "aNumber":
    case "idncase":
      return Number(value) - 10_000_000;
    case "eidSubjectId":
      return Number(value) - 100_000_000;
    case "sevisId":
      return Number(part(1));
    case "i94Number":
      return Number(part(1) !== "" ? part(1) : part(2) + part(3));
    case "passport":
      return letter(2) * 1e8 + Number(part(3));
    case "fbiNumber":
      return (letter(2) * 24 + letter(3)) * 1e7 + Number(part(1) + part(4));
    case "receiptNumber":
      if (part(1) !== "") return Number(part(1));
      return { place: centres.indexOf(part(2)) * 1e5 + Number(part(4)), workday: Number(part(3)) };
  }
}

const forms: Readonly<Record<IdentifierKind, RegExp>> = {
  fin: /^\d{10}$/,
  aNumber: /^\d{9}$/,
  i94Number: /^(?:(\d{10})\d|(\d{9})[A-Z](\d))$/,
  passport: /^([A-Z]{3}):([A-Z])(\d{8})$/,
  receiptNumber: /^(?:IOE09(\d{8})|(EAC|LIN|SRC|MSC|NBC|WAC|YSC)\d{2}(\d{3})(\d{5}))$/,
  sevisId: /^N(\d{10})$/,
  fbiNumber: /^(\d{6})([A-Z])([A-Z])(\d)$/,
  eidSubjectId: /^\d{9}$/,
  idncase: /^[1-9]\d{7,9}$/,
};

/** As typed in an encounter → nine digits; null where it cannot be read. */
export function readANumber(raw: string): string | null {
  const bare = raw.replace(/[\s-]/g, "").replace(/^[Aa]/, "");
  return /^\d{7,9}$/.test(bare) ? bare.padStart(9, "0") : null;
}
