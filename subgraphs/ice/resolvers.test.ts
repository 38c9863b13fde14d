import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "@jest/globals";
import { SourceError } from "#kit/source.ts";
import { type Listening, serveSubgraph } from "#kit/subgraph.ts";
import type { Row } from "./cells.ts";
import { readIceSettings, startIce } from "./main.ts";
import { columns, readAnswer, type Table, tables } from "./records.ts";
import { loaders, resolvers } from "./resolvers.ts";
import type { EidSource } from "./source.ts";

const sdl = readFileSync(new URL("./schema.graphql", import.meta.url), "utf8");
const open: Listening[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

type Asked = { readonly subjectIds: readonly string[]; readonly aNumbers: readonly string[] };

const row = (table: Table, given: Row): Row => ({
  ...Object.fromEntries(columns[table].map((column) => [column, null])),
  ...given,
});

/** The subgraph over an EID that holds these rows, whoever asks. */
async function ice(rows: Partial<Record<Table, readonly Row[]>> | Error) {
  const asked: Asked[] = [];
  const source: EidSource = {
    find: async (subjectIds, aNumbers) => {
      asked.push({ subjectIds, aNumbers });
      if (rows instanceof SourceError) throw rows;
      const empty = Object.fromEntries(tables.map((table) => [table, []]));
      return readAnswer({ "Replication Status": ["2026-10-19T14:00:00"], ...empty, ...rows });
    },
    changes: async () => {
      throw new Error("nobody watches");
    },
    close: async () => {},
  };
  const listening = await serveSubgraph({ name: "ice", sdl, resolvers, loaders: () => loaders(source) }, { port: 0 });
  open.push(listening);
  const ask = async (...representations: readonly object[]) => {
    const response = await fetch(listening.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        query: `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Person {
          fin
          custodyStays { id releaseReason source { system asOf } }
          detainers { id status basis liftReason }
          removals { id country }
          enforcementCases { id category } } } }`,
        variables: { of: representations.map((each) => ({ __typename: "Person", ...each })) },
      }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: whatever the query asked for.
    return (await response.json()) as { data: { _entities: any[] }; errors?: any[] };
  };
  return { asked, ask };
}

const person = (n: number) => ({
  fin: `FIN${1_000 + n}`,
  aNumbers: [String(n).padStart(9, "0")],
  eidSubjectIds: [`S${n}`],
});

describe("persons in one request", () => {
  test.each([1, 50])("%i of them, all their fields, are one call to EID", async (count) => {
    const persons = Array.from({ length: count }, (_, n) => person(n + 1));
    const rows = persons.map(({ eidSubjectIds }) =>
      row("Cases", { "EID Subject ID": eidSubjectIds[0], "EID Case ID": `C-${eidSubjectIds[0]}` }),
    );
    const { asked, ask } = await ice({ Cases: rows });
    const { data, errors } = await ask(...persons);
    expect(errors).toBeUndefined();
    expect(
      data._entities.map(({ fin, enforcementCases }) => [fin, enforcementCases.map(({ id }: { id: string }) => id)]),
    ).toEqual(persons.map(({ fin, eidSubjectIds }) => [fin, [`C-${eidSubjectIds[0]}`]]));
    expect(asked).toHaveLength(1);
    expect(asked[0]?.subjectIds).toHaveLength(count);
  });

  test("are looked up anew for the next request", async () => {
    const { asked, ask } = await ice({});
    await ask(person(1));
    await ask(person(1));
    expect(asked).toHaveLength(2);
  });
});

describe("the identifiers to search by", () => {
  test("may be none: then nothing could be found, and nothing is asked", async () => {
    const { asked, ask } = await ice({});
    const { data, errors } = await ask({ fin: "FIN1001", aNumbers: [], eidSubjectIds: [] });
    expect(errors).toBeUndefined();
    expect(data._entities).toEqual([
      { fin: "FIN1001", custodyStays: [], detainers: [], removals: [], enforcementCases: [] },
    ]);
    expect(asked).toEqual([]);
  });

  test.each([
    ["were not given", { aNumbers: null, eidSubjectIds: ["S1"] }, "SOURCE_UNAVAILABLE"],
    ["are missing", { aNumbers: ["000000001"] }, "SOURCE_UNAVAILABLE"],
    ["are no list", { aNumbers: "000000001", eidSubjectIds: [] }, "SOURCE_UNAVAILABLE"],
    ["are not in their form", { aNumbers: ["one"], eidSubjectIds: [] }, "SOURCE_INVALID"],
    ["are no text", { aNumbers: [], eidSubjectIds: [7] }, "SOURCE_INVALID"],
  ])("that %s are not the same as none", async (_what, identifiers, code) => {
    const { asked, ask } = await ice({});
    const { data, errors } = await ask({ fin: "FIN1001", ...identifiers });
    expect(data._entities[0]).toMatchObject({
      custodyStays: null,
      detainers: null,
      removals: null,
      enforcementCases: null,
    });
    expect(errors?.map(({ extensions }) => extensions)).toEqual(Array(4).fill({ code, system: "IDENT" }));
    expect(asked).toEqual([]);
  });
});

test("an EID that cannot be asked leaves its lists null, each with an error, and the person there", async () => {
  const { ask } = await ice(new SourceError("SOURCE_TIMEOUT", "EID"));
  const { data, errors } = await ask(person(1));
  expect(data._entities).toEqual([
    { fin: "FIN1001", custodyStays: null, detainers: null, removals: null, enforcementCases: null },
  ]);
  expect(errors?.map(({ path, extensions }) => [path.at(-1), extensions.code])).toEqual([
    ["custodyStays", "SOURCE_TIMEOUT"],
    ["detainers", "SOURCE_TIMEOUT"],
    ["removals", "SOURCE_TIMEOUT"],
    ["enforcementCases", "SOURCE_TIMEOUT"],
  ]);
});

test("what cannot be read is null or left out, and said; what is withheld is not the same as nothing", async () => {
  const { ask } = await ice({
    Detainers: [
      row("Detainers", { "EID Subject ID": "S1", "EID DTA ID": "40", "Detainer Lift Reason": "b(6), b(7)c" }),
      row("Detainers", { "EID Subject ID": "S1" }),
    ],
    Removals: [
      row("Removals", { "EID Subject ID": "S1", "EID Removal ID": "60", "Departure Country": "ATLANTIS" }),
      row("Removals", { "EID Subject ID": "S2", "EID Removal ID": "61" }),
    ],
    Cases: [row("Cases", { "EID Subject ID": "S1" })],
  });
  const { data, errors } = await ask(person(1));
  expect(data._entities[0]).toMatchObject({
    custodyStays: [],
    detainers: [{ id: "40", status: "LIFTED", basis: null, liftReason: null }],
    removals: [{ id: "60", country: null }],
    enforcementCases: null,
  });
  const said = (errors ?? []).map(({ path, extensions }) => [path.slice(2).join("."), extensions.code]);
  expect(said.sort()).toEqual([
    ["detainers", "RECORD_UNREADABLE"],
    ["detainers.0.liftReason", "REDACTED_BY_SOURCE"],
    ["enforcementCases", "RECORD_UNREADABLE"],
    ["removals.0.country", "VALUE_UNREADABLE"],
  ]);
  expect(JSON.stringify(errors)).not.toContain("ATLANTIS");
});

describe("the settings", () => {
  test("have defaults that fit one machine", () => {
    expect(readIceSettings({})).toEqual({
      eidUrl: "postgres://eid_reader:eid_reader@127.0.0.1:4205/eid",
      sourceTimeoutMs: 2000,
      port: 4103,
      keys: null,
      changesTo: null,
      host: "127.0.0.1",
    });
    expect(() => readIceSettings({ EID_URL: "nowhere" })).toThrow("EID_URL must be a URL");
  });

  test("may name a port that is in use, which is said", async () => {
    const settings = { ...readIceSettings({}), port: 0 };
    const first = await startIce(settings);
    open.push(first);
    const port = Number(new URL(first.url).port);
    await expect(startIce({ ...settings, port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});
