/**
 * A copy of the data to take away from, where more is still to come: what is withheld from a part of the answer may be what
 * a later part is asked with.
 */
import type { Gate } from "./gate.ts";
import type { Problems } from "./problems.ts";

/** With the problems and the persons let through; one object at several places stays one. */
export function guardedCopy(data: object, problems: Problems, gate: Gate): object {
  const copies = new Map<object, object>();
  const copyOf = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    const known = copies.get(value);
    if (known) return known;
    const copy: object = Array.isArray(value) ? [] : {};
    copies.set(value, copy);
    // What JSON has brought has no members but its own, and may call one of them `__proto__`.
    for (const key of Object.keys(value)) {
      const element = copyOf((value as Record<string, unknown>)[key]);
      if (key === "__proto__")
        Object.defineProperty(copy, key, { value: element, enumerable: true, configurable: true, writable: true });
      else (copy as Record<string, unknown>)[key] = element;
    }
    if (!problems.isEmpty) for (const [key, found] of problems.of(value)) problems.replace(copy, key, found);
    if (gate.hasPassed(value)) gate.pass(copy);
    return copy;
  };
  return copyOf(data) as object;
}
