/** What is asked of a subgraph, as its answers can be kept: which question it is, for how long, and what they depend on. */
import { createHash } from "node:crypto";
import { print, type SelectionSetNode, stripIgnoredCharacters, type VariableDefinitionNode, visit } from "graphql";
import type { Question } from "../subgraph/call.ts";
import { type Lifetime, type Lifetimes, lifetimeOf } from "./lifetimes.ts";
import type { RequiredSelection, Rewrite } from "./plan.ts";
import type { SchemaFacts } from "./schema-facts.ts";
import {
  type TaggedShape,
  tagAnswer,
  taggedShape,
  tagLiterals,
  tagRepresentation,
  tagVariables,
  takesIdentifiers,
} from "./tags.ts";

export type Keeping = {
  readonly lifetimes: Lifetimes;
  /** Tells the schema from every other one that answers were kept of. */
  readonly generation: string;
};

export type QuestionSettings = {
  readonly facts: SchemaFacts;
  readonly synthetics: ReadonlyMap<string, string>;
  readonly keeping: Keeping;
};

export type KeptQuestion = {
  readonly question: Question;
  /** Names of the operation's variables that it uses. */
  readonly variables: readonly string[];
};

/** `selectionSet` as it is sent, with the keys that are echoed. */
export function entityQuestion(
  settings: QuestionSettings,
  part: {
    readonly selectionSet: SelectionSetNode;
    readonly variables: readonly VariableDefinitionNode[];
    readonly requires: readonly RequiredSelection[];
    readonly inputRewrites: readonly Rewrite[];
    readonly lifetime: Lifetime | null;
  },
): KeptQuestion {
  const { facts, keeping } = settings;
  const { selectionSet, lifetime } = part;
  const variables = usedIn(selectionSet, part.variables);
  const shape = lifetime === null ? null : taggedShape(selectionSet, "_Entity", facts.schema);
  // What nobody would be told of by a change is not kept.
  const isTagged = isKnown(settings, part) && !takesIdentifiers(variables, facts.schema);
  const written = new Set<string>();
  if (isTagged) tagLiterals(selectionSet, "_Entity", facts.schema, written);
  return kept(
    keeping,
    ["entities", print(selectionSet), ...variables.map(print)],
    variables,
    isTagged ? lifetime : null,
    shape,
    (asked, answered, known) => {
      const tags = new Set(written);
      tagRepresentation(asked, null, facts, tags);
      tagAnswer(answered, known, facts, tags);
      return [...tags];
    },
  );
}

export function rootQuestion(
  { facts, keeping }: QuestionSettings,
  root: { readonly selectionSet: SelectionSetNode; readonly variables: readonly VariableDefinitionNode[] },
): KeptQuestion {
  const { selectionSet } = root;
  const { schema } = facts;
  const type = schema.getQueryType()?.name ?? "Query";
  const variables = usedIn(selectionSet, root.variables);
  const lifetime = lifetimeOf({ lifetimes: keeping.lifetimes, schema }, selectionSet, type);
  const shape = lifetime === null ? null : taggedShape(selectionSet, type, schema);
  const written = new Set<string>();
  tagLiterals(selectionSet, type, schema, written);
  return kept(
    keeping,
    ["root", print(selectionSet), ...variables.map(print)],
    variables,
    lifetime,
    shape,
    (asked, answered, known) => {
      const tags = new Set(written);
      tagVariables(asked, variables, schema, tags);
      tagAnswer(answered, known, facts, tags);
      return [...tags];
    },
  );
}

function kept(
  { generation }: Keeping,
  text: readonly string[],
  variables: readonly VariableDefinitionNode[],
  lifetime: Lifetime | null,
  shape: TaggedShape | null,
  tagsOf: (asked: unknown, answered: unknown, shape: TaggedShape) => readonly string[],
): KeptQuestion {
  // A digest: what is kept is found by it, many times.
  const digest = createHash("sha256").update(JSON.stringify([generation, ...text.map(stripIgnoredCharacters)]));
  return {
    question: {
      text: digest.digest("base64url"),
      lifetime: shape === null ? null : lifetime,
      tagsOf: (asked, answered) => (shape === null ? [] : tagsOf(asked, answered, shape)),
    },
    variables: variables.map(({ variable }) => variable.name.value),
  };
}

/** Each once, in the order of the document. */
function usedIn(
  set: SelectionSetNode,
  definitions: readonly VariableDefinitionNode[],
): readonly VariableDefinitionNode[] {
  const used = new Set<string>();
  visit(set, { Variable: ({ name }) => void used.add(name.value) });
  const byName = new Map(definitions.map((each) => [each.variable.name.value, each]));
  return [...byName].flatMap(([name, definition]) => (used.has(name) ? [definition] : []));
}

/** Whether everything in the representations stands there under its own name in the schema. */
function isKnown(
  { facts, synthetics }: QuestionSettings,
  part: { readonly requires: readonly RequiredSelection[]; readonly inputRewrites: readonly Rewrite[] },
): boolean {
  if (part.inputRewrites.some(({ kind }) => kind === "KeyRenamer")) return false;
  const known = (selections: readonly RequiredSelection[], type: string | null): boolean =>
    selections.every((each) => {
      if (each.kind === "InlineFragment") return known(each.selections, each.typeCondition ?? type);
      if (each.name === "__typename") return true;
      const shown = each.alias ?? each.name;
      const name = synthetics.get(shown) ?? shown;
      if (name !== (synthetics.get(each.name) ?? each.name) || type === null) return false;
      const found = facts.schema.getType(type);
      const field = found && "getFields" in found ? found.getFields()[name] : undefined;
      if (!field) return false;
      return !each.selections || known(each.selections, namedOf(String(field.type)));
    });
  return known(part.requires, null);
}

const namedOf = (type: string): string => type.replace(/[[\]!]/g, "");
