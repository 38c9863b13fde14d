import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Client } from "pg";
import type { Act, Clock, Simulator } from "../world.ts";
import { eid } from "./eid.ts";
import { type EngineChoice, readEngineSettings } from "./engine.ts";
import { existingDatabase } from "./existing-database.ts";
import { findBinaries, spawnPostgres } from "./spawned-postgres.ts";
import { clockAt, heldPerson, unknownToEid, worldOf } from "./testing.ts";

const isRequired = process.env.REQUIRE_SERVICES === "1";
const describeIf = (there: boolean) => (there || isRequired ? describe : describe.skip);
const testIf = (there: boolean) => (there || isRequired ? test : test.skip);
const hasServer = findBinaries() !== null;
const hasPsql = spawnSync("psql", ["--version"]).status === 0;

const engines: readonly (readonly [EngineChoice, boolean])[] = [
  ["embedded", true],
  ["postgres", hasServer],
];
const start = "2026-10-19T14:00:00Z";

for (const [choice, there] of engines) {
  describeIf(there)(`EID in the ${choice} engine`, () => {
    let simulator: Simulator;
    let running: Awaited<ReturnType<Simulator["start"]>>;
    let clock: Clock;
    let client: Client;
    const lines: string[] = [];

    beforeAll(async () => {
      clock = clockAt(start);
      const world = worldOf([
        heldPerson(),
        unknownToEid(),
        heldPerson({ index: 2, subjectId: "S3", aNumber: "000000777" }),
      ]);
      simulator = eid({ world, clock, progress: (line) => lines.push(line) }, { choice });
      running = await simulator.start();
      client = new Client({ connectionString: running.url });
      await client.connect();
    });

    afterAll(async () => {
      await client?.end();
      await running?.close();
    });

    const rows = async (table: string, subject = "S1") =>
      (
        await client.query(
          `SELECT to_jsonb(t) AS row FROM "EID"."${table}" t WHERE "EID Subject ID" = $1 ORDER BY t::text`,
          [subject],
        )
      ).rows.map(({ row }) => row as Record<string, unknown>);
    const act = (name: string, aNumber = "012345678", more: Record<string, unknown> = {}) =>
      simulator.act({ act: name, aNumber, ...more } as Act);

    test("answers a foreign client with the public release's own column names", async () => {
      const stints = await rows("Detention Stints");
      expect(stints).toHaveLength(2);
      expect(stints.map((row) => row["Detention Facility Code"]).sort()).toEqual(["ELMCENT", "OAKJAIL"]);
      expect(stints[0]).toMatchObject({
        "Stay Book In Date Time": "2026-09-01T10:00:00",
        "Alien File Number": "012345678",
      });
      expect(lines.at(-1)).toMatch(/rows of 3 persons in PostgreSQL/);
    });

    test("states its clock, and moves it when the world's moves", async () => {
      const asOf = async () =>
        (await client.query(`SELECT to_jsonb("As Of") AS at FROM "EID"."Replication Status"`)).rows;
      expect(await asOf()).toEqual([{ at: "2026-10-19T14:00:00" }]);
      clock.set("2026-10-19T15:30:00Z");
      // An act waits for what was to be written before it.
      await expect(act("cancel-removal", "099999999")).rejects.toThrow("no removal");
      expect(await asOf()).toEqual([{ at: "2026-10-19T15:30:00" }]);
    });

    test.each([
      `UPDATE "EID"."Cases" SET "Case Status" = 'x'`,
      `DELETE FROM "EID"."Detainers"`,
      `CREATE TABLE "EID".mine (a int)`,
      "CREATE TABLE public.mine (a int)",
    ])("lets its readers change nothing, whatever they set: %s", async (sql) => {
      await expect(client.query(sql)).rejects.toMatchObject({ code: "25006" });
      await client.query("BEGIN READ WRITE");
      await expect(client.query(sql)).rejects.toMatchObject({ code: "42501" });
      await client.query("ROLLBACK");
    });

    test.each([
      ["password", (url: URL) => (url.password = "wrong"), "28P01"],
      ["database", (url: URL) => (url.pathname = "/other"), "3D000"],
    ])("refuses a wrong %s", async (_what, spoil, code) => {
      const url = new URL(running.url as string);
      spoil(url);
      const other = new Client({ connectionString: url.href });
      other.on("error", () => {});
      await expect(other.connect()).rejects.toMatchObject({
        code: expect.stringMatching(new RegExp(`^(${code}|42501)$`)),
      });
      await other.end().catch(() => {});
    });

    test("gives every client its own answers when many ask at once", async () => {
      const clients = await Promise.all(
        Array.from({ length: 8 }, async () => {
          const each = new Client({ connectionString: running.url });
          await each.connect();
          return each;
        }),
      );
      const ask = async (each: Client, who: number) => {
        for (let turn = 0; turn < 25; turn += 1) {
          const text = `SELECT $1::int AS who, $2::int AS turn, ${who} AS typed`;
          expect((await each.query(text, [who, turn])).rows).toEqual([{ who, turn, typed: who }]);
        }
      };
      await Promise.all(clients.map(ask));
      await Promise.all(clients.map((each) => each.end()));
    });

    test("keeps a client's transaction its own, and ends it with the client", async () => {
      const other = new Client({ connectionString: running.url });
      await other.connect();
      await other.query("BEGIN");
      await expect(other.query("SELECT no_such_column")).rejects.toMatchObject({ code: "42703" });
      const meanwhile = client.query("SELECT 1 AS one");
      await other.end();
      expect((await meanwhile).rows).toEqual([{ one: 1 }]);
    });

    testIf(hasPsql)("answers psql (needs psql)", () => {
      const sql = `SELECT "Warrant Form", "Deportation Ordered" FROM "EID"."Detainers" WHERE "EID Subject ID" = 'S1'`;
      const { stdout, stderr } = spawnSync("psql", [running.url as string, "-X", "-A", "-t", "-c", sql], {
        encoding: "utf8",
        timeout: 20_000,
      });
      expect({ stdout, stderr }).toEqual({ stdout: "I-205|YES\n", stderr: "" });
    });

    describe("acts", () => {
      test("transfer, book-out and book-in make stints of the same and of a new stay", async () => {
        clock.set("2026-10-19T16:00:00Z");
        await act("transfer", undefined, { facility: "STAGING", facilityCode: "STAGING" });
        const moved = await rows("Detention Stints");
        expect(moved).toHaveLength(3);
        expect(new Set(moved.map((row) => row["Stay Book In Date Time"]))).toEqual(new Set(["2026-09-01T10:00:00"]));
        expect(moved.find((row) => row["Detention Facility Code"] === "ELMCENT")).toMatchObject({
          "Book Out Date Time": "2026-10-19T16:00:00",
          "Detention Release Reason": "Transferred",
        });
        expect(moved.find((row) => row["Detention Facility Code"] === "STAGING")).toMatchObject({
          "Book In Date Time": "2026-10-19T16:00:00",
          "Book Out Date Time": null,
          "Alien File Number": "012345678",
        });
        await expect(act("book-in")).rejects.toThrow("in custody already");

        clock.set("2026-10-19T17:00:00Z");
        await act("book-out", undefined, { reason: "Paroled" });
        for (const row of await rows("Detention Stints"))
          expect(row).toMatchObject({
            "Stay Book Out Date Time": "2026-10-19T17:00:00",
            "Stay Release Reason": "Paroled",
            "Book Out Date Time": expect.any(String),
          });
        await expect(act("book-out")).rejects.toThrow("not in custody");

        clock.set("2026-10-19T18:00:00Z");
        await act("book-in");
        expect((await rows("Detention Stints")).filter((row) => row["Stay Book Out Date Time"] === null)).toEqual([
          expect.objectContaining({ "Stay Book In Date Time": "2026-10-19T18:00:00", Gender: "Male" }),
        ]);
      });

      test("lift-detainer lifts the active one, once; lodge-detainer makes another", async () => {
        await expect(act("lift-detainer", "000000777")).resolves.toMatchObject({ dtaId: "D-S3" });
        expect(await rows("Detainers", "S3")).toEqual([
          expect.objectContaining({
            "Detainer Lift Reason": "Case Closed",
            "Detainer Lifted Date": "2026-10-19 18:00:00",
          }),
        ]);
        await expect(act("lift-detainer", "000000777")).rejects.toThrow("no active detainer");
        const first = await act("lodge-detainer", "000000777", { warrantForm: "I-205" });
        const second = await act("lodge-detainer", "000000777");
        expect(first).not.toEqual(second);
        expect(await rows("Detainers", "S3")).toHaveLength(3);
        await expect(act("lodge-detainer", "000000777", { warrantForm: "I-9" })).rejects.toThrow("warrantForm");
      });

      test("removals are scheduled, cancelled and carried out", async () => {
        await act("cancel-removal");
        expect(await rows("Removals")).toEqual([]);
        await act("schedule-removal", undefined, { at: "2026-10-21T09:00:00Z", country: "MEX" });
        expect(await rows("Removals")).toEqual([
          expect.objectContaining({ "Removal Scheduled Date": "2026-10-21 09:00:00", "Departure Country": "MEXICO" }),
        ]);
        await act("record-departure");
        expect(await rows("Removals")).toEqual([expect.objectContaining({ "Departed Date": "2026-10-19 18:00:00" })]);
        await expect(act("schedule-removal", undefined, { at: "tomorrow" })).rejects.toThrow("at must be");
        await expect(act("schedule-removal", undefined, { at: "2026-10-21", country: "Mexico" })).rejects.toThrow(
          "country",
        );
      });

      test("begin a file for somebody EID did not know, under IDENT's subject id", async () => {
        await act("schedule-removal", "087654321", { at: "2026-11-01" });
        expect(await rows("Removals", "S2")).toEqual([
          expect.objectContaining({
            "Alien File Number": "087654321",
            "Removal Scheduled Date": "2026-11-01",
            "Departure Country": "CHINA, PEOPLES REPUBLIC OF",
          }),
        ]);
        await expect(act("book-in", "011111111")).rejects.toThrow("nobody has this A-number");
      });

      test("are refused by name when EID does not know them", async () => {
        await expect(act("file-motion")).rejects.toThrow("eid knows these acts: lift-detainer");
      });
    });
  });

  describeIf(there)(`the ${choice} engine's processes and files`, () => {
    test.each(["close", "SIGKILL"] as const)("are gone after %s", async (ending) => {
      const folder = mkdtempSync(join(tmpdir(), "crosswalk-test-"));
      chmodSync(folder, 0o777);
      const script = `
        const { eid } = await import(${JSON.stringify(new URL("./eid.ts", import.meta.url).href)});
        const { clockAt, heldPerson, worldOf } = await import(${JSON.stringify(new URL("./testing.ts", import.meta.url).href)});
        const context = { world: worldOf([heldPerson()]), clock: clockAt("${start}"), progress: () => {} };
        const running = await eid(context, { choice: "${choice}" }).start();
        console.log(running.url);
        process.stdin.once("data", () => running.close().then(() => process.exit(0)));`;
      const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
        env: { ...process.env, TMPDIR: folder },
        stdio: ["pipe", "pipe", "inherit"],
      });
      const url = await new Promise<string>((resolve) =>
        parent.stdout.once("data", (bytes) => resolve(String(bytes).trim())),
      );
      expect(readdirSync(folder)).toHaveLength(1);
      const ended = new Promise((resolve) => parent.once("exit", resolve));
      if (ending === "SIGKILL") parent.kill("SIGKILL");
      else parent.stdin.write("\n");
      await ended;
      await until(() => readdirSync(folder).length === 0);
      await until(async () => (await connectError(url)) === "ECONNREFUSED");
      rmSync(folder, { recursive: true });
    });
  });
}

