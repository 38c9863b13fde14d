// biome-ignore-all lint/suspicious/noTemplateCurlyInString: some faults are in code that writes code.
/** Small faults in the gateway that a test has to see. Run by run-mutants.ts on a copy of the tree. */

export type Mutant = {
  readonly fault: string;
  readonly file: string;
  /** Each stands in the file exactly once. */
  readonly edits: readonly (readonly [find: string, replace: string])[];
} & (DifferentialLook | NamedLook);

/** The graphs over which the differential test looks for it. */
type DifferentialLook = { readonly over: readonly string[] };
/** What no single operation shows: the test that looks for it instead, by file and title. */
type NamedLook = { readonly by: readonly [file: string, title: string] };

const execution = (file: string) => `gateway/execution/${file}`;

export const mutants: readonly Mutant[] = [
  {
    fault: "one entity's answer is put where another's belongs",
    file: execution("settle.ts"),
    edits: [
      ["const places = targets[index] as object[];", "const places = targets[list.length - 1 - index] as object[];"],
    ],
    over: ["shop"],
  },
  {
    fault: "references to two entities become one",
    file: execution("references.ts"),
    edits: [["const first = this.#first.get(key);", "const [first] = this.#first.values();"]],
    over: ["shop", "tree", "hops"],
  },
  {
    fault: "an entity that stands at two places is completed at one",
    file: execution("references.ts"),
    edits: [["if(${one}!==${object})${slot}=${one};`", "if(${one}!==${object})${slot}=null;`"]],
    over: ["shop", "tree", "hops"],
  },
  {
    fault: "references at two places become one, whoever is asked about each",
    file: execution("references.ts"),
    edits: [
      [
        "kinds.map(({ type, key }) => new Seen(type, key));",
        "Array(kinds.length).fill(new Seen(kinds[0]!.type, kinds[0]!.key));",
      ],
    ],
    by: ["tests/differential.test.ts", "of an entity at two places"],
  },
  {
    fault: "an error is put at the next entity",
    file: execution("settle.ts"),
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
    edits: [["for (const problem of found) tellHere(problem, type, shape);", ""]],
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
    file: execution("shape.ts"),
    edits: [["[name, type.getValue(name) ? name : null]", "[name, name]"]],
    over: ["shop"],
  },
  {
    fault: "an object that clients may not know of is told as a fault",
    file: execution("complete.ts"),
    edits: [["if (typename !== null && shape.hides(typename)) return hidden;", ""]],
    over: ["media"],
  },
  {
    fault: "a list holds null for an object that clients may not know of, where none may be",
    file: execution("project.ts"),
    edits: [['${mayHide(type.of) ? `if(${to}===null)throw ${stop};` : ""}', ""]],
    over: ["media"],
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
    file: execution("ask.ts"),
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
    edits: [["!isComposite(value)) target[key] = value;", "!isComposite(value)) target[key] ??= value;"]],
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
    edits: [["= within(element, slot", '= lists > 1 ? "" : within(element, slot']],
    over: ["tree"],
  },
  {
    fault: "what a condition leaves in is not asked for",
    file: execution("variant.ts"),
    edits: [
      [
        "if (isSkipped(each.directives, variables)) return [];",
        "if (each.directives?.some(({ name }) => isCondition(name.value))) return [];",
      ],
    ],
    over: ["shop"],
  },
  {
    fault: "what is skipped is asked for all the same",
    file: execution("variant.ts"),
    edits: [["if (isSkipped(each.directives, variables)) return [];", ""]],
    by: ["tests/engine.test.ts", "conditions"],
  },
  {
    fault: "one value of a condition is answered like the other",
    file: execution("engine.ts"),
    edits: [['variables[name] === true ? "1" : "0"', '"1"']],
    by: ["tests/engine.test.ts", "conditions"],
  },
  {
    fault: "fetches stay in the order of the plan where it is wrong",
    file: execution("order.ts"),
    edits: [
      [
        "if (needs.every((each, index) => each.every((need) => isMet(need, index)))) return planned;",
        "return planned;",
      ],
    ],
    over: ["hops"],
  },
  {
    fault: "a field takes along what others of its fetch require",
    file: execution("split.ts"),
    edits: [
      ['requires: without(requires, "", (path) => all.has(path) && !needs.has(path) && !keys.has(path)),', "requires,"],
    ],
    over: ["tree", "required-arguments"],
  },
  {
    fault: "what a field requires is left out with what others require",
    file: execution("split.ts"),
    edits: [["all.has(path) && !needs.has(path) && !keys.has(path)", "all.has(path) && !keys.has(path)"]],
    over: ["tree", "required-arguments"],
  },
  {
    fault: "entities are alike that differ in the first of their values",
    file: execution("alikes.ts"),
    edits: [["for (let index = 0; index < last; index++) {", "for (let index = 1; index < last; index++) {"]],
    over: ["hops"],
  },
  {
    fault: "of entities that are alike one alone gets its values",
    file: execution("settle.ts"),
    edits: [
      [
        "for (let at = 0; at < targets.length; at++) isDone = assign(",
        "for (let at = 0; at < 1; at++) isDone = assign(",
      ],
    ],
    over: ["shop", "hops"],
  },
  {
    fault: "the fast way does not look whose answer it is",
    file: execution("assign.ts"),
    edits: [["if (!isEchoed) continue;", "continue;"]],
    by: ["tests/engine.test.ts", "T72"],
  },
  {
    fault: "the careful way does not look whose answer it is",
    file: execution("settle.ts"),
    edits: [["if (!isSame(read(target, field.key), answered, field.below))", "if (false)"]],
    by: ["tests/engine.test.ts", "T72"],
  },
  {
    fault: "the fast way replaces what others brought of an object",
    file: execution("assign.ts"),
    edits: [['if(typeof ${known}==="object"&&${known}!==null)return false;', ""]],
    over: ["hops"],
  },
  {
    fault: "the fast projection lets a null stay where it may not be",
    file: execution("project.ts"),
    edits: [["if(${from}===null)throw ${stop};${write(from, to, type.of)}", "${write(from, to, type.of)}"]],
    over: ["tree"],
  },
  {
    fault: "the fast projection gives its fields another's values",
    file: execution("project.ts"),
    edits: [['code.member("r", field.key)', 'code.member("r", fields[0]?.key ?? "")']],
    over: ["shop"],
  },
  {
    fault: "the labels that were drawn first are in force for everybody",
    file: execution("engine.ts"),
    edits: [["byOverrides.get(overrides)", "[...byOverrides.values()][0]"]],
    by: ["tests/overrides.test.ts", "a field is asked of"],
  },
  {
    fault: "a plan is made as if no label were in force",
    file: "gateway/supergraph/supergraph.ts",
    edits: [["`${overrides}\\n${text}`", "`\\n${text}`"]],
    by: ["tests/overrides.test.ts", "a field is asked of"],
  },
  {
    fault: "the fast projection takes any text for a value of an enum",
    file: execution("project.ts"),
    edits: [["if((${to}=${code.handed(leaf)}.get(${from}))!==undefined){}", 'if(typeof(${to}=${from})==="string"){}']],
    by: ["tests/threats-answers.test.ts", "T71"],
  },
  {
    fault: "an interface's name is taken for the type",
    file: execution("merge.ts"),
    edits: [["fits(known, given) ? known : given", "fits(known, given) ? given : given"]],
    over: ["media"],
  },
  {
    fault: "operations at once are taken for one whatever their variables",
    file: execution("engine.ts"),
    edits: [["JSON.stringify([written, generation]) + asked", "JSON.stringify([written, generation])"]],
    by: ["tests/engine.test.ts", "identical operations"],
  },
  {
    fault: "a deferred part names the first element of its list",
    file: execution("deferred.ts"),
    edits: [["objectsIn(each, [...path, index], keys,", "objectsIn(each, [...path, 0], keys,"]],
    by: ["tests/engine.test.ts", "what is deferred"],
  },
];
