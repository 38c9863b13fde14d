/** Reading the acts that a person types to the control listener. No message repeats what was typed. */
import { isDay } from "../days.ts";
import type { PersonFile } from "../population/types.ts";
import { type Act, BadAct, type World } from "../world.ts";
import { nineDigits } from "./search.ts";

/** The one person an act is about: by `fin` when given, else by `aNumber`. Throws BadAct for nobody or several. */
export function personOf(world: World, act: Act): PersonFile {
  const fin = optionalText(act, "fin");
  const aNumber = nineDigits(typeof act.aNumber === "string" ? act.aNumber : null);
  if (fin === null && aNumber === null) throw new BadAct("give fin or aNumber");
  const found = fin === null ? world.find("aNumber", aNumber!) : world.find("fin", fin);
  if (found.length > 1) throw new BadAct("several persons have this identifier: give fin");
  const [file] = found;
  if (file === undefined) throw new BadAct("nobody has this identifier");
  return file;
}

/** A text the act may give; null when it does not. Throws BadAct for anything but text. */
export function optionalText(act: Act, name: string): string | null {
  const value = act[name] ?? null;
  if (value === null) return null;
  if (typeof value !== "string" || value.trim() === "") throw new BadAct(`${name} is a text`);
  return value.trim();
}

/** A yes or no the act may give; null when it does not. */
export function optionalFlag(act: Act, name: string): boolean | null {
  const value = act[name] ?? null;
  if (value !== null && typeof value !== "boolean") throw new BadAct(`${name} is true or false`);
  return value;
}

/** An instant (`2026-10-19T14:00:00Z`) or a day (`2026-10-19`) the act may give, else `fallback`. */
export function timeOf(act: Act, name: string, fallback: string): string {
  const value = optionalText(act, name) ?? fallback;
  if (!isDay(value.slice(0, 10)) || !/^.{10}(T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ)?$/.test(value))
    throw new BadAct(`${name} is an instant such as 2026-10-19T14:00:00Z, or a day such as 2026-10-19`);
  return value;
}
