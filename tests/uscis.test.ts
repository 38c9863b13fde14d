/** The USCIS subgraph over the simulated Global and ELIS and the invented population, over real wires. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { type Fault, type FaultyProxy, faultyProxy } from "../mocks/faults.ts";
import type { PersonFile } from "../mocks/population/types.ts";
import { createClock, createWorld } from "../mocks/population/world.ts";
import { printedCountries } from "../mocks/uscis/countries.ts";
import { elis } from "../mocks/uscis/elis.ts";
import { global } from "../mocks/uscis/global.ts";
import type { TorchSettings } from "../mocks/uscis/torch.ts";
import type { Simulator, World } from "../mocks/world.ts";
import { countryOfCode, countryOfName } from "../subgraphs/uscis/countries.ts";
import { startUscis } from "../subgraphs/uscis/main.ts";
import { beforeSystem } from "./listeners.ts";

/** Far above what an answer takes, so that a busy machine shows no faults that are not there. */
const patientMs = 20_000;

type Running = {
  readonly world: World;
  readonly simulators: Readonly<Record<"global" | "elis", Simulator>>;
  /** Searches since the last look, tokens not counted. */
  searches(): Readonly<Record<"global" | "elis", number>>;
  setFault(system: "global" | "elis", fault: Fault): void;
  ask(persons: readonly object[], fields?: string): ReturnType<typeof ask>;
  close(): Promise<void>;
};

/** Subgraph → a proxy that counts → a proxy that can fail → simulator, for each of the two systems. */
async function start(settings: Partial<TorchSettings> = {}, sourceTimeoutMs = patientMs): Promise<Running> {
  const world = createWorld({ size: 2_000, seed: 1 });
  const clock = createClock();
  const context = { world, clock, progress: () => undefined };
  const simulators = { global: global(context, settings), elis: elis(context, settings) };
  const counted = { global: 0, elis: 0 };
  const closers: (() => unknown)[] = [];
  const proxies = {} as Record<"global" | "elis", FaultyProxy>;
  const urls = {} as Record<"global" | "elis", string>;
  for (const name of ["global", "elis"] as const) {
    const simulator = await simulators[name].start();
    proxies[name] = await faultyProxy({ protocol: "http", upstreamPort: simulator.port });
    const counting = await beforeSystem(`http://127.0.0.1:${proxies[name].port}`, ({ url }) => {
      if (url !== "/oauth/accesstoken") counted[name] += 1;
    });
    urls[name] = counting.url;
    closers.push(simulator.close, proxies[name].close, counting.close);
  }
  const subgraph = await startUscis({
    port: 0,
    host: "127.0.0.1",
    sourceTimeoutMs,
    globalUrl: urls.global,
    elisUrl: urls.elis,
  });
  closers.push(subgraph.close);
  return {
    world,
    simulators,
    searches() {
      const since = { ...counted };
      counted.global = 0;
      counted.elis = 0;
      return since;
    },
    setFault: (system, fault) => proxies[system].set(fault),
    ask: (persons, fields = everything) => ask(subgraph.url, persons, fields),
    async close() {
      for (const each of closers.reverse()) await each();
    },
  };
}

const everything = `
  asylum {
    screenings { id kind referredAt decision decidedAt servedOnApplicantAt servedOnEroAt servedOnCourtAt closedAt source { system asOf } }
    applications { receiptNumber filedAt decision decidedAt birthCountry source { system asOf } }
  }
  benefitRequests { receiptNumber form filedAt decision decidedAt birthCountry source { system asOf } }
  protected1367`;

async function ask(url: string, persons: readonly object[], fields: string) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      query: `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Person { ${fields} } } }`,
      variables: { representations: persons.map((each) => ({ __typename: "Person", fin: "FIN000001", ...each })) },
    }),
  });
  const { data, errors = [] } = (await response.json()) as {
    // biome-ignore lint/suspicious/noExplicitAny: whatever the query asked for.
    data: { _entities: any[] };
    errors?: { path: (string | number)[]; extensions: Record<string, unknown> }[];
  };
  return {
    persons: data._entities,
    errors: errors.map(({ path, extensions }) => ({ path: path.slice(2).join("."), ...extensions })),
  };
}

/** The A-numbers that IDENT can read in a person's encounters. */
function aNumbersOf({ ident }: PersonFile): readonly string[] {
  const raw = ident.flatMap(({ encounters }) => encounters.map(({ aNumberRaw }) => aNumberRaw ?? ""));
  const digits = raw.map((each) => /^A?(\d{7,9})$/i.exec(each.replace(/[\s-]/g, ""))?.[1]);
  return [...new Set(digits.flatMap((each) => (each === undefined ? [] : [each.padStart(9, "0")])))].sort();
}

const statusOf = {
  "Case Was Received": "PENDING",
  "Case Was Approved": "GRANTED",
  "Case Was Denied": "DENIED",
  "Case Was Withdrawn": "WITHDRAWN",
  "Case Closed": "CLOSED",
};
const protectedForms = ["I-360 VAWA", "I-914", "I-918"];