describeIf(hasServer)("a database in a server that is there already (needs initdb and postgres)", () => {
  test("is made, served on loopback, and dropped; one that was left behind is dropped too", async () => {
    const binaries = findBinaries();
    if (binaries === null) throw new Error("REQUIRE_SERVICES=1, but there is no initdb and postgres");
    const server = await spawnPostgres(binaries);
    const admin = new Client({ connectionString: server.ownerUrl });
    await admin.connect();
    const ours = async () =>
      (await admin.query("SELECT datname FROM pg_database WHERE datname LIKE 'crosswalk_eid_%' ORDER BY 1")).rows
        .length;
    await admin.query("CREATE DATABASE crosswalk_eid_00000000dead");
    const first = await existingDatabase(server.ownerUrl);
    expect(await ours()).toBe(1);

    const context = { world: worldOf([heldPerson()]), clock: clockAt(start), progress: () => {} };
    const running = await eid(context, { choice: "auto", databaseUrl: server.ownerUrl }).start();
    expect(await ours()).toBe(2);
    const reader = new Client({ connectionString: running.url });
    await reader.connect();
    expect((await reader.query(`SELECT count(*)::int AS n FROM "EID"."Detainers"`)).rows).toEqual([{ n: 1 }]);
    await reader.end();

    await running.close();
    await first.close();
    expect(await ours()).toBe(0);
    expect((await admin.query("SELECT 1 FROM pg_roles WHERE rolname LIKE 'crosswalk%'")).rows).toEqual([]);
    await admin.end();
    await server.close();
  });
});

