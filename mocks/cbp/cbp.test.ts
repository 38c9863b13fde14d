import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { E3Subject, PersonFile } from "../population/types.ts";
import { createClock, createWorld } from "../population/world.ts";
import type { Act, Clock, Simulator, World } from "../world.ts";
import { adis } from "./adis.ts";
import { e3 } from "./e3.ts";
import { e3Row, isDoubled } from "./e3-format.ts";
import { i94 } from "./i94.ts";

const now = "2026-10-19T14:00:00Z";
const curl = promisify(execFile);

type System = { readonly simulator: Simulator; readonly url: string; close(): Promise<void> };
type Systems = Readonly<Record<"adis" | "i94" | "e3", System>>;
// biome-ignore lint/suspicious/noExplicitAny: whatever a system answers.
type Json = any;

let world: World;
let clock: Clock;
let systems: Systems;

async function start(simulator: Simulator): Promise<System> {
  const { port, close } = await simulator.start();
  return { simulator, url: `http://127.0.0.1:${port}`, close };
}

beforeAll(async () => {
  world = createWorld({ size: 512, seed: 7, worldNow: now });
  clock = createClock(now);
  const context = { world, clock, progress: () => undefined };
  const [first, second, third] = await Promise.all([adis(context), i94(context), e3(context)].map(start));
  systems = { adis: first!, i94: second!, e3: third! };
});
afterAll(() => Promise.all(Object.values(systems).map(({ close }) => close())));

const paths = {
  adis: "/adis/v2/crossings/search",
  i94: "/i94/v1/admissions/search",
  e3: "/e3/v1/subjects/search",
} as const;

async function search(system: keyof Systems, body: unknown): Promise<{ status: number; body: Json }> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(systems[system].url + paths[system], { method: "POST", body: text });
  return { status: response.status, body: await response.json() };
}

/** Somebody of whom all three systems have records. */
function traveller(): PersonFile {
  return someone((file) => file.adis.length > 1 && file.i94.length > 0 && (file.e3[0]?.aNumber ?? null) !== null);
}

function someone(is: (file: PersonFile) => boolean): PersonFile {
  for (const file of world.persons()) if (is(file)) return file;
  throw new Error("nobody in this population is like that");
}

const finsOf = ({ ident }: PersonFile) => ident.map(({ fin }) => fin);
const numbersOf = (file: PersonFile) => file.i94.map(({ i94Number }) => i94Number);

describe("a foreign client", () => {
  // Skipped by name on a machine without curl; CI has it.
  const hasCurl = process.env.REQUIRE_SERVICES === "1" || spawnSync("curl", ["--version"]).status === 0;
  const withCurl = hasCurl ? test : test.skip;
  const ask = async (...options: string[]) => {
    const { stdout } = await curl("curl", ["--silent", "--fail-with-body", ...options]).catch((error: Json) => error);
    return JSON.parse(stdout as string) as Json;
  };

  withCurl("reads ADIS", async () => {
    const file = traveller();
    const body = JSON.stringify({ fins: finsOf(file) });
    const answer = await ask("--data", body, systems.adis.url + paths.adis);
    expect(answer).toMatchObject({ asOf: now, next: null });
    expect(answer.crossings).toEqual(
      [...file.adis]
        .filter(({ fin }) => finsOf(file).includes(fin))
        .sort((a, b) => (a.recordId < b.recordId ? -1 : 1))
        .map((each) => ({
          recordId: each.recordId,
          fin: each.fin,
          admissionNumber: each.i94Number,
          travelDocument: each.passport && { number: each.passport.number, issuingCountry: each.passport.country },
          direction: each.direction === "ARRIVAL" ? "I" : "O",
          crossingDateTime: each.at,
          port: each.port,
          carrier: each.carrier,
        })),
    );
  });

  withCurl("reads a single I-94, and is told when there is none", async () => {
    const [number] = numbersOf(traveller());
    const single = `${systems.i94.url}/i94/v1/admissions`;
    expect(await ask(`${single}/${number}`)).toMatchObject({
      dataAsOf: now,
      admissions: [{ admissionNumber: number }],
    });
    expect(await ask(`${single}/00000000000`)).toEqual({ dataAsOf: now, admissions: [], next: null });
  });

  withCurl("reads e3", async () => {
    const file = traveller();
    const body = JSON.stringify({ afileNumbers: [file.e3[0]?.aNumber] });
    const answer = await ask("--data", body, systems.e3.url + paths.e3);
    expect(answer).toMatchObject({ extractedAt: now, next: null });
    expect(answer.rows).toContainEqual(e3Row(file.e3[0]!));
  });
});

