/** Facts that guards decide on: there, Boolean, hidden from clients, and read of the record itself or of its `subject`. */
import { Kind } from "graphql";
import {
  type Contract,
  elementsOf,
  type Field,
  type Graph,
  type Label,
  namedType,
  type Selected,
  selectedBy,
} from "./contract.ts";

const form = '`facts: "asylumRelated subject { protected1367 }"`';

/** Names of a guard's facts; empty when its field set cannot be read. */
export function factNames(supergraph: Contract, type: string, { given }: Label): readonly string[] {
  return factsOf(supergraph, type, given.facts).map(({ name }) => name);
}

function factsOf(supergraph: Contract, type: string, facts: unknown): readonly Selected[] {
  return selectedFor(supergraph, type, facts).filter((each) => !each.hasSelection);
}

function selectedFor(supergraph: Contract, type: string, facts: unknown): readonly Selected[] {
  try {
    return typeof facts === "string" ? selectedBy(supergraph, type, facts) : [];
  } catch {
    return [];
  }
}

/** Every guard's facts can be asked for, wherever its record stands. */
export function unreadableFacts(graph: Graph): readonly string[] {
  const findings = [...graph.subgraphs.values()]
    .flatMap(elementsOf)
    .flatMap(({ element, type, labels }) =>
      labels
        .filter(({ name, given }) => name === "guard" && given.facts !== undefined)
        .flatMap((guard) =>
          refusalsOf(graph, type, guard).map((each) => `${guard.place}: the guard on ${element} ${each}`),
        ),
    );
  return [...new Set(findings)];
}

function refusalsOf(graph: Graph, type: string, { given }: Label): readonly string[] {
  const { supergraph } = graph;
  const selected = selectedFor(supergraph, type, given.facts);
  const facts = selected.filter((each) => !each.hasSelection);
  const needsSubject = selected.some((each) => each.name === "subject" && each.hasSelection);
  const subjectFindings = needsSubject ? unfitSubjects(graph, type) : [];
  if (subjectFindings.length > 0) return subjectFindings;
  if (facts.length === 0 || !/^[\w\s{}]*$/.test(String(given.facts)))
    return [`has facts that are no plain field set: write ${form}, or leave \`facts\` out`];
  const repeated = facts.find(({ name }, at) => facts.findIndex((each) => each.name === name) < at);
  return [
    ...(repeated ? [`has two facts named ${repeated.name}: give one of the fields another name`] : []),
    ...facts.flatMap((each) => [...misplaced(supergraph, type, each), ...unfit(each)]),
  ];
}

/** A record's person facts are read through `subject`; a person's own stand on the person. */
function misplaced(supergraph: Contract, type: string, { path, name }: Selected): readonly string[] {
  if (path.length === 1) return [];
  const isKeyed = (supergraph.get(type)?.keys.length ?? 0) > 0;
  if (path.length === 2 && path[0] === "subject" && !isKeyed) return [];
  const where = isKeyed ? `on ${type} itself` : "on the record or, one level down, on its `subject`";
  return [`reads ${name} by ${path.join(".")}; facts stand ${where}: write ${isKeyed ? `\`facts: "${name}"\`` : form}`];
}

function unfit({ type, name, field }: Selected): readonly string[] {
  const element = `${type}.${name}`;
  if (field === undefined)
    return [`needs ${element}, which is not there: write \`${name}: Boolean @inaccessible\` on ${type}`];
  const isOpen = field.labels.some((each) => each.name === "open");
  const needsNothing = (field.node.arguments ?? []).length === 0;
  const { type: of } = field.node;
  const isBoolean = namedType(of) === "Boolean" && ![of, of.kind === Kind.NON_NULL_TYPE ? of.type : of].some(isList);
  if (isBoolean && needsNothing && (field.isInaccessible || isOpen)) return [];
  const fault = isBoolean ? (needsNothing ? "clients may ask for" : "takes arguments") : "is no Boolean";
  return [
    `needs ${element}, which ${fault}: write \`${name}: Boolean @inaccessible\` (or \`@open\` where the fact itself is)`,
  ];
}

function isList({ kind }: Field["node"]["type"]): boolean {
  return kind === Kind.LIST_TYPE;
}

/** Every subgraph that gives such a record says whom it is about. */
function unfitSubjects({ subgraphs }: Graph, type: string): readonly string[] {
  return [...subgraphs].flatMap(([name, contract]) => {
    const record = contract.get(type);
    if (record === undefined) return [];
    const subject = record.fields.get("subject");
    const of = subject?.node.type;
    const keys = of?.kind === Kind.NAMED_TYPE ? (contract.get(of.name.value)?.keys ?? []) : [];
    if (subject?.isInaccessible && !subject.isExternal && keys.length > 0) return [];
    return [
      `reads facts of the person, and ${name}'s ${type} (${record.place}) does not say whom it is about: write \`subject: Person @inaccessible\` there`,
    ];
  });
}
