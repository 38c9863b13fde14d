/**
 * What the subgraphs say, read past the gateway: of each person every field of every subgraph's own schema, facts and
 * subjects included, put together into one plain object.
 */
import type { ObjectTypeDefinitionNode } from "graphql";
import { agencies, definitionsOf, isExternal, type Labels, namedTypeOf } from "./labels.ts";

export type Lack = { readonly code: string };
export type Row = Record<string, unknown>;

/** What a subgraph said of a place beside its value, by the object or list that the place is in. */
export type Lacks = { at(holder: object, key: string | number): readonly Lack[] };

export type ByArguments = { readonly by: Readonly<Record<string, unknown>>; readonly releaseAt?: unknown };
export type Found = { readonly row: Row | null; readonly lacks: readonly Lack[] };

export type Readings = {
  readonly lacks: Lacks;
  /** Everything about the person of this FIN; null: nobody has it. */
  person(fin: string): Promise<Row | null>;
  /** Whom an identifier belongs to. */
  personBy(by: ByArguments["by"]): Promise<Found>;
  holdBy(asked: ByArguments): Promise<Found>;
  /** What would be said of somebody whom nobody knows. */
  nobody(): Promise<Row>;
};

// biome-ignore lint/suspicious/noExplicitAny: JSON of any shape.
type Json = any;
type Answer = {
  readonly data: Json;
  readonly errors: readonly { path?: readonly (string | number)[]; extensions: Json }[];
};

export function openReadings(urls: Readonly<Record<string, string>>, labels: Labels): Readings {
  const told = new WeakMap<object, Map<string | number, Lack[]>>();
  const lacks: Lacks = { at: (holder, key) => told.get(holder)?.get(key) ?? [] };
  const tell = (holder: object, key: string | number, more: readonly Lack[]) => {
    const keys = told.get(holder) ?? new Map<string | number, Lack[]>();
    told.set(holder, keys);
    const known = keys.get(key) ?? [];
    keys.set(key, [...known, ...more.filter(({ code }) => known.every((each) => each.code !== code))]);
  };

  async function ask(agency: string, query: string, variables: object): Promise<Answer> {
    const response = await fetch(String(urls[agency]), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors = [] } = (await response.json()) as Partial<Answer>;
    // A subgraph that does not understand is no answer of a system.
    if (data === undefined || data === null) throw new Error(`${agency} did not answer: ${JSON.stringify(errors)}`);
    for (const { path = [], extensions } of errors) place(data, path, { code: String(extensions?.code) });
    return { data, errors };
  }
  const foundByReceipt = (row: Row): Row => {
    const found = { ...row, foundByReceipt: true };
    for (const [key, own] of told.get(row) ?? []) tell(found, key, own);
    return found;
  };
  /** At the deepest place of its path that there is. */
  const place = (data: Json, path: readonly (string | number)[], lack: Lack) => {
    let holder = data;
    for (const [index, step] of path.entries()) {
      const value: unknown = holder[step];
      if (index === path.length - 1 || typeof value !== "object" || value === null) return tell(holder, step, [lack]);
      holder = value;
    }
  };

  /** One entity of a subgraph; what its fields require and could not be had is said of them too, and is not asked for. */
  async function entity(agency: string, type: string, known: Row, isPartial = false): Promise<Found> {
    const needed = [...(labels.get(type)?.fields ?? [])].filter(([, { owner }]) => owner === agency);
    const all = [...new Set(needed.flatMap(([, { requires }]) => requires))];
    const isLost = (name: string) => (known[name] ?? null) === null && lacks.at(known, name).length > 0;
    const lost = all.filter(isLost);
    const representation: Row = { __typename: type, fin: known.fin };
    for (const name of all) if (!lost.includes(name)) representation[name] = known[name] ?? null;
    if (isPartial && lost.length > 0) representation.__unanswered = lost;
    const unasked = isPartial ? [] : needed.filter(([, { requires }]) => requires.some(isLost)).map(([name]) => name);
    const fields = selectionOf(agency, type, unasked);
    const query = `query ($of: [_Any!]!) { _entities(representations: $of) { __typename ... on ${type} { ${fields} } } }`;
    const { data } = await ask(agency, query, { of: [representation] });
    const row = data._entities[0] as Row | null;
    if (row !== null)
      for (const [name, { requires }] of needed) {
        const lacking = isPartial ? [] : requires.flatMap((each) => lacks.at(known, each));
        if (unasked.includes(name)) row[name] = null;
        if (lacking.length > 0) tellOfPart(row, name, lacking);
      }
    return { row, lacks: lacks.at(data._entities, 0) };
  }

  /** What was found under a part of somebody's identifiers: no list of it is whole, and an empty one says nothing. */
  function tellOfPart(holder: Row, name: string, lacking: readonly Lack[]): void {
    const value = holder[name];
    if (Array.isArray(value) || typeof value !== "object" || value === null) {
      if (Array.isArray(value) && value.length === 0) holder[name] = null;
      tell(holder, name, lacking);
    } else for (const below of Object.keys(value)) if (below !== "__typename") tellOfPart(value as Row, below, lacking);
  }

  /** Every agency's part of one person or hold, in the owner's. */
  async function whole(type: string, own: Row, others: readonly string[]): Promise<Row> {
    for (const agency of others) {
      const isPartial = agency === "safeguards";
      const part = await entity(agency, type, own, isPartial);
      for (const [name, { owner }] of labels.get(type)?.fields ?? []) {
        if (owner !== agency || name === "fin") continue;
        own[name] = part.row?.[name] ?? null;
        tell(own, name, part.row === null ? part.lacks : lacks.at(part.row, name));
      }
    }
    return own;
  }
  const others = agencies.filter((each) => each !== "obim");
  const personOf = async (fin: string): Promise<Found> => {
    const owned = await entity("obim", "Person", { fin });
    return owned.row === null ? owned : { ...owned, row: await whole("Person", owned.row, withPersons(others)) };
  };
  const kept = new Map<string, Promise<unknown>>();
  const once = <Value>(key: unknown, read: () => Promise<Value>): Promise<Value> => {
    const text = JSON.stringify(key);
    const known = (kept.get(text) as Promise<Value> | undefined) ?? read();
    kept.set(text, known);
    return known;
  };

  const readings: Readings = {
    lacks,
    person: (fin) => once(["person", fin], async () => (await personOf(fin)).row),
    personBy: (by) =>
      once(["by", by], async () => {
        const query = "query ($by: PersonIdentifier!) { person(by: $by) { fin } }";
        const { data } = await ask("obim", query, { by });
        if (data.person === null) return { row: null, lacks: lacks.at(data, "person") };
        const row = await readings.person(String(data.person.fin));
        // Read by its FIN, it does not say how it was found.
        return { row: row !== null && "receiptNumber" in by ? foundByReceipt(row) : row, lacks: [] };
      }),
    holdBy: (asked) =>
      once(["hold", asked], async () => {
        const fields = selectionOf("obim", "ImmigrationHold", []);
        const query = `query ($by: HoldCheckIdentifier!, $releaseAt: DateTime) { holdCheck(by: $by, releaseAt: $releaseAt) { ${fields} } }`;
        const { data } = await ask("obim", query, asked);
        const own = data.holdCheck as Row | null;
        if (own === null) return { row: null, lacks: lacks.at(data, "holdCheck") };
        return { row: await whole("ImmigrationHold", own, ["ice", "uscis", "safeguards"]), lacks: [] };
      }),
    nobody: () =>
      once("nobody", async () => {
        const { row, lacks: own } = await entity("obim", "Person", nobodysKeys);
        const somebody: Row = { ...nobodysKeys, ...(row ?? {}), minor: row?.minor ?? false, foundByReceipt: false };
        if (own.length > 0) tell(somebody, "minor", own);
        return whole("Person", { ...somebody, ...nobodysKeys }, withPersons(others));
      }),
  };
  return readings;
}