describe("a search", () => {
  test("gives just the rows in which an asked identifier stands", async () => {
    const file = someone((each) => numbersOf(each).length > 1);
    const [number] = numbersOf(file);
    const { body } = await search("i94", { admissionNumbers: [number] });
    expect(body.admissions.map((each: Json) => each.admissionNumber)).toEqual([number]);
    const byNumber = await search("adis", { admissionNumbers: [number] });
    expect(byNumber.body.crossings.length).toBeGreaterThan(0);
    for (const each of byNumber.body.crossings) expect(each.admissionNumber).toBe(number);
  });

  test("gives a row once, however many identifiers find it", async () => {
    const file = traveller();
    const { body } = await search("adis", { fins: finsOf(file), admissionNumbers: numbersOf(file) });
    const ids = body.crossings.map((each: Json) => each.recordId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe(file.adis.length);
  });

  test("takes identifiers as people write them", async () => {
    const file = traveller();
    const aNumber = file.e3[0]!.aNumber!;
    const typed = `A${aNumber.replace(/^0/, "")}`.replace(/(...)$/, "-$1");
    const canonical = await search("e3", { afileNumbers: [aNumber] });
    expect((await search("e3", { afileNumbers: [typed] })).body).toEqual(canonical.body);
    const [number] = numbersOf(file);
    const spaced = `${number!.slice(0, 3)} ${number!.slice(3).toLowerCase()}`;
    expect((await search("i94", { admissionNumbers: [spaced] })).body.admissions).toHaveLength(1);
  });

  test("for nothing, or for nobody, finds nothing", async () => {
    for (const body of [{}, { fins: [] }, { fins: ["NOBODY0000"] }])
      expect(await search("adis", body)).toEqual({ status: 200, body: { asOf: now, crossings: [], next: null } });
  });

  test.each<[string, unknown]>([
    ["no JSON", "{"],
    ["no object", []],
    ["null", null],
    ["another member", { fins: [], passports: [] }],
    ["another system's list", { afileNumbers: [] }],
    ["a list of numbers", { fins: [1] }],
    ["a text for a list", { fins: "1" }],
    ["a page of none", { pageSize: 0 }],
    ["a page too large", { pageSize: 501 }],
    ["half a page", { pageSize: 1.5 }],
    ["a cursor of nobody's", { next: "AAAA" }],
    ["a numeric cursor", { next: 5 }],
  ])("with %s is refused, saying why", async (_title, body) => {
    expect(await search("adis", body)).toMatchObject({ status: 400, body: { error: expect.any(String) } });
  });

  test.each<[string, string, string, number]>([
    ["GET", "adis", paths.adis, 405],
    ["GET", "adis", "/", 404],
    ["POST", "i94", "/i94/v1/admissions/123456789A1", 405],
    ["GET", "i94", "/i94/v1", 404],
    ["POST", "e3", "/e3/v1", 404],
  ])("%s %s%s is %d", async (method, system, path, status) => {
    const response = await fetch(systems[system as keyof Systems].url + path, { method });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: expect.any(String) });
  });
});

