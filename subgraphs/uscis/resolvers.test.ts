import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "@jest/globals";
import { SourceError } from "#kit/source.ts";
import { serveSubgraph } from "#kit/subgraph.ts";
import { readUscisSettings, startUscis } from "./main.ts";
import { decodeElis, decodeGlobal } from "./records.ts";
import { loadersOver, resolvers } from "./resolvers.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const asOf = "2026-10-19T14:00:00Z";
const sdl = readFileSync(new URL("./schema.graphql", import.meta.url), "utf8");

const screening = (alienNumber: unknown, change: object = {}) => ({
  screeningId: "S1",
  alienNumber,
  screeningType: "CF",
  referralDate: "09/28/2026",
  decision: "POSITIVE",
  decisionDate: "10/06/2026",
  decisionServed: { applicant: "10/07/2026", ero: "10/08/2026", immigrationCourt: "" },
  closeEffective: null,
  ...change,
});
const paper = (alienNumber: string, change: object = {}) => ({
  receiptNumber: "LIN2690312345",
  alienNumber,
  formType: "I-589",
  filedDate: "03/02/2026",
  decision: "PENDING",
  decisionDate: null,
  countryOfBirth: "AFGHA",
  ...change,
});
const elisCase = (alienNumber: unknown, change: object = {}) => ({
  receiptNumber: "IOE0912345678",
  alienNumber,
  formType: "I-765",
  receivedDate: "2026-03-02",
  status: "Case Was Received",
  statusDate: "2026-03-02",
  countryOfBirth: "Afghanistan",
  gender: "Female",
  protectionMarkers: [],
  ...change,
});

type Rows = { readonly screenings?: unknown[]; readonly applications?: unknown[]; readonly cases?: unknown[] };

/** The subgraph over systems that always give these rows, or fail; what each was asked is kept. */
async function subgraphOver(
  { screenings = [], applications = [], cases = [] }: Rows,
  failing: "GLOBAL" | "ELIS" | "none" = "none",
) {
  const asked = { global: [] as (readonly string[])[], elis: [] as (readonly string[])[] };
  const system = <Answer>(name: "GLOBAL" | "ELIS", searches: (readonly string[])[], answer: () => Answer) => ({
    async search(aNumbers: readonly string[]) {
      searches.push(aNumbers);
      if (failing === name) throw new SourceError("SOURCE_TIMEOUT", name);
      return answer();
    },
    close: async () => undefined,
  });
  const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
  const systems = {
    global: system("GLOBAL", asked.global, () => decodeGlobal(bytes({ asOf, screenings, applications }))),
    elis: system("ELIS", asked.elis, () => decodeElis(bytes({ asOf, cases }))),
  };
  const definition = { name: "uscis", sdl, resolvers, loaders: () => loadersOver(systems) };
  const { url, close } = await serveSubgraph(definition, { port: 0 });
  closers.push(close);
  return { asked, query: (persons: readonly object[], fields: string = everything) => entities(url, persons, fields) };
}

const everything = `
  asylum {
    screenings { id kind referredAt decision decidedAt servedOnApplicantAt servedOnEroAt servedOnCourtAt closedAt source { system asOf } }
    applications { receiptNumber filedAt decision decidedAt birthCountry source { system asOf } }
  }
  benefitRequests { receiptNumber form filedAt decision decidedAt birthCountry source { system asOf } }
  protected1367`;

async function entities(url: string, persons: readonly object[], fields: string) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      query: `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Person { ${fields} } } }`,
      variables: {
        representations: persons.map((each, index) => ({ __typename: "Person", fin: `FIN00000${index}`, ...each })),
      },
    }),
  });
  const { data, errors = [] } = (await response.json()) as {
    // biome-ignore lint/suspicious/noExplicitAny: whatever the query asked for.
    data: { _entities: any[] };
    errors?: { message: string; path: (string | number)[]; extensions: Record<string, unknown> }[];
  };
  return {
    persons: data._entities,
    errors: errors.map(({ path, extensions }) => ({ path: path.slice(2).join("."), ...extensions })),
  };
}

const nine = (n: number) => String(n).padStart(9, "0");