/** Of the forms that the agencies' numbers have, and nobody's. */
const nobodysKeys = {
  fin: "9999999999",
  fins: ["9999999999"],
  aNumbers: ["199999999"],
  i94Numbers: ["99999999999"],
  eidSubjectIds: ["999999999"],
};

const withPersons = (some: readonly string[]): readonly string[] =>
  some.filter((agency) => definitionsOf(agency).some(({ name }) => name.value === "Person"));

const selections = new Map<string, string>();

/** Every field of a type, and of what is below it; of a person below, the key. */
function selectionOf(agency: string, type: string, without: readonly string[]): string {
  const key = JSON.stringify([agency, type, without]);
  const known = selections.get(key);
  if (known !== undefined) return known;
  const definitions = definitionsOf(agency);
  const text = `fin ${fieldsOf(type, new Map(definitions.map((each) => [each.name.value, each])), without)}`;
  selections.set(key, text);
  return text;
}

function fieldsOf(
  type: string,
  types: ReadonlyMap<string, ObjectTypeDefinitionNode>,
  without: readonly string[],
): string {
  const owned = (types.get(type)?.fields ?? []).filter(
    (field) => !isExternal(field) && !without.includes(field.name.value),
  );
  return owned
    .map((field) => {
      const below = namedTypeOf(field.type);
      if (!types.has(below)) return field.name.value;
      return `${field.name.value} { ${below === "Person" ? "fin" : fieldsOf(below, types, [])} }`;
    })
    .join(" ");
}