describe("pages", () => {
  const everyFin = () => [...world.persons()].flatMap(finsOf);

  test.each([1, 7, 200, 500])("of %d rows hold everything once, in one order", async (pageSize) => {
    const fins = everyFin().slice(0, pageSize === 1 ? 20 : undefined);
    const rows: Json[] = [];
    let next: string | null = null;
    do {
      const { body } = await search("adis", { fins, pageSize, next });
      expect(body.crossings.length).toBeLessThanOrEqual(pageSize);
      rows.push(...body.crossings);
      next = body.next;
    } while (next !== null);
    const ids = rows.map((each) => each.recordId as string);
    const expected = [...world.persons()].flatMap((file) => file.adis).filter(({ fin }) => fins.includes(fin));
    expect(ids).toEqual(expected.map(({ recordId }) => recordId).sort());
  });

  test("without a size hold 200", async () => {
    const { body } = await search("adis", { fins: everyFin() });
    expect(body.crossings).toHaveLength(200);
    expect(body.next).toEqual(expect.any(String));
  });

  test("keep doubled rows apart where a page ends between them", async () => {
    const file = someone((each) => each.e3.some((subject) => isDoubled(subject) && subject.fin !== null));
    const { fin } = file.e3.find(isDoubled)!;
    const first = await search("e3", { fins: [fin], pageSize: 1 });
    const second = await search("e3", { fins: [fin], pageSize: 1, next: first.body.next });
    expect([first.body.rows, second.body.next]).toEqual([second.body.rows, null]);
  });

  test("give each time the system's own clock", async () => {
    clock.set("2026-10-19T15:00:00Z");
    try {
      expect((await search("e3", {})).body.extractedAt).toBe("2026-10-19T15:00:00Z");
    } finally {
      clock.set(now);
    }
  });
});

