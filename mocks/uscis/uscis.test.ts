import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "@jest/globals";
import {
  type ElisCase,
  type GlobalApplication,
  type GlobalScreening,
  type PersonFile,
  REDACTED,
} from "../population/types.ts";
import type { Act, SimulatorContext, World } from "../world.ts";
import { printedCountries, printedCountry } from "./countries.ts";
import { elis } from "./elis.ts";
import { global } from "./global.ts";
import type { TorchSettings } from "./torch.ts";

const now = "2026-10-19T14:00:00Z";

const screening: GlobalScreening = {
  screeningId: "APSS1",
  aNumber: "000000001",
  kind: "CF",
  referredDate: "2026-09-28",
  decision: null,
  decisionDate: null,
  servedApplicantDate: null,
  servedEroDate: null,
  servedCourtDate: null,
  closeEffectiveDate: null,
};
const paper: GlobalApplication = {
  receiptNumber: "LIN2690312345",
  aNumber: "000000001",
  filedDate: "2026-03-02",
  decision: "PENDING",
  decisionDate: null,
  birthCountry: "AFG",
};
const benefit: ElisCase = {
  receiptNumber: "IOE0900000001",
  aNumber: "000000001",
  form: "I-765",
  receivedDate: "2026-03-02",
  status: "Case Was Approved",
  statusDate: "2026-08-11",
  birthCountry: "TUR",
  gender: "Female",
  protection: null,
};

type Rows = { screenings?: GlobalScreening[]; applications?: GlobalApplication[]; cases?: ElisCase[] };