/** Everything that stands under these A-numbers in anyone's file. */
function filedUnder(world: World, aNumbers: readonly string[]) {
  const files = [
    ...new Map(aNumbers.flatMap((each) => world.find("aNumber", each)).map((file) => [file.index, file])).values(),
  ];
  const under = <Row extends { aNumber: string }>(rows: readonly Row[]) =>
    rows.filter(({ aNumber }) => aNumbers.includes(aNumber));
  return {
    screenings: under(files.flatMap((file) => file.global.screenings)),
    papers: under(files.flatMap((file) => file.global.applications)),
    cases: under(files.flatMap((file) => file.elis.cases)),
  };
}

describe("over the population", () => {
  let running: Running;
  beforeAll(async () => {
    running = await start();
  });
  afterAll(() => running.close());

  test("every record of the first 300 persons that IDENT's A-numbers find comes back, and nothing else", async () => {
    const { world } = running;
    const people = [...world.persons()].slice(0, 300).map(aNumbersOf);
    let records = 0;
    for (let from = 0; from < people.length; from += 50) {
      const asked = people.slice(from, from + 50);
      const { persons, errors } = await running.ask(asked.map((aNumbers) => ({ aNumbers })));
      expect(errors).toEqual([]);
      const searched = running.searches();
      expect(searched.global).toBeLessThanOrEqual(2);
      expect(searched.elis).toBeLessThanOrEqual(2);
      asked.forEach((aNumbers, index) => {
        const filed = filedUnder(world, aNumbers);
        const { asylum, benefitRequests, protected1367 } = persons[index];
        const byId = (rows: readonly { id: string }[]) => [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
        expect(byId(asylum.screenings)).toEqual(
          byId(
            filed.screenings.map((row) => ({
              id: row.screeningId,
              kind: row.kind === "CF" ? "CREDIBLE_FEAR" : "REASONABLE_FEAR",
              referredAt: row.referredDate,
              decision: row.decision === "ADMIN CLOSE" ? "ADMINISTRATIVELY_CLOSED" : row.decision,
              decidedAt: row.decisionDate,
              servedOnApplicantAt: row.servedApplicantDate,
              servedOnEroAt: row.servedEroDate,
              servedOnCourtAt: row.servedCourtDate,
              closedAt: row.closeEffectiveDate,
              source: { system: "GLOBAL", asOf: "2026-10-19T14:00:00Z" },
            })),
          ),
        );
        const electronic = filed.cases.filter(({ form }) => form === "I-589");
        expect(asylum.applications).toHaveLength(filed.papers.length + electronic.length);
        const requests = filed.cases.filter(({ form }) => form !== "I-589");
        const byReceipt = (rows: readonly { receiptNumber: string }[]) =>
          [...rows].sort((a, b) => (a.receiptNumber < b.receiptNumber ? -1 : 1));
        expect(byReceipt(benefitRequests)).toEqual(
          byReceipt(
            requests.map((row) => ({
              receiptNumber: row.receiptNumber,
              form: row.form,
              filedAt: row.receivedDate,
              decision: statusOf[row.status],
              decidedAt: row.status === "Case Was Received" ? null : row.statusDate,
              birthCountry: row.birthCountry as string | null,
              source: { system: "ELIS", asOf: "2026-10-19T14:00:00Z" },
            })),
          ),
        );
        expect(protected1367).toBe(filed.cases.some(({ protection }) => protection !== null));
        records += filed.screenings.length + filed.papers.length + filed.cases.length;
      });
    }
    expect(records).toBeGreaterThan(50);
  });

  test("protected persons are known as such, and so are their filings", async () => {
    const holders = [...running.world.persons()].filter(({ elis }) =>
      elis.cases.some(({ protection }) => protection !== null),
    );
    expect(holders.length).toBeGreaterThan(0);
    const aNumbers = holders.map(({ elis }) => ({ aNumbers: elis.cases.map((each) => each.aNumber) }));
    const { persons } = await running.ask(aNumbers, "protected1367 benefitRequests { form protectedFiling }");
    for (const { protected1367, benefitRequests } of persons) {
      expect(protected1367).toBe(true);
      const told = benefitRequests.filter((each: { protectedFiling: boolean }) => each.protectedFiling);
      expect(told.length).toBeGreaterThan(0);
      for (const { form } of told) expect(protectedForms).toContain(form);
    }
  });

  test.each([1, 50])("persons, %i of them, take one search of each system, whatever is asked", async (count) => {
    const people = [...running.world.persons()].map(aNumbersOf).filter((each) => each.length > 0 && each.length <= 2);
    running.searches();
    await running.ask(people.slice(0, count).map((aNumbers) => ({ aNumbers })));
    expect(running.searches()).toEqual({ global: 1, elis: 1 });
  });

  test("each country that a simulator prints is read as that country", () => {
    for (const [iso, { claims, name }] of printedCountries) {
      expect([claims, countryOfCode(claims)]).toEqual([claims, iso]);
      expect([name, countryOfName(name)]).toEqual([name, iso]);
    }
  });
});

describe("a system that fails", () => {
  let running: Running;
  beforeAll(async () => {
    running = await start({}, 2_000);
  });
  afterAll(() => running.close());
  afterEach(() => {
    running.setFault("global", { kind: "none" });
    running.setFault("elis", { kind: "none" });
  });

  const codes = {
    down: ["SOURCE_UNAVAILABLE"],
    slow: ["SOURCE_TIMEOUT"],
    refuse: ["SOURCE_UNAVAILABLE", "SOURCE_REFUSED"],
    truncate: ["SOURCE_UNAVAILABLE", "SOURCE_INVALID"],
    garbage: ["SOURCE_INVALID"],
  } as const;
  test.each(Object.entries(codes))(
    "ELIS %s: what needs it is null with a code and its name; screenings stand",
    async (kind, expected) => {
      const holder = [...running.world.persons()].find(({ global }) => global.screenings.length > 0) as PersonFile;
      const aNumber = holder.global.screenings[0]?.aNumber as string;
      running.setFault("elis", { kind: kind as keyof typeof codes });
      const { persons, errors } = await running.ask([{ aNumbers: [aNumber] }]);
      expect(persons[0].asylum.screenings.length).toBeGreaterThan(0);
      expect(persons[0]).toMatchObject({ asylum: { applications: null }, benefitRequests: null, protected1367: null });
      expect(errors).toHaveLength(3);
      for (const error of errors) {
        expect(error).toMatchObject({ system: "ELIS" });
        expect(expected).toContain((error as { code?: unknown }).code);
      }
    },
  );

  test("Global down: benefit requests and the marker stand", async () => {
    const holder = [...running.world.persons()].find(({ elis }) => elis.cases.length > 0) as PersonFile;
    running.setFault("global", { kind: "down" });
    const { persons, errors } = await running.ask([{ aNumbers: [holder.elis.cases[0]?.aNumber as string] }]);
    expect(persons[0].asylum).toEqual({ screenings: null, applications: null });
    expect(persons[0].benefitRequests).not.toBeNull();
    expect(typeof persons[0].protected1367).toBe("boolean");
    for (const error of errors) expect(error).toMatchObject({ system: "GLOBAL", code: "SOURCE_UNAVAILABLE" });
  });
});

describe("Torch's own limits", () => {
  test("a token that expires, by the system's clock alone, is renewed without anyone noticing", async () => {
    let systemMs = Date.now();
    const running = await start({ nowMs: () => systemMs });
    try {
      const person = { aNumbers: ["000000001"] };
      expect((await running.ask([person])).errors).toEqual([]);
      systemMs += 31 * 60_000;
      expect((await running.ask([person])).errors).toEqual([]);
      // The search that was refused with 401, and the one that followed with a new token.
      expect(running.searches()).toEqual({ global: 3, elis: 3 });
    } finally {
      await running.close();
    }
  });

  test("above five requests a second the system refuses, which is said and never read as nothing", async () => {
    const stopped = Date.now();
    const running = await start({ rateLimitPerSecond: 5, nowMs: () => stopped }, 1_000);
    try {
      const answers = [];
      for (let nth = 0; nth < 6; nth += 1)
        answers.push(await running.ask([{ aNumbers: ["000000001"] }], "benefitRequests { form }"));
      expect(answers.slice(0, 5).flatMap(({ errors }) => errors)).toEqual([]);
      // Retry-After is a second, and so is the whole deadline: it is not waited for.
      expect(answers[5]).toEqual({
        persons: [{ benefitRequests: null }],
        errors: [{ path: "benefitRequests", code: "SOURCE_REFUSED", system: "ELIS" }],
      });
    } finally {
      await running.close();
    }
  });
});

test("acts are seen on the next read", async () => {
  const running = await start();
  try {
    const holder = [...running.world.persons()].find(({ elis }) => elis.cases.length > 0) as PersonFile;
    const aNumber = holder.elis.cases[0]?.aNumber as string;
    const read = async () => (await running.ask([{ aNumbers: [aNumber] }])).persons[0];
    const before = await read();
    await running.simulators.global.act({ act: "refer-screening", aNumber });
    await running.simulators.global.act({ act: "decide-screening", aNumber, decision: "NEGATIVE" });
    await running.simulators.global.act({ act: "serve-decision", aNumber, on: "applicant" });
    await running.simulators.elis.act({ act: "file-application", aNumber, form: "I-918" });
    await running.simulators.elis.act({ act: "file-application", aNumber, form: "I-589" });
    const after = await read();
    expect(after.asylum.screenings).toHaveLength(before.asylum.screenings.length + 1);
    expect(after.asylum.screenings.at(-1)).toMatchObject({
      kind: "CREDIBLE_FEAR",
      referredAt: "2026-10-19",
      decision: "NEGATIVE",
      servedOnApplicantAt: "2026-10-19",
      servedOnEroAt: null,
    });
    expect(after.asylum.applications).toHaveLength(before.asylum.applications.length + 1);
    expect(after.benefitRequests).toHaveLength(before.benefitRequests.length + 1);
    expect(after.benefitRequests.at(-1)).toMatchObject({ form: "I-918", filedAt: "2026-10-19" });
    expect([before.protected1367, after.protected1367]).toEqual([false, true]);
  } finally {
    await running.close();
  }
});