describe("e3's rows", () => {
  const subjects = () => [...world.persons()].flatMap((file) => file.e3);
  const readme = {
    "…FY2023": ["apprehension_datetime", "credible_fear_indicator", "final_bookout_datetime"],
    FY2024: ["APP_DT_TIME", "CRED_FEAR", "BOOKOUT_DT_TIME"],
    FY2025: ["APPR DT TIME", "CRED FEAR INDICATOR", "BOOKOUT DT TIME"],
    "FY2026…": ["APPR_DT_TIME", "CRED_FEAR_INDICATOR_ENTERED", "BOOKOUT"],
  };
  const base: E3Subject = {
    ...createWorldSubject(),
    eventNumber: "E1",
    subjectKey: "1",
  };

  function createWorldSubject(): E3Subject {
    return [...createWorld({ size: 256, seed: 7, worldNow: now }).persons()].flatMap((file) => file.e3)[0]!;
  }

  test.each([
    ["2023-09-30T23:59:00Z", "FY2023", readme["…FY2023"]],
    ["2023-10-01T00:00:00Z", "FY2024", readme.FY2024],
    ["2024-10-01T00:00:00Z", "FY2025", readme.FY2025],
    ["2025-10-01T00:00:00Z", "FY2026", readme["FY2026…"]],
    ["2026-10-01T00:00:00Z", "FY2027", readme["FY2026…"]],
  ])("of %s come in the release %s under its headings", (apprehendedAt, release, headings) => {
    const row = e3Row({ ...base, apprehendedAt });
    expect(row.release).toBe(release);
    expect(Object.keys(row)).toEqual(expect.arrayContaining(headings));
    expect(Object.keys(row)).toHaveLength(26);
  });

  test("without any date still belong to one release", () => {
    expect(e3Row({ ...base, apprehendedAt: null, arrestedAt: null }).release).toMatch(/^FY202[0-6]$/);
  });

  test("read the same for ever", () => {
    expect(subjects().map(e3Row)).toEqual(subjects().map(e3Row));
  });

  test("spell times in all of the documented forms and in no other", () => {
    const forms = [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, /^\d{1,2}\/\d{1,2}\/\d{4} \d{1,2}:\d\d$/, /^\d{5}\.\d{1,10}$/];
    const times = subjects().flatMap((subject) =>
      Object.entries(e3Row(subject))
        .filter(([heading, cell]) => /apprehension_datetime|AP.*DT.TIME/.test(heading) && cell !== null && cell !== "")
        .map(([, cell]) => String(cell)),
    );
    for (const form of forms) expect(times.filter((time) => form.test(time)).length).toBeGreaterThan(times.length / 10);
    expect(times.filter((time) => !forms.some((form) => form.test(time)))).toEqual([]);
  });

  test("lose no second to their form", () => {
    for (let second = 0; second < 60; second += 1) {
      const apprehendedAt = `2026-01-02T03:04:${String(second).padStart(2, "0")}Z`;
      const cell = e3Row({ ...base, subjectKey: String(second), apprehendedAt }).APPR_DT_TIME!;
      const read = typeof cell === "number" ? Math.round((cell - 25_569) * 86_400) : Date.parse(usAsIso(cell)) / 1000;
      expect(read).toBe(Date.parse(apprehendedAt) / 1000);
    }
  });

  function usAsIso(cell: string): string {
    return cell.replace(/^(\d+)\/(\d+)\/(\d+) (\d+):(\d+)$/, (_all, month, day, year, hour, minute) => {
      const two = (part: string) => part.padStart(2, "0");
      return `${year}-${two(month)}-${two(day)}T${two(hour)}:${minute}:00Z`;
    });
  }

  test("put a day alone into the date column, in five forms, and leave the other blank", () => {
    const cells = Array.from({ length: 200 }, (_, key) => {
      const row = e3Row({ ...base, subjectKey: String(key), apprehendedAt: "2026-03-04" });
      expect(["", null]).toContain(row.APPR_DT_TIME);
      return row.APPR_DATE;
    });
    expect(new Set(cells)).toEqual(new Set(["2026-03-04", "3/4/2026", 46085, "2026-03-04T00:00:00Z", "3/4/2026 0:00"]));
  });

  test("never give midnight as a whole serial, which would be a day alone", () => {
    for (let key = 0; key < 60; key += 1)
      expect(
        typeof e3Row({ ...base, apprehendedAt: now, subjectKey: String(key), arrestedAt: "2026-03-04T00:00:00Z" })
          .ARREST_DT_TIME,
      ).toBe("string");
  });

  test("spell A-numbers, logicals and redactions in each documented form", () => {
    const rows = Array.from({ length: 200 }, (_, key) =>
      e3Row({
        ...base,
        subjectKey: String(key),
        apprehendedAt: now,
        aNumber: "012345678",
        sector: Symbol.for("crosswalk.mocks.redacted") as E3Subject["sector"],
        fearClaim: { entered: true, derived: false },
      }),
    );
    const forms = (heading: string) => new Set(rows.map((row) => row[heading]));
    expect(forms("A_FILE_NUMBER")).toEqual(new Set(["A012345678", "012345678", "12345678"]));
    expect(forms("CRED_FEAR_INDICATOR_ENTERED")).toEqual(new Set(["Y", "1", 1]));
    expect(forms("CRED_FEAR_INDICATOR")).toEqual(new Set(["N", "0", 0]));
    expect(forms("APPR_SECTOR")).toEqual(new Set(["(b)(7)(E)", "b(6), b(7)c", "b(6), b(7)C", "(b)(6)"]));
  });

  test("leave as typed what is no A-number and no date", () => {
    const row = e3Row({ ...base, apprehendedAt: "last week", arrestedAt: now, aNumber: "A12" });
    expect(Object.values(row)).toEqual(expect.arrayContaining(["last week", "A12"]));
  });

  test("one in forty or so is there twice", () => {
    const doubled = Array.from({ length: 4_000 }, (_, key) => isDoubled({ ...base, subjectKey: String(key) })).filter(
      Boolean,
    );
    expect(doubled.length).toBeGreaterThan(60);
    expect(doubled.length).toBeLessThan(140);
  });
});

