/** `@fromContext`: a value that stands further up in the data goes along with a fetch as a variable of its own. */
import { isLeaf, read } from "./complete.ts";
import type { KeyRenamer } from "./plan.ts";
import type { Problem, Problems } from "./problems.ts";

export type ContextValue = { readonly variables: string } | { readonly problem: Problem | null };

/**
 * The members of `variables` for an entity. `line`: the objects above it, from the root down to itself. Where several
 * types set a context, the first that fits gives the value.
 */
export function contextVariables(
  line: readonly object[],
  renamers: readonly KeyRenamer[],
  problems: Problems,
  fits: (typename: string, condition: string) => boolean,
): ContextValue {
  const found = new Map<string, unknown>();
  for (const { path, renameKeyTo } of renamers) {
    if (found.has(renameKeyTo)) continue;
    const ups = path.filter((step) => step === "..").length;
    let at: unknown = line[line.length - 1 - ups];
    for (const step of path.slice(ups)) {
      if (typeof at !== "object" || at === null) break;
      if (step.startsWith("... on ")) {
        const typename = read(at, "__typename");
        if (typeof typename === "string" && !fits(typename, step.slice("... on ".length))) at = undefined;
        continue;
      }
      const [problem] = problems.at(at, step);
      if (problem) return { problem };
      at = read(at, step);
    }
    if (at !== undefined && !isLeaf(at, "any")) return { problem: { code: "SUBREQUEST_MALFORMED_RESPONSE" } };
    if (at !== undefined) found.set(renameKeyTo, at);
  }
  return {
    variables: [...found].map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`).join(""),
  };
}
