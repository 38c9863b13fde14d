/** Small faults in the gateway that the differential test has to see. Run by run-mutants.ts on a copy of the tree. */

export type Mutant = {
  readonly fault: string;
  readonly file: string;
  /** Each stands in the file exactly once. */
  readonly edits: readonly (readonly [find: string, replace: string])[];
  /** The graphs over which it is looked for. */
  readonly over: readonly string[];
};

const execution = (file: string) => `gateway/execution/${file}`;

export const mutants: readonly Mutant[] = [
  {
    fault: "one entity's answer is put where another's belongs",
    file: execution("execute.ts"),
    edits: [
      ["const places = targets[index] as object[];", "const places = targets[list.length - 1 - index] as object[];"],
    ],
    over: ["shop"],
  },
  {
    fault: "an error is put at the next entity",
    file: execution("execute.ts"),
    edits: [
      ["else for (const target of targetsOf(about.entity))", "else for (const target of targetsOf(about.entity + 1))"],
    ],
    over: ["tree"],
  },
  {
    fault: "an entity that could not be asked about is null without an error",
    file: execution("merge.ts"),
    edits: [["if (problem !== null) problems.add(target, key, problem);", ""]],
    over: ["shop", "tree"],
  },
  {
    fault: "a null stays where it may not be",
    file: execution("complete.ts"),
    edits: [["if (element === spread) return spread;", "if (element === spread) continue;"]],
    over: ["tree"],
  },
  {
    fault: "a null that may not be in a list is left out of it",
    file: execution("complete.ts"),
    edits: [["if (element === spread) return null;", "if (element === spread) continue;"]],
    over: ["tree"],
  },
  {
    fault: "errors are swallowed",
    file: execution("complete.ts"),
    edits: [["for (const problem of found) tellHere(problem, type);", ""]],
    over: ["shop"],
  },
  {
    fault: "indexes in errors' paths are off by one",
    file: execution("complete.ts"),
    edits: [["path.push(index);", "path.push(index + 1);"]],
    over: ["shop"],
  },
  {
    fault: "members are in another order",
    file: execution("complete.ts"),
    edits: [
      [
        "for (const field of fields) {\n      path.push",
        "for (const field of [...fields].reverse()) {\n      path.push",
      ],
    ],
    over: ["shop"],
  },
  {
    fault: "values that clients may not see pass",
    file: execution("complete.ts"),
    edits: [['return typeof value === "string" && leaf.has(value);', 'return typeof value === "string";']],
    over: ["shop"],
  },
  {
    fault: "a null that stands for a failure is sent on as a fact",
    file: execution("representation.ts"),
    edits: [["if (value === undefined || (value === null && found.length > 0)) {", "if (value === undefined) {"]],
    over: ["shop", "tree"],
  },
  {
    fault: "entities are told apart by a part of their representation",
    file: execution("representation.ts"),
    edits: [
      [
        "return areScalars ? fields.map(({ from }) => from) : null;",
        "return areScalars ? [fields[0]?.from ?? ''] : null;",
      ],
    ],
    over: ["hops"],
  },
  {
    fault: "entities that are not alike are taken to be",
    file: execution("execute.ts"),
    edits: [
      ["byText.get(text)", "byText.get(text.slice(0, 40))"],
      ["byText.set(text, same)", "byText.set(text.slice(0, 40), same)"],
    ],
    over: ["hops", "shop"],
  },
  {
    fault: "an interface object is asked about as what it really is",
    file: execution("representation.ts"),
    edits: [["constant: setter ? JSON.stringify(setter.setValueTo) : null,", "constant: null,"]],
    over: ["media"],
  },
  {
    fault: "a field required with arguments is sent under its synthetic name",
    file: execution("representation.ts"),
    edits: [["settings.synthetics.get(from) ?? from", "from"]],
    over: ["required-arguments"],
  },
  {
    fault: "parts of one list are put together in reverse",
    file: execution("merge.ts"),
    edits: [["const known: unknown = target[index];", "const known: unknown = target[target.length - 1 - index];"]],
    over: ["hops"],
  },
  {
    fault: "what was brought first is not replaced",
    file: execution("merge.ts"),
    edits: [["else target[key] = value;", "else target[key] ??= value;"]],
    over: ["shop", "hops", "tree", "media"],
  },
  {
    fault: "skipped fields are answered",
    file: execution("shape.ts"),
    edits: [["if (isSkipped(selection.directives, variables)) continue;", ""]],
    over: ["shop"],
  },
  {
    fault: "a client's alias is an internal key",
    file: "gateway/operation/normalise.ts",
    edits: [["key.alias.value = nextKey();", "key.alias.value = key.client;"]],
    over: ["shop"],
  },
  {
    fault: "an entity too deep in lists is not found",
    file: execution("gather.ts"),
    edits: [["else if (lists > 0) for", "else if (lists > 0 && lists < 2) for"]],
    over: ["tree"],
  },
];