describe("acts", () => {
  const act = (system: keyof Systems, members: object) => systems[system].simulator.act(members as Act);
  const finOf = (file: PersonFile) => file.ident[0]!.fin;

  test("a departure recorded in ADIS is there on the next read", async () => {
    const fin = finOf(traveller());
    const done = (await act("adis", { act: "record-departure", fin, port: "JFK" })) as Json;
    const { crossings } = (await search("adis", { fins: [fin] })).body;
    expect(crossings).toContainEqual(
      expect.objectContaining({ recordId: done.recordId, direction: "O", crossingDateTime: now, port: "JFK" }),
    );
  });

  test("a stay extended in I-94 is there on the next read", async () => {
    const file = someone((each) => each.i94.some(({ admitUntil }) => admitUntil !== "D/S" && admitUntil !== null));
    const { i94Number } = file.i94.find(({ admitUntil }) => admitUntil !== "D/S")!;
    await act("i94", { act: "extend-stay", fin: finOf(file), i94Number, until: "2027-06-05" });
    const { admissions } = (await search("i94", { admissionNumbers: [i94Number] })).body;
    expect(admissions).toMatchObject([{ admitUntilDate: "6/5/2027" }]);
  });

  test("a new apprehension is there on the next read, by the A-number too", async () => {
    const file = someone(
      (each) =>
        each.e3.length === 1 && each.e3[0]!.aNumber !== null && world.find("aNumber", each.e3[0]!.aNumber).length === 1,
    );
    const { aNumber } = file.e3[0]!;
    const done = (await act("e3", { act: "new-apprehension", aNumber, sector: "El Paso", fearClaim: true })) as Json;
    const { rows } = (await search("e3", { afileNumbers: [aNumber] })).body;
    expect(rows).toContainEqual(
      expect.objectContaining({ release: "FY2027", EVENT_NUMBER: done.eventNumber, APPR_SECTOR: "El Paso" }),
    );
  });

  test("an address changed in e3 is there on the next read, in that event only", async () => {
    const file = someone((each) => each.e3.length === 1 && each.e3[0]!.fin !== null);
    const { fin, eventNumber } = file.e3[0]!;
    await act("e3", { act: "change-address", fin, lines: ["9 New St", "Houston TX"], undeliverable: false });
    const { rows } = (await search("e3", { fins: [fin] })).body;
    expect(rows[0]).toEqual(e3Row(world.find("fin", fin!)[0]!.e3[0]!));
    expect(Object.values(rows[0])).toEqual(expect.arrayContaining([eventNumber, "9 New St\nHouston TX"]));
  });

  test.each<[keyof Systems, object, string]>([
    ["adis", { act: "record-departure" }, "give fin or aNumber"],
    ["adis", { act: "record-departure", aNumber: "999999999" }, "nobody has this identifier"],
    ["adis", { act: "record-departure", fin: 5 }, "fin is a text"],
    ["adis", { act: "record-departure", fin: "$fin", at: "2026-02-30" }, "at is an instant"],
    ["adis", { act: "record-departure", fin: "$fin", at: "yesterday" }, "at is an instant"],
    ["i94", { act: "extend-stay", fin: "$fin" }, "until is a day"],
    ["i94", { act: "extend-stay", fin: "$fin", until: "2027-02-30" }, "until is a day"],
    ["i94", { act: "extend-stay", fin: "$fin", until: "2027-02-03", i94Number: "1" }, "no such admission"],
    ["e3", { act: "new-apprehension", fin: "$fin", fearClaim: "yes" }, "fearClaim is true or false"],
    ["e3", { act: "change-address", fin: "$fin", lines: "9 New St" }, "lines is a list of texts"],
    ["e3", { act: "change-address", fin: "$fin", lines: [], eventNumber: "none" }, "no such event"],
    ["adis", { act: "fly" }, "adis knows these acts: record-departure"],
    ["i94", { act: "fly" }, "i94 knows these acts: extend-stay"],
    ["e3", { act: "fly" }, "e3 knows these acts: new-apprehension, change-address"],
  ])("%s refuses %j", async (system, members, message) => {
    const fin = finOf(traveller());
    const asked = JSON.parse(JSON.stringify(members).replace("$fin", fin)) as object;
    await expect(act(system, asked)).rejects.toThrow(message);
  });

  test("an A-number of several persons is refused, not guessed", async () => {
    const [one, other] = world.persons();
    const shared = { ...world, find: () => [one!, other!] };
    const act = adis({ world: shared, clock, progress: () => undefined }).act({
      act: "record-departure",
      aNumber: "012345678",
    });
    await expect(act).rejects.toThrow("several persons");
  });

  test("admitted for the duration of status, nobody has a stay to extend", async () => {
    const file = someone((each) => each.i94.some(({ admitUntil }) => admitUntil === "D/S"));
    const { i94Number } = file.i94.find(({ admitUntil }) => admitUntil === "D/S")!;
    const members = { act: "extend-stay", fin: finOf(file), i94Number, until: "2027-02-03" };
    await expect(act("i94", members)).rejects.toThrow("duration of status");
  });
});