describe("a person's USCIS records", () => {
  test("come from both systems, under the fields' names, each with its source", async () => {
    const { query } = await subgraphOver({
      screenings: [screening("A012345678")],
      applications: [paper("A012345678")],
      cases: [elisCase("012-345-678")],
    });
    const { persons, errors } = await query([{ aNumbers: ["012345678"] }]);
    expect(errors).toEqual([]);
    const global = { system: "GLOBAL", asOf };
    expect(persons).toEqual([
      {
        asylum: {
          screenings: [
            {
              id: "S1",
              kind: "CREDIBLE_FEAR",
              referredAt: "2026-09-28",
              decision: "POSITIVE",
              decidedAt: "2026-10-06",
              servedOnApplicantAt: "2026-10-07",
              servedOnEroAt: "2026-10-08",
              servedOnCourtAt: null,
              closedAt: null,
              source: global,
            },
          ],
          applications: [
            {
              receiptNumber: "LIN2690312345",
              filedAt: "2026-03-02",
              decision: "PENDING",
              decidedAt: null,
              birthCountry: "AFG",
              source: global,
            },
          ],
        },
        benefitRequests: [
          {
            receiptNumber: "IOE0912345678",
            form: "I-765",
            filedAt: "2026-03-02",
            decision: "PENDING",
            decidedAt: null,
            birthCountry: "AFG",
            source: { system: "ELIS", asOf },
          },
        ],
        protected1367: false,
      },
    ]);
  });

  test("are given to every person under whose A-number they stand, once each", async () => {
    const { query } = await subgraphOver({
      screenings: [screening("A000000001", { screeningId: "S1" }), screening("A000000002", { screeningId: "S2" })],
    });
    const persons = [{ aNumbers: [nine(1), nine(2), nine(1)] }, { aNumbers: [nine(2)] }, { aNumbers: [nine(3)] }];
    const answer = await query(persons, "asylum { screenings { id } }");
    expect(answer.persons.map(({ asylum }) => asylum.screenings.map(({ id }: { id: string }) => id))).toEqual([
      ["S1", "S2"],
      ["S2"],
      [],
    ]);
  });

  test("of 1 person and of 50 take one search of each system, whatever is asked", async () => {
    for (const count of [1, 50]) {
      const { asked, query } = await subgraphOver({});
      await query(Array.from({ length: count }, (_, index) => ({ aNumbers: [nine(index), nine(index + 50)] })));
      expect(asked.global).toHaveLength(1);
      expect(asked.elis).toHaveLength(1);
      expect(asked.elis[0]).toHaveLength(count * 2);
    }
  });

  test("beyond 100 A-numbers take a search for each 100", async () => {
    const { asked, query } = await subgraphOver({});
    await query(
      Array.from({ length: 50 }, (_, index) => ({ aNumbers: [nine(index), nine(index + 50), nine(index + 100)] })),
    );
    expect(asked.elis.map((each) => each.length)).toEqual([100, 50]);
  });

  test("are not asked for when nothing of a system is asked for", async () => {
    const { asked, query } = await subgraphOver({});
    await query([{ aNumbers: [nine(1)] }], "asylum { screenings { id } }");
    expect([asked.global.length, asked.elis.length]).toEqual([1, 0]);
  });

  test("of a person without A-numbers are none: both systems file by A-number", async () => {
    const { asked, query } = await subgraphOver({ screenings: [screening("A000000001")] });
    const { persons, errors } = await query([{ aNumbers: [] }]);
    expect(errors).toEqual([]);
    expect(persons).toEqual([
      { asylum: { screenings: [], applications: [] }, benefitRequests: [], protected1367: false },
    ]);
    // Whether ELIS answers is found out all the same, by nobody's number.
    expect([asked.global, asked.elis]).toEqual([[], [["999999999"]]]);
  });

  test.each([
    [null, "SOURCE_UNAVAILABLE"],
    ["012345678", "SOURCE_UNAVAILABLE"],
    [["012345678", "nonsense"], "SOURCE_INVALID"],
    [[null], "SOURCE_INVALID"],
  ])("cannot be asked for by A-numbers %j: an error at each field, never an empty list", async (aNumbers, code) => {
    const { asked, query } = await subgraphOver({});
    const { persons, errors } = await query([{ aNumbers }]);
    expect(persons).toEqual([
      { asylum: { screenings: null, applications: null }, benefitRequests: null, protected1367: null },
    ]);
    expect(errors.map(({ path }) => path).sort()).toEqual([
      "asylum.applications",
      "asylum.screenings",
      "benefitRequests",
      "protected1367",
    ]);
    for (const error of errors) expect(error).toMatchObject({ code, system: "IDENT" });
    expect([asked.global, asked.elis]).toEqual([[], []]);
  });
});

