/** Finds the entities of a fetch in the data. */

import { Code } from "./code.ts";
import { read } from "./complete.ts";
import type { Place } from "./units.ts";

export type Gather = (from: object, sharing: Sharing) => readonly object[];

/**
 * Whether one object may stand at several places: of some, those below them as well; or references alone, which nothing
 * stands below.
 */
export type Sharing = "none" | "references" | "objects";

/** Finds every object at this place, in order. One that stands at several places is given once. */
export function gathering(place: Place): Gather {
  let all: ((from: object, into: object[]) => void) | null = null;
  return (from, sharing) => {
    if (sharing === "objects") return gatherOnce(from, place);
    all ??= compileGather(place);
    const found: object[] = [];
    all(from, found);
    return sharing === "references" ? [...new Set(found)] : found;
  };
}

function compileGather(place: Place): (from: object, into: object[]) => void {
  const code = new Code();
  return code.function(
    ["r", "o"],
    eachAt(code, "r", place, (object) => `o.push(${object});`),
  ) as unknown as ReturnType<typeof compileGather>;
}

/** Code that goes to every object at this place. `visit`: what it does there; `slot`: where its holder has the object. */
export function eachAt(
  code: Code,
  from: string,
  place: Place,
  visit: (object: string, slot: string) => string,
): string {
  const at = (object: string, slot: string, [step, ...rest]: Place): string => {
    if (step === undefined) return visit(object, slot);
    const value = code.variable();
    const below = within(value, `${object}[${code.handed(step.key)}]`, step.lists, rest);
    return `const ${value}=${code.member(object, step.key)};${below}`;
  };
  const within = (value: string, held: string, lists: number, rest: Place): string => {
    if (lists === 0)
      return `if(typeof ${value}==="object"&&${value}!==null&&!Array.isArray(${value})){${at(value, held, rest)}}`;
    const [index, element] = [code.variable(), code.variable()];
    const slot = `${value}[${index}]`;
    const below = within(element, slot, lists - 1, rest);
    return `if(Array.isArray(${value}))for(let ${index}=0;${index}<${value}.length;${index}++){const ${element}=${slot};${below}}`;
  };
  return at(from, from, place);
}

function gatherOnce(from: object, place: Place): readonly object[] {
  let level: object[] = [from];
  for (const { key, lists } of place) {
    const next = new Set<object>();
    for (const each of level) collect(read(each, key), lists, next);
    level = [...next];
  }
  return level;
}

function collect(value: unknown, lists: number, into: Set<object>): void {
  if (typeof value !== "object" || value === null) return;
  if (lists === 0) {
    if (!Array.isArray(value)) into.add(value);
  } else if (Array.isArray(value)) for (const element of value) collect(element, lists - 1, into);
}

/** The same, each with the objects above it, from the root down to itself. */
export function gatherWithAncestors(from: object, place: Place): readonly (readonly object[])[] {
  let level: readonly (readonly object[])[] = [[from]];
  for (const { key, lists } of place)
    level = level.flatMap((line) => {
      const found = new Set<object>();
      collect(read(line.at(-1) as object, key), lists, found);
      return [...found].map((each) => [...line, each]);
    });
  return level;
}
