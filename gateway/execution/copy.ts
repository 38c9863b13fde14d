/**
 * Copies of answers that others hold too, so that they can be filled and taken away from: by code made for each type as
 * soon as a second object of it is copied. Of selected keys alone, as merge.ts does it for the first.
 */
import { Code } from "./code.ts";
import { read } from "./complete.ts";
import { copySelected } from "./merge.ts";
import type { Selection } from "./selection.ts";

export type Copy = (value: unknown) => unknown;
type CopyObject = (value: object) => object;

/** More than a schema has: a subgraph may answer any text for a type's name. */
const maxTypes = 1000;

export function copying(selection: Selection): Copy {
  const byType = new Map<string | undefined, CopyObject>();
  const met = new Set<string | undefined>();
  const compiled = (typename: string | undefined): CopyObject | null => {
    if (!met.has(typename)) {
      if (met.size < maxTypes) met.add(typename);
      return null;
    }
    const made = compileCopy(selection, typename);
    byType.set(typename, made);
    return made;
  };
  const copy: Copy = (value) => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) {
      const copies = new Array<unknown>(value.length);
      for (let index = 0; index < value.length; index++) copies[index] = copy(value[index]);
      return copies;
    }
    const given = read(value, "__typename");
    const typename = typeof given === "string" ? given : undefined;
    const own = byType.get(typename) ?? compiled(typename);
    return own === null ? copySelected(value, selection) : own(value);
  };
  return copy;
}

/** What is not there is undefined in the copy, which is the same to whoever reads it. */
function compileCopy(selection: Selection, typename: string | undefined): CopyObject {
  const code = new Code();
  const fields = selection.of(typename);
  const members = fields.map(({ key, below }) => {
    const value = code.member("s", key);
    return `[${code.handed(key)}]:${below === null ? value : `${code.handed(copying(below))}(${value})`}`;
  });
  if (typename !== undefined && !fields.some(({ key }) => key === "__typename"))
    members.unshift(`__typename:${code.handed(typename)}`);
  return code.function(["s"], `return{${members.join(",")}};`) as unknown as CopyObject;
}