describe("a system that fails", () => {
  test("ELIS leaves screenings whole; what needs it is null with its name, the marker too", async () => {
    const { query } = await subgraphOver({ screenings: [screening("A000000001")] }, "ELIS");
    const { persons, errors } = await query([{ aNumbers: [nine(1)] }]);
    expect(persons[0].asylum.screenings).toHaveLength(1);
    expect(persons[0]).toMatchObject({ asylum: { applications: null }, benefitRequests: null, protected1367: null });
    expect(errors).toHaveLength(3);
    for (const error of errors) expect(error).toMatchObject({ code: "SOURCE_TIMEOUT", system: "ELIS" });
  });

  test("Global leaves benefit requests and the marker whole", async () => {
    const { query } = await subgraphOver({ cases: [elisCase("000000001")] }, "GLOBAL");
    const { persons, errors } = await query([{ aNumbers: [nine(1)] }]);
    expect(persons[0]).toMatchObject({ asylum: { screenings: null, applications: null }, protected1367: false });
    expect(persons[0].benefitRequests).toHaveLength(1);
    expect(errors.map(({ path }) => path).sort()).toEqual(["asylum.applications", "asylum.screenings"]);
    for (const error of errors) expect(error).toMatchObject({ code: "SOURCE_TIMEOUT", system: "GLOBAL" });
  });
});

describe("asylum applications", () => {
  test("of both systems are one list; the same receipt is given once unless the decisions differ", async () => {
    const { query } = await subgraphOver({
      applications: [
        paper("A000000001"),
        paper("A000000001", { receiptNumber: "LIN2690300000", filedDate: "01/05/2020" }),
      ],
      cases: [
        elisCase("000000001", { formType: "I-589", receiptNumber: "LIN2690312345" }),
        elisCase("000000001", { formType: "I-589", receiptNumber: "LIN2690300000", status: "Case Was Denied" }),
      ],
    });
    const { persons } = await query(
      [{ aNumbers: [nine(1)] }],
      "asylum { applications { receiptNumber decision source { system } } }",
    );
    expect(
      persons[0].asylum.applications.map(
        (each: { receiptNumber: string; decision: string; source: { system: string } }) =>
          `${each.receiptNumber} ${each.decision} ${each.source.system}`,
      ),
    ).toEqual(["LIN2690300000 PENDING GLOBAL", "LIN2690300000 DENIED ELIS", "LIN2690312345 PENDING GLOBAL"]);
  });
});

describe("8 USC 1367", () => {
  const marked = { formType: "I-918", receiptNumber: "IOE0900000001", protectionMarkers: ["8 USC 1367"] };

  test("a standing marker is a fact of the person, and the filing is told as protected", async () => {
    const { query } = await subgraphOver({ cases: [elisCase("000000001", marked), elisCase("000000001")] });
    const { persons, errors } = await query(
      [{ aNumbers: [nine(1)] }],
      "protected1367 benefitRequests { form protectedFiling }",
    );
    expect({ persons, errors }).toEqual({
      persons: [
        {
          protected1367: true,
          benefitRequests: [
            { form: "I-918", protectedFiling: true },
            { form: "I-765", protectedFiling: false },
          ],
        },
      ],
      errors: [],
    });
  });

  test.each(["I-914", "I-918", "I-360 VAWA"])(
    "a denied %s without a marker is no bar, and still told as a protected filing",
    async (formType) => {
      const { query } = await subgraphOver({ cases: [elisCase("000000001", { formType })] });
      const { persons } = await query([{ aNumbers: [nine(1)] }], "protected1367 benefitRequests { protectedFiling }");
      expect(persons).toEqual([{ protected1367: false, benefitRequests: [{ protectedFiling: true }] }]);
    },
  );

  test("an unreadable case of the person, or of nobody that can be named, leaves the marker unknown", async () => {
    for (const unreadable of [elisCase("000000001", { protectionMarkers: null }), elisCase("(b)(6)")]) {
      const { query } = await subgraphOver({ cases: [unreadable] });
      const { persons, errors } = await query([{ aNumbers: [nine(1)] }], "protected1367");
      expect(persons).toEqual([{ protected1367: null }]);
      expect(errors).toEqual([
        expect.objectContaining({ path: "protected1367", code: "VALUE_UNREADABLE", system: "ELIS" }),
      ]);
    }
  });

  test("a marker that stands is true whatever else cannot be read; another's unreadable case changes nothing", async () => {
    const { query } = await subgraphOver({
      cases: [elisCase("000000001", marked), elisCase("000000001", { receiptNumber: null }), elisCase("000000002")],
    });
    const { persons, errors } = await query([{ aNumbers: [nine(1)] }, { aNumbers: [nine(2)] }], "protected1367");
    expect({ persons, errors }).toEqual({ persons: [{ protected1367: true }, { protected1367: false }], errors: [] });
  });
});

