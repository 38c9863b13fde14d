/** How EID prints single values. Every drift depends on the record's id alone: the same bytes on every run. */
import { REDACTED, type Redactable } from "../population/types.ts";

/** FNV-1a over the text's UTF-16 units: an even spread, not a secret. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value ^= value >>> 15;
  return Math.imul(value, 0x2c1b3c6d) >>> 0;
}

/** True for about one in `n` of the ids. */
export const oneIn = (n: number, id: string) => hash(id) % n === 0;

const redactions = ["b(6), b(7)c", "b(6), b(7)C", "(b)(6)", "(b)(6), (b)(7)(C)"];

/** What the release office typed over a value. */
export const printRedaction = (id: string) => redactions[hash(id) % redactions.length] as string;

export function printText(value: Redactable<string>, id: string): string | null {
  return value === REDACTED ? printRedaction(id) : value;
}

export function printYesNo(value: boolean | null): "YES" | "NO" | null {
  return value === null ? null : value ? "YES" : "NO";
}

/**
 * A value of a column that is called a date: the day, or silently a date-time where one was typed. Midnight stands for
 * "no time of day": one in eight of the plain days is printed so.
 */
export function printDate(iso: string | null, id: string): string | null {
  if (iso === null) return null;
  if (iso.length > 10) return printInstant(iso);
  return oneIn(8, `date ${id}`) ? `${iso} 00:00:00` : iso;
}

/** A timestamp column's literal, in UTC. */
export function printInstant(iso: string): string;
export function printInstant(iso: string | null): string | null;
export function printInstant(iso: string | null): string | null {
  if (iso === null) return null;
  return iso.length > 10 ? iso.slice(0, 19).replace("T", " ") : `${iso} 00:00:00`;
}