/** A world of a few hand-made people. */
function worldOf(...people: readonly Rows[]): World {
  const files = people.map(
    ({ screenings = [], applications = [], cases = [] }, index): PersonFile => ({
      index,
      ident: [],
      adis: [],
      i94: [],
      e3: [],
      eid: { stays: [], detainers: [], removals: [], arrests: [], cases: [] },
      global: { screenings, applications },
      elis: { cases },
      cases: [],
    }),
  );
  const rowsOf = (file: PersonFile) => [...file.global.screenings, ...file.global.applications, ...file.elis.cases];
  return {
    size: files.length,
    persons: () => files,
    find: (kind, value) =>
      files.filter((file) =>
        rowsOf(file).some((row) =>
          kind === "aNumber" ? row.aNumber === value : "receiptNumber" in row && row.receiptNumber === value,
        ),
      ),
    change: (index, edit) => {
      const edited = edit(files[index] as PersonFile);
      files[index] = edited;
      return edited;
    },
  };
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A foreign client: plain fetch, and nothing of ours. */
async function started(make: typeof global, world: World, settings: Partial<TorchSettings> = {}) {
  const context: SimulatorContext = {
    world,
    clock: { now: () => now, onChange: () => undefined },
    progress: () => undefined,
  };
  const simulator = make(context, settings);
  const { port, close } = await simulator.start();
  closers.push(close);
  const url = `http://127.0.0.1:${port}`;
  const tokenOf = async (client: Record<string, string> = {}) => {
    const form = {
      grant_type: "client_credentials",
      client_id: "crosswalk-development",
      client_secret: "development-only",
    };
    const response = await fetch(`${url}/oauth/accesstoken`, {
      method: "POST",
      body: new URLSearchParams({ ...form, ...client }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const call = async (path: string, init: RequestInit = {}, token?: string) => {
    const bearer = token ?? (await tokenOf()).body.access_token;
    const response = await fetch(url + path, { ...init, headers: { authorization: `Bearer ${bearer}` } });
    // biome-ignore lint/suspicious/noExplicitAny: a foreign client's view.
    return { status: response.status, headers: response.headers, body: (await response.json()) as any };
  };
  const search = (alienNumbers: unknown, token?: string) => {
    const path = make === global ? "/global/v1/records/search" : "/elis/v1/cases/search";
    return call(path, { method: "POST", body: JSON.stringify({ alienNumbers }) }, token);
  };
  return {
    simulator,
    url,
    tokenOf,
    call,
    search,
    act: (act: Omit<Act, "aNumber">) => simulator.act({ aNumber: "000000001", ...act } as Act),
  };
}

const codes = (body: { errors: { code: string; pointer?: string; traceId: string }[] }) =>
  body.errors.map(({ code, pointer }) => (pointer === undefined ? code : `${code} ${pointer}`));

describe("a foreign client", () => {
  test("does the OAuth dance and reads Global", async () => {
    const { tokenOf, search } = await started(global, worldOf({ screenings: [screening], applications: [paper] }, {}));
    const { body: token } = await tokenOf();
    expect(token).toMatchObject({ token_type: "BearerToken", expires_in: "1799", status: "approved" });
    const { status, body } = await search(["A000000001", "A999999999"], String(token.access_token));
    expect(status).toBe(200);
    expect(body.asOf).toBe(now);
    expect(body.screenings).toHaveLength(1);
    expect(body.screenings[0]).toMatchObject({
      screeningId: "APSS1",
      alienNumber: "A000000001",
      screeningType: "CF",
      referralDate: "09/28/2026",
    });
    expect(body.applications[0]).toMatchObject({ formType: "I-589", filedDate: "03/02/2026", countryOfBirth: "AFGHA" });
    expect(body.applications[0].decision.trim()).toBe("PENDING");
  });

  const withCurl = spawnSync("curl", ["--version"]).error === undefined ? test : test.skip;
  withCurl("reads ELIS with curl alone", async () => {
    const { url } = await started(elis, worldOf({ cases: [benefit] }));
    const curl = async (...args: string[]) => JSON.parse((await promisify(execFile)("curl", ["-sS", ...args])).stdout);
    const client = "grant_type=client_credentials&client_id=crosswalk-development&client_secret=development-only";
    const { access_token: token } = await curl("-d", client, `${url}/oauth/accesstoken`);
    const bearer = ["-H", `Authorization: Bearer ${token}`];
    const { cases } = await curl(...bearer, "-d", '{"alienNumbers":["000-000-001"]}', `${url}/elis/v1/cases/search`);
    expect(cases).toHaveLength(1);
    expect(cases[0]).toMatchObject({ formType: "I-765", status: "Case Was Approved", protectionMarkers: [] });
    const status = await curl(...bearer, `${url}/case-status/IOE0900000001`);
    expect(status).toMatchObject({
      receiptNumber: "IOE0900000001",
      formType: "I-765",
      submittedDate: "2026-03-02",
      modifiedDate: "2026-08-11",
      status: "Case Was Approved",
      description: "We approved your Form I-765.",
      statusEsDesc: "Aprobamos su Formulario I-765.",
    });
    expect(status.historicalCaseStatuses.map((each: { status: string }) => each.status)).toEqual([
      "Case Was Received",
      "Case Was Approved",
    ]);
  });
});

describe("tokens", () => {
  test("are refused to a wrong client or grant, and to a body that is no form", async () => {
    const { tokenOf, url } = await started(global, worldOf());
    expect(await tokenOf({ client_secret: "x" })).toMatchObject({
      status: 401,
      body: { errors: [{ code: "INVALID_CLIENT" }] },
    });
    expect(await tokenOf({ client_id: "x" })).toMatchObject({ status: 401 });
    expect(await tokenOf({ grant_type: "password" })).toMatchObject({
      status: 400,
      body: { errors: [{ code: "INVALID_REQUEST" }] },
    });
    expect((await fetch(`${url}/oauth/accesstoken`, { method: "POST", body: "{}" })).status).toBe(415);
    expect((await fetch(`${url}/oauth/accesstoken`)).status).toBe(405);
  });

  test("are had by the client of the settings", async () => {
    const { tokenOf } = await started(elis, worldOf(), { clientId: "a", clientSecret: "b" });
    expect((await tokenOf()).status).toBe(401);
    expect((await tokenOf({ client_id: "a", client_secret: "b" })).status).toBe(200);
  });

  test("open nothing when missing, wrong, another system's, or half an hour old", async () => {
    let nowMs = 1_000_000;
    const { tokenOf, search, url } = await started(global, worldOf(), { nowMs: () => nowMs });
    const other = await started(elis, worldOf());
    const elsewhere = String((await other.tokenOf()).body.access_token);
    expect((await fetch(`${url}/global/v1/records/search`, { method: "POST" })).status).toBe(401);
    for (const token of ["nonsense", elsewhere]) {
      const { status, body, headers } = await search(["A000000001"], token);
      expect([status, codes(body), headers.get("www-authenticate")]).toEqual([401, ["UNAUTHORIZED"], "Bearer"]);
    }
    const token = String((await tokenOf()).body.access_token);
    nowMs += 1_799_999;
    expect((await search(["A000000001"], token)).status).toBe(200);
    nowMs += 1;
    expect((await search(["A000000001"], token)).status).toBe(401);
    expect((await search(["A000000001"])).status).toBe(200);
  });
});

describe("refusals", () => {
  test("name every malformed A-number by its place, and answer nothing", async () => {
    const inGlobal = await started(global, worldOf());
    const { status, body } = await inGlobal.search(["A000000001", "000000001", 7, "A00000001"]);
    expect(status).toBe(422);
    expect(codes(body)).toEqual([1, 2, 3].map((place) => `INVALID_FORMAT #/alienNumbers/${place}`));
    const inElis = await started(elis, worldOf());
    const answer = await inElis.search(["000000001", "000-000-001", "A000000001", "00-0000001"]);
    expect([answer.status, codes(answer.body)]).toEqual([
      422,
      [2, 3].map((place) => `INVALID_FORMAT #/alienNumbers/${place}`),
    ]);
  });

  test("meet a list that is none, empty, or above 100, and a body that is no JSON", async () => {
    const { search, call } = await started(elis, worldOf());
    for (const list of [undefined, null, "000000001", [], Array(101).fill("000000001")]) {
      const { status, body } = await search(list);
      expect([status, codes(body)]).toEqual([422, ["INVALID_FORMAT #/alienNumbers"]]);
    }
    expect((await search(Array(100).fill("000000001"))).status).toBe(200);
    expect((await call("/elis/v1/cases/search", { method: "POST", body: "{" })).status).toBe(400);
    expect((await call("/elis/v1/cases/search", { method: "POST", body: "null" })).status).toBe(422);
  });

  test("meet paths that are not there, other methods, and receipts unknown or malformed", async () => {
    const { call } = await started(elis, worldOf());
    expect((await call("/nowhere")).status).toBe(404);
    expect((await call("/elis/v1/cases/search")).status).toBe(405);
    expect((await call("/case-status/IOE0900000009")).status).toBe(404);
    expect((await call("/case-status/ABC0900000009")).status).toBe(422);
  });

  test("a protected filing's receipt answers exactly as an unknown one", async () => {
    const hidden = { ...benefit, form: "I-918", protection: "1367" } as const;
    const denied = { ...hidden, receiptNumber: "IOE0900000002", protection: null };
    const { call } = await started(elis, worldOf({ cases: [hidden, denied] }));
    const withoutTrace = ({ status, body }: Awaited<ReturnType<typeof call>>) => [
      status,
      body.errors.map(({ traceId: _trace, ...rest }: Record<string, string>) => rest),
    ];
    const unknown = withoutTrace(await call("/case-status/IOE0900000009"));
    expect(withoutTrace(await call("/case-status/IOE0900000001"))).toEqual(unknown);
    expect(withoutTrace(await call("/case-status/IOE0900000002"))).toEqual(unknown);
  });

  test("come above five requests a second when a limit is set, with Retry-After; tokens are not counted", async () => {
    let nowMs = 1_000_000;
    const { search, tokenOf } = await started(elis, worldOf(), { rateLimitPerSecond: 5, nowMs: () => nowMs });
    const token = String((await tokenOf()).body.access_token);
    for (let nth = 0; nth < 8; nth += 1) expect((await tokenOf()).status).toBe(200);
    for (let nth = 0; nth < 5; nth += 1) expect((await search(["000000001"], token)).status).toBe(200);
    const { status, headers, body } = await search(["000000001"], token);
    expect([status, headers.get("retry-after"), codes(body)]).toEqual([429, "1", ["RATE_LIMIT_EXCEEDED"]]);
    nowMs += 1_000;
    expect((await search(["000000001"], token)).status).toBe(200);
  });
});

describe("the format", () => {
  const many = Array.from({ length: 200 }, (_, index) => index);

  test("only rows under an asked A-number come, each once", async () => {
    const mine = { screenings: [screening, { ...screening, screeningId: "APSS2", aNumber: "000000002" }] };
    const { search } = await started(global, worldOf(mine, { screenings: [{ ...screening, screeningId: "APSS3" }] }));
    const ids = async (asked: string[]) =>
      (await search(asked)).body.screenings.map((each: { screeningId: string }) => each.screeningId);
    expect(await ids(["A000000001"])).toEqual(["APSS1", "APSS3"]);
    expect(await ids(["A000000002", "A000000001", "A000000001"])).toEqual(["APSS1", "APSS2", "APSS3"]);
  });

  test("drifts as the description says, the same for ever", async () => {
    const world = worldOf({
      screenings: many.map((nth) => ({ ...screening, screeningId: `S${nth}`, decision: "ADMIN CLOSE" as const })),
      applications: many.map((nth) => ({
        ...paper,
        receiptNumber: `LIN26903${String(nth).padStart(5, "0")}`,
        birthCountry: nth % 2 ? null : REDACTED,
      })),
    });
    const { search } = await started(global, world);
    const first = (await search(["A000000001"])).body;
    expect((await search(["A000000001"])).body).toEqual(first);
    const printed = (rows: Record<string, unknown>[], field: string) =>
      [...new Set(rows.map((row) => row[field]))].sort();
    expect(printed(first.screenings, "decision")).toEqual(["ADMIN CLOSE", "ADMIN CLOSE "]);
    expect(printed(first.screenings, "closeEffective")).toEqual(["", "N/A", null]);
    expect(printed(first.applications, "countryOfBirth")).toEqual([
      "",
      "(b)(6)",
      "N/A",
      "REDACTED",
      "UNKNO",
      "b(6), b(7)C",
      null,
    ]);
  });

  test("of ELIS drifts too", async () => {
    const cases = many.map((nth) => ({
      ...benefit,
      receiptNumber: `IOE09${String(nth).padStart(8, "0")}`,
      gender: nth % 2 ? null : benefit.gender,
    }));
    const { search } = await started(elis, worldOf({ cases }));
    const { body } = await search(["000000001"]);
    const printed = (field: string) =>
      [...new Set(body.cases.map((row: Record<string, unknown>) => row[field]))].sort();
    expect(printed("alienNumber")).toEqual(["000-000-001", "000000001"]);
    expect(printed("receivedDate")).toEqual(["2026-03-02", "2026-03-02T00:00:00"]);
    expect(printed("countryOfBirth")).toEqual(["TÃ¼rkiye", "Türkiye"]);
    expect(printed("gender")).toEqual(["", "Female", "N/A", null]);
  });

  test("prints no two countries alike, and refuses one it lacks", () => {
    const countries = [...printedCountries.values()];
    expect(new Set(countries.map(({ claims }) => claims)).size).toBe(countries.length);
    expect(new Set(countries.map(({ name }) => name)).size).toBe(countries.length);
    expect(() => printedCountry("XXX")).toThrow("lacks XXX");
  });
});

describe("acts in Global", () => {
  test("carry a screening from referral over decision and service to closure, each seen by the next read", async () => {
    const { act, search } = await started(
      global,
      worldOf({ screenings: [{ ...screening, decision: "NEGATIVE", closeEffectiveDate: "2026-10-01" }] }),
    );
    const latest = async () => (await search(["A000000001"])).body.screenings.at(-1);
    const { screeningId } = (await act({ act: "refer-screening", kind: "RF" })) as { screeningId: string };
    expect(await latest()).toMatchObject({ screeningId, screeningType: "RF", referralDate: "10/19/2026" });
    expect(await act({ act: "decide-screening", decision: "POSITIVE" })).toMatchObject({ screeningId });
    expect((await latest()).decision.trim()).toBe("POSITIVE");
    for (const [on, printed] of [
      ["applicant", "applicant"],
      ["ero", "ero"],
      ["court", "immigrationCourt"],
    ] as const) {
      expect(await act({ act: "serve-decision", on })).toMatchObject({ screeningId });
      expect((await latest()).decisionServed[printed]).toBe("10/19/2026");
    }
    expect(await act({ act: "close-screening" })).toMatchObject({ screeningId });
    expect((await latest()).closeEffective).toBe("10/19/2026");
  });

  test("that have nothing to be done to, or lack what they take, say so in one line", async () => {
    const { act, simulator } = await started(
      global,
      worldOf({ screenings: [{ ...screening, closeEffectiveDate: "2026-10-01" }] }),
    );
    await expect(act({ act: "decide-screening", decision: "POSITIVE" })).rejects.toThrow(
      "no screening without a decision",
    );
    await expect(act({ act: "decide-screening" })).rejects.toThrow("takes decision: POSITIVE | NEGATIVE | ADMIN CLOSE");
    await expect(act({ act: "serve-decision", on: "ero" })).rejects.toThrow("no decision not yet served there");
    await expect(act({ act: "serve-decision", on: "lawyer" })).rejects.toThrow("takes on: applicant | ero | court");
    await expect(act({ act: "close-screening" })).rejects.toThrow("no screening still open");
    await expect(simulator.act({ act: "refer-screening", aNumber: "999999999" })).rejects.toThrow(
      "nobody has this A-number",
    );
    await expect(act({ act: "book-out" })).rejects.toThrow(
      "refer-screening, decide-screening, serve-decision, close-screening",
    );
  });
});

describe("acts in ELIS", () => {
  test("file and decide an application, each seen by the next read", async () => {
    const { act, search, call } = await started(elis, worldOf({ cases: [benefit] }));
    const { receiptNumber } = (await act({ act: "file-application", form: "I-485" })) as { receiptNumber: string };
    const filed = async () =>
      (await search(["000000001"])).body.cases.find(
        (each: { receiptNumber: string }) => each.receiptNumber === receiptNumber,
      );
    expect(await filed()).toMatchObject({ formType: "I-485", status: "Case Was Received", protectionMarkers: [] });
    expect(await act({ act: "decide-application", decision: "denied" })).toEqual({
      receiptNumber,
      status: "Case Was Denied",
    });
    expect(await filed()).toMatchObject({ status: "Case Was Denied" });
    expect((await call(`/case-status/${receiptNumber}`)).body).toMatchObject({
      status: "Case Was Denied",
      modifiedDate: "2026-10-19",
    });
  });

  test("give a protected filing its marker, which a denial does not take away: appeals may follow", async () => {
    const { act, search } = await started(elis, worldOf({ cases: [benefit] }));
    const { receiptNumber } = (await act({ act: "file-application", form: "I-360 VAWA" })) as { receiptNumber: string };
    await act({ act: "decide-application", decision: "denied" });
    const { cases } = (await search(["000000001"])).body;
    expect(cases.find((each: { receiptNumber: string }) => each.receiptNumber === receiptNumber)).toMatchObject({
      status: "Case Was Denied",
      protectionMarkers: ["8 USC 1367"],
    });
  });

  test("that cannot be done say so in one line", async () => {
    const { act, simulator } = await started(elis, worldOf({ cases: [benefit] }));
    await expect(act({ act: "decide-application" })).rejects.toThrow("ELIS has no open case");
    await expect(act({ act: "decide-application", decision: "toString" })).rejects.toThrow(
      "approved | denied | withdrawn | closed",
    );
    await expect(act({ act: "file-application", form: "a form" })).rejects.toThrow("takes form");
    await expect(simulator.act({ act: "file-application", aNumber: "999999999" })).rejects.toThrow(
      "nobody has this A-number",
    );
    await expect(act({ act: "book-out" })).rejects.toThrow("file-application, decide-application");
  });
});