describe("what cannot be read", () => {
  test("a withheld value is null with its own code; an unreadable one with another; absent ones with none", async () => {
    const { query } = await subgraphOver({
      screenings: [screening("A000000001", { referralDate: "(b)(6)", decision: "MAYBE", decisionDate: "N/A" })],
    });
    const { persons, errors } = await query(
      [{ aNumbers: [nine(1)] }],
      "asylum { screenings { id referredAt decision decidedAt } }",
    );
    expect(persons[0].asylum.screenings).toEqual([{ id: "S1", referredAt: null, decision: null, decidedAt: null }]);
    expect(errors).toEqual([
      { path: "asylum.screenings.0.referredAt", code: "REDACTED_BY_SOURCE", system: "GLOBAL" },
      { path: "asylum.screenings.0.decision", code: "VALUE_UNREADABLE", system: "GLOBAL" },
    ]);
  });

  test("an unreadable row is reported to the person it belongs to, or to all when that cannot be read", async () => {
    const { query } = await subgraphOver({
      screenings: [
        screening("A000000001", { screeningType: "?" }),
        screening("A000000001", { screeningId: "S2" }),
        screening("A000000002", { screeningId: "S3" }),
        screening(null),
      ],
    });
    const { errors } = await query([{ aNumbers: [nine(1)] }, { aNumbers: [nine(2)] }], "asylum { screenings { id } }");
    expect(errors).toEqual([
      { path: "asylum.screenings", code: "RECORD_UNREADABLE", system: "GLOBAL", count: 2 },
      { path: "asylum.screenings", code: "RECORD_UNREADABLE", system: "GLOBAL", count: 1 },
    ]);
  });

  test("a row that may be anybody's is counted once for a person with several A-numbers", async () => {
    const { query } = await subgraphOver({ cases: [elisCase(null), elisCase("000000001")] });
    const { persons, errors } = await query([{ aNumbers: [nine(1), nine(2)] }], "benefitRequests { form }");
    expect(persons).toEqual([{ benefitRequests: [{ form: "I-765" }] }]);
    expect(errors).toEqual([{ path: "benefitRequests", code: "RECORD_UNREADABLE", system: "ELIS", count: 1 }]);
  });
});

describe("settings", () => {
  test("have defaults that fit one machine", () => {
    expect(readUscisSettings({})).toMatchObject({
      port: 4104,
      host: "127.0.0.1",
      sourceTimeoutMs: 2000,
      globalUrl: "http://127.0.0.1:4206",
      elisUrl: "http://127.0.0.1:4207",
    });
  });

  test("are read from the environment, a client's id and secret together", () => {
    const env = { ELIS_CLIENT_ID: "a", ELIS_CLIENT_SECRET: "b", GLOBAL_URL: "https://global.example/torch", PORT: "1" };
    expect(readUscisSettings(env)).toMatchObject({
      port: 1,
      globalUrl: "https://global.example/torch",
      elisClient: { clientId: "a", clientSecret: "b" },
    });
    expect(() => readUscisSettings({ ELIS_CLIENT_ID: "a" })).toThrow(
      "ELIS_CLIENT_ID and ELIS_CLIENT_SECRET must be set together",
    );
  });

  test("a port in use is an error with its code", async () => {
    const first = await startUscis({ ...readUscisSettings({}), port: 0 });
    closers.push(first.close);
    const port = Number(new URL(first.url).port);
    await expect(startUscis({ ...readUscisSettings({}), port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});