describeIf(hasServer)("a database of a fixed name (needs initdb and postgres)", () => {
  test("replaces the one an earlier process left, and never somebody else's", async () => {
    const binaries = findBinaries();
    if (binaries === null) throw new Error("REQUIRE_SERVICES=1, but there is no initdb and postgres");
    const server = await spawnPostgres(binaries);
    const admin = new Client({ connectionString: server.ownerUrl });
    await admin.connect();
    try {
      await admin.query("CREATE DATABASE theirs");
      await expect(existingDatabase(server.ownerUrl, "theirs")).rejects.toThrow("somebody else's");

      await admin.query("CREATE DATABASE ours");
      await admin.query("COMMENT ON DATABASE ours IS 'simulated EID of Crosswalk'");
      const first = await existingDatabase(server.ownerUrl, "ours");
      expect(first.reader).toEqual({ user: "eid_reader", password: "eid_reader" });
      await expect(existingDatabase(server.ownerUrl, "ours")).rejects.toThrow("another process uses");
      await first.close();
      const { rows } = await admin.query("SELECT datname FROM pg_database WHERE datname IN ('ours', 'theirs')");
      expect(rows).toEqual([{ datname: "theirs" }]);
    } finally {
      await admin.end();
      await server.close();
    }
  });
});

describe("the choice of engine", () => {
  test("is refused by name when it is none", () => {
    expect(() => readEngineSettings({ EID_ENGINE: "oracle" })).toThrow("auto, postgres, embedded");
    expect(readEngineSettings({ DATABASE_URL: "" })).toEqual({
      choice: "auto",
      databaseUrl: undefined,
      database: null,
    });
  });

  test("says what is wrong with DATABASE_URL", async () => {
    await expect(existingDatabase("nonsense")).rejects.toThrow("DATABASE_URL must be a URL");
    await expect(existingDatabase("postgres://x:y@127.0.0.1:1/z")).rejects.toThrow("DATABASE_URL cannot be used");
  });

  test("finds nothing where there is nothing", () => {
    expect(findBinaries("/nonexistent", "/nonexistent")).toBeNull();
  });
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 30_000; !(await holds()); await new Promise((next) => setTimeout(next, 20)))
    if (Date.now() > deadline) throw new Error("it did not come about in time");
}

async function connectError(url: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.end();
    return null;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}
