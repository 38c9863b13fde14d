/** What people at the agencies do to somebody's records, as the control listener offers it. */
import type { Mocks } from "../mocks/main.ts";
import type { PersonFile } from "../mocks/population/types.ts";
import { type Act, BadAct, type SystemName } from "../mocks/world.ts";

export type Deed = readonly [system: SystemName, act: string, given?: Readonly<Record<string, unknown>>];

/** In an order in which the later ones find something to be done to. */
export const deeds: readonly Deed[] = [
  ["case", "file-motion"],
  ["case", "file-motion", { kind: "O" }],
  ["case", "decide-motion", { decision: "D" }],
  ["case", "grant-stay"],
  ["case", "file-appeal"],
  ["case", "schedule-hearing"],
  ["case", "enter-order"],
  ["eid", "lodge-detainer"],
  ["eid", "lift-detainer"],
  ["eid", "book-in"],
  ["eid", "transfer"],
  ["eid", "book-out"],
  ["eid", "schedule-removal", { at: "2026-10-25T09:00:00Z" }],
  ["eid", "cancel-removal"],
  ["ident", "new-encounter", { typedANumber: "A037182818" }],
  ["adis", "record-departure"],
  ["i94", "extend-stay", { until: "2027-01-15" }],
  ["e3", "new-apprehension", { sector: "DRT" }],
  ["e3", "change-address", { lines: ["1 NEW STREET"] }],
  ["global", "refer-screening", { kind: "CF" }],
  ["global", "decide-screening", { decision: "POSITIVE" }],
  ["global", "serve-decision", { on: "ero" }],
  ["global", "close-screening"],
  ["elis", "file-application"],
  ["elis", "decide-application", { decision: "denied" }],
];

/** False: it cannot be done to them. */
export async function isDone(mocks: Mocks, [system, act, given]: Deed, aNumber: string): Promise<boolean> {
  const whole: Act = { act, aNumber, ...given };
  try {
    await mocks.act(system, whole);
    return true;
  } catch (error) {
    if (error instanceof BadAct) return false;
    throw error;
  }
}

/** Nine digits each. */
export function aNumbersOf({ cases, ident }: PersonFile): readonly string[] {
  const typed = ident.flatMap(({ encounters }) =>
    encounters.map(({ aNumberRaw }) => aNumberRaw?.replace(/\D/g, "").padStart(9, "0") ?? ""),
  );
  return [...new Set([...cases.map(({ aNumber }) => aNumber ?? ""), ...typed])].filter((each) => /^\d{9}$/.test(each));
}
